# Water in slots of time. open[z,t] opens the valve of a zone; the flow then lies between the least and
# the largest, both tied to the same binary. A row per zone says how many slots it needs at least,
# rounded up, which the relaxation alone does not know.
set SLOTS;
set ZONES;
param tariff{SLOTS} >= 0;
param pump_capacity >= 0;
param max_open integer, >= 1, default card(ZONES);
param need{ZONES} >= 0;
param least{ZONES} >= 0, default 0;
param most{z in ZONES} >= least[z];
param first{ZONES} integer, >= 1, default 1;
param last{ZONES} integer, >= 1, default card(SLOTS);
table tariff_in IN "JSON" "tariff": SLOTS <- [RECNO], tariff~VALUE;
table zones_in IN "JSON" "zones": ZONES <- [name], need, least, most, first, last;
param rate{z in ZONES} := min(most[z], pump_capacity);
set TIMES := {z in ZONES, t in SLOTS: t >= first[z] and t <= last[z]};

# The slots of this zone are too few for its need.
check{z in ZONES}: need[z] <= rate[z] * sum{(z,t) in TIMES} (1 + 1e-9);
# All zones together need more than the pump gives.
check: sum{z in ZONES} need[z] <= pump_capacity * card(SLOTS) * (1 + 1e-9);

var open{TIMES} binary;
var flow{TIMES} >= 0;

minimize pumping_cost: sum{(z,t) in TIMES} tariff[t] * flow[z,t];

s.t. watered{z in ZONES}: sum{(z,t) in TIMES} flow[z,t] = need[z];
s.t. at_least{(z,t) in TIMES: least[z] > 0}: flow[z,t] >= least[z] * open[z,t];
s.t. at_most{(z,t) in TIMES}: flow[z,t] <= rate[z] * open[z,t];
s.t. pump{t in SLOTS}: sum{(z,t) in TIMES} flow[z,t] <= pump_capacity;
s.t. valves{t in SLOTS}: sum{(z,t) in TIMES} open[z,t] <= max_open;
s.t. slots_needed{z in ZONES: need[z] > 0}:
  sum{(z,t) in TIMES} open[z,t] >= ceil(need[z] / rate[z] - 1e-6);

solve;
table schedule{t in SLOTS, (z,t) in TIMES: flow[z,t] > 1e-6} OUT "JSON" "schedule":
  t~slot, z~zone, round(flow[z,t], 6)~water, round(tariff[t] * flow[z,t], 6)~cost;
end;
