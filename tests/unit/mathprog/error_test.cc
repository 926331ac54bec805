// What a wrong model is told: the code, the place, the words, the way out.
#include <limits>

#include "doctest/doctest.h"
#include "mathprog_helpers.h"

namespace solvent {
namespace {

bool Has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

struct Case {
  const char* model;
  const char* code;
  int line;
  int column;
  const char* message;  // a part of it
  const char* hint;     // a part of it
};

TEST_CASE("each mistake in a model is named, placed and explained") {
  const Case cases[] = {
      {"var x >= 0\nminimize z: x;", "M101", 2, 1, "unexpected 'minimize'",
       "missing before minimize"},
      {"parm n := 3;", "M101", 1, 1, "unexpected 'parm'", "did you mean param?"},
      {"var x >= 0; minimize z: 2 x;", "M101", 1, 27, "unexpected 'x'", ""},
      {"var x; s.t. c: x => 1;", "M101", 1, 19, "unexpected '>'", ""},
      {"set S := 1..3; param p[S];", "M101", 1, 23, "unexpected '['", "braces"},
      {"set S = {1,2};", "M101", 1, 7, "unexpected '='", ":="},
      {"set I := 1..3; var x{I}; minimize z: sum{i in I} y[i];", "M102", 1, 50, "y is not declared",
       ""},
      {"param demand; check: demnd > 0;", "M102", 1, 22, "demnd is not declared",
       "did you mean demand?"},
      {"set I := 1..3; param c{I}; var x{I}; minimize z: sum{i in I} c(i)*x[i];", "M101", 1, 63,
       "unexpected '('", "brackets"},
      {"param v := squareroot(4);", "M102", 1, 12, "no function squareroot", "brackets"},
      {"param n; set n;", "M103", 1, 14, "n is declared twice", "line 1"},
      {"set I := 1..3; param p{I}; check: p > 0;", "M104", 1, 35, "p takes 1 subscript, not 0",
       "p[...]"},
      {"set I := 1..3; param p{I}; check: p[1,2] > 0;", "M104", 1, 35, "p takes 1 subscript, not 2",
       ""},
      {"set A dimen 2; param p{i in A};", "M105", 1, 24, "dimension 2, not 1", "(i,j)"},
      {"set A dimen 2; set B := A union {1};", "M105", 1, 25, "dimensions 2 and 1", ""},
      {"param i := 1; set S := 1..2; param p{i in S};", "M106", 1, 38, "hides the parameter",
       "another name"},
      {"set S := 1..2; param p{i in S, i in S};", "M106", 1, 32, "hides another dummy", ""},
      {"param p default 1 := 2;", "M107", 1, 19, "only one of := and default", ""},
      {"var x >= 0, >= 1;", "M107", 1, 13, "two lower bounds", ""},
      {"param p := 'abc;", "M108", 1, 12, "never closed", "add '"},
      {"param p := 5x;", "M108", 1, 12, "5x is not a number", "needs *"},
      {"% comment\nvar x;", "M108", 1, 1, "means nothing", "#"},
      {"param n := 3; set S := 1..2; param p{i in n};", "M109", 1, 43, "runs over a set", "1..n"},
      {"set S := 1..2; param n := S + 1;", "M109", 1, 27, "must be a number", "card(S)"},
      {"var x; minimize z: x; solve; s.t. c: x >= 1;", "M110", 1, 30, "before the solve statement",
       ""},
      {"var x; s.t. c: x > 1;", "M111", 1, 18, "cannot be strict", ">="},
      {"var x; var y; s.t. c: x <= y <= x;", "M111", 1, 23, "must not contain variables",
       "two constraints"},
      {"var x; var y; minimize z: x*y;", "M230", 1, 27, "product of variables", "linear"},
      {"var x; minimize z: 1/x;", "M230", 1, 22, "variable in a divisor", "linear"},
      {"var x; minimize z: x^2;", "M230", 1, 20, "power of the variable x", "linear"},
      {"var x; minimize z: if x > 1 then 2 else 3;", "M230", 1, 23, "contains the variable x", ""},
      {"param p{1..2}; check: p[5] > 0;", "M201", 1, 23, "p[5] is out of domain", "{1..2}"},
      {"set S := {1, 2, 1}; check: card(S) > 0;", "M202", 1, 17, "duplicate", ""},
      {"set S := {}; check: max{i in S} i > 0;", "M211", 1, 21, "max over an empty set", "card"},
      {"param a := 0; param b := 1/a; check: b > 0;", "M212", 1, 26, "division by zero: 1 / 0", ""},
      {"check: sqrt(-1) > 0;", "M212", 1, 8, "sqrt(-1) is undefined", ""},
      {"param s symbolic := 'abc'; check: s + 1 > 0;", "M213", 1, 35, "\"abc\" is used as a number",
       ""},
      {"param p{i in 1..2} := p[3-i]; check: p[1] > 0;", "M214", 1, 23, "defined by itself", ""},
      {"set P := {'Widget C'}; param demand{P}; var x{P}; s.t. meet{p in P}:\n x[p] = demand[p];",
       "M221", 2, 9, "no value for demand[Widget C]", "default"},
      {"param p := -1, >= 0; check: p > 0;", "M222", 1, 29, "p = -1 is not >= 0", ""},
      {"param p integer := 1.5; check: p > 0;", "M222", 1, 32, "p = 1.5 is not an integer", ""},
      {"set S within 1..3 := {5}; check: card(S) = 1;", "M222", 1, 39, "5 of S is not within 1..3",
       ""},
      {"set S := 1..3; check{i in S}: i < 2;", "M223", 1, 31,
       "check failed at [2]: i < 2 (2 < 2 is false)", ""},
      {"set S; table t IN \"CSV\" \"s.csv\": S <- [k]; check: card(S) > 0;", "M301", 1, 19,
       "switched off", "JSON"},
      {"set S; table t IN \"ODBC\" \"s\": S <- [k]; check: card(S) > 0;", "M305", 1, 19, "ODBC",
       "CSV"},
      {"arc a from n;", "M304", 1, 1, "AMPL statement 'arc'", "flow balance"},
      {"set S := 1..3000000; check: card(S) > 0;", "L403", 1, 10, "more than 2000000 members", ""},
      {"set S := 1..2000 cross 1..2000; check: card(S) > 0;", "L403", 1, 10, "members", ""},
      {";", "M101", 1, 1, "empty statement", "remove"},
      {"var x; minimize z: x; s.t. c: x <= 3; s.t. c: x >= 1;", "M103", 1, 44,
       "c is declared twice", ""},
      {"param demand; data; param deman := 1;", "M102", 1, 27, "deman is not declared in the model",
       "did you mean demand?"},
      {"param p; data; param q := 1;", "M102", 1, 22, "q is not declared in the model",
       "declare it"},
      {"param p{1..2}; data; param p := 1 2 2;", "M114", 1, 38, "unexpected ';'",
       "1 subscript and a value"},
      {"param p{1..2}; data; param p := 1 2 1 3;", "M202", 1, 37, "p[1] already has a value", ""},
      {"param p; data; param p := abc;", "M213", 1, 27, "must be a number, not abc", "symbolic"},
      {"param p := 1; data; param p := 2;", "M115", 1, 29, "needs no data", "default"},
      {"set S dimen 2; data; set S := 1 2 3;", "M114", 1, 36, "unexpected ';'", "dimension 2"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.model);
    Generated g = Generate(c.model);
    REQUIRE_FALSE(g.run);
    REQUIRE_FALSE(g.diagnostics.empty());
    const MathProgDiagnostic d = g.error();
    CAPTURE(d.ToString());
    CHECK(d.code == c.code);
    CHECK(d.line == c.line);
    CHECK(d.column == c.column);
    CHECK(Has(d.message, c.message));
    CHECK(Has(d.hint, c.hint));
    CHECK_FALSE(d.excerpt.empty());
    CHECK_FALSE(d.stage.empty());
  }
}

TEST_CASE("an error carries what the caller needs to act") {
  GenerateOptions options;
  options.input = R"({"products":[{"name":"A","demand":1},{"name":"C"}]})";
  Generated g = Generate(
      "set P; param demand{P}; table t IN \"JSON\" \"products\": P <- [name], demand;\n"
      "var x{P} >= 0; minimize z: sum{p in P} x[p]; s.t. meet{p in P}: x[p] = demand[p]; end;",
      options);
  REQUIRE(g.diagnostics.size() == 1);
  const MathProgDiagnostic& d = g.diagnostics[0];
  CHECK(d.code == "M221");
  CHECK(d.stage == "generate");
  CHECK(d.symbol == "demand");
  CHECK(Json(Json::Array(d.index)).Dump() == R"(["C"])");
  CHECK(d.json_pointer == "/products/1");
  CHECK(d.excerpt == "demand[p]");
  CHECK(d.within == "meet[C]");
  CHECK(Has(d.hint, "add \"demand\" to the record at /products/1"));
  CHECK(d.ToJson()["line"].as_int() == 2);
  const absl::Status status = ToStatus(g.diagnostics);
  CHECK(status.code() == absl::StatusCode::kInvalidArgument);
}

TEST_CASE("several errors are reported at once, and a broken name once") {
  Generated g = Generate(
      "param p := ;\nset S := 1..3;\nvar x{S} >= 0;\nminimize z: sum{i in S} p*x[i];\n"
      "s.t. c{i in S}: y[i] >= 1;\ns.t. d: x[1] >= ) 2;\ns.t. e: x[1] > 1;\nend;");
  REQUIRE(g.diagnostics.size() == 4);
  CHECK(g.diagnostics[0].line == 1);
  CHECK(g.diagnostics[1].line == 5);
  CHECK(g.diagnostics[2].line == 6);
  CHECK(g.diagnostics[3].line == 7);
  std::string many;
  for (int i = 0; i < 50; ++i) many += "param p" + std::to_string(i) + " := ;\n";
  CHECK(Generate(many).diagnostics.size() == 20);
}

TEST_CASE("every statement family reports its first fault") {
  Generated g = Generate(
      "set S := 1..3; param a{S}; param b{S}; var x{S} >= 0; minimize z: sum{i in S} a[i]*x[i];\n"
      "s.t. c{i in S}: x[i] >= b[i];\ns.t. d{i in S}: x[i] <= 1/0;\nend;");
  REQUIRE(g.diagnostics.size() == 3);
  CHECK(g.diagnostics[0].message == "no value for a[1]");
  CHECK(g.diagnostics[1].message == "no value for b[1]");
  CHECK(g.diagnostics[2].code == "M212");
}

TEST_CASE("limits stop a run with their name") {
  const std::string model =
      "param n := 500; var x{1..n, 1..n} >= 0; minimize z: sum{i in 1..n, j in 1..n} x[i,j];"
      "s.t. c{i in 1..n, j in 1..n}: x[i,j] >= 1; end;";
  auto code = [&](auto&& change) {
    GenerateOptions options;
    change(options.run.limits);
    return Generate(model, options).error().code;
  };
  CHECK(code([](MathProgLimits& l) { l.max_rows = 1000; }) == "L401");
  CHECK(code([](MathProgLimits& l) { l.max_nonzeros = 1000; }) == "L401");
  CHECK(code([](MathProgLimits& l) { l.max_columns = 1000; }) == "L402");
  CHECK(code([](MathProgLimits& l) { l.max_set_members = 100; }) == "L403");
  CHECK(code([](MathProgLimits& l) { l.max_memory_bytes = 100000; }) == "L404");
  CHECK(code([](MathProgLimits& l) { l.max_steps = 100000; }) == "L408");
  CHECK(code([](MathProgLimits& l) { l.max_tuples_visited = 100000; }) == "L409");
  CHECK(code([](MathProgLimits& l) { l.max_seconds = 0; }) == "L410");
  CHECK(code([](MathProgLimits& l) { l.max_model_bytes = 10; }) == "L413");

  GenerateOptions cancelled;
  std::stop_source stop;
  stop.request_stop();
  cancelled.run.stop = stop.get_token();
  CHECK(Generate(model, cancelled).error().code == "L420");

  std::string deep(3000, '(');
  CHECK(Generate("param p := " + deep + "1;").error().code == "L405");
  std::string chain = "param p := 1";
  for (int i = 0; i < 20000; ++i) chain += "+1";
  CHECK(Generate(chain + "; check: p = 20001; end;").diagnostics.empty());
}

// What beginners write, with all of what they are told but the statement's name.
TEST_CASE("beginners' mistakes lead to what was meant") {
  struct Mistake {
    const char* model;
    const char* text;  // as it is printed
  };
  const Mistake mistakes[] = {
      {"param n\nparam m;",
       "line 2, column 1: unexpected 'param' in the declaration of param n; expected ';', integer, "
       "binary, symbolic, a relation, in, default or ':=' (M101); is a ';' missing before param?"},
      {"set I; set J; param c{I,J}; var x{I,J}; minimize z: sum{i in I, j in J} c[i]*x[i,j];",
       "line 1, column 73: c takes 2 subscripts, not 1 (M104); c is declared over {I,J}"},
      {"var x; param c := 4; s.t. lim: x < c;",
       "line 1, column 34: a constraint cannot be strict (M111); write <="},
      {"minimise z: 3;",
       "line 1, column 1: unexpected 'minimise' at the start of a statement (M101); did you mean "
       "minimize?"},
      {"var x; subjectto c: x >= 1;",
       "line 1, column 8: unexpected 'subjectto' in the model; expected a statement (M101); "
       "'subjectto' is no keyword; did you mean subject to?"},
      {"set in;",
       "line 1, column 5: unexpected 'in' in the set statement; expected a name (M101); 'in' is "
       "reserved and cannot be a name"},
      {"var x; s.t. c: x := 1;",
       "line 1, column 18: unexpected ':=' in the constraint c; expected '<=', '=', '>=' or an "
       "operator (M101); write =; := gives values in declarations only"},
      {"set I; var x{I >= 0;",
       "line 1, column 16: unexpected '>=' in an indexing expression; expected ',', ':' or '}' "
       "(M101); is a } missing? A condition follows a colon: {i in I: i > 1}"},
      {"set I; var x{I}; s.t. c{i in I; i > 2}: x[i] >= 1;",
       "line 1, column 31: unexpected ';' in an indexing expression; expected ',', ':' or '}' "
       "(M101); is a } missing? A condition follows a colon, not a semicolon"},
      {"var x{I}; set I;",
       "line 1, column 7: I is not declared (M102); its declaration in line 1 must come before its "
       "first use"},
      {"var x; s.t. c: 2 x >= 1;",
       "line 1, column 18: unexpected 'x' in the constraint c; expected '<=', '=', '>=' or an "
       "operator (M101); is an operator missing? A product needs *"},
      {"set I; var x{I}; minimize z: sum(i in I) x[i];",
       "line 1, column 33: unexpected '(' in sum; expected '{' (M101); the index stands in braces: "
       "sum{i in I} ..."},
      {"set I; var x{I}; s.t. c: forall{i in I} x[i] >= 1;",
       "line 1, column 26: a constraint cannot begin with forall (M101); one constraint for each "
       "member: s.t. c{...}: ..."},
      {"set I; var x{I}; s.t. c: x[i] >= 1;",
       "line 1, column 28: i is not declared (M102); an index comes from an indexing expression: "
       "{i in ...}"},
      {"set I := {a, b};",
       "line 1, column 11: a is not declared (M102); a text is written in quotes: 'a'"},
      {"var x; var y binary; s.t. c: x >= if y = 1 then 3;",
       "line 1, column 38: an operand of '=' contains the variable y (M230); a condition cannot "
       "depend on a variable, but a constraint can with a binary variable; one constraint for each "
       "member is s.t. c{i in I}: ..."},
      {"var x; minimize z: abs(x);",
       "line 1, column 24: argument 1 of abs contains the variable x (M230); say abs(x) linearly: "
       "a "
       "variable t with t >= x and t >= -x, and a cost on t"},
      {"var x; minimize z: max(x, 3);",
       "line 1, column 24: argument 1 of max contains the variable x (M230); say max linearly: a "
       "variable t that is >= each of the parts, and a cost on t"},
      {"var x; minimize x;",
       "line 1, column 17: the objective has no name (M101); write minimize NAME: expression;"},
      {"// comment",
       "line 1, column 1: unexpected '/' in the model; expected set, param, var, minimize, "
       "maximize, s.t., solve, check, display, printf, for, table or end (M101); a comment begins "
       "with #, or stands between /* and */"},
      {"var x int;",
       "line 1, column 7: unexpected 'int' in the declaration of var x; expected ';', integer, "
       "binary, '<=', '=' or '>=' (M101); did you mean integer?"},
      {"var x >= 0, >= 1;",
       "line 1, column 13: the variable x has two lower bounds (M107); one of each kind, separated "
       "by a comma: >= 0, <= 5"},
      {"param n = 3; check: n > 2;",
       "line 1, column 21: no value for n (M221); = only restricts a parameter; := gives it a "
       "value"},
      {"set I := 1..3; param p{I} default 1; check: p[5] = 1;",
       "line 1, column 45: p[5] is out of domain (M201); p is declared over {I}, and 5 is not in "
       "I"},
      {"set I; check: card(I) > 0; data; set I = a;",
       "line 1, column 40: unexpected = in the data (M108); write :="},
  };
  for (const Mistake& mistake : mistakes) {
    CAPTURE(std::string(mistake.model));
    MathProgDiagnostic d = Generate(mistake.model).error();
    d.within.clear();
    CHECK(d.ToString() == std::string(mistake.text));
  }
}

TEST_CASE("more mistakes of beginners: the place, the kind and the remedy") {
  struct Mistake {
    const char* model;
    int line, column;
    const char* code;
    const char* remedy;  // part of the hint
  };
  const Mistake mistakes[] = {
      // Pasted from a word processor or a PDF: one error each, not one for all that follows.
      {"set I := {\u2018a\u2019, \u2018b\u2019};", 1, 11, "M108", "write '"},
      {"set I := {\u201ca\u201d};", 1, 11, "M108", "write \""},
      {"var x; var y; minimize z: x \u2013 y;", 1, 29, "M108", "write -;"},
      {"var x;\nvar y >=\u00a00;", 2, 9, "M108", "write a plain space"},
      {"var x \u2265 0;", 1, 7, "M108", "write >="},
      {"var x; s.t. c: x \u2264 3;", 1, 18, "M108", "write <="},
      {"var x; minimize z: 2 \u00d7 x;", 1, 22, "M108", "write *"},
      // Where a sum ends.
      {"set I := 1..3; var x{I}; minimize z: sum{i in I} x[i] + i;", 1, 57, "M102",
       "sum{i in ...} (...)"},
      {"set I := 1..3; var x{I}; s.t. c: sum{i in I} x[i] <= 4 * i;", 1, 58, "M102",
       "put all that it is for in parentheses"},
      // Numbers and names as in other places.
      {"param c := 3,5;", 1, 14, "M101", "written with a point"},
      {"param rate := 5%;", 1, 16, "M108", "0.05"},
      {"param unit-cost := 3;", 1, 11, "M101", "unit_cost"},
      {"set I := a b c;", 1, 10, "M102", "{'a', ...}"},
      {"param p; check: p > 0;", 1, 17, "M221", "declared as a var"},
      // Words of other languages.
      {"var x; st c: x >= 1;", 1, 8, "M101", "write s.t."},
      {"int x;", 1, 1, "M101", "var NAME integer"},
      {"set I; var x{I}; forall{i in I} x[i] >= 2;", 1, 33, "M101", "s.t. NAME{i in I}"},
      {"var x; minimize: x;", 1, 16, "M101", "minimize NAME: expression"},
      {"set I := 1..3; check{i in I: i =/= 2}: i > 0;", 1, 33, "M101", "<> or !="},
      {"var x; minimize z: x; solve; display x.rc;", 1, 40, "M101", ".dual"},
      {"var x; minimize z: x; s.t. c: x >= 1; solve; display c.slack;", 1, 56, "M101", ".val"},
      {"var x; minimize z: x; solve", 1, 28, "M101", "missing after 'solve'"},
      // Data.
      {"set I; param c{I}; check: c['a'] > 0; data; set I := a b; param c := a 3,5 b 2;", 1, 76,
       "M213", "a decimal number is written 3.5"},
      {"set I; param c{I}; check: c['a'] > 0; data; set I := a b; param c := a 1,000 b 2;", 1, 78,
       "M213", "a thousand 1000"},
      {"set I; set J; param c{I,J}; check: card(J) > 0; data; set I := a; set J := u;\n"
       "param c := [a] u 1;",
       2, 12, "M105", "write * for each subscript that follows"},
      {"set I; param n{I} symbolic; check: card(I) > 0; data; set I := York Bath;\n"
       "param n := New York 'A' Bath 'B';",
       2, 33, "M114", "a text with spaces stands in quotes"},
  };
  for (const Mistake& mistake : mistakes) {
    CAPTURE(std::string(mistake.model));
    const MathProgDiagnostic d = Generate(mistake.model).error();
    CAPTURE(d.ToString());
    CHECK(d.line == mistake.line);
    CHECK(d.column == mistake.column);
    CHECK(d.code == std::string(mistake.code));
    CHECK(d.hint.find(mistake.remedy) != std::string::npos);
  }
}

TEST_CASE("what was pasted is reported once and read on") {
  const MathProgCompiled compiled = MathProgModel::Compile(
      "set I := {\u2018a\u2019, \u2018b\u2019};\nvar x{I} \u2265 0;\n"
      "minimize z: x['a'] \u2212 x['b'];\nend;\n");
  CHECK(compiled.model == nullptr);
  std::vector<int> lines;
  for (const MathProgDiagnostic& d : compiled.diagnostics) {
    CHECK(d.code == "M108");
    lines.push_back(d.line);
  }
  CHECK(lines == std::vector<int>{1, 1, 2, 3});
}

TEST_CASE("a failed check says what its author wrote above it") {
  const std::string failed = "check: n >= 2;\nend;";
  auto hint = [&](const std::string& above) {
    const MathProgDiagnostic d = Generate("param n := 1;\n" + above + failed).error();
    CHECK(d.code == "M223");
    return d.hint;
  };
  CHECK(hint("") == "");
  CHECK(hint("# Two are needed.\n") == "Two are needed.");
  CHECK(hint("# Two\n  #   are needed.  \n  ") == "Two are needed.");
  CHECK(hint("# far away\n\n") == "");
  CHECK(hint("param m := 2; # beside\n") == "");
  CHECK(hint("#\n# Two.\n") == "Two.");
  CHECK(Generate("# Alone.\ncheck: 1 > 2;\nend;").error().hint == "Alone.");
}

TEST_CASE("missing end and text after it are warnings") {
  Generated g = Generate("var x >= 0; minimize z: x;");
  REQUIRE(g.run);
  REQUIRE(g.warnings.size() == 1);
  CHECK(g.warnings[0].code == "M118");
  Generated after = Generate("var x >= 0; minimize z: x; end; something else");
  REQUIRE(after.run);
  CHECK(after.warnings.size() == 1);
}

TEST_CASE("a long line of characters that mean nothing takes no longer than its length") {
  const std::string junk(3'000'000, '?');
  const Generated model = Generate(junk);
  CHECK_FALSE(model.run);
  CHECK(model.error().code == "M108");
  GenerateOptions options;
  options.data = junk;
  CHECK_FALSE(Generate("set I; var x{I}; minimize z: sum{i in I} x[i]; end;", options).run);
}

TEST_CASE("expressions nested beyond any stack are refused whatever the limit says") {
  MathProgCompileOptions options;
  options.limits.max_expression_depth = std::numeric_limits<int>::max();
  const std::string deep(500'000, '(');
  CHECK_FALSE(MathProgModel::Compile("var x; minimize z: " + deep + "x;", options).model);
}

}  // namespace
}  // namespace solvent
