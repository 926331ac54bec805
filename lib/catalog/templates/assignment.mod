# The assignment problem with capacities. assign[w,t] exists only for pairs that have a cost. Each task
# is given to exactly one worker; a worker gets at most as many tasks as the capacity says. The matrix
# is totally unimodular, so the linear relaxation already has an integral optimum and no search is
# needed.
set WORKERS;
set TASKS;
set PAIRS within WORKERS cross TASKS;
param capacity{WORKERS} integer, >= 0, default 1;
param cost{PAIRS};
table workers_in IN "JSON" "workers": WORKERS <- [name], capacity;
table tasks_in IN "JSON" "tasks": TASKS <- [VALUE];
table costs_in IN "JSON" "/workers/*/cost": PAIRS <- [name, KEY], cost~VALUE;

# Nobody who may take on anything has a cost for this task.
check{t in TASKS}: exists{(w,t) in PAIRS} capacity[w] > 0;
# There are more tasks than all workers together may take on.
check: sum{w in WORKERS} capacity[w] >= card(TASKS);

var assign{(w,t) in PAIRS} binary;

minimize total_cost: sum{(w,t) in PAIRS} cost[w,t] * assign[w,t];

s.t. every_task{t in TASKS}: sum{(w,t) in PAIRS} assign[w,t] = 1;
s.t. workload{w in WORKERS}: sum{(w,t) in PAIRS} assign[w,t] <= capacity[w];

solve;
table plan{(w,t) in PAIRS: assign[w,t] > 0.5} OUT "JSON" "plan":
  w~worker, t~task, cost[w,t]~cost;
end;
