# Rotation as a choice of one crop per field and season. A family that has to pause is one clique per
# window of seasons: in any pause + 1 seasons in a row at most one of its crops. Water is a row per
# season. What grew before the first season shortens the first window.
set FIELDS;
set CROPS;
param seasons integer, >= 1;
param water >= 0;
param rest_every integer, >= 1, default seasons + 1;  # no rule
param area{FIELDS} > 0;
param last_family{FIELDS} symbolic, default '';
param family{CROPS} symbolic;
param profit{CROPS};
param water_need{CROPS} >= 0;
param pause{CROPS} integer, >= 0, default 1;
param restores{CROPS} binary, default 0;
param max_area{CROPS} >= 0, default 1e9;
table fields_in IN "JSON" "fields": FIELDS <- [name], area, last_family;
table crops_in IN "JSON" "crops": CROPS <- [name], family, profit, water_need~water, pause,
  restores, max_area;
set SEASONS := 1..seasons;
set FAMILIES := setof{c in CROPS} family[c];
param family_pause{g in FAMILIES} := max{c in CROPS: family[c] = g} pause[c];

# Soil is to be restored, but no crop does so.
check: rest_every > seasons or exists{c in CROPS} restores[c] = 1;

var grow{f in FIELDS, s in SEASONS, c in CROPS} binary;

maximize total_profit: sum{f in FIELDS, s in SEASONS, c in CROPS} profit[c] * area[f] * grow[f,s,c];

s.t. one_crop{f in FIELDS, s in SEASONS}: sum{c in CROPS} grow[f,s,c] = 1;
s.t. pausing{f in FIELDS, g in FAMILIES, s in SEASONS: family_pause[g] > 0 and
    (s = 1 or s + family_pause[g] <= seasons)}:
  sum{t in SEASONS, c in CROPS: t >= s and t <= s + family_pause[g] and family[c] = g}
    grow[f,t,c] <= 1;
s.t. after_the_last{f in FIELDS, g in FAMILIES: last_family[f] = g and family_pause[g] > 0}:
  sum{t in 1..min(seasons, family_pause[g]), c in CROPS: family[c] = g} grow[f,t,c] = 0;
s.t. restored{f in FIELDS, s in 1..seasons-rest_every+1}:
  sum{t in SEASONS, c in CROPS: t >= s and t < s + rest_every and restores[c] = 1}
    grow[f,t,c] >= 1;
s.t. water_limit{s in SEASONS}:
  sum{f in FIELDS, c in CROPS} water_need[c] * area[f] * grow[f,s,c] <= water;
s.t. market{s in SEASONS, c in CROPS: max_area[c] < 1e9}:
  sum{f in FIELDS} area[f] * grow[f,s,c] <= max_area[c];

solve;
table plan{f in FIELDS, s in SEASONS, c in CROPS: grow[f,s,c] > 0.5} OUT "JSON" "plan":
  f~field, s~season, c~crop, profit[c] * area[f]~profit;
table water_use{s in SEASONS} OUT "JSON" "water_use": s~season,
  sum{f in FIELDS, c in CROPS} water_need[c] * area[f] * grow[f,s,c]~water, water~available;
end;
