# Resource-constrained project scheduling, indexed by time, in the step form: begun[a,t] is one from the
# period on in which activity a starts. A predecessor then is one short row per period (if b has begun
# by t, a had begun by t minus its duration), much stronger than the usual sum of starts times
# periods. Earliest and latest starts from the chains of predecessors keep only periods that can be.
set ACTIVITIES;
set RESOURCES;
set AFTER within ACTIVITIES cross ACTIVITIES;  # (b,a): b comes after a
set USES within ACTIVITIES cross RESOURCES;
param duration{ACTIVITIES} integer, >= 0;
param deadline integer, >= 1;
param available{RESOURCES} >= 0;
param use{USES} >= 0;
table activities_in IN "JSON" "activities": ACTIVITIES <- [name], duration;
table after_in IN "JSON" "/activities/*/after": AFTER <- [name, VALUE];
table resources_in IN "JSON" "resources": RESOURCES <- [name], available;
table uses_in IN "JSON" "/activities/*/uses": USES <- [name, KEY], use~VALUE;

# This activity alone needs more of the resource than is available.
check{(a,r) in USES}: duration[a] = 0 or use[a,r] <= available[r];

# Activities start at the beginning of a period, the first being 1.
param earliest{b in ACTIVITIES} := max(1, max{a in ACTIVITIES: a = b or (b,a) in AFTER}
  if a = b then 1 else earliest[a] + duration[a]);
param latest{a in ACTIVITIES} := min(deadline + 1 - duration[a], min{b in ACTIVITIES: b = a or
  (b,a) in AFTER} if b = a then deadline + 1 - duration[a] else latest[b] - duration[a]);
# The chain of predecessors and successors of this activity is longer than the deadline allows.
check{a in ACTIVITIES}: earliest[a] <= latest[a];

# begun is 0 before the earliest start, hence a first period in which it is fixed, and 1 at the latest.
var begun{a in ACTIVITIES, t in earliest[a]-1..latest[a]} binary;
var finish >= max{a in ACTIVITIES} (earliest[a] + duration[a] - 1), <= deadline;

minimize end_of_project: finish;

s.t. not_yet{a in ACTIVITIES}: begun[a,earliest[a]-1] = 0;
s.t. at_last{a in ACTIVITIES}: begun[a,latest[a]] = 1;
s.t. stays{a in ACTIVITIES, t in earliest[a]..latest[a]}: begun[a,t] >= begun[a,t-1];
s.t. follows{(b,a) in AFTER, t in earliest[b]..latest[b]:
  t - duration[a] < latest[a]}: begun[b,t] <= begun[a,t-duration[a]];
# An activity runs in period t when it has begun by t, but not yet by t minus its duration.
s.t. resource{r in RESOURCES, t in 1..deadline}:
  sum{(a,r) in USES: earliest[a] <= t and t < latest[a] + duration[a]} use[a,r] *
    (begun[a,min(t,latest[a])] -
     (if t - duration[a] >= earliest[a] then begun[a,t-duration[a]] else 0)) <= available[r];
s.t. ends{a in ACTIVITIES}: finish >= duration[a] - 1 + latest[a]
  - sum{t in earliest[a]..latest[a]-1} begun[a,t];

solve;
param start{a in ACTIVITIES} := latest[a] - sum{t in earliest[a]..latest[a]-1} round(begun[a,t]);
table schedule{t in 1..deadline+1, a in ACTIVITIES: start[a] = t} OUT "JSON" "schedule":
  a~activity, t~start, t + duration[a] - 1~end;
end;
