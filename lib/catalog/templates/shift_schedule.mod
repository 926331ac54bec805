# Set covering over the hours of a day. crew[s] counts the people who start shift s; an hour is covered
# by every shift whose hours include it, also past midnight (hence the modulus). Every hour needs its
# own number of people, and never fewer than min_staff.
set HOURS := 0..23;
set SHIFTS;
param start{SHIFTS} in HOURS;
param hours{SHIFTS} integer, >= 1, <= 12;
param wage{SHIFTS} >= 0;
param most{SHIFTS} integer, default 99;
param need{HOURS} >= 0, default 0;
param min_staff default 1;
table s IN "JSON" "shifts": SHIFTS <- [code], start, hours, wage~cost, most~max;
var crew{s in SHIFTS} integer, >= 0, <= most[s];
minimize payroll: sum{s in SHIFTS} wage[s]*hours[s]*crew[s];
s.t. cover{h in HOURS}: sum{s in SHIFTS: (h - start[s] + 24) mod 24 < hours[s]} crew[s] >= max(min_staff, need[h]);
solve;
table crews{s in SHIFTS: crew[s] > 0.5} OUT "JSON" "crews": s~shift, start[s]~start, hours[s]~hours,
  crew[s]~people, round(wage[s] * hours[s] * crew[s], 6)~cost;
table staffing{h in HOURS} OUT "JSON" "staffing": h~hour, max(min_staff, need[h])~needed,
  sum{s in SHIFTS: (h - start[s] + 24) mod 24 < hours[s]} crew[s]~present;
end;
