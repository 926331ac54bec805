# Unit commitment in the three-binary form: on, start and stop in each hour. The least times on and off
# are turn-on inequalities (who started within the last hours is still on), which describe the convex
# hull of one plant's switching. Output is counted above the least output, so that all its rows carry
# the binary `on` by themselves. Hours that the time before the first hour decides are fixed.
set UNITS;
set HOURS;
param load{HOURS} >= 0;
param reserve >= 0, <= 1, default 0;
param least{UNITS} >= 0;
param most{u in UNITS} >= least[u];
param unit_cost{UNITS} >= 0;
param hour_cost{UNITS} >= 0, default 0;
param start_cost{UNITS} >= 0, default 0;
param min_up{UNITS} integer, >= 1, default 1;
param min_down{UNITS} integer, >= 1, default 1;
param ramp{u in UNITS} >= 0, default most[u];
param hours_on{UNITS} integer, default -1000;
param output_before{u in UNITS} >= 0, <= most[u], default if hours_on[u] > 0 then least[u] else 0;
table load_in IN "JSON" "load": HOURS <- [RECNO], load~VALUE;
table units_in IN "JSON" "units": UNITS <- [name], least, most, unit_cost, hour_cost, start_cost,
  min_up, min_down, ramp, hours_on, output_before~output;
param T := card(HOURS);
# For so many hours the unit has to stay as it is.
param held{u in UNITS} := if hours_on[u] > 0 then max(0, min_up[u] - hours_on[u])
  else max(0, min_down[u] + hours_on[u]);

# In this hour all units together cannot carry load and reserve.
check{t in HOURS}: sum{u in UNITS} most[u] >= (1 + reserve) * load[t] * (1 - 1e-9);

var on{u in UNITS, t in 0..T} binary;
var start{u in UNITS, t in HOURS} binary;
var stop{u in UNITS, t in HOURS} binary;
var above{u in UNITS, t in 0..T} >= 0, <= most[u] - least[u];  # output above the least

minimize total_cost: sum{u in UNITS, t in HOURS} ((hour_cost[u] + unit_cost[u] * least[u]) * on[u,t]
  + unit_cost[u] * above[u,t] + start_cost[u] * start[u,t]);

s.t. state_before{u in UNITS}: on[u,0] = if hours_on[u] > 0 then 1 else 0;
s.t. above_before{u in UNITS}:
  above[u,0] = if hours_on[u] > 0 then max(0, output_before[u] - least[u]) else 0;
s.t. held_state{u in UNITS, t in HOURS: t <= held[u]}: on[u,t] = on[u,0];
s.t. switching{u in UNITS, t in HOURS}: on[u,t] - on[u,t-1] = start[u,t] - stop[u,t];
s.t. stays_on{u in UNITS, t in HOURS}:
  sum{s in max(1, t - min_up[u] + 1)..t} start[u,s] <= on[u,t];
s.t. stays_off{u in UNITS, t in HOURS}:
  sum{s in max(1, t - min_down[u] + 1)..t} stop[u,s] <= 1 - on[u,t];
s.t. only_when_on{u in UNITS, t in HOURS}: above[u,t] <= (most[u] - least[u]) * on[u,t];
s.t. ramp_up{u in UNITS, t in HOURS: ramp[u] < most[u] - least[u]}:
  above[u,t] - above[u,t-1] <= ramp[u] * on[u,t];
s.t. ramp_down{u in UNITS, t in HOURS: ramp[u] < most[u] - least[u]}:
  above[u,t-1] - above[u,t] <= ramp[u] * on[u,t-1];
s.t. load_met{t in HOURS}: sum{u in UNITS} (least[u] * on[u,t] + above[u,t]) = load[t];
s.t. reserve_kept{t in HOURS: reserve > 0}:
  sum{u in UNITS} most[u] * on[u,t] >= (1 + reserve) * load[t];

solve;
table schedule{t in HOURS, u in UNITS: on[u,t] > 0.5} OUT "JSON" "schedule": t~hour, u~unit,
  round(least[u] + above[u,t], 6)~output, start[u,t]~start;
end;
