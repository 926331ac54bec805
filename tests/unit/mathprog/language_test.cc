// What the language means, fact by fact.
#include "doctest/doctest.h"
#include "mathprog_helpers.h"

namespace solvent {
namespace {

// The value that printf shows for an expression.
std::string Value(const std::string& expression, const std::string& declarations = "") {
  return OutputOf(declarations + " printf \"%s\", " + expression + "; end;");
}

std::string Members(const std::string& set, const std::string& declarations = "") {
  return OutputOf(declarations + " set RESULT := " + set +
                  "; printf{i in RESULT} \"%s \", i; end;");
}

TEST_CASE("arithmetic follows the language's precedence and signs") {
  CHECK(Value("-2^2") == "-4");
  CHECK(Value("2^3^2") == "512");
  CHECK(Value("2^-1") == "0.5");
  CHECK(Value("-7 div 2") == "-3");
  CHECK(Value("-7 mod 2") == "1");
  CHECK(Value("7 mod -2") == "-1");
  CHECK(Value("round(-2.5)") == "-2");
  CHECK(Value("round(2.567, 2)") == "2.57");
  CHECK(Value("trunc(-2.567, 1)") == "-2.5");
  CHECK(Value("5 less 9") == "0");
  CHECK(Value("9 less 5 + 1") == "5");
  CHECK(Value("2*3 mod 4") == "2");
  CHECK(Value("10 - 4 - 3") == "3");
  CHECK(Value("100 / 5 / 2") == "10");
  CHECK(Value("max(3, 7, 5) + min(3, 7, 5)") == "10");
  CHECK(Value("card({1..3, 4..6})") == "9");
  CHECK(Value("abs(-3) + ceil(2.1) + floor(-2.1) + sqrt(16)") == "7");
  CHECK(Value("atan(1, 1) * 4") == Value("atan(1) * 4"));
}

TEST_CASE("an if extends over sums and a missing else is 0") {
  CHECK(Value("if 0 then 2 else 3+10") == "13");
  CHECK(Value("if 1 then 2 else 3+10") == "2");
  CHECK(Value("2 * if 1 then 3 + 4") == "14");
  CHECK(Value("if 2 < 1 then 5") == "0");
  CHECK(Value("if 1 then 5 else 1/0") == "5");
}

TEST_CASE("iterated operators take one product") {
  const std::string s = "set S := 1..3;";
  CHECK(Value("sum{i in S} i*2+1", s) == "13");
  CHECK(Value("sum{i in S} (i*2+1)", s) == "15");
  CHECK(Value("prod{i in S} i", s) == "6");
  CHECK(Value("max{i in S} i - min{i in S} i", s) == "2");
  CHECK(Value("sum{i in S: i > 5} i", s) == "0");
  CHECK(Value("prod{i in S: i > 5} i", s) == "1");
  CHECK(Value("if exists{i in S} i > 2 then 1 else 0", s) == "1");
  CHECK(Value("if forall{i in S: i > 5} i > 9 then 1 else 0", s) == "1");
  CHECK(Value("if forall{i in S} i > 2 then 1 else 0", s) == "0");
}

TEST_CASE("texts and numbers are different members and texts compare byte-wise") {
  CHECK(Value("1/3 & \"\"") == "0.333333333333333");
  CHECK(Value("substr(\"hello\", 2, 3) & length(\"abc\")") == "ell3");
  CHECK(Value("if 1 in {1} then 1 else 0") == "1");
  CHECK(Value("if \"1\" in {1} then 1 else 0") == "0");
  CHECK(Value("if \"10\" = 10 then 1 else 0") == "0");
  CHECK(Value("if 2 < \"10\" then 1 else 0") == "1");
  CHECK(Value("if \"B\" < \"a\" then 1 else 0") == "1");
  CHECK(Value("p + 1", "param p symbolic := \"12\";") == "13");
  CHECK(Value("'it''s'") == "it's");
}

TEST_CASE("sets keep their order") {
  CHECK(Members("{3, 1} union {2, 3}") == "3 1 2 ");
  CHECK(Members("{3, 1, 2} diff {1}") == "3 2 ");
  CHECK(Members("{3, 1, 2} inter {2, 3}") == "3 2 ");
  CHECK(Members("{1, 2} symdiff {2, 3}") == "1 3 ");
  CHECK(Members("setof{i in 1..4} (i mod 2)") == "1 0 ");
  CHECK(Members("1..2.5") == "1 2 ");
  CHECK(Members("1..0") == "");
  CHECK(Members("5..1 by -2") == "5 3 1 ");
  CHECK(Members("0..1 by 0.5") == "0 0.5 1 ");
  CHECK(OutputOf("set A := {1, 2} cross {'a', 'b'}; printf{(i,j) in A} '%s%s ', i, j; end;") ==
        "1a 1b 2a 2b ");
  CHECK(OutputOf("set A{i in 1..3} := 1..i; printf{i in 1..3, j in A[i]} '%d', i*j; end;") ==
        "124369");
}

TEST_CASE("tuple entries select on bound components") {
  const std::string model =
      "set A dimen 2; set I := 1..3;"
      "printf{i in I, (i,j) in A} '%d%s ', i, j;"
      "printf{(i,'x') in A} '<%d>', i;"
      "printf{i in I, j in I, (i+1,k) in A: k = 'y'} '[%d%d%s]', i, j, k;"
      "data; set A := 2 x, 1 y, 2 z, 3 x; end;";
  CHECK(OutputOf(model) == "1y 2x 2z 3x <2><3>");
}

TEST_CASE("conditions are tried early without changing what fails") {
  // p[2] has no value, but no member of J[2] ever asks for it.
  const std::string model =
      "set I := 1..2; set J{I}; param p{I}; param q{1..5, 1..5} default 1;"
      "printf{i in I, j in J[i], k in 1..5: p[i] > 0 and k = j + 1} '%d%d%d ', i, j, k;"
      "data; set J[1] := 1 2; set J[2] := ; param p := 1 5; end;";
  CHECK(OutputOf(model) == "112 123 ");
  // Here it is asked for.
  const std::string fails =
      "set I := 1..2; param p{I}; printf{i in I, j in 1..2: p[i] > 0} '%d%d ', i, j;"
      "data; param p := 1 5; end;";
  CHECK(Generate(fails).error().code == "M221");
}

TEST_CASE("parameters may be recursive, deeply too") {
  CHECK(Value("f[20]", "param f{n in 0..20} := if n < 2 then n else f[n-1] + f[n-2];") == "6765");
  CHECK(Value("f[9000]", "param f{n in 0..9000} := if n = 0 then 0 else f[n-1] + 1;") == "9000");
  CHECK(Generate("param f{n in 0..20000} := if n = 0 then 0 else f[n-1] + 1; check: f[20000] > 0;"
                 " end;")
            .error()
            .code == "L407");
  CHECK(Generate("param p{i in 1..2} := p[3-i]; check: p[1] = 1; end;").error().code == "M214");
}

TEST_CASE("random functions repeat with the seed") {
  const std::string model =
      "param u{i in 1..3} := Uniform(0, 10); printf{i in 1..3} '%.6f ', u[i]; end;";
  GenerateOptions other;
  other.run.seed = 2;
  CHECK(OutputOf(model) == OutputOf(model));
  CHECK(OutputOf(model) != OutputOf(model, other));
  CHECK(Value("if Normal01() > -9 and Irand224() < 2^24 and Uniform01() < 1 then 'ok'") == "ok");
}

TEST_CASE("calendar functions go both ways") {
  CHECK(Value("str2time('2008-10-03 14:30:00', '%Y-%m-%d %H:%M:%S')") == "1223044200");
  CHECK(Value("time2str(1223044200, '%Y-%m-%d %H:%M:%S %a %j')") == "2008-10-03 14:30:00 Fri 277");
  CHECK(Value("time2str(str2time('29-Feb-2000','%d-%b-%Y'), '%F')") == "2000-02-29");
  CHECK(Generate("printf '%d', str2time('30-02-2001', '%d-%m-%Y'); end;").error().code == "M212");
}

TEST_CASE("rows and columns are counted as modelers count") {
  Generated g = Generate(
      "var x >= 0; var y >= 0; var unused; minimize z: x + 4; maximize other: y - y + 2*x;"
      "s.t. c: x * 3 + 2 <= 10*x; s.t. d{i in 1..2}: 5 >= x - i; s.t. e: 0 <= 1;"
      "s.t. f: 1 <= x + 3 <= 9; s.t. g: 0*y + x >= 0; end;");
  REQUIRE(g.run);
  CHECK(g.run->stats().rows == 8);
  CHECK(g.run->stats().columns == 1);
  CHECK(g.run->stats().nonzeros == 7);
  const Problem& p = g.run->problem();
  CHECK(p.objective_offset == 4);
  CHECK(p.objective_name == "z");
  REQUIRE(p.num_rows() == 7);
  CHECK(p.row_lower[0] == -kInfinity);  // the second objective is a free row
  CHECK(p.row_upper[0] == kInfinity);
  CHECK(p.row_upper[1] == -2);  // -7 x <= -2
  CHECK(p.row_lower[2] == -6);  // 5 - (x - 1) >= 0
  CHECK(p.row_upper[2] == kInfinity);
  CHECK(p.row_lower[5] == -2);
  CHECK(p.row_upper[5] == 6);
  CHECK(g.run->RowName(3) == "d[2]");
  CHECK(g.run->ColumnName(0) == "x");
}

TEST_CASE("bounds are taken per member, rounded inwards, and may cross") {
  Generated g = Generate(
      "var x{i in 1..2} integer, >= i - 0.5, <= 2.5; var y = 3; var b binary; var free;"
      "minimize z: sum{i in 1..2} x[i] + y + b + free; s.t. c: free >= -5; end;");
  REQUIRE(g.run);
  const Problem& p = g.run->problem();
  CHECK(p.column_lower == std::vector<double>{1, 2, 3, 0, -kInfinity});
  CHECK(p.column_upper == std::vector<double>{2, 2, 3, 1, kInfinity});
  CHECK(p.column_type[3] == ColumnType::kBinary);
  CHECK(g.run->stats().integers == 3);

  Generated crossed = Generate(
      "var x >= 5, <= 3; var y >= 0; minimize z: x + y;"
      "s.t. c: 4 <= y <= 2; end;");
  CHECK(Solve(crossed)["status"].as_string() == "infeasible");
  CHECK(crossed.run->stats().rows == 2);
}

TEST_CASE("data sections have many forms") {
  const std::string out = OutputOf(
      "set S; set T dimen 2; set U{S}; set V dimen 3; param p{S}; param q{S} default 9;"
      "param m{1..2, 1..3} default 0; param c{1..2, 1..2, 1..2}; param name{S} symbolic;"
      "printf{s in S} '%s:%g:%g:%s ', s, p[s], q[s], name[s];"
      "printf{(a,b) in T} '(%s,%s)', a, b; printf{s in S, u in U[s]} ' %s>%s', s, u;"
      "printf{(i,j,k) in V} '|%s%s%s', i, j, k;"
      "printf{i in 1..2, j in 1..3} ' %g', m[i,j]; printf{i in 1..2, j in 1..2, k in 1..2} ' %g', "
      "c[i,j,k];"
      "data; param : S : p q := a 1 2, 'b c' 3 . ; set T : x y := u + - v - + ; "
      "set U['b c'] := k; set U[a] := l, m; set V := (1,*,*) 2 3 4 5 (2,*,9) 7;"
      "param m (tr): 1 2 := 1 5 6 2 . 7; param c := [1,*,*]: 1 2 := 1 1 2 2 3 4 [*,*,2] 2 1 8 2 2 9"
      " [2,*,1] 1 6 2 7; param name a one, 'b c' 'two'; end;");
  CHECK(out ==
        "a:1:2:one b c:3:9:two (u,x)(v,y) a>l a>m b c>k|123|145|279 5 0 0 6 7 0"
        " 1 2 3 4 6 8 7 9");
}

TEST_CASE("after solve, values and suffixes are seen") {
  Generated g = Generate(
      "var x{i in 1..2} >= 0, <= 10*i; maximize z: 3*x[1] + 2*x[2] + 1; s.t. c: x[1] + x[2] <= 12;"
      "solve; param total := sum{i in 1..2} x[i]; set BIG := {i in 1..2: x[i] > 5};"
      "printf '%g %g %g %g %g %d', z, x[1].val, c, total, c.ub, card(BIG);"
      "printf{i in 1..2} 'x%d=%.1f;', i, x[i] > 'values.txt'; display x[1].ub;"
      "table t{i in 1..2} OUT 'JSON' 'plan': i, x[i]~units; end;");
  MathProgReportOptions options;
  options.duals = true;
  Json r = Solve(g, options);
  CHECK(r["status"].as_string() == "optimal");
  CHECK(r["objective_value"].as_double() == doctest::Approx(35));
  CHECK(r["output"].as_string() == "35 10 12 12 12 1Display statement at line 1\nx[1].ub = 10\n");
  CHECK(r["files"]["values.txt"].as_string() == "x1=10.0;x2=2.0;");
  CHECK(r["tables"]["plan"].Dump() == R"([{"i":1,"units":10},{"i":2,"units":2}])");
  CHECK(r["families"]["x"].Dump() == R"({"index":["i"],"rows":[[1,10],[2,2]]})");
  CHECK(r["objectives"]["z"].as_double() == doctest::Approx(35));
  CHECK(r["constraints"]["c"].Dump() ==
        R"({"index":[],"columns":["activity","lower","upper","dual"],"rows":[[12,null,12,2]]})");
  // A second report says the same.
  CHECK(Solve(g, options)["output"] == r["output"]);
}

TEST_CASE("the default dialect adds what AMPL users write and strict names it") {
  const std::string model =
      "option solver cbc; set T ordered := {'a','b','c'}; param d{T} default 1; var x{T} >= 0;"
      "var stock{t in T} = (if t = first(T) then 5 else 2*x[prev(t,T)]) - x[t];"
      "minimize z: sum{t in T} x[t]; s.t. c{t in T}: stock[t] >= ord(t,T) - 3;"
      "s.t. last: x[last(T)] >= ord(member(2,T), T); end;";
  GenerateOptions strict;
  strict.dialect = MathProgDialect::kStrict;
  Generated g = Generate(model);
  REQUIRE(g.run);
  REQUIRE(g.warnings.size() == 1);
  CHECK(g.warnings[0].code == "M304");
  CHECK(g.run->stats().rows == 5);
  CHECK(g.run->stats().nonzeros == 3 + 5 + 1);
  Generated refused = Generate(model, strict);
  CHECK(refused.error().code == "M304");
  CHECK(refused.error().symbol == "option");
  CHECK(refused.diagnostics.size() >= 2);
}

TEST_CASE("one compiled model serves many runs") {
  MathProgCompiled c =
      MathProgModel::Compile("param n; var x{1..n} >= 0; minimize z: sum{i in 1..n} x[i]; end;");
  REQUIRE(c.model);
  for (int n = 1; n < 5; ++n) {
    const std::string data = "param n := " + std::to_string(n) + ";";
    MathProgInput input;
    input.data.emplace_back(data);
    MathProgGenerated g = c.model->Generate(input);
    REQUIRE(g.run);
    CHECK(g.run->stats().columns == n);
  }
  REQUIRE(c.model->symbols().size() == 3);
  CHECK(c.model->symbols()[0].needs_data);
}

}  // namespace
}  // namespace solvent
