# The classical blending problem. kg[f] is how much of a food goes into the batch; the content of each
# nutrient, summed over the foods, must lie between its lowest and its highest level per kg of the
# whole batch. A pure linear program: the dual of level[n] is the price of tightening nutrient n.
set FOODS;
set NUTRIENTS;
param price{FOODS} >= 0;
param stock{FOODS} >= 0, default 1e6;
param content{FOODS,NUTRIENTS} >= 0, default 0;
param lowest{NUTRIENTS} default 0;
param highest{n in NUTRIENTS} >= lowest[n], default 1e9;
param batch > 0;
table f IN "JSON" "foods": FOODS <- [name], price, stock;
table c IN "JSON" "/foods/*/per_kg": [name,KEY], content~VALUE;
table n IN "JSON" "nutrients": NUTRIENTS <- [KEY], lowest~min, highest~max;
var kg{f in FOODS} >= 0, <= stock[f];
minimize cost: sum{f in FOODS} price[f]*kg[f];
s.t. mass: sum{f in FOODS} kg[f] = batch;
s.t. level{n in NUTRIENTS}: lowest[n]*batch <= sum{f in FOODS} content[f,n]*kg[f] <= highest[n]*batch;
solve;
table mix{f in FOODS: kg[f] > 1e-6} OUT "JSON" "mix": f~food, round(kg[f], 6)~kg,
  round(price[f] * kg[f], 6)~cost;
table levels{n in NUTRIENTS} OUT "JSON" "levels": n~nutrient, lowest[n]~lowest,
  round(sum{f in FOODS} content[f,n] * kg[f] / batch, 9)~per_kg;
end;
