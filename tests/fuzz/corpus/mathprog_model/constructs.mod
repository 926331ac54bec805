param n integer >= 1 <= 9 := 3; set I := 1..n; set J dimen 2; set K{i in I} default i..n by 2;
param c{I} default 2, > 0; param s{i in I} symbolic := "p" & i; param w{(i,j) in J};
param r{I} := round(Uniform(1, 5) + 2 * Uniform01(), 1); param t := str2time('2001-02-03', '%Y-%m-%d');
set S := setof{i in I} s[i]; set U := (S union {'q'}) diff {'p1'} symdiff {'z'};
var x{I} >= 0, <= 10; var y{J} binary; var z integer >= 1;
minimize cost: sum{i in I: i mod 2 = 1 and c[i] >= 1} c[i] * x[i] + (if n > 2 then z) + 3;
maximize other{i in I}: -x[i] / 2;
s.t. a{i in I, j in K[i]: (i,j) in J}: x[i] + sum{k in 1..i} x[k] * w[i,j] >= r[i] - y[i,j];
b: 1 <= sum{(i,j) in J: i <> j} y[i,j] <= card(J);
check{i in I}: exists{j in I} j >= i and forall{k in K[i]} k in I or not ({i} within {1});
solve;
for{i in I} {
  printf{j in I: j < i} "%5.2f %s\n", x[i], substr(s[i], 1, 1);
  display x[i], a, U;
}
printf "%s %d\n", time2str(t, "%F"), max(min{i in I} x[i], abs(-2) ** 2 less 1) >> "out";
table o{i in I} OUT "CSV" "o.csv": i, x[i] ~ value;
data;
set J := (1,2), (2,3) (*,1) 1, 3 (*,*) : 4 5 := 6 + -;
param : w := 1 2 5, 2 3 6, 1 1 3, 3 1 4, 6 4 1;
param c := 1 4 [2] 7;
end;
