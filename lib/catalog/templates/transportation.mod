# The transportation problem. ship[p,c] flows over an existing lane, never more than its capacity or
# than the smaller of the plant's supply and the customer's demand. A linear program: the duals of
# demand_met are the delivered prices at the customers.
set PLANTS;
set CUSTOMERS;
set LANES within PLANTS cross CUSTOMERS;
param supply{PLANTS} >= 0;
param demand{CUSTOMERS} >= 0;
param cost{LANES} >= 0;
param capacity{(p,c) in LANES} >= 0, default demand[c];
table plants_in IN "JSON" "plants": PLANTS <- [name], supply;
table customers_in IN "JSON" "customers": CUSTOMERS <- [name], demand;
table lanes_in IN "JSON" "lanes": LANES <- [from, to], cost, capacity;

# The plants together supply less than the customers demand.
check: sum{c in CUSTOMERS} demand[c] <= (1 + 1e-9) * sum{p in PLANTS} supply[p];
# The lanes that lead to this customer carry less than its demand.
check{c in CUSTOMERS}: demand[c] <= (1 + 1e-9) * sum{(p,c) in LANES} capacity[p,c];

var ship{(p,c) in LANES} >= 0, <= min(capacity[p,c], supply[p], demand[c]);

minimize freight: sum{(p,c) in LANES} cost[p,c] * ship[p,c];

s.t. supply_limit{p in PLANTS}: sum{(p,c) in LANES} ship[p,c] <= supply[p];
s.t. demand_met{c in CUSTOMERS}: sum{(p,c) in LANES} ship[p,c] = demand[c];

solve;
table shipments{(p,c) in LANES: ship[p,c] > 1e-6} OUT "JSON" "shipments":
  p~from, c~to, ship[p,c]~units, cost[p,c] * ship[p,c]~freight;
end;
