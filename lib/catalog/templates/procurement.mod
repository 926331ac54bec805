# All-units discounts in the multiple choice form. For every offer at most one price range is chosen,
# and the quantity in a range lies between its thresholds only when the range is chosen: this is the
# convex hull of one offer. A range can be chosen only from a supplier that is used. More than the
# demand is bought where the next threshold makes that cheaper.
set MATERIALS;
set SUPPLIERS;
set OFFERS within SUPPLIERS cross MATERIALS;
set RANGES dimen 3;
param demand{MATERIALS} >= 0;
param fixed_cost{SUPPLIERS} >= 0, default 0;
param threshold{RANGES} >= 0;
param price{RANGES} >= 0;
param max_suppliers integer, >= 1, default card(SUPPLIERS);
table materials_in IN "JSON" "materials": MATERIALS <- [name], demand;
table suppliers_in IN "JSON" "suppliers": SUPPLIERS <- [name], fixed_cost;
table ranges_in IN "JSON" "/offers/*/prices": RANGES <- [supplier, material, RECNO],
  threshold~from, price;
# Without a capacity, all that is needed or the last threshold if that is more.
param capacity{(s,m) in OFFERS} >= 0,
  default max(demand[m], max{(s,m,k) in RANGES} threshold[s,m,k]);
table offers_in IN "JSON" "offers": OFFERS <- [supplier, material], capacity;

# The thresholds of an offer must rise.
check{(s,m,k) in RANGES: k > 1}: threshold[s,m,k] > threshold[s,m,k-1];
# All suppliers together offer less of this material than is needed.
check{m in MATERIALS}: sum{(s,m) in OFFERS} capacity[s,m] >= demand[m] * (1 - 1e-9);

set USABLE := {(s,m,k) in RANGES: threshold[s,m,k] <= capacity[s,m]};
param upto{(s,m,k) in USABLE} := if (s,m,k+1) in RANGES
  then min(capacity[s,m], threshold[s,m,k+1]) else capacity[s,m];

var use{s in SUPPLIERS} binary;
var choose{USABLE} binary;
var buy{USABLE} >= 0;

minimize total_cost: sum{s in SUPPLIERS} fixed_cost[s] * use[s]
  + sum{(s,m,k) in USABLE} price[s,m,k] * buy[s,m,k];

s.t. demand_met{m in MATERIALS}: sum{(s,m,k) in USABLE} buy[s,m,k] >= demand[m];
s.t. from_threshold{(s,m,k) in USABLE}: buy[s,m,k] >= threshold[s,m,k] * choose[s,m,k];
s.t. to_next{(s,m,k) in USABLE}: buy[s,m,k] <= upto[s,m,k] * choose[s,m,k];
s.t. one_range{(s,m) in OFFERS}: sum{(s,m,k) in USABLE} choose[s,m,k] <= use[s];
s.t. few_suppliers: sum{s in SUPPLIERS} use[s] <= max_suppliers;

solve;
table orders{(s,m,k) in USABLE: buy[s,m,k] > 1e-6} OUT "JSON" "orders": s~supplier, m~material,
  round(buy[s,m,k], 6)~units, price[s,m,k]~price, round(price[s,m,k] * buy[s,m,k], 6)~cost;
end;
