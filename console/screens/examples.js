// What the playground starts from.
export const examples = {
  flat: [
    {
      name: 'Furniture',
      text: `{
  "name": "Furniture",
  "variables": [
    {"name": "chairs", "type": "integer"},
    {"name": "tables", "type": "integer"}
  ],
  "objective": {"sense": "maximize", "expression": "50*chairs + 40*tables"},
  "constraints": [
    {"name": "wood", "expression": "2*chairs + 3*tables <= 240"},
    {"name": "hours", "expression": "4*chairs + 2*tables <= 200"}
  ]
}`,
    },
    {
      name: 'No solution',
      text: `{
  "name": "Too much at once",
  "variables": [
    {"name": "east", "upper_bound": 60},
    {"name": "west", "upper_bound": 50}
  ],
  "objective": {"sense": "minimize", "expression": "2*east + 3*west"},
  "constraints": [
    {"name": "demand", "expression": "east + west >= 120"},
    {"name": "balance", "expression": "east - west <= 20"},
    {"name": "trucks", "expression": "east + west <= 400"}
  ]
}`,
    },
  ],
  mathprog: [
    {
      name: 'Transport',
      text: `# Ship goods from plants to markets at the least cost.
set PLANTS;
set MARKETS;
param supply{PLANTS} >= 0;
param demand{MARKETS} >= 0;
param cost{PLANTS, MARKETS} >= 0;

var ship{p in PLANTS, m in MARKETS} >= 0;

minimize total: sum{p in PLANTS, m in MARKETS} cost[p,m] * ship[p,m];
s.t. leave{p in PLANTS}: sum{m in MARKETS} ship[p,m] <= supply[p];
s.t. arrive{m in MARKETS}: sum{p in PLANTS} ship[p,m] >= demand[m];
solve;
end;
`,
      data: `set PLANTS := Seattle 'San Diego';
set MARKETS := Boston Chicago Topeka;
param supply := Seattle 350  'San Diego' 600;
param demand := Boston 325  Chicago 300  Topeka 275;
param cost : Boston Chicago Topeka :=
  Seattle     2.5 1.7 1.8
  'San Diego' 2.5 1.8 1.4;
end;
`,
    },
    {
      name: 'Knapsack',
      text: `set ITEMS;
param value{ITEMS};
param weight{ITEMS};
param room;

var take{ITEMS} binary;

maximize worth: sum{i in ITEMS} value[i] * take[i];
s.t. fits: sum{i in ITEMS} weight[i] * take[i] <= room;
solve;
end;
`,
      data: `param room := 15;
param : ITEMS : value weight :=
  lamp   4 12
  radio  2  2
  book   1  1
  clock 10  4
  mug    2  1;
end;
`,
    },
  ],
};
