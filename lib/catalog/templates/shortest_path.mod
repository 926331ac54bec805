# Shortest path as the flow of one unit from start to destination. The matrix of a network is totally
# unimodular, so the relaxation is already integral. After solving, the roads of the way are put into
# the order in which they are travelled.
set ROADS dimen 2;
param length{ROADS} >= 0;
param one_way{ROADS} binary, default 0;
param start symbolic;
param destination symbolic;
table roads_in IN "JSON" "roads": ROADS <- [from, to], length, one_way;
set PLACES := setof{(i,j) in ROADS} i union setof{(i,j) in ROADS} j;
# Directed: a road that is not one-way can be used both ways.
set ARCS := ROADS union setof{(i,j) in ROADS: one_way[i,j] = 0} (j,i);
param time{(i,j) in ARCS} :=
  if (i,j) not in ROADS then length[j,i]
  else if (j,i) not in ROADS then length[i,j]
  else if one_way[j,i] = 1 then length[i,j]
  else min(length[i,j], length[j,i]);

# A road must lead from one place to another.
check{(i,j) in ROADS}: i <> j;
# No road begins or ends at the start or at the destination.
check: start in PLACES and destination in PLACES;
# Start and destination must differ.
check: start <> destination;

var go{(i,j) in ARCS} binary;

minimize total_length: sum{(i,j) in ARCS} time[i,j] * go[i,j];

s.t. balance{n in PLACES}:
  sum{(n,j) in ARCS} go[n,j] - sum{(i,n) in ARCS} go[i,n] =
    (if n = start then 1 else if n = destination then -1 else 0);
s.t. once{n in PLACES}: sum{(n,j) in ARCS} go[n,j] <= 1;

solve;
# Places as numbers; at[k] is where the way stands after k roads, 0 when it has ended.
param number{n in PLACES} := 1 + sum{m in PLACES: m < n} 1;
param at{k in 0..card(PLACES)} :=
  if k = 0 then number[start] else if at[k-1] = number[destination] then 0
  else sum{(i,j) in ARCS: number[i] = at[k-1] and go[i,j] > 0.5} number[j];
table way{k in 1..card(PLACES), (i,j) in ARCS: number[i] = at[k-1] and go[i,j] > 0.5}
  OUT "JSON" "way": k~step, i~from, j~to, time[i,j]~length;
end;
