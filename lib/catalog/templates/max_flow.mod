# Maximum flow. Every place but source and sink passes on what it receives; what arrives at the sink is
# maximized. Afterwards the places that still can be reached from the source over links with room to
# spare are found step by step: the links that leave this region are a minimum cut, the bottleneck.
set LINKS dimen 2;
param capacity{LINKS} >= 0;
param source symbolic;
param sink symbolic;
table links_in IN "JSON" "links": LINKS <- [from, to], capacity;
set PLACES := setof{(i,j) in LINKS} i union setof{(i,j) in LINKS} j;

# A link must lead from one place to another.
check{(i,j) in LINKS}: i <> j;
# No link begins or ends at the source or at the sink.
check: source in PLACES and sink in PLACES;
# Source and sink must differ.
check: source <> sink;

var flow{(i,j) in LINKS} >= 0, <= capacity[i,j];

maximize throughput: sum{(i,sink) in LINKS} flow[i,sink] - sum{(sink,j) in LINKS} flow[sink,j];

s.t. balance{n in PLACES: n <> source and n <> sink}:
  sum{(n,j) in LINKS} flow[n,j] = sum{(i,n) in LINKS} flow[i,n];

solve;
param eps := 1e-6;
# Within k steps of the source over links with room, forwards or back.
param reached{k in 0..card(PLACES), n in PLACES} binary :=
  if k = 0 then (if n = source then 1 else 0)
  else if reached[k-1,n] = 1 then 1
  else if exists{(i,n) in LINKS} (reached[k-1,i] = 1 and flow[i,n] < capacity[i,n] - eps) then 1
  else if exists{(n,j) in LINKS} (reached[k-1,j] = 1 and flow[n,j] > eps) then 1
  else 0;
table flows{(i,j) in LINKS: flow[i,j] > eps} OUT "JSON" "flows":
  i~from, j~to, flow[i,j]~flow, capacity[i,j]~capacity;
table bottleneck{(i,j) in LINKS: reached[card(PLACES),i] = 1 and reached[card(PLACES),j] = 0}
  OUT "JSON" "bottleneck": i~from, j~to, capacity[i,j]~capacity;
end;
