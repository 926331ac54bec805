#include "expression.h"

#include <map>
#include <string>
#include <vector>

#include "doctest/doctest.h"
#include "number.h"

namespace solvent {
namespace {

// x y z x10 a: continuous; i j k: integer; b: binary; odd names besides.
class Fixture {
 public:
  Fixture() : compiler(index, types, 200) {
    for (const char* name : {"x", "y", "z", "x10", "a", "sum", "e3x", "_u", "ship[East Hub,1]",
                             "ship[a[1],2]", "e", "e3"}) {
      AddName(name, ColumnType::kContinuous);
    }
    for (const char* name : {"i", "j", "k"}) AddName(name, ColumnType::kInteger);
    AddName("b", ColumnType::kBinary);
  }
  void AddName(const char* name, ColumnType type) {
    index.Add(name, static_cast<int32_t>(types.size()));
    names.push_back(name);
    types.push_back(type);
  }
  std::string Sum(std::map<int32_t, double> terms) const {
    std::string text;
    for (auto [column, coefficient] : terms) {
      if (coefficient == 0) continue;
      if (!text.empty()) text += ' ';
      AppendNumber(text, coefficient);
      text += names[static_cast<size_t>(column)];
    }
    return text.empty() ? "0" : text;
  }
  std::string Fault(std::string_view text) const {
    const ExpressionFault& fault = compiler.fault();
    CHECK(fault.position <= text.size());
    if (fault.kind == ExpressionError::kUndeclared) {
      std::string all = "undeclared";
      for (std::string_view name : fault.names) all += " " + std::string(name);
      return all;
    }
    std::string kind = fault.kind == ExpressionError::kQuadratic ? "quadratic" : "error";
    return kind + "@" + std::to_string(fault.position) + " " + fault.message;
  }
  // "2x 3y <= 4", rows separated by "; ".
  std::string Constraint(std::string_view text) {
    if (!compiler.CompileConstraint(text)) return Fault(text);
    std::string all;
    for (const ExpressionCompiler::Row& row : compiler.rows()) {
      std::map<int32_t, double> terms;
      for (auto& t : row.plus) terms[t.column] += t.coefficient;
      for (auto& t : row.minus) terms[t.column] -= t.coefficient;
      if (!all.empty()) all += "; ";
      all += Sum(terms);
      all += row.lower == row.upper ? " = " : row.lower == -kInfinity ? " <= " : " >= ";
      AppendNumber(all, row.lower == -kInfinity ? row.upper : row.lower);
    }
    return all;
  }
  std::string Objective(std::string_view text) {
    if (!compiler.CompileSum(text)) return Fault(text);
    std::map<int32_t, double> terms;
    for (auto& t : compiler.terms()) terms[t.column] += t.coefficient;
    std::string all = Sum(terms) + " + ";
    AppendNumber(all, compiler.constant());
    return all;
  }

  NameIndex index;
  std::vector<ColumnType> types;
  std::vector<std::string> names;
  ExpressionCompiler compiler;
};

struct Case {
  std::string_view text;
  std::string_view expected;  // the result, or the start of the fault
};

constexpr Case kSums[] = {
    {"0", "0 + 0"},
    {"7", "0 + 7"},
    {"x", "1x + 0"},
    {"  x\t\r\n ", "1x + 0"},
    {"3*x + 2*y", "3x 2y + 0"},
    {"3x+2y", "3x 2y + 0"},
    {"2.5x", "2.5x + 0"},
    {".5x", "0.5x + 0"},
    {"5.x", "5x + 0"},
    {"5. + x", "1x + 5"},
    {"1e2*x", "100x + 0"},
    {"1e2x", "100x + 0"},
    {"2.5E-4*x", "0.00025x + 0"},
    {"1e+2 + 1E2", "0 + 200"},
    {"2e", "2e + 0"},
    {"2e + x", "1x 2e + 0"},
    {"2e+x", "1x 2e + 0"},
    {"2e*3", "6e + 0"},
    {"2e4", "0 + 20000"},
    {"2*e3", "2e3 + 0"},
    {"2e+3", "0 + 2000"},
    {"2E3", "0 + 2000"},
    {"0x10", "0 + 0"},
    {"2x10", "2x10 + 0"},
    {"x + x", "2x + 0"},
    {"x - x", "0 + 0"},
    {"x + y - x", "1y + 0"},
    {"x - (y - z)", "1x -1y 1z + 0"},
    {"-(x + y)", "-1x -1y + 0"},
    {"- x", "-1x + 0"},
    {"+x", "1x + 0"},
    {"--x", "1x + 0"},
    {"---x", "-1x + 0"},
    {"-+-x", "1x + 0"},
    {"2*-x", "-2x + 0"},
    {"2 - -x", "1x + 2"},
    {"2(x+y)", "2x 2y + 0"},
    {"2 * (x + y) * 3", "6x 6y + 0"},
    {"(2)(x)", "2x + 0"},
    {"(x)(2)", "2x + 0"},
    {"(x + y)(3)", "3x 3y + 0"},
    {"(1 + 2)(x + 1)", "3x + 3"},
    {"2sum(x,y)", "2x 2y + 0"},
    {"2(3)(x)", "6x + 0"},
    {"x/4", "0.25x + 0"},
    {"2*x/3", "0.6666666666666666x + 0"},
    {"1/2x", "0.5x + 0"},
    {"x/(1+1)", "0.5x + 0"},
    {"x/(y - y + 2)", "0.5x + 0"},
    {"(x + y)/2/2", "0.25x 0.25y + 0"},
    {"8/2/2", "0 + 2"},
    {"2 - 3 - 4", "0 + -5"},
    {"2^3", "0 + 8"},
    {"2**3", "0 + 8"},
    {"2^3^2", "0 + 512"},
    {"2**3**2", "0 + 512"},
    {"-2^2", "0 + -4"},
    {"(-2)^2", "0 + 4"},
    {"2^-1", "0 + 0.5"},
    {"2^-2^2", "0 + 0.0625"},
    {"4^0.5", "0 + 2"},
    {"2^2x", "4x + 0"},
    {"2*3^2*x", "18x + 0"},
    {"x^1", "1x + 0"},
    {"x^0", "0 + 1"},
    {"0^0", "0 + 1"},
    {"x^(2-1)", "1x + 0"},
    {"(x - x + 3)^2", "0 + 9"},
    {"0*x", "0 + 0"},
    {"0*x*y", "0 + 0"},
    {"(x - x)*y", "0 + 0"},
    {"(x - x + 2)*(y + 1)", "2y + 2"},
    {"(y + 1)*(x - x + 2)", "2y + 2"},
    {"sum()", "0 + 0"},
    {"sum( )", "0 + 0"},
    {"sum(x)", "1x + 0"},
    {"sum(x, y, 3, 2*x)", "3x 1y + 3"},
    {"sum (x, y)", "1x 1y + 0"},
    {"sum", "1sum + 0"},
    {"sum + x", "1x 1sum + 0"},
    {"sum(sum(x, y), sum(z, 1)) * 2", "2x 2y 2z + 2"},
    {"min(3, 1, 2)", "0 + 1"},
    {"max(3, 1+4, 2)*x", "5x + 0"},
    {"abs(-3)", "0 + 3"},
    {"pow(2, 3)", "0 + 8"},
    {"sqrt(16)x", "error@8 an operator is missing before \"x\""},
    {"sqrt(16)*x", "4x + 0"},
    {"exp(0)", "0 + 1"},
    {"log(1)", "0 + 0"},
    {"min(x - x + 1, 2)", "0 + 1"},
    {"ship[East Hub,1] + 2ship[a[1],2]", "1ship[East Hub,1] 2ship[a[1],2] + 0"},
    {"_u", "1_u + 0"},
    {"3 \xE2\x88\x92 x", "-1x + 3"},
    {"\xE2\x88\x92x", "-1x + 0"},
    {"1e-400 + x", "1x + 0"},
    {"123456789012345678 * x", "1.2345678901234568e+17x + 0"},
    {"1e1000000000000*0", "error@0 this number is too large"},
    {"", "error@0 the expression is empty"},
    {"  ", "error@0 the expression is empty"},
    {"x +", "error@3 the expression ends where"},
    {"*x", "error@0 unexpected \"*\""},
    {"x * / y", "error@4 unexpected \"/\""},
    {"2 x", "error@2 an operator is missing before \"x\""},
    {"x y", "error@2 an operator is missing before \"y\""},
    {"x 2", "error@2 an operator is missing before \"2\""},
    {"x(y)", "error@1 an operator is missing before \"(\""},
    {"x (y)", "error@2 an operator is missing before \"(\""},
    {"2 (x)", "error@2 an operator is missing before \"(\""},
    {"(x) (2)", "error@4 an operator is missing before \"(\""},
    {"(2)x", "error@3 an operator is missing before \"x\""},
    {"(2)3", "error@3 an operator is missing before \"3\""},
    {"1.2.3", "error@3 an operator is missing before \".\""},
    {".", "error@0 unexpected \".\""},
    {"(x", "error@0 this parenthesis is never closed"},
    {"x)", "error@1 this parenthesis was never opened"},
    {"()", "error@1 a number, a name or \"(\" is missing"},
    {"(x + )", "error@5 a number, a name or \"(\" is missing"},
    {")", "error@0 unexpected \")\""},
    {"sum(+)", "error@5 a number, a name"},
    {"sum(x,)", "error@6 a number, a name"},
    {"sum(,x)", "error@4 unexpected \",\""},
    {"(x, y)", "error@2 unexpected \",\""},
    {"x, y", "error@1 unexpected \",\""},
    {"min()", "error@0 \"min\" needs an argument"},
    {"min(x, 1)", "error@0 \"min\" takes constants only"},
    {"abs(1, 2)", "error@0 \"abs\" has too many arguments"},
    {"pow(2)", "error@0 \"pow\" needs two arguments"},
    {"sqrt(-1)", "error@0 the result of this operation is not a finite number"},
    {"log(0)", "error@0 the result"},
    {"exp(1000)", "error@0 the result"},
    {"sin(1)", "error@0 unknown function \"sin\""},
    {"x/0", "error@1 division by zero"},
    {"x/(1-1)", "error@1 division by zero"},
    {"1/x", "error@1 only a constant can divide"},
    {"2^x", "error@1 an exponent must be constant"},
    {"x^3", "error@1 the exponent of a variable must be 0, 1 or 2"},
    {"x^-1", "error@1 the exponent of a variable"},
    {"x^0.5", "error@1 the exponent of a variable"},
    {"0^-1", "error@1 the result"},
    {"(-8)^(1/3)", "error@4 the result"},
    {"x*y*z", "error@3 this product is of degree three or more"},
    {"x*x*x", "error@3 this product is of degree three"},
    {"x^2*y", "error@3 this product is of degree three"},
    {"x^2y", "error@3 this product is of degree three"},
    {"(x*y)^2", "error@5 the exponent of a variable"},
    {"x*y", "quadratic@1 this product is quadratic, and no engine here solves it"},
    {"x^2", "quadratic@1"},
    {"x**2 + y", "quadratic@1"},
    {"3 + x*(y + 1)*2", "quadratic@5"},
    {"-x^2", "quadratic@2"},
    {"(x+y)(x-y)", "quadratic@5"},
    {"x*y + ", "error@6 the expression ends where"},
    {"1e308*10", "error@5 the result"},
    {"1e308*10*x", "error@5 the result"},
    {"1e400", "error@0 this number is too large"},
    {"x * 1e200 * 1e200", "error@10 the result"},
    {"2e3", "error@0 ambiguous: \"2e3\" reads as a number and as 2*e3"},
    {"x + 2.5e3*y", "error@4 ambiguous"},
    {"2e3x", "error@0 ambiguous: \"2e3x\" reads as a number and as 2*e3x"},
    {"x # y", "error@2 unexpected \"#\""},
    {"x \xC3\xA4 y", "error@2 unexpected \"\xC3\xA4\""},
    {"\xC2\xB7", "error@0 unexpected"},
    {"x[", "error@1 unexpected \"[\""},
    {"x]", "error@1 unexpected \"]\""},
    {"x <= 2", "error@2 unexpected \"<\": no relation may stand here"},
    {"x & y", "error@2 unexpected \"&\""},
    {"q + p + x + q", "undeclared p q"},
    {"ship[West,9] + x", "undeclared ship[West,9]"},
    {"X", "undeclared X"},
    {"q*r + s*x", "undeclared q r s"},
    {"q*(", "error@3 the expression ends where"},
};

constexpr Case kConstraints[] = {
    {"x <= 5", "1x <= 5"},
    {"x >= 5", "1x >= 5"},
    {"x = 5", "1x = 5"},
    {"x == 5", "1x = 5"},
    {"5 >= x", "1x <= 5"},
    {"5 = x", "1x = 5"},
    {"x + y <= 5 + x", "1y <= 5"},
    {"x + y >= x", "1y >= 0"},
    {"x + 2 <= 5 - y", "1x 1y <= 3"},
    {"2*x - 3 >= 4*x + 1", "-2x >= 4"},
    {"x \xE2\x89\xA4 5", "1x <= 5"},
    {"x \xE2\x89\xA5 5", "1x >= 5"},
    {"x\xE2\x89\xA4\xE2\x88\x92"
     "5",
     "1x <= -5"},
    {"x < 5", "1x <= 4.999999"},
    {"x > 5", "1x >= 5.000001"},
    {"i < 5", "1i <= 4"},
    {"i > 5", "1i >= 6"},
    {"5 < i", "1i >= 6"},
    {"2*i + 3*j + b < 7", "2i 3j 1b <= 6"},
    {"2*i + 0.5*j < 7", "2i 0.5j <= 6.999999"},
    {"0.5*j + 0.5*j < 7", "1j <= 6"},
    {"i < 2.5", "1i <= 2.499999"},
    {"i + x < 7", "1x 1i <= 6.999999"},
    {"i + x - x < 7", "1i <= 6"},
    {"i < j", "1i -1j <= -1"},
    {"1 <= x + y <= 5", "1x 1y >= 1; 1x 1y <= 5"},
    {"5 >= x + y >= 1", "1x 1y <= 5; 1x 1y >= 1"},
    {"1 < i < 5", "1i >= 2; 1i <= 4"},
    {"1 <= i < 5", "1i >= 1; 1i <= 4"},
    {"x <= y <= z", "-1x 1y >= 0; 1y -1z <= 0"},
    {"1 <= 5", "0 <= 4"},
    {"5 <= 1", "0 <= -4"},
    {"0 >= 1", "0 >= 1"},
    {"x - x = 0", "0 = 0"},
    {"2(x + y) <= 4", "2x 2y <= 4"},
    {"sum(x, y) <= sum(1, 2)", "1x 1y <= 3"},
    {"x<=5<=6", "1x <= 5; 0 <= 1"},
    {"x", "error@1 a constraint needs a relation"},
    {"<= 5", "error@0 unexpected \"<\""},
    {"x <=", "error@4 the expression ends where"},
    {"x <= <= 5", "error@5 unexpected \"<\""},
    {"x != 5", "error@2 \"!=\" is not a relation"},
    {"x <> 5", "error@2 \"<>\" is not a relation"},
    {"x => 5", "error@2 \"=>\" is not a relation; write \">=\""},
    {"x =< 5", "error@2 \"=<\" is not a relation; write \"<=\""},
    {"x ! 5", "error@2 unexpected \"!\""},
    {"x === 5", "error@4 unexpected \"=\""},
    {"(x <= 5)", "error@3 a relation cannot stand inside parentheses"},
    {"sum(x <= 5)", "error@6 a relation cannot stand inside"},
    {"(x <= 5", "error@3 a relation cannot stand inside"},
    {"1 <= x >= 2", "error@7 both relations of a range must point the same way"},
    {"1 = x <= 2", "error@6 both relations"},
    {"1 <= x = 2", "error@7 both relations"},
    {"1 = x = 1", "error@6 both relations"},
    {"1 <= x <= 2 <= 3", "error@12 there are too many relations"},
    {"x*y <= 5", "quadratic@1"},
    {"5 >= x^2", "quadratic@6"},
    {"x*y - x*y <= 5", "quadratic@1"},
    {"x <= q", "undeclared q"},
    {"1e308*x <= -1e308*y", "1e+308x 1e+308y <= 0"},
    {"x + 1e308 <= -1e308", "error@10 the result"},
};

TEST_CASE("sums compile as the grammar says") {
  Fixture f;
  for (const Case& c : kSums) {
    std::string result = f.Objective(c.text);
    INFO(c.text);
    bool fault = c.expected.starts_with("error") || c.expected.starts_with("quadratic");
    if (fault) result.resize(std::min(result.size(), c.expected.size()));
    CHECK(result == c.expected);
  }
}

TEST_CASE("constraints compile as the grammar says") {
  Fixture f;
  for (const Case& c : kConstraints) {
    std::string result = f.Constraint(c.text);
    INFO(c.text);
    bool fault = c.expected.starts_with("error") || c.expected.starts_with("quadratic");
    if (fault) result.resize(std::min(result.size(), c.expected.size()));
    CHECK(result == c.expected);
  }
}

std::string Repeat(std::string_view piece, size_t times) {
  std::string text;
  text.reserve(piece.size() * times);
  for (size_t i = 0; i < times; ++i) text += piece;
  return text;
}

TEST_CASE("nesting ends at its limit without using the machine's stack") {
  Fixture f;
  CHECK(f.Objective(Repeat("(", 200) + "x" + Repeat(")", 200)) == "1x + 0");
  CHECK(f.Objective(Repeat("(", 201) + "x" + Repeat(")", 201)) ==
        "error@200 parentheses are nested deeper than 200 levels");
  CHECK(f.Objective(Repeat("sum(", 201)) ==
        "error@800 parentheses are nested deeper than 200 levels");
  CHECK(f.Objective(Repeat("(", 200'000)).starts_with("error@200 "));
  CHECK(f.Objective(Repeat("-", 1'000'000) + "x") == "1x + 0");
  CHECK(f.Objective(Repeat("1^", 1'000'000) + "1").find("nested too deeply") != std::string::npos);
  CHECK(f.Objective(Repeat("1^-", 1'000'000) + "1").find("nested too deeply") != std::string::npos);
}

// Each of these takes hours when any step is quadratic.
TEST_CASE("long expressions take linear time") {
  Fixture f;
  const size_t n = 300'000;
  CHECK(f.Objective(Repeat("x + ", n) + "1") == "3e+05x + 1");
  CHECK(f.Objective("(" + Repeat("x + ", n) + "1)" + Repeat("*1", n)) == "3e+05x + 1");
  CHECK(f.Objective(Repeat("1*", n) + "(" + Repeat("x + ", n) + "1)") == "3e+05x + 1");
  CHECK(f.Objective("(" + Repeat("x + ", n) + "1)" + Repeat("*(x - x + 1)", n)) == "3e+05x + 1");
  CHECK(f.Objective("(" + Repeat("x + ", n) + "1)" + Repeat("/(x - x + 1)", n)) == "3e+05x + 1");
  CHECK(f.Objective("(" + Repeat("x + ", n) + "1)*(" + Repeat("y + ", n) + "1)")
            .starts_with("quadratic@"));
  std::string product = "(" + Repeat("x + ", n) + "1)*(" + Repeat("y + ", n) + "1)";
  CHECK(f.Objective(product + "*(" + Repeat("z + ", n) + "1)").starts_with("error@"));
  CHECK(f.Objective(Repeat("(x + y)*2 + ", n) + "0") == "6e+05x 6e+05y + 0");
  CHECK(f.Objective(Repeat("2*(-1*(1 - ", 60) + "x" + Repeat("))", 60)).find("error") ==
        std::string::npos);
  CHECK(f.Objective("sum(" + Repeat("x, ", n) + "1)") == "3e+05x + 1");
  CHECK(f.Objective("max(" + Repeat("1, ", n) + "2)") == "0 + 2");
  CHECK(f.Objective(Repeat("q + ", n) + "1") == "undeclared q");
  CHECK(f.Objective(Repeat("x[", n)).starts_with("error@1 unexpected"));
  CHECK(f.Objective("x" + Repeat("[", n) + Repeat("]", n)).starts_with("error@1 unexpected"));
  CHECK(f.Objective(Repeat("x ", n)).starts_with("error@2 an operator is missing"));
  CHECK(f.Objective(Repeat("9", n)).starts_with("error@0 this number is too large"));
  CHECK(f.Objective("0." + Repeat("0", n) + "1") == "0 + 0");
}

TEST_CASE("a message quotes long names only in part") {
  Fixture f;
  CHECK(f.Objective("x " + Repeat("y", 1'000'000)).size() < 200);
}

TEST_CASE("numbers read as the nearest double") {
  auto value = [](std::string_view text) {
    ScannedNumber number = ScanNumber(text);
    CHECK(number.length == text.size());
    return number.value;
  };
  CHECK(value("0.1") == 0.1);
  CHECK(value("123456.789e3") == 123456789.0);
  CHECK(value("9007199254740993") == 9007199254740992.0);
  CHECK(value("1.7976931348623157e308") == 1.7976931348623157e308);
  CHECK(value("4.9e-324") == 4.9e-324);
  CHECK(value("1e-400") == 0);
  CHECK(value("0e999999999999999999999") == 0);
  CHECK(ScanNumber("1e400").overflow);
  CHECK_FALSE(ScanNumber("0.0000001e-400").overflow);
  CHECK(ScanNumber("2e").length == 1);
  CHECK(ScanNumber("2e+").length == 1);
  CHECK(ScanNumber("e5").length == 0);
  CHECK(ScanNumber("").length == 0);
  CHECK(ScanNumber(".").length == 0);
}

}  // namespace
}  // namespace solvent
