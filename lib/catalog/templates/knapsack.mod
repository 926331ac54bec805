# The bounded knapsack problem: take[i] counts the copies of an item, one row holds their weight below
# the capacity. No item is offered more often than it fits by itself, which cuts off part of the
# fractional solutions before the search begins.
set ITEMS;
param value{ITEMS} >= 0;
param weight{ITEMS} >= 0;
param copies{ITEMS} integer, >= 0, default 1;
param capacity >= 0;
table items_in IN "JSON" "items": ITEMS <- [name], value, weight, copies;

param fitting{i in ITEMS} :=
  if weight[i] * copies[i] <= capacity then copies[i] else floor(capacity / weight[i] + 1e-9);

var take{i in ITEMS} integer, >= 0, <= fitting[i];

maximize total_value: sum{i in ITEMS} value[i] * take[i];

s.t. fits: sum{i in ITEMS} weight[i] * take[i] <= capacity;

solve;
table packed{i in ITEMS: take[i] > 0.5} OUT "JSON" "packed":
  i~item, take[i]~copies, weight[i] * take[i]~weight, value[i] * take[i]~value;
end;
