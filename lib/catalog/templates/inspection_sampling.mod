# A multiple choice knapsack. The chance to see at least one defective unit among n samples is
# 1 - (1 - rate)^n, computed beforehand for every plan, so that the model stays linear although the
# probability is not. One plan per batch, one row for the laboratory.
set BATCHES;
set PLANS;
param samples{PLANS} integer, >= 0;
param max_samples integer, >= 0;
param defect_rate{BATCHES} >= 0, <= 1;
param sample_cost{BATCHES} >= 0;
param escape_cost{BATCHES} >= 0;
param min_detection{BATCHES} >= 0, <= 1, default 0;
table plans_in IN "JSON" "plans": PLANS <- [RECNO], samples~VALUE;
table batches_in IN "JSON" "batches": BATCHES <- [name], defect_rate, sample_cost, escape_cost,
  min_detection;
param detection{b in BATCHES, k in PLANS} := if samples[k] = 0 then 0 else 1 - (1 - defect_rate[b]) ^ samples[k];
set CHOICES := {b in BATCHES, k in PLANS: detection[b,k] >= min_detection[b] - 1e-9};

# No plan finds a fault in this batch as surely as wanted.
check{b in BATCHES}: exists{(b,k) in CHOICES} 1 = 1;
# The smallest allowed plans together already need more samples than there may be.
check: sum{b in BATCHES} min{(b,k) in CHOICES} samples[k] <= max_samples;

var draw{CHOICES} binary;

minimize total_cost: sum{(b,k) in CHOICES}
  (sample_cost[b] * samples[k] + escape_cost[b] * (1 - detection[b,k])) * draw[b,k];

s.t. one_plan{b in BATCHES}: sum{(b,k) in CHOICES} draw[b,k] = 1;
s.t. laboratory: sum{(b,k) in CHOICES} samples[k] * draw[b,k] <= max_samples;

solve;
table plan{(b,k) in CHOICES: draw[b,k] > 0.5} OUT "JSON" "plan": b~batch, samples[k]~samples,
  round(detection[b,k], 6)~detection, round(sample_cost[b] * samples[k], 6)~inspection_cost,
  round(escape_cost[b] * (1 - detection[b,k]), 6)~expected_damage;
end;
