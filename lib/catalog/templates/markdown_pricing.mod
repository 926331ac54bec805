# One level per product and week. Sales at a level are at most the demand at that level, tied to its
# binary. That prices do not rise is said for every level at once: a level at least as deep as k in one
# week means one at least as deep in the next; summed like that the rows are much tighter than a row on
# the discount itself. Changes are counted as steps of the same sums.
set LEVELS;
set PRODUCTS;
set DEMANDED dimen 2;
param discount{LEVELS} >= 0, < 1;
param price{PRODUCTS} >= 0;
param stock{PRODUCTS} >= 0;
param demand{DEMANDED} >= 0;
param elasticity{PRODUCTS} >= 0, default 1.5;
param salvage{PRODUCTS} >= 0, default 0;
table levels_in IN "JSON" "levels": LEVELS <- [RECNO], discount~VALUE;
table products_in IN "JSON" "products": PRODUCTS <- [name], price, stock, elasticity, salvage;
table demand_in IN "JSON" "/products/*/demand": DEMANDED <- [name, RECNO], demand~VALUE;
param T := max{(p,t) in DEMANDED} t;
set WEEKS := 1..T;
param max_changes integer, >= 0, default T;

# The discounts must rise from level to level.
check{k in LEVELS: k > 1}: discount[k] > discount[k-1];
# This product has fewer weeks of demand than another one.
check{p in PRODUCTS}: sum{(p,t) in DEMANDED} 1 = T;

param demand_at{p in PRODUCTS, t in WEEKS, k in LEVELS} :=
  demand[p,t] * (1 - discount[k]) ^ (-elasticity[p]);

var at_level{p in PRODUCTS, t in WEEKS, k in LEVELS} binary;
var sell{p in PRODUCTS, t in WEEKS, k in LEVELS} >= 0;
var left{p in PRODUCTS} >= 0;
var changed{p in PRODUCTS, t in WEEKS: t > 1} binary;

maximize revenue: sum{p in PRODUCTS, t in WEEKS, k in LEVELS}
    price[p] * (1 - discount[k]) * sell[p,t,k]
  + sum{p in PRODUCTS} salvage[p] * left[p];

s.t. one_level{p in PRODUCTS, t in WEEKS}: sum{k in LEVELS} at_level[p,t,k] = 1;
s.t. demand_limit{p in PRODUCTS, t in WEEKS, k in LEVELS}:
  sell[p,t,k] <= min(stock[p], demand_at[p,t,k]) * at_level[p,t,k];
s.t. stock_used{p in PRODUCTS}:
  sum{t in WEEKS, k in LEVELS} sell[p,t,k] + left[p] = stock[p];
s.t. never_rises{p in PRODUCTS, t in WEEKS, k in LEVELS: t > 1 and k > 1}:
  sum{l in LEVELS: l >= k} at_level[p,t,l] >= sum{l in LEVELS: l >= k} at_level[p,t-1,l];
s.t. change{p in PRODUCTS, t in WEEKS, k in LEVELS: t > 1 and k > 1}:
  sum{l in LEVELS: l >= k} at_level[p,t,l] - sum{l in LEVELS: l >= k} at_level[p,t-1,l]
  <= changed[p,t];
s.t. few_changes{p in PRODUCTS}: sum{t in WEEKS: t > 1} changed[p,t] <= max_changes;

solve;
table prices{p in PRODUCTS, t in WEEKS, k in LEVELS: at_level[p,t,k] > 0.5} OUT "JSON" "prices":
  p~product, t~week, discount[k]~discount, round(price[p] * (1 - discount[k]), 6)~price,
  round(sell[p,t,k], 6)~units;
table left_over{p in PRODUCTS} OUT "JSON" "left_over": p~product, round(left[p], 6)~units;
end;
