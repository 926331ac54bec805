# Single allocation hub location with a path for each pair of places over each pair of hubs
# (Skorin-Kapov and others). The paths of a pair leave over the hub of its origin and arrive over the
# hub of its destination; tied together per hub like that, the relaxation is nearly always integral.
# The price is a variable per four places, which suits a dozen of them.
set PLACES;
param hub_cost{PLACES} >= 0, default 0;
param hubs integer, >= 0, default 0;  # as many as pay
param discount >= 0, <= 1, default 0.6;
param distances{PLACES, PLACES} >= 0;
param flows{PLACES, PLACES} >= 0;
table places_in IN "JSON" "places": PLACES <- [name], hub_cost;
set PAIRS := {i in PLACES, j in PLACES: flows[i,j] > 0};

# There are fewer places than hubs wanted.
check: hubs <= card(PLACES);

var serve{i in PLACES, k in PLACES} binary;  # serve[k,k]: k is a hub
var path{(i,j) in PAIRS, k in PLACES, m in PLACES} >= 0;

minimize total_cost: sum{k in PLACES} hub_cost[k] * serve[k,k]
  + sum{(i,j) in PAIRS, k in PLACES, m in PLACES} flows[i,j]
    * (distances[i,k] + discount * distances[k,m] + distances[m,j]) * path[i,j,k,m];

s.t. one_hub{i in PLACES}: sum{k in PLACES} serve[i,k] = 1;
s.t. only_hubs{i in PLACES, k in PLACES: i <> k}: serve[i,k] <= serve[k,k];
s.t. number_of_hubs{h in 1..1: hubs > 0}: sum{k in PLACES} serve[k,k] = hubs;
s.t. leaves_over{(i,j) in PAIRS, k in PLACES}: sum{m in PLACES} path[i,j,k,m] = serve[i,k];
s.t. arrives_over{(i,j) in PAIRS, m in PLACES}: sum{k in PLACES} path[i,j,k,m] = serve[j,m];

solve;
table allocation{i in PLACES, k in PLACES: serve[i,k] > 0.5} OUT "JSON" "allocation":
  i~place, k~hub, distances[i,k]~distance;
end;
