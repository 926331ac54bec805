# Short-term financing as a linear program over time: one balance row a month. Credit is repaid with
# interest in the next month, paper after its term, deposits come back with interest a month later.
# Paper is only issued when it falls due within the horizon; credit that is open at the end is paid
# back from the final wealth. The duals of `cash` are what a unit of money is worth in each month.
set MONTHS;
set NAMES;  # so that no two months have the same one
param name{MONTHS} symbolic;
param inflow{MONTHS} >= 0;
param outflow{MONTHS} >= 0;
param initial_balance >= 0, default 0;
param min_balance >= 0, default 0;
param credit_limit >= 0, default 0;
param credit_rate >= 0, <= 1, default 0.01;
param paper_rate default -1;  # none
param paper_term integer, >= 1, default 3;
param deposit_rate >= 0, <= 1, default 0;
table names_in IN "JSON" "months": NAMES <- [name];
table months_in IN "JSON" "months": MONTHS <- [RECNO], name, inflow, outflow;
param T := card(MONTHS);
# All that is paid out, and what it costs to borrow it again and again. Without such a limit, paper
# that costs nothing could be issued beyond all measure.
param needed := sum{t in MONTHS} outflow[t] + min_balance;
param paper_limit >= 0, default max(needed,
  min(1e9, needed * ((1 + max(0, paper_rate)) * (1 + credit_rate)) ^ T));

var draw{t in MONTHS} >= 0, <= credit_limit;
var issue{t in 1-paper_term..T} >= 0,
  <= if t < 1 or t + paper_term > T or paper_rate < 0 then 0 else paper_limit;
var deposit{t in MONTHS} >= min_balance;
var wealth;

maximize final_wealth: wealth;

s.t. cash{t in MONTHS}:
  (if t = 1 then initial_balance else (1 + deposit_rate) * deposit[t-1]) + inflow[t] + draw[t]
    + issue[t]
  = outflow[t] + deposit[t] + (if t > 1 then (1 + credit_rate) * draw[t-1] else 0)
    + (1 + max(0, paper_rate)) * issue[t-paper_term];
s.t. at_the_end: wealth = (1 + deposit_rate) * deposit[T] - (1 + credit_rate) * draw[T];

solve;
table plan{t in MONTHS} OUT "JSON" "plan": name[t]~month, round(draw[t], 6)~credit,
  round(issue[t], 6)~paper, round(deposit[t], 6)~balance,
  round(-cash[t].dual, 6)~worth_of_one_more;
end;
