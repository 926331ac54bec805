# Concave returns as a linear program. spend[p,k] is the money in step k of programme p; since the
# returns of a programme do not rise from step to step, the better steps fill up first by themselves
# and no binary variable is needed. The dual of `total` is the return of one more unit of budget.
set PROGRAMMES;
set STEPS dimen 2;
set GROUPS;
param budget >= 0;
param group{PROGRAMMES} symbolic, default '';
param least{PROGRAMMES} >= 0, default 0;
param amount{STEPS} >= 0;
param gain{STEPS};
param group_least{GROUPS} >= 0, default 0;
param group_most{g in GROUPS} >= group_least[g], default max(budget, group_least[g]);
table programmes_in IN "JSON" "programmes": PROGRAMMES <- [name], group, least~min;
table steps_in IN "JSON" "/programmes/*/steps": STEPS <- [name, RECNO], amount, gain~return;
table groups_in IN "JSON" "groups": GROUPS <- [name], group_least~min, group_most~max;

# The group of this programme is not in the list of groups.
check{p in PROGRAMMES}: group[p] = '' or group[p] in GROUPS;
# The return of this step is higher than that of the step before.
check{(p,k) in STEPS: k > 1}: gain[p,k] <= gain[p,k-1];
# The steps of this programme add up to less than its least amount.
check{p in PROGRAMMES}: least[p] <= (1 + 1e-9) * sum{(p,k) in STEPS} amount[p,k];
# The least amounts of the programmes exceed the budget.
check: sum{p in PROGRAMMES} least[p] <= budget * (1 + 1e-9);

var spend{(p,k) in STEPS} >= 0, <= amount[p,k];

maximize total_return: sum{(p,k) in STEPS} gain[p,k] * spend[p,k];

s.t. total: sum{(p,k) in STEPS} spend[p,k] <= budget;
s.t. at_least{p in PROGRAMMES: least[p] > 0}: sum{(p,k) in STEPS} spend[p,k] >= least[p];
s.t. group_share{g in GROUPS}:
  group_least[g] <= sum{(p,k) in STEPS: group[p] = g} spend[p,k] <= group_most[g];

solve;
table allocation{p in PROGRAMMES} OUT "JSON" "allocation": p~programme,
  round(sum{(p,k) in STEPS} spend[p,k], 6)~amount,
  round(sum{(p,k) in STEPS} gain[p,k] * spend[p,k], 6)~return;
end;
