# Indexed by time: moor[s,b,t] starts the handling of ship s at berth b in hour t. In every hour at most
# one ship lies at a berth, which is a clique over all starts that reach into that hour, with no big
# numbers anywhere.
set BERTHS;
set SHIPS;
param hours integer, >= 1;
param berth_length{BERTHS} >= 0;
param speed{BERTHS} > 0, default 1;
param ship_length{SHIPS} >= 0;
param arrival{SHIPS} integer, >= 0;
param work{SHIPS} > 0;
param weight{SHIPS} >= 0, default 1;
table berths_in IN "JSON" "berths": BERTHS <- [name], berth_length~length, speed;
table ships_in IN "JSON" "ships": SHIPS <- [name], ship_length~length, arrival, work, weight;
set FITS := {s in SHIPS, b in BERTHS: ship_length[s] <= berth_length[b]};
param stay{(s,b) in FITS} := max(1, ceil(work[s] / speed[b] - 1e-9));

# No berth is long enough for this ship, or none can handle it within the hours of the plan.
check{s in SHIPS}: exists{(s,b) in FITS} arrival[s] + stay[s,b] <= hours;

set STARTS := {(s,b) in FITS, t in arrival[s]..hours-stay[s,b]};
var moor{STARTS} binary;

minimize weighted_time_in_port:
  sum{(s,b,t) in STARTS} weight[s] * (t + stay[s,b] - arrival[s]) * moor[s,b,t];

s.t. handled{s in SHIPS}: sum{(s,b,t) in STARTS} moor[s,b,t] = 1;
s.t. one_at_a_time{b in BERTHS, h in 0..hours-1}:
  sum{(s,b) in FITS, t in max(arrival[s], h - stay[s,b] + 1)..min(h, hours - stay[s,b])}
    moor[s,b,t] <= 1;

solve;
table plan{(s,b,t) in STARTS: moor[s,b,t] > 0.5} OUT "JSON" "plan":
  s~ship, b~berth, t~start, t + stay[s,b]~end;
end;
