# Cutting stock by patterns (Gilmore and Gomory). All patterns into which no further piece fits are
# listed before solving: lengths are taken from long to short, and a pattern is built as a pair of
# numbers, the code of the counts so far and the length that is left. The shortest length fills up what
# the others leave. Its relaxation is hardly ever more than one piece of stock away from the optimum.
set ORDERS;
param length{ORDERS} > 0;
param demand{ORDERS} integer, >= 0;
param position{ORDERS};
param stock_length > 0;
param kerf >= 0, default 0;
table orders_in IN "JSON" "orders": ORDERS <- [name], length, demand, position~RECNO;

# This length is longer than the stock.
check{o in ORDERS}: length[o] <= stock_length;

param n := card(ORDERS);
param rank{o in ORDERS} := 1 + sum{k in ORDERS: length[k] > length[o] or
                                   length[k] = length[o] and position[k] < position[o]} 1;
# The last piece needs no cut behind it, which is a stock longer by one kerf.
param piece{k in 1..n} := sum{o in ORDERS: rank[o] = k} length[o] + kerf;
param most{k in 1..n} := floor((stock_length + kerf) / piece[k] + 1e-9);
param weight{k in 1..n} := if k = 1 then 1 else weight[k-1] * (most[k-1] + 1);
# There are too many possible patterns; leave out orders or combine similar lengths.
check: weight[n] * (most[n] + 1) <= 1e15;

# (code, rest) after the k longest lengths
set PARTIAL{k in 0..n} dimen 2 := if k = 0 then {(0, stock_length + kerf)} else
  setof{(c,r) in PARTIAL[k-1],
        q in (if k < n then 0 else floor(r / piece[k] + 1e-9))..floor(r / piece[k] + 1e-9)}
    (c + q * weight[k], r - q * piece[k]);
set PATTERNS := setof{(c,r) in PARTIAL[n]} c;
param pieces{c in PATTERNS, o in ORDERS} := floor(c / weight[rank[o]] + 1e-9) mod (most[rank[o]] + 1);

var cut{c in PATTERNS} integer, >= 0;

minimize stock_used: sum{c in PATTERNS} cut[c];

s.t. ordered{o in ORDERS}: sum{c in PATTERNS} pieces[c,o] * cut[c] >= demand[o];

solve;
param total := sum{c in PATTERNS} cut[c];
table plan{c in PATTERNS, o in ORDERS: cut[c] > 0.5 and pieces[c,o] > 0} OUT "JSON" "plan":
  c~pattern, cut[c]~times, o~order, pieces[c,o]~pieces;
table waste{c in PATTERNS: cut[c] > 0.5} OUT "JSON" "waste":
  c~pattern, cut[c]~times, stock_length - sum{o in ORDERS} pieces[c,o] * length[o]~left_over;
end;
