# Loading with balance. The centre of gravity is a quotient, but its limits are linear once both sides
# are multiplied by the total weight: the sum of weights times (arm minus limit) has one sign.
# Containers that are too heavy for a position have no variable there.
set POSITIONS;
set CONTAINERS;
param payload >= 0;
param empty_weight > 0;
param empty_arm;
param forward_limit;
param aft_limit >= forward_limit;
param arm{POSITIONS};
param most{POSITIONS} >= 0;
param weight{CONTAINERS} >= 0;
param value{CONTAINERS} >= 0;
table positions_in IN "JSON" "positions": POSITIONS <- [name], arm, most;
table containers_in IN "JSON" "containers": CONTAINERS <- [name], weight, value;
set FITS := {c in CONTAINERS, p in POSITIONS: weight[c] <= most[p]};

# The empty centre of gravity is too far forward, and no position lies behind the forward limit.
check: empty_arm >= forward_limit or exists{p in POSITIONS} arm[p] > forward_limit;
# The empty centre of gravity is too far aft, and no position lies before the aft limit.
check: empty_arm <= aft_limit or exists{p in POSITIONS} arm[p] < aft_limit;

var load{FITS} binary;

maximize total_value: sum{(c,p) in FITS} value[c] * load[c,p];

s.t. once{c in CONTAINERS}: sum{(c,p) in FITS} load[c,p] <= 1;
s.t. one_per_position{p in POSITIONS}: sum{(c,p) in FITS} load[c,p] <= 1;
s.t. total_weight: sum{(c,p) in FITS} weight[c] * load[c,p] <= payload;
s.t. not_too_far_forward: empty_weight * (empty_arm - forward_limit)
  + sum{(c,p) in FITS} weight[c] * (arm[p] - forward_limit) * load[c,p] >= 0;
s.t. not_too_far_aft: empty_weight * (empty_arm - aft_limit)
  + sum{(c,p) in FITS} weight[c] * (arm[p] - aft_limit) * load[c,p] <= 0;

solve;
param total := empty_weight + sum{(c,p) in FITS} weight[c] * load[c,p];
param moment := empty_weight * empty_arm + sum{(c,p) in FITS} weight[c] * arm[p] * load[c,p];
table loading{p in POSITIONS, (c,p) in FITS: load[c,p] > 0.5} OUT "JSON" "loading":
  p~position, c~container, weight[c]~weight;
table trim{one in 1..1} OUT "JSON" "trim": total~total_weight, round(moment / total, 6)~centre;
end;
