option solver cbc; set T ordered := 1..4; set A := {i in T, j in T: j = i + 1 and i < 4};
param f{n in T} := if n < 2 then 1 else f[n-1] * n; param u{T} := Uniform(0, 1);
set S{t in T} := setof{(t,j) in A} j union {0} diff {2} symdiff 1..3 by 2;
var y{t in T} = 2*z[t] + 1; var z{T} integer, >= -1;
maximize g: sum{t in T} f[t]*y[t] - prod{t in T} t + max{t in T} t;
s.t. c{(i,j) in A, k in S[i]: exists{q in T} q > k and not (i in {2, 3})}: y[i] - z[j] <= card(S[j]) mod 3;
check{t in T}: u[t] >= 0; for{t in T: t > 2} { display t, f[t]; printf "%d\n", ord(t, T); }
display substr('abc', 2), time2str(str2time('2000-01-01', '%Y-%m-%d'), '%F'), next(1, T), first(T);
end;
