# Cyclic staffing. start[c,d] counts the people of contract c whose working days begin on day d; a day
# is staffed by everybody whose run of days, counted around the week, includes it.
set CONTRACTS;
set DAYS := 1..7;
param need{DAYS} integer, >= 0;
param days{CONTRACTS} integer, >= 1, <= 7;
param pay{CONTRACTS} >= 0;
param most{CONTRACTS} integer, >= 0, default 1000000;
table need_in IN "JSON" "need": [RECNO], need~VALUE;
table contracts_in IN "JSON" "contracts": CONTRACTS <- [name], days, pay, most;
set NAMED within CONTRACTS cross DAYS;
table starts_in IN "JSON" "/contracts/*/starts": NAMED <- [name, VALUE];
set STARTS := {c in CONTRACTS, d in DAYS: (c,d) in NAMED or not exists{(c,e) in NAMED} 1 = 1};

# No contract covers this day.
check{d in DAYS}: need[d] = 0 or exists{(c,e) in STARTS} (d - e + 7) mod 7 < days[c];

var start{(c,d) in STARTS} integer, >= 0, <= most[c];

minimize payroll: sum{(c,d) in STARTS} pay[c] * start[c,d];

s.t. staffed{d in DAYS}: sum{(c,e) in STARTS: (d - e + 7) mod 7 < days[c]} start[c,e] >= need[d];
s.t. at_most{c in CONTRACTS: most[c] < 1000000}: sum{(c,d) in STARTS} start[c,d] <= most[c];

solve;
table hires{(c,d) in STARTS: start[c,d] > 0.5} OUT "JSON" "hires":
  c~contract, d~first_day, start[c,d]~people;
table staffing{d in DAYS} OUT "JSON" "staffing": d~day, need[d]~needed,
  sum{(c,e) in STARTS: (d - e + 7) mod 7 < days[c]} start[c,e]~present;
end;
