# Multi-item capacitated lot sizing with setup times, in the facility location form: make[p,t,u] is
# what is made of product p in period t for the demand of period u. Each of these flows is linked to
# the setup of its period by the very demand it can serve, a far tighter link than a big number per
# period; without capacities the relaxation would already be integral. Stock that is there at the
# beginning serves the first demands and is taken off them beforehand.
set PERIODS;
set PRODUCTS;
param capacity{PERIODS} >= 0;
set DEMANDED dimen 2;
param demand{DEMANDED} >= 0;
param setup_cost{PRODUCTS} >= 0;
param setup_time{PRODUCTS} >= 0, default 0;
param unit_time{PRODUCTS} >= 0;
param unit_cost{PRODUCTS} >= 0, default 0;
param holding_cost{PRODUCTS} >= 0;
param initial_stock{PRODUCTS} >= 0, default 0;
table capacity_in IN "JSON" "capacity": PERIODS <- [RECNO], capacity~VALUE;
table products_in IN "JSON" "products": PRODUCTS <- [name], setup_cost, setup_time, unit_time,
  unit_cost, holding_cost, initial_stock;
table demand_in IN "JSON" "/products/*/demand": DEMANDED <- [name, RECNO], demand~VALUE;

# The demand of this product is not one number for each period of the capacity.
check{p in PRODUCTS}: sum{(p,t) in DEMANDED} 1 = card(PERIODS);

param demand_until{p in PRODUCTS, t in 0..card(PERIODS)} :=
  if t = 0 then 0 else demand_until[p,t-1] + demand[p,t];
param stock_from_before{p in PRODUCTS, t in PERIODS} := max(0, initial_stock[p] - demand_until[p,t]);
# What has to be made for the demand of period t.
param net{p in PRODUCTS, t in PERIODS} :=
  max(0, demand_until[p,t] - initial_stock[p]) - max(0, demand_until[p,t-1] - initial_stock[p]);
set USEFUL := {p in PRODUCTS, t in PERIODS, u in t..card(PERIODS): net[p,u] > 0};

# Up to this period more time is needed than there is, even without any setup.
check{u in PERIODS}: sum{p in PRODUCTS, t in 1..u} unit_time[p] * net[p,t]
  <= sum{t in 1..u} capacity[t] + 1e-6;

var setup{p in PRODUCTS, t in PERIODS} binary;
var make{USEFUL} >= 0;

minimize total_cost: sum{p in PRODUCTS, t in PERIODS} setup_cost[p] * setup[p,t]
  + sum{(p,t,u) in USEFUL} (unit_cost[p] + holding_cost[p] * (u - t)) * make[p,t,u]
  + sum{p in PRODUCTS, t in PERIODS} holding_cost[p] * stock_from_before[p,t];

s.t. demand_met{p in PRODUCTS, u in PERIODS: net[p,u] > 0}:
  sum{(p,t,u) in USEFUL} make[p,t,u] = net[p,u];
s.t. only_if_set_up{(p,t,u) in USEFUL}: make[p,t,u] <= net[p,u] * setup[p,t];
s.t. time{t in PERIODS}: sum{p in PRODUCTS} setup_time[p] * setup[p,t]
  + sum{(p,t,u) in USEFUL} unit_time[p] * make[p,t,u] <= capacity[t];

solve;
table lots{t in PERIODS, p in PRODUCTS: setup[p,t] > 0.5} OUT "JSON" "lots":
  t~period, p~product, round(sum{(p,t,u) in USEFUL} make[p,t,u], 6)~units;
table stocks{p in PRODUCTS, t in PERIODS} OUT "JSON" "stocks": p~product, t~period,
  round(stock_from_before[p,t] + sum{(p,s,u) in USEFUL: s <= t and u > t} make[p,s,u], 6)~stock;
end;
