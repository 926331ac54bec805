# The diet problem with whole servings. serve[f] is bounded by the least and the most servings of a
# food; each nutrient has one two-sided row over all foods.
set FOODS;
set NUTRIENTS;
set CONTENTS within FOODS cross NUTRIENTS;
param cost{FOODS} >= 0;
param least{FOODS} integer, >= 0, default 0;
param most{f in FOODS} integer, >= least[f], default max(10, least[f]);
param lowest{NUTRIENTS} >= 0, default 0;
param highest{n in NUTRIENTS} >= lowest[n], default 1e9;
param content{CONTENTS} >= 0;
table foods_in IN "JSON" "foods": FOODS <- [name], cost, least, most;
table nutrients_in IN "JSON" "nutrients": NUTRIENTS <- [name], lowest~min, highest~max;
table contents_in IN "JSON" "/foods/*/contains": CONTENTS <- [name, KEY], content~VALUE;

# Even the most servings of every food have too little of this nutrient.
check{n in NUTRIENTS}: sum{(f,n) in CONTENTS} content[f,n] * most[f] >= lowest[n] * (1 - 1e-9);
# Already the least servings of the foods have too much of this nutrient.
check{n in NUTRIENTS}: sum{(f,n) in CONTENTS} content[f,n] * least[f] <= highest[n] * (1 + 1e-9);

var serve{f in FOODS} integer, >= least[f], <= most[f];

minimize total_cost: sum{f in FOODS} cost[f] * serve[f];

s.t. amount{n in NUTRIENTS}:
  lowest[n] <= sum{(f,n) in CONTENTS} content[f,n] * serve[f] <= highest[n];

solve;
table menu{f in FOODS: serve[f] > 0.5} OUT "JSON" "menu":
  f~food, serve[f]~servings, cost[f] * serve[f]~cost;
table intake{n in NUTRIENTS} OUT "JSON" "intake":
  n~nutrient, sum{(f,n) in CONTENTS} content[f,n] * serve[f]~amount;
end;
