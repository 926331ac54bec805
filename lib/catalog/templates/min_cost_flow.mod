# Minimum cost flow with transshipment. What leaves a place minus what enters it is at most the
# supply, or exactly minus the demand; places with neither only pass goods on. A pure network, so with
# integral data the optimum is integral without any integer variable.
set PLACES;
set LINKS within PLACES cross PLACES;
param supply{PLACES} default 0;
param total_supply := sum{n in PLACES} max(0, supply[n]);
param cost{LINKS} >= 0;
param least{LINKS} >= 0, default 0;
# What passes a link without a capacity at most: all supplies, and what the least flows make circulate.
param all_flow := total_supply + sum{(i,j) in LINKS} least[i,j];
param capacity{(i,j) in LINKS} >= least[i,j], default all_flow;
table nodes_in IN "JSON" "nodes": PLACES <- [name], supply;
table links_in IN "JSON" "links": LINKS <- [from, to], cost, capacity, least;

# A link must lead from one place to another.
check{(i,j) in LINKS}: i <> j;
# The places demand more than the others supply.
check: sum{n in PLACES} supply[n] >= -1e-9 * total_supply;

var flow{(i,j) in LINKS} >= least[i,j], <= capacity[i,j];

minimize total_cost: sum{(i,j) in LINKS} cost[i,j] * flow[i,j];

s.t. supply_limit{n in PLACES: supply[n] > 0}:
  0 <= sum{(n,j) in LINKS} flow[n,j] - sum{(i,n) in LINKS} flow[i,n] <= supply[n];
s.t. balance{n in PLACES: supply[n] <= 0}:
  sum{(n,j) in LINKS} flow[n,j] - sum{(i,n) in LINKS} flow[i,n] = supply[n];

solve;
table flows{(i,j) in LINKS: flow[i,j] > 1e-6} OUT "JSON" "flows":
  i~from, j~to, flow[i,j]~units, cost[i,j] * flow[i,j]~cost;
end;
