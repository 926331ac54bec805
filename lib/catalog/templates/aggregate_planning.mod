# Aggregate planning. The workforce changes by hiring and firing only; production is limited by it, the
# overtime by a share of it. Stock and backlog of one period carry over to the next. Workers come in
# whole numbers, units need not. Without a backlog cost there are no backlog variables.
set PERIODS;
param T := card(PERIODS);
param demand{PERIODS} >= 0;
param units_per_worker > 0;
param wage >= 0;
param hiring_cost >= 0;
param firing_cost >= 0;
param material_cost >= 0, default 0;
param overtime_cost >= 0, default 0;
param overtime_share >= 0, <= 1, default 0;
param holding_cost >= 0;
param backlog_cost default -1;  # not allowed
param initial_workers integer, >= 0;
param initial_stock >= 0, default 0;
param final_stock >= 0, default 0;
param total := sum{t in PERIODS} demand[t] + final_stock;
param max_workers integer, >= 0, default max(initial_workers, ceil(total / units_per_worker));
table demand_in IN "JSON" "demand": PERIODS <- [RECNO], demand~VALUE;

# Even with the most workers and overtime in every period, less is made than is demanded.
check: T * max_workers * units_per_worker * (1 + overtime_share) + initial_stock >= total * (1 - 1e-9);

var workers{t in 0..T} integer, >= 0, <= if t = 0 then initial_workers else max_workers;
var hire{t in PERIODS} integer, >= 0;
var fire{t in PERIODS} integer, >= 0;
var make{t in PERIODS} >= 0;
var overtime{t in PERIODS} >= 0;
var stock{t in 0..T} >= 0;
var late{t in 0..T} >= 0, <= if t = 0 or t = T or backlog_cost < 0 then 0 else total;

minimize total_cost: sum{t in PERIODS} (wage * workers[t] + hiring_cost * hire[t]
  + firing_cost * fire[t] + material_cost * (make[t] + overtime[t]) + overtime_cost * overtime[t]
  + holding_cost * stock[t] + max(0, backlog_cost) * late[t]);

s.t. workers_before: workers[0] = initial_workers;
s.t. stock_before: stock[0] = initial_stock;
s.t. staff{t in PERIODS}: workers[t] = workers[t-1] + hire[t] - fire[t];
s.t. normal_time{t in PERIODS}: make[t] <= units_per_worker * workers[t];
s.t. overtime_limit{t in PERIODS}:
  overtime[t] <= overtime_share * units_per_worker * workers[t];
s.t. balance{t in PERIODS}:
  stock[t-1] - late[t-1] + make[t] + overtime[t] = demand[t] + stock[t] - late[t];
s.t. stock_after: stock[T] >= final_stock;

solve;
table plan{t in PERIODS} OUT "JSON" "plan": t~period, workers[t]~workers, hire[t]~hired,
  fire[t]~fired, make[t]~normal, overtime[t]~overtime, stock[t]~stock, late[t]~late;
end;
