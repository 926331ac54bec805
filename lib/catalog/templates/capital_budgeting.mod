# Choice of projects under one budget a year. A requirement is a row of its own per pair, rivals share
# one row per group; both are as tight as can be. What is left of a budget flows into the next year
# where that is allowed.
set PROJECTS;
set REQUIRES within PROJECTS cross PROJECTS;
param value{PROJECTS};
param rivals{PROJECTS} symbolic, default '';
set YEARS;
param budget{YEARS} >= 0;
set OUTLAYS dimen 2;
param outlay{OUTLAYS};
param carry_over binary, default 0;
table budget_in IN "JSON" "budget": YEARS <- [RECNO], budget~VALUE;
table projects_in IN "JSON" "projects": PROJECTS <- [name], value, rivals;
table outlay_in IN "JSON" "/projects/*/outlay": OUTLAYS <- [name, RECNO], outlay~VALUE;
table requires_in IN "JSON" "/projects/*/requires": REQUIRES <- [name, VALUE];
set GROUPS := setof{p in PROJECTS: rivals[p] <> ''} rivals[p];

# A project cannot require itself.
check{(p,q) in REQUIRES}: p <> q;
# The outlay of this project is not one number for each year of the budget.
check{p in PROJECTS}: sum{(p,y) in OUTLAYS} 1 = card(YEARS);

var fund{p in PROJECTS} binary;
var left{y in YEARS} >= 0;

maximize total_value: sum{p in PROJECTS} value[p] * fund[p];

s.t. money{y in YEARS}: sum{p in PROJECTS} outlay[p,y] * fund[p] + left[y]
  = budget[y] + (if y > 1 and carry_over = 1 then left[y-1] else 0);
s.t. required{(p,q) in REQUIRES}: fund[p] <= fund[q];
s.t. one_of{g in GROUPS}: sum{p in PROJECTS: rivals[p] = g} fund[p] <= 1;

solve;
table funded{p in PROJECTS: fund[p] > 0.5} OUT "JSON" "funded": p~project, value[p]~value;
table money_out{y in YEARS} OUT "JSON" "money": y~year, budget[y]~budget,
  sum{p in PROJECTS} outlay[p,y] * fund[p]~spent, round(left[y], 6)~left;
end;
