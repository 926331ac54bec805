// Corners of the language where models in circulation lean on what the reference program does.
#include <algorithm>
#include <utility>
#include <vector>

#include "doctest/doctest.h"
#include "mathprog_helpers.h"

namespace solvent {
namespace {

bool Accepts(const std::string& model, MathProgDialect dialect = MathProgDialect::kStrict) {
  GenerateOptions options;
  options.dialect = dialect;
  return Generate(model, options).run != nullptr;
}

std::string ErrorCode(const std::string& model) {
  GenerateOptions options;
  options.dialect = MathProgDialect::kStrict;
  return Generate(model, options).error().code;
}

TEST_CASE("a last end needs no semicolon") {
  CHECK(Accepts("var x >= 0; minimize z: x; end"));
  CHECK(Accepts("var x >= 0; minimize z: x; end # that is all\n"));
  CHECK(Accepts("set I; var x{I}; minimize z: sum{i in I} x[i]; data; set I := 1 2; end"));
  CHECK_FALSE(Accepts("var x; minimize z: x; data end;"));
}

TEST_CASE("what follows end is left, but for the token that the reference reads ahead") {
  const std::string model = "var x >= 0; minimize z: x; ";
  const std::string data = "set I; var x{I}; minimize z: sum{i in I} x[i]; data; set I := 1 2; ";
  for (const std::string& begin : {model, data}) {
    for (const char* rest :
         {"end end;", "end foo bar;", "end, 5;", "end := 3;", "end foo `", "end; foo `",
          "end; more text\n`", "end; | `", "end; ~ `", "end; = `"}) {
      CAPTURE(begin + rest);
      CHECK(Accepts(begin + rest));
      CHECK(Accepts(begin + rest, MathProgDialect::kDefault));
    }
    for (const char* rest : {"end; `", "end\n;\n/* and */ `", "end `", "end; 'abc", "end; /* abc",
                             "end;\x1A", "end; # \x01"}) {
      CAPTURE(begin + rest);
      CHECK_FALSE(Accepts(begin + rest));
    }
    CHECK(Accepts(begin + "end; `", MathProgDialect::kDefault));
  }
}

TEST_CASE("statements that begin with end, data or solve are no constraints for strict") {
  GenerateOptions strict;
  strict.dialect = MathProgDialect::kStrict;
  const std::string model = "var x >= 0; minimize z: x; end: x >= 2; end;";
  CHECK(Generate(model, strict).run->problem().num_rows() == 0);
  CHECK(Generate(model).run->problem().num_rows() == 1);
  CHECK_FALSE(Accepts("var x; minimize z: x; data{i in 1..2}: x >= i; end;"));
  CHECK_FALSE(Accepts("var x; minimize z: x; solve{i in 1..2}: x >= i; end;"));
  // Not the first words of theirs.
  CHECK(Accepts("param data := 2; var x; minimize z: x; c: x >= sum{i in 1..2} data; end;"));
  CHECK(Accepts("var x; minimize z: x; for{i in 1..2} {for{j in {}} {} printf 'a';} end foo"));
}

TEST_CASE("strict takes tokens of a hundred characters, and control characters nowhere") {
  const std::string hundred(100, 'a');
  const std::string digits = "0." + std::string(98, '1');
  const std::vector<std::pair<std::string, std::string>> around = {
      {"var ", " >= 0;"}, {"printf '", "';"}, {"check: 0 <> length('", "');"}};
  for (const auto& [before, after] : around) {
    CHECK(Accepts(before + hundred + after));
    CHECK_FALSE(Accepts(before + hundred + "a" + after));
    CHECK(Accepts(before + hundred + "a" + after, MathProgDialect::kDefault));
  }
  CHECK(Accepts("check: 0 < " + digits + ";"));
  CHECK_FALSE(Accepts("check: 0 < " + digits + "1;"));
  CHECK(Accepts("set I; check: card(I) = 2; data; set I := " + hundred + " '" + hundred + "b'; ",
                MathProgDialect::kDefault));
  CHECK_FALSE(Accepts("set I; check: card(I) = 1; data; set I := " + hundred + "b;"));
  CHECK_FALSE(Accepts("set I; check: card(I) = 1; data; set I := '" + hundred + "b';"));
  CHECK_FALSE(Accepts("set I; check: card(I) = 1; data; set I := 1e999;"));
  for (const char* model : {"check: 1; # \x01\n", "check: 1 > 0; /* \x7F */", "printf 'a\x02';",
                            "set I; check: card(I) = 1; data; set I := a; # \x1A\n",
                            "set I; check: card(I) = 1; data; set I := 'a\x03';"}) {
    CAPTURE(model);
    CHECK_FALSE(Accepts(model));
    CHECK(Accepts(model, MathProgDialect::kDefault));
  }
}

TEST_CASE("keywords and names of the data may stand in quotes") {
  CHECK(
      Accepts("set I; set A dimen 2; param q{I, 1..2} default 1; check: card(A) = 2;"
              "data; 'set' 'I' := a b; set A : x y := u '+' - v - \"+\";"
              "'param' q ('tr') : a b := 1 3 4; 'end';"));
}

TEST_CASE("a side of a constraint may be put together from texts") {
  Generated g = Generate("param u := 12; var x; minimize z: x; c: x >= u & 1; end;");
  CHECK(Solve(g)["objective_value"].as_double() == 121);
}

TEST_CASE("the order of random draws costs no more than reading the model") {
  GenerateOptions options;
  options.run.limits.max_steps = 100'000;
  std::string nested = "x", products = "x", sums = "var a0 = x + x; ";
  for (int i = 0; i < 60; ++i) nested += "/p", products = "p*(" + products + ")";
  for (int i = 0; i < 60; ++i) {
    const std::string k = std::to_string(i), next = std::to_string(i + 1);
    sums += "var a" + next + " = a" + k + " + a" + k + "; ";
  }
  for (const std::string& of : {nested, products}) {
    const auto done =
        Generate("param p := Uniform(1, 2); var x; minimize z: " + of + "; end;", options);
    REQUIRE(done.run != nullptr);
    CHECK(done.run->problem().num_columns() == 1);
  }
  CHECK(Generate("var x; " + sums + "minimize z: a60; end;", options).error().code == "L408");
  // The inner set is looked up, not walked.
  options.run.limits.max_steps = 1'000'000;
  options.run.limits.max_tuples_visited = 50'000;
  const auto looked_up = Generate(
      "set N := 1..5000; param c{N} := floor(Uniform(1, 5001)); var x;"
      "minimize z: sum{i in N, j in N: j = c[i]} j*x; end;",
      options);
  CHECK(looked_up.run != nullptr);
}

TEST_CASE("random numbers are drawn in the reference's order: later operands first") {
  const std::string parts =
      "param a := Irand224(); param b := Irand224(); param c{1..1} := Irand224(); var x; var u >= "
      "c[1];";
  const auto order = [&](const std::string& use) {
    const std::string out = OutputOf(parts + use + " printf '%d %d %d', a, b, c[1]; end;", {});
    std::string names;
    for (const char* drawn : {"7112045", "3831487", "13420418"}) {
      const size_t at = out.find(drawn);
      if (at == std::string::npos) continue;
      names += static_cast<char>(
          'a' + std::count(out.begin(), out.begin() + static_cast<ptrdiff_t>(at), ' '));
    }
    return names;
  };
  CHECK(order("check: a + b + c[1] > 0;") == "cba");
  CHECK(order("check: (a - b) ^ 2 + c[1] ^ 2 > 0;") == "cba");
  CHECK(order("check: a * (b / c[1]) > 0;") == "cba");
  CHECK(order("check: a div b + 0 * (c[1] mod 2) >= 0;") == "cba");
  CHECK(order("check: a less b < c[1] or 1 > 0;") == "bac");
  CHECK(order("check: length(a & b & c[1]) > 0;") == "cba");
  CHECK(order("check: max(a, b, c[1]) > 0;") == "abc");
  CHECK(order("check: atan(a, b) < c[1];") == "bac");
  CHECK(order("check: card({a} union {b} union {c[1]}) > 1;") == "cba");
  CHECK(order("check: card({i in a * 0 .. b * 0, j in 1..2: c[1] > 0}) > 1;") == "abc");
  CHECK(order("minimize z: a * x + b * x + c[1];") == "cba");
  CHECK(order("minimize z: a * u + b;") == "bca");
  CHECK(order("minimize z: a * b * x * (c[1] / 1e9);") == "bac");
  CHECK(order("r: a <= b * x <= c[1];") == "bac");
  CHECK(order("r: a >= b * x >= c[1];") == "bac");
  CHECK(order("r: sum{i in 1..3} (a * x + b) >= c[1];") == "bac");
}

TEST_CASE("strict prints no text as a number and makes no text of more than 100 characters") {
  const std::string fifty(50, 'a');
  for (const char* model : {"printf '%d', 1 & 2;", "param s symbolic := '12'; printf '%g', s;",
                            "printf{i in {'1', '2'}} '%i', i;"}) {
    CAPTURE(model);
    CHECK_FALSE(Accepts(model));
    CHECK(Accepts(model, MathProgDialect::kDefault));
  }
  CHECK(Accepts("param s symbolic := 12; printf{i in {1, 'a'}: i = 1} '%d %g', s, i;"));
  CHECK(Accepts("param s symbolic := '12'; printf '%g', s + 1;"));
  CHECK(Accepts("printf '%s', '" + fifty + "' & '" + fifty + "';"));
  CHECK_FALSE(Accepts("printf '%s', '" + fifty + "' & '" + fifty + "' & 'b';"));
}

TEST_CASE("strict shows objects without a value as empty, and quotes field names of JSON alone") {
  const GenerateOptions strict{.dialect = MathProgDialect::kStrict};
  CHECK(OutputOf("param p; set S; param q := 2; display p, S, q; end;", strict) ==
        "Display statement at line 1\np has empty content\nS has empty content\nq = 2\n");
  CHECK(OutputOf("param p; set S; display p, S; data; param p := 4; set S := a; end;", strict) ==
        "Display statement at line 1\np = 4\nS:\n   a\n");
  CHECK_FALSE(Accepts("param p; display p + 1;"));
  CHECK_FALSE(Accepts("param p; display p;", MathProgDialect::kDefault));
  for (const char* field : {"'a b'", "in"}) {
    const auto table = [&](const std::string& driver) {
      return "table t{i in 1..2} OUT '" + driver + "' 'o': i ~ " + field + ";";
    };
    CHECK_FALSE(Accepts(table("CSV")));
    CHECK(Accepts(table("CSV"), MathProgDialect::kDefault));
    CHECK(Accepts(table("JSON")));
  }
}

TEST_CASE("times are read as the reference does, and written to the nearest second") {
  const auto seconds = [](const std::string& call) {
    return OutputOf("printf '%.0f', str2time(" + call + "); end;",
                    {.dialect = MathProgDialect::kStrict});
  };
  CHECK(seconds("'5 x', '%d'") == "345600");
  CHECK(seconds("'Janus', '%b'") == "0");
  CHECK(seconds("'5/6', '%d / %m'") == "13392000");
  CHECK(seconds("'+1401', '%z'") == "-50460");
  for (const char* call : {"'5 / 6', '%d/%m'", "'1 1', '%d %d'", "'Jan 1', '%b %m'",
                           "'1 PM', '%I %p'", "'100', '%j'", "'+1:05', '%z'", "'Mon', '%a'"}) {
    CAPTURE(call);
    const std::string model = "check: str2time(" + std::string(call) + ") <> 0.5; end;";
    CHECK_FALSE(Accepts(model));
    CHECK(Accepts(model, MathProgDialect::kDefault));
  }
  CHECK_FALSE(Accepts("check: str2time('5 x', '%d') > 0; end;", MathProgDialect::kDefault));
  CHECK(OutputOf("printf '%s %s', time2str(59.7, '%T'), time2str(-0.5, '%S'); end;") ==
        "00:01:00 00");
}

TEST_CASE("a model without a statement is refused") {
  for (const char* empty : {"", "end;", "data; end;", "# nothing but a comment\n", "\n\n"}) {
    CAPTURE(empty);
    CHECK(ErrorCode(empty) == "M101");
  }
}

TEST_CASE("tables may share a name, also with what is declared below them") {
  const std::string out = "table t{i in 1..2} OUT \"JSON\" \"t\": i; ";
  CHECK(Accepts(out + out + "var x; minimize z: x; end;"));
  CHECK(Accepts(out + "param t := 1; var x; minimize z: t * x; end;"));
  CHECK(ErrorCode("param t := 1; " + out + "end;") == "M103");
}

TEST_CASE("a field of an output table is named after the name it begins with") {
  Generated generated = Generate(
      "var x >= 1; minimize z: x; solve;"
      "table t{i in 1..2} OUT \"JSON\" \"t\": i*2, x+1~y; end;");
  const Json row = Solve(generated)["tables"]["t"].array()[1];
  CHECK(row["i"].as_double() == 4);
  CHECK(row["y"].as_double() == 2);
}

TEST_CASE("printf stops where its arguments are used up") {
  CHECK(OutputOf("printf \"%d|%d|%s\", 1; end;") == "1|");
  CHECK(OutputOf("printf \"100%\"; end;") == "100");
  CHECK(OutputOf("printf \"%s%%%\", \"a\"; end;") == "a%");
  CHECK(ErrorCode("printf \"%*d\", 3, 4; end;") == "M212");
  CHECK(ErrorCode("printf \"%d\", 1e10; end;") == "M212");
  CHECK(OutputOf("printf \"%d\", 1e10; end;") == "10000000000");
}

TEST_CASE("all data of a parameter is checked at its first reference") {
  const std::string use = "var x; minimize z: x; s.t. c: x >= p[1]; ";
  CHECK(ErrorCode("param p{1..3} >= 0; " + use + "data; param p := 1 5 2 6 3 -7; end;") == "M222");
  CHECK(ErrorCode("param p{1..3} integer; " + use + "data; param p := 1 5 3 0.5; end;") == "M222");
  // Sparse, over a set that is no product.
  CHECK(ErrorCode("set A := {(1,1), (2,2)}; param p{A} < 9; var x; minimize z: x;"
                  "s.t. c: x >= p[1,1]; data; param p := 1 1 5 2 2 9; end;") == "M222");
  // Never referenced, never checked.
  CHECK(Accepts("param p{1..3} >= 0; var x; minimize z: x; data; param p := 3 -7; end;"));
}

TEST_CASE("all data of an indexed set is checked at its first reference") {
  const std::string use = "var x; minimize z: x; s.t. c{j in S[1]}: x >= j; data; set S[1] := 1; ";
  CHECK(ErrorCode("set S{1..3} within 1..3; " + use + "set S[2] := 9; end;") == "M222");
  CHECK(Accepts("set S{1..3} within 1..3; " + use + "set S[2] := 3; end;"));
}

TEST_CASE("Infinity is a number that bounds nothing") {
  Generated generated =
      Generate("var x >= -Infinity, <= Infinity; minimize z: x; s.t. c: -Infinity <= x <= 5; end;");
  REQUIRE(generated.run != nullptr);
  const Problem& problem = generated.run->problem();
  CHECK(problem.column_lower[0] == -kInfinity);
  CHECK(problem.column_upper[0] == kInfinity);
  CHECK(problem.row_lower[0] == -kInfinity);
  CHECK(problem.row_upper[0] == 5);
  CHECK(ErrorCode("param Infinity := 3; end;") == "M101");
}

TEST_CASE("variables and rows have nothing to display above solve") {
  const std::string model = "var x; minimize z: x; s.t. c: x >= 1; ";
  for (const char* name : {"x", "z", "c"}) {
    CAPTURE(name);
    CHECK(ErrorCode(model + "display " + name + "; end;") == "M110");
    CHECK(Accepts(model + "solve; display " + name + "; end;"));
    CHECK(Accepts(model + "display " + name + "; end;", MathProgDialect::kDefault));
  }
}

TEST_CASE("bounds of variables are known above solve") {
  Generated generated = Generate(
      "var x{i in 1..2} >= i, <= 5; var y; minimize z: x[2].lb * y; s.t. c: y <= x[1].ub; end;");
  REQUIRE(generated.run != nullptr);
  CHECK(generated.run->problem().objective[0] == 2);
  CHECK(generated.run->problem().row_upper[0] == 5);
  CHECK(generated.run->stats().columns == 1);
  CHECK(ErrorCode("var x; minimize z: x; s.t. c: x <= x.val; end;") == "M110");
}

TEST_CASE("a bound that asks for another member's bounds keeps its own index") {
  // x[3] is used first, so that each bound is made within that of the next; the condition makes the
  // domain one that is walked.
  Generated generated = Generate(
      "set I := 1..3;"
      "var x{i in I: i <> 9} >= (if i = 1 then 0 else x[i-1].lb + i), <= 10*i;"
      "maximize z: x[3] + x[2]; s.t. c: x[3] + x[2] >= 0; end;");
  REQUIRE(generated.run != nullptr);
  const Problem& problem = generated.run->problem();
  REQUIRE(problem.num_columns() == 2);
  std::vector<std::pair<double, double>> bounds;
  for (int32_t j = 0; j < 2; ++j) {
    bounds.emplace_back(problem.column_lower[j], problem.column_upper[j]);
  }
  std::sort(bounds.begin(), bounds.end());
  CHECK(bounds == std::vector<std::pair<double, double>>{{2, 20}, {5, 30}});
}

TEST_CASE("what is used in its own declaration is refused, not left out") {
  CHECK(ErrorCode("var x >= 0; var y >= x; minimize z: y; end;") == "M230");
  for (const char* declaration :
       {"var x >= x + 1;", "var x{1..x};", "var x{i in 1..2} <= x[1];", "var x{i in 1..x.lb};",
        "var x = 2 * x;", "var x >= 0; s.t. c: x >= c;", "var x >= 0; minimize w: x + w;"}) {
    CAPTURE(declaration);
    CHECK(ErrorCode(std::string(declaration) + " minimize z: 0; end;") == "M102");
  }
  // One that never ends.
  CHECK_FALSE(Accepts("var x{i in 1..2} >= x[i].lb; minimize z: x[1]; end;"));
}

TEST_CASE("a model that contradicts itself is infeasible, however good it could otherwise get") {
  Generated generated =
      Generate("var x >= 0; var y >= 0; s.t. c: 0*x = 2; maximize z: x + y; end;");
  CHECK(Solve(generated)["status"].as_string() == "infeasible");
}

TEST_CASE("a comma after the last record of a table is refused") {
  const std::string model = "set I; param p{I}; var x; minimize z: x; data; param : I : p := ";
  CHECK(Accepts(model + "1 2, 3 4; end;"));
  CHECK(ErrorCode(model + "1 2, 3 4,; end;") == "M114");
}

TEST_CASE("random numbers are those of Knuth's portable generator") {
  CHECK(OutputOf("printf{i in 1..3} \"%d \", Irand224(); end;") == "7112045 3831487 13420418 ");
  CHECK(OutputOf("printf{i in 1..2} \"%.10f \", Uniform01(); end;") ==
        "0.1283118040 0.0095966752 ");
  CHECK(OutputOf("printf \"%.10f %.10f\", Normal01(), Normal(2, 3); end;") ==
        "0.0531587998 0.2861982362");
}

}  // namespace
TEST_CASE("strict neither walks a setof expression nor looks members up in one, but takes it") {
  const std::string sets = "set I := 1..3; set T within I := {1, 2}; param p := 2; ";
  for (const char* use :
       {"check: p in setof{i in I} i;", "check: p + 7 not in setof{i in I} i;",
        "check: T within (setof{i in I} i) union {9};", "check: p in {j in setof{i in I} i};",
        "param q in setof{i in I} i := 1;", "set U within setof{i in I} i := T;",
        "param q{setof{i in I} i} := 1; param r := q[1];",
        "var x{j in setof{i in I} i} >= 1; minimize z: x[1];"}) {
    CAPTURE(use);
    CHECK(ErrorCode(sets + use + " end;") == "M304");
    CHECK(Accepts(sets + use + " end;", MathProgDialect::kDefault));
  }
  CHECK(Accepts(sets + "set U := setof{i in I} i*i; check: 4 in U; check: 4 in U union {7}; end;"));
  for (const char* walk : {"param q := sum{j in setof{i in I} i} j; check: q > 0;",
                           "check{j in setof{i in I} i}: j > 0;",
                           "set U := setof{j in setof{i in I} i} j; check: card(U) = 3;",
                           "var x{I}; s.t. c{j in T, k in setof{i in I} i}: x[j] >= k;"}) {
    CAPTURE(walk);
    CHECK(ErrorCode(sets + walk + " end;") == "M304");
    CHECK(Accepts(sets + walk + " end;", MathProgDialect::kDefault));
  }
  CHECK(Accepts(sets + "set U := setof{i in I} i union T; check: card(setof{i in I} i) = 3; end;"));
  CHECK(Accepts(sets + "solve; printf{j in setof{i in I} i} '%d', j; end;"));
}

TEST_CASE("strict wants a comparison in check, symbolic first and types once") {
  CHECK(ErrorCode("check: 1; end;") == "M109");
  CHECK(ErrorCode("param s symbolic := 'a'; check length(s); end;") == "M109");
  CHECK(Accepts("check: 1; end;", MathProgDialect::kDefault));
  CHECK(Accepts("check: 1 and 2; check 1 <> 0; end;"));
  CHECK(ErrorCode("param s := 'a' symbolic; end;") == "M107");
  CHECK(ErrorCode("set A := {'a'}; param s in A, symbolic; end;") == "M107");
  CHECK(Accepts("param s := 'a' symbolic; end;", MathProgDialect::kDefault));
  CHECK(Accepts("set A := {'a'}; param s, symbolic in A; end;"));
  for (const char* twice :
       {"var x integer, integer; end;", "var x binary binary; end;",
        "param p integer, integer; end;", "param p binary >= 0, binary; end;"}) {
    CAPTURE(twice);
    CHECK(ErrorCode(twice) == "M107");
    CHECK(Accepts(twice, MathProgDialect::kDefault));
  }
  CHECK(Accepts("var x integer, binary; param p binary, integer; end;"));
}

TEST_CASE("strict wants parameters in tables of data, data once and single indices bare") {
  const std::string model = "set S; param p{S}; check: card(S) = 2; data; ";
  for (const std::string& text :
       {model + "param : S : := a b; end;", model + "set S := a b; data; param p := a 1; end;",
        std::string("set T := 1..2; check{(i) in T}: i > 0; end;")}) {
    CAPTURE(text);
    CHECK(!Accepts(text));
    CHECK(Accepts(text, MathProgDialect::kDefault));
  }
  CHECK(Accepts(model + "param : S : p := a 1 b 2; end;"));
}

TEST_CASE("strict takes CSV files as they are, the default dialect mends them") {
  auto accepts = [](const std::string& csv, MathProgDialect dialect) {
    GenerateOptions options;
    options.dialect = dialect;
    options.run.read_file = [&](std::string_view) -> absl::StatusOr<std::string> { return csv; };
    return Generate(
               "set K dimen 2; param v{K}; table t IN 'CSV' 'f.csv': K <- [a, b], v;"
               "check{(i,j) in K}: v[i,j] > 0 and j <> \"'z'\"; end;",
               options)
               .run != nullptr;
  };
  for (const char* csv : {"a,b,v\n1,x,2\n\n", "a,b,v\n1,,2\n", "a,b,v\n1,\"\",2\n",
                          "a, b,v\n1,x,2\n", "a,b,v\n1,x, 2\n",
                          "\xEF\xBB\xBF"
                          "a,b,v\n1,x,2\n"}) {
    CAPTURE(std::string(csv));
    CHECK_FALSE(accepts(csv, MathProgDialect::kStrict));
    CHECK(accepts(csv, MathProgDialect::kDefault));
  }
  CHECK_FALSE(accepts("a,b,v\n1,it's,2\n", MathProgDialect::kStrict));
  CHECK(accepts("a,b,v\n1,it's,2\n", MathProgDialect::kDefault));
  for (MathProgDialect dialect : {MathProgDialect::kStrict, MathProgDialect::kDefault}) {
    CHECK(accepts("a,b,v\r\n1,\"x, y\",2\r\n2, z,3", dialect));
    CHECK(accepts("a,b,v\n1,'x, ''y',2\n2,'z',3\n", dialect));
  }
}

TEST_CASE("everything moves to the left, where only the right has variables too") {
  Generated g = Generate(
      "var x >= 0; minimize z: x; s.t. a: 5 >= 2*x + 1; s.t. b: 1 = x; s.t. c: 2 <= x + 1 <= 4;"
      "s.t. d: 3 >= 1; end;");
  REQUIRE(g.run != nullptr);
  const Problem& p = g.run->problem();
  REQUIRE(p.num_rows() == 4);
  CHECK(p.value == std::vector<double>{-2, -1, 1});
  CHECK(p.row_lower == std::vector<double>{-4, -1, 1, -2});
  CHECK(p.row_upper == std::vector<double>{kInfinity, -1, 3, kInfinity});
}

TEST_CASE("display names objects and shows of expressions the value alone") {
  CHECK(OutputOf("set S := {'a', 'b c', '1'}; set E{1..2} dimen 2; param n := 3; set Z := {};\n"
                 "param t{S} symbolic := 'it''s'; param given{1..3} default 7; param none{1..3};\n"
                 "display n, n + 1, 'x', S, S diff S, E, Z, t['b c'], given, none;\n"
                 "display{i in 1..2}: i, (i, 'p q'), i = 1, E[i], E[i] union {(8, 9)};\n"
                 "data; set E[1] := (1, 'd e'); set E[2] := ; param given := 2 5; end;") ==
        "Display statement at line 3\nn = 3\n4\nx\nS:\n   a\n   'b c'\n   '1'\nset is empty\n"
        "E[1]:\n   (1,'d e')\nE[2] is empty\nZ is empty\nt['b c'] = 'it''s'\ngiven[2] = 5\n"
        "none has empty content\n"
        "Display statement at line 4\ni = 1\n(1,'p q')\ntrue\nE[1]:\n   (1,'d e')\n   (1,'d e')\n"
        "   (8,9)\n"
        "i = 2\n(2,'p q')\nfalse\nE[2] is empty\n   (8,9)\n");
  Generated g = Generate(
      "var x{1..2} >= 1, <= 5; minimize z: x[1] + x[2]; s.t. c{i in 1..2}: 9 >= x[i];"
      "solve; display x, z, c, x[1], c[2].ub, c[1].lb, x[2].ub, x[1] + 1; end;");
  CHECK(Solve(g)["output"].as_string() ==
        "Display statement at line 1\nx[1].val = 1\nx[2].val = 1\nz.val = 2\nc[1].val = -1\n"
        "c[2].val = -1\nx[1].val = 1\nc[2].ub = 1.79769313486232e+308\nc[1].lb = -9\n"
        "x[2].ub = 5\n2\n");
}

}  // namespace solvent
