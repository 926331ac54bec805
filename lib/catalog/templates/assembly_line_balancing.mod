# Simple assembly line balancing. What must come before a task and what must follow it take time, and
# rounded up to whole cycles that gives each task an earliest and a latest station; other pairs have no
# variable. `done` counts stations in steps: a predecessor is finished by station k whenever its
# successor is, a row per station that is tighter than comparing station numbers. Stations are used
# from the first on.
set TASKS;
set AFTER within TASKS cross TASKS;  # (b,a): b comes after a
param time{TASKS} >= 0;
param cycle_time > 0;
param max_stations integer, >= 1, default card(TASKS);
table tasks_in IN "JSON" "tasks": TASKS <- [name], time;
table after_in IN "JSON" "/tasks/*/after": AFTER <- [name, VALUE];

# This task takes longer than a cycle.
check{t in TASKS}: time[t] <= cycle_time;

# One when a comes before t, directly or not.
param before{t in TASKS, a in TASKS} binary := if (t,a) in AFTER then 1
  else if exists{(t,x) in AFTER} before[x,a] = 1 then 1 else 0;
param earliest{t in TASKS} := max(1,
  ceil((time[t] + sum{a in TASKS: before[t,a] = 1} time[a]) / cycle_time - 1e-9));
param latest{t in TASKS} := max_stations + 1 - max(1,
  ceil((time[t] + sum{b in TASKS: before[b,t] = 1} time[b]) / cycle_time - 1e-9));
# There are too few stations for the chain of tasks that this one is part of.
check{t in TASKS}: earliest[t] <= latest[t];

set STATIONS := 1..max_stations;
var at{t in TASKS, k in earliest[t]..latest[t]} binary;
var open{k in STATIONS} binary;

minimize stations: sum{k in STATIONS} open[k];

s.t. somewhere{t in TASKS}: sum{k in earliest[t]..latest[t]} at[t,k] = 1;
s.t. cycle{k in STATIONS}: sum{t in TASKS: earliest[t] <= k and k <= latest[t]} time[t] * at[t,k]
  <= cycle_time * open[k];
s.t. only_open{t in TASKS, k in earliest[t]..latest[t]}: at[t,k] <= open[k];
s.t. from_the_first{k in STATIONS: k > 1}: open[k] <= open[k-1];
s.t. in_order{(b,a) in AFTER, k in earliest[b]..latest[a]-1}:
  sum{l in earliest[b]..min(k, latest[b])} at[b,l] <= sum{l in earliest[a]..k} at[a,l];
s.t. at_least: sum{k in STATIONS} open[k] >= ceil(sum{t in TASKS} time[t] / cycle_time - 1e-6);

solve;
table line{k in STATIONS, t in TASKS: k >= earliest[t] and k <= latest[t] and at[t,k] > 0.5}
  OUT "JSON" "line": k~station, t~task, time[t]~time;
end;
