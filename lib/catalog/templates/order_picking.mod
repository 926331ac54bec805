# Selection with shared setups. An order can be picked only when each of its aisles is visited: one row
# per order and aisle, which without the cart would make the relaxation integral (it is a closure
# problem); only the cart and the number of orders leave something to search for.
set AISLES;
set ORDERS;
set NEEDS within ORDERS cross AISLES;
param cart >= 0;
param time{AISLES} >= 0;
param items{ORDERS} >= 0;
param worth{ORDERS} >= 0;
param must{ORDERS} binary, default 0;
param max_orders integer, >= 1, default card(ORDERS);
table aisles_in IN "JSON" "aisles": AISLES <- [name], time;
table orders_in IN "JSON" "orders": ORDERS <- [name], items, worth, must;
table needs_in IN "JSON" "/orders/*/aisles": NEEDS <- [name, VALUE];

# The orders that must go do not fit on the cart.
check: sum{o in ORDERS} must[o] * items[o] <= cart * (1 + 1e-9);
# More orders must go than one wave may have.
check: sum{o in ORDERS} must[o] <= max_orders;

var pick{o in ORDERS} binary, >= must[o];
var visit{a in AISLES} binary;

maximize net_worth: sum{o in ORDERS} worth[o] * pick[o] - sum{a in AISLES} time[a] * visit[a];

s.t. on_the_cart: sum{o in ORDERS} items[o] * pick[o] <= cart;
s.t. few_orders: sum{o in ORDERS} pick[o] <= max_orders;
s.t. visited{(o,a) in NEEDS}: pick[o] <= visit[a];

solve;
table wave{o in ORDERS: pick[o] > 0.5} OUT "JSON" "wave": o~order, items[o]~items, worth[o]~worth;
table walk{a in AISLES: visit[a] > 0.5} OUT "JSON" "walk": a~aisle, time[a]~time;
end;
