# Activity analysis, the mother of linear programs: one variable a product, one row a resource. The
# dual of limit[r] is what another unit of resource r would earn, which tells where overtime pays.
set PRODUCTS;
set RESOURCES;
set USES within PRODUCTS cross RESOURCES;
param profit{PRODUCTS};
param least{PRODUCTS} >= 0, default 0;
param most{p in PRODUCTS} >= least[p], default 1e9;
param available{RESOURCES} >= 0;
param use{USES} >= 0;
table products_in IN "JSON" "products": PRODUCTS <- [name], profit, least~min, most~max;
table resources_in IN "JSON" "resources": RESOURCES <- [name], available;
table uses_in IN "JSON" "/products/*/uses": USES <- [name, KEY], use~VALUE;

# The least amounts of the products already need more of this resource than is available.
check{r in RESOURCES}: sum{(p,r) in USES} use[p,r] * least[p] <= available[r] * (1 + 1e-9);
# A product that earns money needs a largest amount or a resource, else the profit has no limit.
check{p in PRODUCTS}: profit[p] <= 0 or most[p] < 1e9 or exists{(p,r) in USES} use[p,r] > 0;

var make{p in PRODUCTS} >= least[p], <= most[p];

maximize total_profit: sum{p in PRODUCTS} profit[p] * make[p];

s.t. limit{r in RESOURCES}: sum{(p,r) in USES} use[p,r] * make[p] <= available[r];

solve;
table plan{p in PRODUCTS: make[p] > 1e-6} OUT "JSON" "plan":
  p~product, make[p]~amount, profit[p] * make[p]~profit;
table resource_use{r in RESOURCES} OUT "JSON" "resource_use":
  r~resource, limit[r]~used, available[r]~available, limit[r].dual~worth_of_one_more;
end;
