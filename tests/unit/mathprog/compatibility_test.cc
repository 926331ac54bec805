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
}  // namespace solvent
