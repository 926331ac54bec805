# Single round robin with home and away. A team breaks in a round when it plays at home, or away, as in
# the round before. No two teams can have the same sequence of home and away, and only two sequences
# are without a break, so n teams have at least n - 2 breaks: the row `at_least` saves the solver from
# proving it. As many teams break at home as away, since half of them play at home in each round.
set TEAMS;
set NOT_HOME dimen 2;
set FIXED dimen 3;
param number{TEAMS};
table teams_in IN "JSON" "teams": TEAMS <- [VALUE], number~RECNO;
table not_home_in IN "JSON" "not_home": NOT_HOME <- [team, round];
table fixed_in IN "JSON" "fixed": FIXED <- [team, opponent, round];
param n := card(TEAMS);
set ROUNDS := 1..n-1;

# The number of teams must be even.
check: n mod 2 = 0;
# This team or round does not exist.
check{(i,t) in NOT_HOME}: i in TEAMS and t in ROUNDS;
# A team or the round of this match does not exist, or a team would meet itself.
check{(i,j,t) in FIXED}: i in TEAMS and j in TEAMS and t in ROUNDS and i <> j;
# More than half of the teams cannot play at home in this round.
check{t in ROUNDS}: sum{(i,t) in NOT_HOME} 1 <= n / 2;

var play{i in TEAMS, j in TEAMS, t in ROUNDS: i <> j} binary;  # i at home
var home_break{i in TEAMS, t in ROUNDS: t > 1} binary;
var away_break{i in TEAMS, t in ROUNDS: t > 1} binary;

minimize breaks: sum{i in TEAMS, t in ROUNDS: t > 1} (home_break[i,t] + away_break[i,t]);

s.t. meet_once{i in TEAMS, j in TEAMS: number[i] < number[j]}:
  sum{t in ROUNDS} (play[i,j,t] + play[j,i,t]) = 1;
s.t. one_match{i in TEAMS, t in ROUNDS}:
  sum{j in TEAMS: j <> i} (play[i,j,t] + play[j,i,t]) = 1;
s.t. home_twice{i in TEAMS, t in ROUNDS: t > 1}:
  sum{j in TEAMS: j <> i} (play[i,j,t-1] + play[i,j,t]) <= 1 + home_break[i,t];
s.t. away_twice{i in TEAMS, t in ROUNDS: t > 1}:
  sum{j in TEAMS: j <> i} (play[j,i,t-1] + play[j,i,t]) <= 1 + away_break[i,t];
s.t. in_pairs{t in ROUNDS: t > 1}:
  sum{i in TEAMS} home_break[i,t] = sum{i in TEAMS} away_break[i,t];
s.t. at_least: sum{i in TEAMS, t in ROUNDS: t > 1} (home_break[i,t] + away_break[i,t]) >= n - 2;
s.t. fair{i in TEAMS}:
  n / 2 - 1 <= sum{j in TEAMS, t in ROUNDS: j <> i} play[i,j,t] <= n / 2;
s.t. hall_taken{(i,t) in NOT_HOME}: sum{j in TEAMS: j <> i} play[i,j,t] = 0;
s.t. wanted{(i,j,t) in FIXED}: play[i,j,t] + play[j,i,t] = 1;

solve;
table matches{t in ROUNDS, i in TEAMS, j in TEAMS: i <> j and play[i,j,t] > 0.5}
  OUT "JSON" "matches": t~round, i~home, j~away;
end;
