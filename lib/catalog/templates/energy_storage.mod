# Storage arbitrage. The level of one period is that of the period before plus what was charged minus
# what was discharged, with the square root of the round trip's efficiency lost each way. The binary
# `charging` keeps the battery from doing both at once, which would pay at negative prices.
set PERIODS;
param price{PERIODS};
param sell_prices{t in PERIODS} default price[t];
param capacity > 0;
param charge_rate >= 0;
param discharge_rate >= 0;
param efficiency > 0, <= 1, default 0.9;
param initial_level >= 0, <= 1, default 0.5;
param final_level >= 0, <= 1, default initial_level;
param wear_cost >= 0, default 0;
table prices_in IN "JSON" "prices": PERIODS <- [RECNO], price~VALUE;
param T := card(PERIODS);
param way := sqrt(efficiency);
param most_in := min(charge_rate, capacity / way);
param most_out := min(discharge_rate, capacity * way);

# Even charging all the time does not reach the level wanted at the end.
check: initial_level * capacity + T * way * charge_rate >= final_level * capacity - 1e-9;

var charge{t in PERIODS} >= 0;
var discharge{t in PERIODS} >= 0;
var level{t in 0..T} >= 0, <= capacity;
var charging{t in PERIODS} binary;

maximize profit: sum{t in PERIODS}
  ((sell_prices[t] - wear_cost) * discharge[t] - price[t] * charge[t]);

s.t. level_before: level[0] = initial_level * capacity;
s.t. level_after: level[T] >= final_level * capacity;
s.t. balance{t in PERIODS}: level[t] = level[t-1] + way * charge[t] - discharge[t] / way;
s.t. either{t in PERIODS}: charge[t] <= most_in * charging[t];
s.t. or_other{t in PERIODS}: discharge[t] <= most_out * (1 - charging[t]);

solve;
table schedule{t in PERIODS} OUT "JSON" "schedule": t~period, price[t]~price,
  round(charge[t], 6)~charge, round(discharge[t], 6)~discharge, round(level[t], 6)~level;
end;
