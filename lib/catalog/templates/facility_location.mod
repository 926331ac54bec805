# Capacitated facility location in its strong form. share[s,c] is the part of customer c's demand that
# site s serves. Besides the capacity row of each site, only_open links each single lane to the
# opening of its site: without those rows the relaxation opens fractions of sites almost for free.
# Lanes that cost 90 or more a unit do not exist.
set SITES;
set CUSTOMERS;
param fixed_cost{SITES} >= 0;
param capacity{SITES} > 0;
param demand{CUSTOMERS} >= 0;
param shipping_cost{s in SITES, c in CUSTOMERS} >= 0;
param max_open integer, default card(SITES);
table s IN "JSON" "sites": SITES <- [id], fixed_cost, capacity;
table c IN "JSON" "customers": CUSTOMERS <- [id], demand;
set LANES := {s in SITES, c in CUSTOMERS: shipping_cost[s,c] < 90};
# Every customer needs a site whose shipping cost is below 90.
check{c in CUSTOMERS}: exists{s in SITES} (s,c) in LANES;
var open{SITES} binary;
var share{LANES} >= 0, <= 1;
minimize total: sum{s in SITES} fixed_cost[s]*open[s] + sum{(s,c) in LANES} shipping_cost[s,c]*demand[c]*share[s,c];
s.t. serve{c in CUSTOMERS}: sum{(s,c) in LANES} share[s,c] = 1;
s.t. limit{s in SITES}: sum{(s,c) in LANES} demand[c]*share[s,c] <= capacity[s]*open[s];
s.t. only_open{(s,c) in LANES}: share[s,c] <= open[s];
s.t. count: sum{s in SITES} open[s] <= max_open;
solve;
table sites_out{s in SITES: open[s] > 0.5} OUT "JSON" "open_sites": s~site,
  round(sum{(s,c) in LANES} demand[c] * share[s,c], 6)~load, capacity[s]~capacity,
  fixed_cost[s]~fixed_cost;
table deliveries{(s,c) in LANES: share[s,c] > 1e-6} OUT "JSON" "deliveries": s~site, c~customer,
  round(demand[c] * share[s,c], 6)~units,
  round(shipping_cost[s,c] * demand[c] * share[s,c], 6)~cost;
end;
