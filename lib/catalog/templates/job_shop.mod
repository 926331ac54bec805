# Disjunctive job shop with tight big numbers. A simple schedule is computed first (operations in the
# order of their place in the job, then of the jobs); its end is a horizon that surely suffices.
# Heads (what must come before) and tails (what must follow) then give each operation a window, and
# the number that switches a pair of operations off is only as large as their windows allow. Pairs
# whose order the windows decide need no variable.
set JOBS;
set STEPS dimen 2;
param release{JOBS} >= 0, default 0;
param number{JOBS};
param machine{STEPS} symbolic;
param time{STEPS} >= 0;
table jobs_in IN "JSON" "jobs": JOBS <- [name], release, number~RECNO;
table steps_in IN "JSON" "/jobs/*/operations": STEPS <- [name, RECNO], machine, time;

param steps{j in JOBS} := sum{(j,k) in STEPS} 1;
# When step k of job j ends in the simple schedule.
param done{(j,k) in STEPS} := time[j,k] + max(
  if k = 1 then release[j] else done[j,k-1],
  max{(i,l) in STEPS: machine[i,l] = machine[j,k] and
      (l < k or l = k and number[i] < number[j]) or i = j and l = k}
    if i = j and l = k then 0 else done[i,l]);
# Longer by what sums of times may be rounded, so that no window is empty and no tie decided by that.
param horizon := (1 + 1e-9) * max{(j,k) in STEPS} done[j,k];
param head{(j,k) in STEPS} := if k = 1 then release[j] else head[j,k-1] + time[j,k-1];
param tail{(j,k) in STEPS} := if k = steps[j] then 0 else tail[j,k+1] + time[j,k+1];
param latest{(j,k) in STEPS} := horizon - tail[j,k] - time[j,k];

# Pairs on one machine, each once.
set PAIRS := {(i,k) in STEPS, (j,l) in STEPS: number[i] < number[j] and machine[i,k] = machine[j,l]};
set OPEN := {(i,k,j,l) in PAIRS:
  head[i,k] + time[i,k] <= latest[j,l] and head[j,l] + time[j,l] <= latest[i,k]};

var start{(j,k) in STEPS} >= head[j,k], <= latest[j,k];
var first{OPEN} binary;  # one when the step that is named first also runs first
var makespan >= max{(j,k) in STEPS} (head[j,k] + time[j,k] + tail[j,k]), <= horizon;

minimize end_of_all: makespan;

s.t. ends{j in JOBS}: makespan >= start[j,steps[j]] + time[j,steps[j]];
s.t. in_order{(j,k) in STEPS: k > 1}: start[j,k] >= start[j,k-1] + time[j,k-1];
s.t. one_before{(i,k,j,l) in OPEN}: start[j,l] >= start[i,k] + time[i,k]
  - (latest[i,k] + time[i,k] - head[j,l]) * (1 - first[i,k,j,l]);
s.t. other_before{(i,k,j,l) in OPEN}: start[i,k] >= start[j,l] + time[j,l]
  - (latest[j,l] + time[j,l] - head[i,k]) * first[i,k,j,l];
s.t. must_before{(i,k,j,l) in PAIRS diff OPEN: head[j,l] + time[j,l] > latest[i,k]}:
  start[j,l] >= start[i,k] + time[i,k];
s.t. must_after{(i,k,j,l) in PAIRS diff OPEN: head[j,l] + time[j,l] <= latest[i,k]}:
  start[i,k] >= start[j,l] + time[j,l];
# All work of a machine lies between its least head and its least tail.
set MACHINES := setof{(j,k) in STEPS} machine[j,k];
s.t. machine_load{m in MACHINES}: makespan >= min{(j,k) in STEPS: machine[j,k] = m} head[j,k]
  + sum{(j,k) in STEPS: machine[j,k] = m} time[j,k]
  + min{(j,k) in STEPS: machine[j,k] = m} tail[j,k];

solve;
table schedule{(j,k) in STEPS} OUT "JSON" "schedule": j~job, k~step, machine[j,k]~machine,
  round(start[j,k], 6)~start, round(start[j,k] + time[j,k], 6)~end;
end;
