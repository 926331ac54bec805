# Travelling salesman in the multi-commodity flow form: from the first place one unit of a flow of its
# own goes to each other place over the legs of the tour. Its relaxation is exactly as strong as all
# subtour elimination rows together, so only a small search is left; in return it has a variable for
# each leg and place, which suits some dozens of places.
set PLACES;
param x{PLACES} default 0;
param y{PLACES} default 0;
param number{PLACES};
param distances{i in PLACES, j in PLACES} >= 0,
  default if i = j then 0 else sqrt((x[i] - x[j])^2 + (y[i] - y[j])^2);
table places_in IN "JSON" "places": PLACES <- [name], x, y, number~RECNO;
set LEGS := {i in PLACES, j in PLACES: i <> j};
set OTHERS := {i in PLACES: number[i] > 1};

var go{LEGS} binary;
# for k, on a leg neither back home nor away from k
var flow{(i,j) in LEGS, k in OTHERS: number[j] > 1 and i <> k} >= 0, <= 1;

minimize total_distance: sum{(i,j) in LEGS} distances[i,j] * go[i,j];

s.t. leave{i in PLACES}: sum{(i,j) in LEGS} go[i,j] = 1;
s.t. enter{j in PLACES}: sum{(i,j) in LEGS} go[i,j] = 1;
s.t. reach{k in OTHERS}: sum{(i,k) in LEGS} flow[i,k,k] = 1;
s.t. pass_on{k in OTHERS, n in OTHERS: n <> k}: sum{(i,n) in LEGS: i <> k} flow[i,n,k]
  = sum{(n,j) in LEGS: number[j] > 1} flow[n,j,k];
s.t. on_tour{(i,j) in LEGS, k in OTHERS: number[j] > 1 and i <> k}: flow[i,j,k] <= go[i,j];

solve;
# Where the tour stands after k legs.
param at{k in 0..card(PLACES)} := if k = 0 then 1
  else sum{(i,j) in LEGS: number[i] = at[k-1] and go[i,j] > 0.5} number[j];
table tour{k in 1..card(PLACES), (i,j) in LEGS: number[i] = at[k-1] and go[i,j] > 0.5}
  OUT "JSON" "tour": k~step, i~from, j~to, distances[i,j]~distance;
end;
