# Fixed-charge multi-commodity network design. Each demand is a flow of its own; besides the capacity
# row of a link there is a row that ties each single flow to the building of the link by the demand's
# amount. These strong rows lift the relaxation from a fraction of the cost to close to the optimum.
set LINKS dimen 2;
set DEMANDS dimen 2;
param build_cost{LINKS} >= 0;
param unit_cost{LINKS} >= 0, default 0;
param capacity{LINKS} >= 0;
param amount{DEMANDS} > 0;
table links_in IN "JSON" "links": LINKS <- [from, to], build_cost, unit_cost, capacity;
table demands_in IN "JSON" "demands": DEMANDS <- [from, to], amount;
set PLACES := setof{(i,j) in LINKS} i union setof{(i,j) in LINKS} j;
set ARCS := LINKS union setof{(i,j) in LINKS} (j,i);

# A link must lead from one place to another.
check{(i,j) in LINKS}: i <> j;
# This link is there twice, once in each direction.
check{(i,j) in LINKS}: (j,i) not in LINKS;
# No link reaches an end of this demand, or both ends are one place.
check{(s,t) in DEMANDS}: s in PLACES and t in PLACES and s <> t;

var build{LINKS} binary;
var route{(i,j) in ARCS, (s,t) in DEMANDS: j <> s and i <> t} >= 0;

minimize total_cost: sum{(i,j) in LINKS} build_cost[i,j] * build[i,j]
  + sum{(i,j) in LINKS, (s,t) in DEMANDS} unit_cost[i,j] *
    ((if j <> s and i <> t then route[i,j,s,t]) + (if i <> s and j <> t then route[j,i,s,t]));

s.t. leave{(s,t) in DEMANDS}: sum{(s,j) in ARCS} route[s,j,s,t] = amount[s,t];
s.t. pass_on{n in PLACES, (s,t) in DEMANDS: n <> s and n <> t}:
  sum{(i,n) in ARCS: i <> t} route[i,n,s,t] = sum{(n,j) in ARCS: j <> s} route[n,j,s,t];
s.t. only_built{(i,j) in ARCS, (s,t) in DEMANDS: j <> s and i <> t}:
  route[i,j,s,t] <= amount[s,t] * (if (i,j) in LINKS then build[i,j] else build[j,i]);
s.t. link_capacity{(i,j) in LINKS}:
  sum{(s,t) in DEMANDS} ((if j <> s and i <> t then route[i,j,s,t])
    + (if i <> s and j <> t then route[j,i,s,t])) <= capacity[i,j] * build[i,j];

solve;
table built{(i,j) in LINKS: build[i,j] > 0.5} OUT "JSON" "built":
  i~from, j~to, build_cost[i,j]~cost,
  round(sum{(s,t) in DEMANDS} ((if j <> s and i <> t then route[i,j,s,t])
    + (if i <> s and j <> t then route[j,i,s,t])), 6)~load, capacity[i,j]~capacity;
table routes{(s,t) in DEMANDS, (i,j) in ARCS: j <> s and i <> t and route[i,j,s,t] > 1e-6}
  OUT "JSON" "routes": s~origin, t~target, i~from, j~to, round(route[i,j,s,t], 6)~amount;
end;
