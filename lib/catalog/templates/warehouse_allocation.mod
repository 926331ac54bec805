# A transportation problem with one capacity per warehouse. ship[w,p] is what warehouse w delivers of
# product p; each product's demand is met exactly, and what leaves a warehouse fits into its
# capacity, counted in weight. It is a pure linear program: the dual of room[w] tells what one more
# unit of capacity at w would save.
set WAREHOUSES;
set PRODUCTS;
param capacity{WAREHOUSES} >= 0;
param cost_per_unit{WAREHOUSES} default 0;
param demand{PRODUCTS} >= 0;
param weight{PRODUCTS} > 0, default 1;
table w IN "JSON" "warehouses": WAREHOUSES <- [name], capacity, cost_per_unit;
table p IN "JSON" "products": PRODUCTS <- [name], demand, weight;
# All warehouses together cannot hold what is demanded.
check: sum{p in PRODUCTS} weight[p]*demand[p] <= (1 + 1e-9) * sum{w in WAREHOUSES} capacity[w];
var ship{w in WAREHOUSES, p in PRODUCTS} >= 0;
minimize cost: sum{w in WAREHOUSES, p in PRODUCTS} cost_per_unit[w]*ship[w,p];
s.t. meet{p in PRODUCTS}: sum{w in WAREHOUSES} ship[w,p] = demand[p];
s.t. room{w in WAREHOUSES}: sum{p in PRODUCTS} weight[p]*ship[w,p] <= capacity[w];
solve;
table plan{w in WAREHOUSES, p in PRODUCTS: ship[w,p] > 1e-6} OUT "JSON" "plan": w~warehouse, p~product, ship[w,p]~units;
end;
