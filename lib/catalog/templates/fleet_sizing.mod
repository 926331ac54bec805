# Fleet sizing with whole vehicles. In each period the vehicles used in all segments are at most those
# owned and rented; the capacity sent to a segment covers its demand. Buying pays for what is needed in
# most periods, renting for the peaks.
set TYPES;
set SEGMENTS;
set NAMED within SEGMENTS cross TYPES;
param capacity{TYPES} > 0;
param own_cost{TYPES} >= 0;
param rent_cost{TYPES} >= 0;
param use_cost{TYPES} >= 0, default 0;
param max_owned{TYPES} integer, >= 0, default 1000000;
set DEMANDED dimen 2;
param demand{DEMANDED} >= 0;
table types_in IN "JSON" "types": TYPES <- [name], capacity, own_cost, rent_cost, use_cost,
  max_owned;
table segments_in IN "JSON" "segments": SEGMENTS <- [name];
table named_in IN "JSON" "/segments/*/types": NAMED <- [name, VALUE];
table demand_in IN "JSON" "/segments/*/demand": DEMANDED <- [name, RECNO], demand~VALUE;
param T := max{(s,t) in DEMANDED} t;
set PERIODS := 1..T;
set SERVES := {s in SEGMENTS, v in TYPES: (s,v) in NAMED or not exists{(s,w) in NAMED} 1 = 1};

# This segment has fewer periods than another one.
check{s in SEGMENTS}: sum{(s,t) in DEMANDED} 1 = T;

var own{v in TYPES} integer, >= 0, <= max_owned[v];
var rent{v in TYPES, t in PERIODS} integer, >= 0;
var use{(s,v) in SERVES, t in PERIODS} integer, >= 0, <= ceil(demand[s,t] / capacity[v]);

minimize total_cost: sum{v in TYPES} own_cost[v] * own[v]
  + sum{v in TYPES, t in PERIODS} rent_cost[v] * rent[v,t]
  + sum{(s,v) in SERVES, t in PERIODS} use_cost[v] * use[s,v,t];

s.t. covered{s in SEGMENTS, t in PERIODS}:
  sum{(s,v) in SERVES} capacity[v] * use[s,v,t] >= demand[s,t];
s.t. available{v in TYPES, t in PERIODS}:
  sum{(s,v) in SERVES} use[s,v,t] <= own[v] + rent[v,t];

solve;
table fleet{v in TYPES} OUT "JSON" "fleet": v~type, own[v]~owned,
  max{t in PERIODS} rent[v,t]~most_rented;
table rentals{t in PERIODS, v in TYPES: rent[v,t] > 0.5} OUT "JSON" "rentals":
  t~period, v~type, rent[v,t]~rented;
table trips{t in PERIODS, (s,v) in SERVES: use[s,v,t] > 0.5} OUT "JSON" "trips":
  t~period, s~segment, v~type, use[s,v,t]~vehicles;
end;
