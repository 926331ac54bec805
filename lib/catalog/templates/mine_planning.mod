# Pit scheduling in the "by" form: dug[b,t] is one when block b is gone by the end of year t. What lies
# above, and what was gone a year before, then are rows of two variables each, whose matrix is totally
# unimodular; only the yearly capacities make the problem hard.
set BLOCKS;
set ABOVE within BLOCKS cross BLOCKS;  # (b,a): a has to be gone before b
param years integer, >= 1;
param discount_rate >= 0, <= 1, default 0.08;
param dig_capacity >= 0;
param mill_capacity >= 0;
param rock{BLOCKS} >= 0;
param ore{BLOCKS} >= 0, default 0;
param value{BLOCKS};
table blocks_in IN "JSON" "blocks": BLOCKS <- [name], rock, ore, value;
table above_in IN "JSON" "/blocks/*/above": ABOVE <- [name, VALUE];

# A block cannot lie above itself.
check{(b,a) in ABOVE}: a <> b;

var dug{b in BLOCKS, t in 0..years} binary, <= if t = 0 then 0 else 1;

maximize present_value: sum{b in BLOCKS, t in 1..years}
  value[b] / (1 + discount_rate) ^ (t - 1) * (dug[b,t] - dug[b,t-1]);

s.t. stays_dug{b in BLOCKS, t in 1..years}: dug[b,t-1] <= dug[b,t];
s.t. from_above{(b,a) in ABOVE, t in 1..years}: dug[b,t] <= dug[a,t];
s.t. digging{t in 1..years}:
  sum{b in BLOCKS} rock[b] * (dug[b,t] - dug[b,t-1]) <= dig_capacity;
s.t. milling{t in 1..years}:
  sum{b in BLOCKS} ore[b] * (dug[b,t] - dug[b,t-1]) <= mill_capacity;

solve;
table plan{t in 1..years, b in BLOCKS: dug[b,t] > 0.5 and dug[b,t-1] < 0.5} OUT "JSON" "plan":
  t~year, b~block, rock[b]~rock, ore[b]~ore, value[b]~value;
end;
