# Mean absolute deviation (Konno and Yamazaki) with a limit on the number of assets. Since gains and
# losses around the mean are equal in sum, it is enough to count the losses twice. hold[a] switches an
# asset on, tied to the share by its own smallest and largest value.
set ASSETS;
set OBSERVED dimen 2;
param returns{OBSERVED};
param least{ASSETS} >= 0, <= 1, default 0;
param most{a in ASSETS} >= least[a], <= 1, default 1;
param target_return;
param max_assets integer, >= 1, default card(ASSETS);
table assets_in IN "JSON" "assets": ASSETS <- [name], least~min, most~max;
table returns_in IN "JSON" "/assets/*/returns": OBSERVED <- [name, RECNO], returns~VALUE;
param T := max{(a,t) in OBSERVED} t;
set PERIODS := 1..T;

# This asset has fewer returns than another one.
check{a in ASSETS}: sum{(a,t) in OBSERVED} 1 = T;
param mean{a in ASSETS} := sum{t in PERIODS} returns[a,t] / T;
# No asset has an expected return as high as the target.
check: max{a in ASSETS} mean[a] >= target_return - 1e-9 * abs(target_return);
# The largest shares of all assets do not add up to one.
check: sum{a in ASSETS} most[a] >= 1 - 1e-9;

var share{a in ASSETS} >= 0, <= most[a];
var hold{a in ASSETS} binary;
var shortfall{t in PERIODS} >= 0;

minimize mean_absolute_deviation: sum{t in PERIODS} 2 * shortfall[t] / T;

s.t. all_money: sum{a in ASSETS} share[a] = 1;
s.t. expected_return: sum{a in ASSETS} mean[a] * share[a] >= target_return;
s.t. below_mean{t in PERIODS}:
  shortfall[t] >= sum{a in ASSETS} (mean[a] - returns[a,t]) * share[a];
s.t. smallest{a in ASSETS}: share[a] >= least[a] * hold[a];
s.t. largest{a in ASSETS}: share[a] <= most[a] * hold[a];
s.t. few: sum{a in ASSETS} hold[a] <= max_assets;

solve;
table holdings{a in ASSETS: share[a] > 1e-6} OUT "JSON" "holdings":
  a~asset, round(share[a], 6)~share, round(mean[a], 6)~expected_return;
end;
