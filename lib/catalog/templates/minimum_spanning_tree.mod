# Spanning tree by directed multi-commodity flow. From the first place (the root) one unit of a flow of
# its own goes to each other place, over links that point away from the root; every other place is
# entered by exactly one of them. This formulation describes the convex hull of all spanning trees, so
# the linear relaxation already is the tree.
set LINKS dimen 2;
param cost{LINKS} >= 0;
table links_in IN "JSON" "links": LINKS <- [from, to], cost;
set PLACES := setof{(i,j) in LINKS} i union setof{(i,j) in LINKS} j;
set ARCS := LINKS union setof{(i,j) in LINKS} (j,i);
param number{n in PLACES} := 1 + sum{m in PLACES: m < n} 1;
set OTHERS := {n in PLACES: number[n] > 1};

# A link must lead from one place to another.
check{(i,j) in LINKS}: i <> j;
# This link is there twice, once in each direction.
check{(i,j) in LINKS}: (j,i) not in LINKS;

var use{LINKS} binary;
var away{ARCS} >= 0, <= 1;  # the link is used, in this direction seen from the root
var flow{ARCS, OTHERS} >= 0;

minimize total_cost: sum{(i,j) in LINKS} cost[i,j] * use[i,j];

s.t. one_direction{(i,j) in LINKS}: away[i,j] + away[j,i] = use[i,j];
s.t. entered_once{n in OTHERS}: sum{(i,n) in ARCS} away[i,n] = 1;
s.t. arrive{n in OTHERS}: sum{(i,n) in ARCS} flow[i,n,n] - sum{(n,j) in ARCS} flow[n,j,n] = 1;
s.t. pass_on{n in OTHERS, k in OTHERS: n <> k}:
  sum{(i,n) in ARCS} flow[i,n,k] = sum{(n,j) in ARCS} flow[n,j,k];
s.t. only_used{(i,j) in ARCS, k in OTHERS}: flow[i,j,k] <= away[i,j];

solve;
table tree{(i,j) in LINKS: use[i,j] > 0.5} OUT "JSON" "tree": i~from, j~to, cost[i,j]~cost;
end;
