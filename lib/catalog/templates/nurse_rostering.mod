# Rostering by one binary per nurse, day and shift. Shifts that leave less than the required rest are
# excluded by cliques: a shift on one day together with all the shifts of the next day that would
# begin too early is at most one, which is tighter than a row per pair. Windows of days limit the
# days in a row. The objective adds the weights of unwelcome shifts and the spread of the workload.
set DAYS;
set SHIFTS;
set NURSES;
set OFF within NURSES cross DAYS;
set AVOID within NURSES cross DAYS cross SHIFTS;
param number{DAYS};
param from_hour{SHIFTS} >= 0;
param to_hour{s in SHIFTS} >= from_hour[s];
set NEEDED dimen 2;
param need{NEEDED} integer, >= 0;
param least{NURSES} integer, >= 0, default 0;
param most{n in NURSES} integer, >= least[n];
param weight{AVOID} >= 0, default 1;
param rest >= 0, default 11;
param max_in_row integer, >= 1, default 5;
param spread_weight >= 0, default 1;
table days_in IN "JSON" "days": DAYS <- [VALUE], number~RECNO;
table shifts_in IN "JSON" "shifts": SHIFTS <- [name], from_hour~start, to_hour~end;
table need_in IN "JSON" "/shifts/*/need": NEEDED <- [name, RECNO], need~VALUE;
table nurses_in IN "JSON" "nurses": NURSES <- [name], least, most;
table off_in IN "JSON" "/nurses/*/off": OFF <- [name, VALUE];
table avoid_in IN "JSON" "/nurses/*/avoid": AVOID <- [name, day, shift], weight;

param last := card(DAYS);
# The need of this shift is not one number for each day.
check{s in SHIFTS}: sum{(s,t) in NEEDED} 1 = last;
# On this day more people are needed than have not taken the day off.
check{d in DAYS}: sum{s in SHIFTS} need[s,number[d]] <= sum{n in NURSES: (n,d) not in OFF} 1;
# More shifts have to be filled than all nurses together may work.
check: sum{s in SHIFTS, d in DAYS} need[s,number[d]] <= sum{n in NURSES} most[n];
# Fewer shifts have to be filled than the nurses must work at least.
check: sum{s in SHIFTS, d in DAYS} need[s,number[d]] >= sum{n in NURSES} least[n];

# (g,s,r): after s, shift r of g days later begins too early.
set TOO_SOON := {g in 1..3, s in SHIFTS, r in SHIFTS: from_hour[r] + 24 * g - to_hour[s] < rest};

var work{n in NURSES, d in DAYS, s in SHIFTS: (n,d) not in OFF} binary;
var busiest >= 0;
var idlest >= 0;

minimize discontent: sum{(n,d,s) in AVOID: (n,d) not in OFF} weight[n,d,s] * work[n,d,s]
  + spread_weight * (busiest - idlest);

s.t. filled{d in DAYS, s in SHIFTS}:
  sum{n in NURSES: (n,d) not in OFF} work[n,d,s] = need[s,number[d]];
s.t. one_a_day{n in NURSES, d in DAYS: (n,d) not in OFF}: sum{s in SHIFTS} work[n,d,s] <= 1;
s.t. enough_rest{n in NURSES, d in DAYS, e in DAYS, s in SHIFTS: number[e] > number[d]
    and (n,d) not in OFF and (n,e) not in OFF
    and exists{r in SHIFTS} (number[e] - number[d], s, r) in TOO_SOON}:
  work[n,d,s] + sum{r in SHIFTS: (number[e] - number[d], s, r) in TOO_SOON} work[n,e,r] <= 1;
s.t. days_in_row{n in NURSES, t in 1..last-max_in_row}:
  sum{d in DAYS, s in SHIFTS: number[d] >= t and number[d] <= t + max_in_row
      and (n,d) not in OFF} work[n,d,s] <= max_in_row;
s.t. workload{n in NURSES}:
  least[n] <= sum{d in DAYS, s in SHIFTS: (n,d) not in OFF} work[n,d,s] <= most[n];
s.t. at_most_busiest{n in NURSES}:
  sum{d in DAYS, s in SHIFTS: (n,d) not in OFF} work[n,d,s] <= busiest;
s.t. at_least_idlest{n in NURSES}:
  sum{d in DAYS, s in SHIFTS: (n,d) not in OFF} work[n,d,s] >= idlest;

solve;
table roster{d in DAYS, s in SHIFTS, n in NURSES: (n,d) not in OFF and work[n,d,s] > 0.5}
  OUT "JSON" "roster": d~day, s~shift, n~nurse;
table workload_out{n in NURSES} OUT "JSON" "workload": n~nurse,
  sum{d in DAYS, s in SHIFTS: (n,d) not in OFF} work[n,d,s]~shifts;
end;
