#include <set>
#include <string>
#include <vector>

#include "doctest/doctest.h"
#include "random_problem.h"
#include "solvent/error.h"
#include "solvent/problem_io.h"

namespace solvent {
namespace {

Problem Read(std::string_view text) {
  auto p = ReadLp(text);
  INFO(std::string(Message(p.status())));
  REQUIRE(p.ok());
  return *p;
}

std::string Fault(std::string_view text) {
  auto p = ReadLp(text);
  CHECK_FALSE(p.ok());
  CHECK(GetErrorInfo(p.status()).code == error_code::kBadRequest);
  return std::string(Message(p.status()));
}

// x and y are known; the lines go into the place named.
Problem WithBounds(std::string_view lines) {
  return Read("min x + y\nst\n c1: x + y >= 1\nbounds\n" + std::string(lines) + "\nend\n");
}
std::vector<double> Bounds(std::string_view lines) {
  Problem p = WithBounds(lines);
  return {p.column_lower[0], p.column_upper[0]};
}
std::string WithRow(std::string_view row) {
  return "min\n x + y + z\nsubject to\n" + std::string(row) + "\nend\n";
}

TEST_CASE("an LP file gives the rows, columns and terms it lists") {
  Problem p = Read(R"(\Problem name: plan
\ a comment
MAXIMIZE
 profit: 3 x + 2.5e1y - z + 7 - 2
SUBJECT TO
 r1: x + y
     + 2 z <= 10  \ goes on
 r2: -5 <= x - y <= 5
 2 <= z
 r4: 3 x + 4 >= 2 y + 6 w
Bounds
 x <= 4
 -inf <= y <= 3.5
 z free
 -2 <= w
General
 x
End
)");
  CHECK(p.name == "plan");
  CHECK(p.num_columns() == 4);
  CHECK(p.ColumnName(3) == "w");
  CHECK(p.objective == std::vector<double>{3, 25, -1, 0});
  CHECK(p.row_lower == std::vector<double>{-kInfinity, -5, 2, -4});
  CHECK(p.row_upper == std::vector<double>{10, 5, kInfinity, kInfinity});
  CHECK(p.RowName(1) == "r2");
  CHECK(p.RowName(2) == "c3");
  CHECK(p.column_start == std::vector<int64_t>{0, 3, 6, 8, 9});
  CHECK(p.row_index == std::vector<int32_t>{0, 1, 3, 0, 1, 3, 0, 2, 3});
  CHECK(p.value == std::vector<double>{1, 1, 3, 1, -1, -2, 2, 1, -6});
  CHECK(p.column_lower == std::vector<double>{0, -kInfinity, -kInfinity, -2});
  CHECK(p.column_upper == std::vector<double>{4, 3.5, kInfinity, kInfinity});
  CHECK(p.column_type[0] == ColumnType::kInteger);
}

TEST_CASE("every form of constraint is read") {
  auto row = [](std::string_view text) {
    Problem p = Read(WithRow(text));
    REQUIRE(p.num_rows() == 1);
    std::vector<double> all = {p.row_lower[0], p.row_upper[0], 0, 0, 0};
    for (int j = 0; j < 3; ++j) {
      size_t column = static_cast<size_t>(j);
      for (int64_t k = p.column_start[column]; k < p.column_start[column + 1]; ++k) {
        all[2 + column] = p.value[static_cast<size_t>(k)];
      }
    }
    return all;
  };
  const double inf = kInfinity;
  using Row = std::vector<double>;
  CHECK(row("r: x + y <= 4") == Row{-inf, 4, 1, 1, 0});
  CHECK(row("x + y <= 4") == Row{-inf, 4, 1, 1, 0});
  CHECK(row("r: x + y < 4") == Row{-inf, 4, 1, 1, 0});
  CHECK(row("r: x + y =< 4") == Row{-inf, 4, 1, 1, 0});
  CHECK(row("r: x + y >= 4") == Row{4, inf, 1, 1, 0});
  CHECK(row("r: x + y => 4") == Row{4, inf, 1, 1, 0});
  CHECK(row("r: x + y > 4") == Row{4, inf, 1, 1, 0});
  CHECK(row("r: x + y = -4") == Row{-4, -4, 1, 1, 0});
  CHECK(row("r: 2 <= x") == Row{2, inf, 1, 0, 0});
  CHECK(row("r: 2 >= x") == Row{-inf, 2, 1, 0, 0});
  CHECK(row("r: 2 = x") == Row{2, 2, 1, 0, 0});
  CHECK(row("r: -5 <= x + y <= 5") == Row{-5, 5, 1, 1, 0});
  CHECK(row("r: 5 >= x + y >= -5") == Row{-5, 5, 1, 1, 0});
  CHECK(row("r: -5 <= x\n + y <= 5") == Row{-5, 5, 1, 1, 0});
  CHECK(row("r: 2 x + 3x - 1.5e1 y >= 0") == Row{0, inf, 5, -15, 0});
  CHECK(row("r: 2*x + 3 * y >= 0") == Row{0, inf, 2, 3, 0});
  CHECK(row("r: 2\nx\n+\n3\ny >=\n0") == Row{0, inf, 2, 3, 0});
  CHECK(row("r: x - - y + -z >= 0") == Row{0, inf, 1, 1, -1});
  CHECK(row("r: x + 3 <= 4 + 5 - y") == Row{-inf, 6, 1, 1, 0});
  CHECK(row("r: x >= y") == Row{0, inf, 1, -1, 0});
  CHECK(row("r: x - x <= 3") == Row{-inf, 3, 0, 0, 0});
  CHECK(row("r: x + y >= -inf") == Row{-inf, inf, 1, 1, 0});
  CHECK(row("r: x + y <= 1e30") == Row{-inf, inf, 1, 1, 0});
  CHECK(row("r: -infinity <= x <= 3") == Row{-inf, 3, 1, 0, 0});
}

TEST_CASE("objectives may have a name, a constant, or nothing at all") {
  Problem p = Read("Maximize\n profit: 3 x + 2.5e1y - z + 7 - 2\nst\n x + y + z <= 1\nEnd\n");
  CHECK(p.sense == Sense::kMaximize);
  CHECK(p.objective_name == "profit");
  CHECK(p.objective == std::vector<double>{3, 25, -1});
  CHECK(p.objective_offset == 5);
  p = Read("minimise\nst\n x >= 1\nend\n");
  CHECK(p.sense == Sense::kMinimize);
  CHECK(p.objective == std::vector<double>{0});
  p = Read("MIN cost: such that x >= 1 end");
  CHECK(p.objective_name == "cost");
  p = Read("max x s.t. c: x <= 1 End\n");
  CHECK(p.objective == std::vector<double>{1});
}

TEST_CASE("several statements may share a line, and a line may begin with a sign") {
  Problem p = Read("min x + y st c1: x + y >= 1 c2: x - y <= 3 c3: x >= 0.5 end");
  CHECK(p.num_rows() == 3);
  CHECK(p.RowName(2) == "c3");
  p = Read("min x + y\nst\n x + y >= 1\n- x + y <= 3\n+ x <= 4\nend");
  CHECK(p.num_rows() == 3);
  CHECK(p.row_upper == std::vector<double>{kInfinity, 3, 4});
}

TEST_CASE("a row without a label gets a name that no other row has") {
  Problem p =
      Read("min x st c2: x >= 1\n x >= 0\n c3_: x >= 2\n x >= 3\n c4: x >= 4\n x >= 5\n end");
  std::vector<std::string> names;
  for (int32_t i = 0; i < p.num_rows(); ++i) names.push_back(p.RowName(i));
  CHECK(names == std::vector<std::string>{"c2", "c2_", "c3_", "c4_", "c4", "c6"});
  CHECK(Read("min x st x >= 1\n x >= 2\n end").row_names.empty());
}

TEST_CASE("every form of bound is read") {
  const double inf = kInfinity;
  using Pair = std::vector<double>;
  CHECK(Bounds("") == Pair{0, inf});
  CHECK(Bounds("x <= 4") == Pair{0, 4});
  CHECK(Bounds("x >= 2") == Pair{2, inf});
  CHECK(Bounds("4 >= x") == Pair{0, 4});
  CHECK(Bounds("2 <= x") == Pair{2, inf});
  CHECK(Bounds("2 <= x <= 4") == Pair{2, 4});
  CHECK(Bounds("4 >= x >= 2") == Pair{2, 4});
  CHECK(Bounds("x = 3") == Pair{3, 3});
  CHECK(Bounds("x free") == Pair{-inf, inf});
  CHECK(Bounds("x FREE\ny <= 3") == Pair{-inf, inf});
  CHECK(Bounds("-inf <= x <= 4") == Pair{-inf, 4});
  CHECK(Bounds("-infinity <= x <= +inf") == Pair{-inf, inf});
  CHECK(Bounds("x >= -1e30") == Pair{-inf, inf});
  CHECK(Bounds("x >= -5\nx <= -3") == Pair{-5, -3});
  CHECK(Bounds("x >= 2 y <= 3 x <= 4") == Pair{2, 4});
}

TEST_CASE("kinds of variables are read in any order") {
  Problem p = Read(
      "min x + y + z\nst\n c: x + y + z >= 1\nBounds\n z <= 5\nGenerals\n x\n z\nBinaries\n y\n"
      "Bounds\n y = 1\nEnd\n");
  CHECK(p.column_type ==
        std::vector<ColumnType>{ColumnType::kInteger, ColumnType::kBinary, ColumnType::kInteger});
  CHECK(p.column_lower == std::vector<double>{0, 1, 0});
  CHECK(p.column_upper == std::vector<double>{kInfinity, 1, 5});
}

TEST_CASE("names may hold what the format allows") {
  Problem p = Read("min 3 e1 + x[1,2] + a.b_c#1 + 2e1x\nst\n r[1]: e1 + x[1,2] >= 1\nend\n");
  CHECK(p.ColumnName(0) == "e1");
  CHECK(p.ColumnName(1) == "x[1,2]");
  CHECK(p.ColumnName(2) == "a.b_c#1");
  CHECK(p.ColumnName(3) == "x");
  CHECK(p.objective[3] == 20);
  CHECK(p.RowName(0) == "r[1]");
}

TEST_CASE("faults name line, column and text") {
  auto has = [](const std::string& text, std::string_view part) {
    INFO(text);
    CHECK(text.find(part) != std::string::npos);
  };
  has(Fault(""), "line 1, column 1: expected Minimize or Maximize, not the end of the file");
  has(Fault("x + y\n"), "expected Minimize or Maximize, not \"x\"");
  has(Fault("min x\n"), "expected End, not the end of the file");
  has(Fault("min x y\nst\nend"), "line 1, column 7: expected an operator or Subject To, not \"y\"");
  has(Fault("min x <= 3\nst\nend"), "line 1, column 7");
  has(Fault("min [ x^2 ] / 2\nst\nend"), "quadratic parts are not supported");
  has(Fault("min x^2\nst\nend"), "quadratic terms are not supported");
  has(Fault("min x * y\nst\nend"), "quadratic terms are not supported");
  has(Fault("min 1e400 x\nst\nend"), "\"1e400\" is too large");
  has(Fault("min inf + x\nst\nend"), "constant is not finite");
  has(Fault(WithRow("r: x + y")), "expected <=, >= or =, not \"end\"");
  has(Fault(WithRow("r: x + <= 3")), "line 4, column 8: expected a number or a variable");
  has(Fault(WithRow("r: x >= 3 <= 4")), "both relations of a range must point the same way");
  has(Fault(WithRow("r: x <= y <= 4")), "the ends of a range must be numbers");
  has(Fault(WithRow("r: 5 <= x <= 4")), "the bounds of row \"r\" exclude each other");
  has(Fault(WithRow("r: x >= inf")), "exclude each other");
  has(Fault(WithRow("5 <= x <= 4")), "the bounds of this row exclude each other");
  has(Fault(WithRow("r: x >= 1\n s: y >= 1\n r: z >= 1")),
      "line 6, column 2: row \"r\" is declared twice");
  has(Fault(WithRow("r: x + inf >= y")), "infinity cannot stand beside variables");
  has(Fault(WithRow("r: x = 1 -> y >= 2")), "indicator constraints are not supported");
  has(Fault(WithRow("r: [ x^2 ] <= 2")), "quadratic parts are not supported");
  has(Fault(WithRow("r: x \x01 <= 2")), "line 4, column 6");
  has(Fault("min x\nst\n c: x >= 1\nst\nend"), "begin for the second time");
  has(Fault("min x\nst\n c: x >= 1\nbounds\n q <= 1\nend"),
      "line 5, column 2: unknown variable \"q\"");
  has(Fault("min x\nst\n c: x >= 1\nbounds\n 2 x <= 1\nend"), "needs one variable and a number");
  has(Fault("min x\nst\n c: x >= 1\nbounds\n 1 <= x >= 2\nend"), "point the same way");
  has(Fault("min x\nst\n c: x >= 1\nbounds\n x <= -3\nend"), "which is 0 unless given");
  has(Fault("min x\nst\n c: x >= 1\ngeneral\n q\nend"), "unknown variable \"q\"");
  has(Fault("min x\nst\n c: x >= 1\ngeneral\n 5\nend"), "expected a variable, not \"5\"");
  has(Fault("min x\nst\n c: x >= 1\nsemi-continuous\n x\nend"),
      "section \"semi\" is not supported");
  has(Fault("min x\nst\n c: x >= 1\nsos2\n x\nend"), "section \"sos2\" is not supported");
  has(Fault("min x\nst\n c: x >= 1\nlazy constraints\n x\nend"),
      "section \"lazy\" is not supported");
  has(Fault("min x\nst\n c: x >= 1\nend\nx"), "text follows End");
  auto p = ReadLp("min x\nst\n a: x + >= 1\n b: x ? 2\n c: x >= 1\n d: <= 4\nend");
  CHECK(GetErrorInfo(p.status()).fields.size() == 3);
  std::string many = "min x\nst\n";
  for (int i = 0; i < 300; ++i) many += " a: x >=\n";
  p = ReadLp(many + "end");
  CHECK(GetErrorInfo(p.status()).fields.size() == 100);
  CHECK(Message(p.status()).find("(and 99 more or beyond)") != std::string::npos);
  ReadLimits limits;
  limits.max_rows = 1;
  CHECK_FALSE(ReadLp("min x\nst\n x >= 1\n x >= 2\nend", limits).ok());
  limits = ReadLimits();
  limits.max_columns = 1;
  CHECK_FALSE(ReadLp("min x\nst\n x + y >= 1\nend", limits).ok());
  limits = ReadLimits();
  limits.max_terms = 1;
  CHECK_FALSE(ReadLp("min x\nst\n x + y >= 1\nend", limits).ok());
}

TEST_CASE("a written LP file reads back the same") {
  for (uint64_t seed = 0; seed < 500; ++seed) {
    Problem p = RandomProblem(seed);
    std::string text = WriteLp(p);
    auto back = ReadLp(text);
    INFO(seed, " ", text, std::string(Message(back.status())));
    REQUIRE(back.ok());
    REQUIRE(*back == p);
  }
}

TEST_CASE("names that LP cannot hold are replaced") {
  ProblemBuilder b;
  for (const char* name : {"a b", "x1", "free", "st", "Bounds", "3x", "inf", "s[1]"}) {
    b.AddColumn(name, 0, 1, ColumnType::kContinuous, 1);
  }
  b.BeginRow("end", 0, 1);
  Problem p = std::move(b).Build().value();
  const std::string text = WriteLp(p);
  Problem back = Read(text);
  CHECK(back.objective == p.objective);
  CHECK(back.ColumnName(0) == "a_b");
  CHECK(back.ColumnName(1) == "x1");
  CHECK(back.ColumnName(2) == "x3");
  CHECK(back.ColumnName(7) == "s(1)");
  CHECK(back.RowName(0) == "c1");
  for (const char* line :
       {"\\ a_b = a b\n", "\\ x3 = free\n", "\\ s(1) = s[1]\n", "\\ c1 = end\n"}) {
    CHECK(text.find(line) != std::string::npos);
  }
  CHECK(text.find("= x1\n") == std::string::npos);
}

TEST_CASE("readable names that are another's already get numbers, and stay on one line") {
  ProblemBuilder b;
  for (const char* name : {"x[1]", "x(1)", "x['1']", "n\nEnd\n", "(1)"}) {
    b.AddColumn(name, 0, 1, ColumnType::kContinuous, 1);
  }
  b.BeginRow("r['East Hub',1]", 0, 1);
  Problem back = Read(WriteLp(std::move(b).Build().value()));
  REQUIRE(back.num_columns() == 5);
  std::set<std::string> names;
  for (int32_t j = 0; j < 5; ++j) names.insert(back.ColumnName(j));
  CHECK(names == std::set<std::string>{"x(1)", "x1", "x3", "n_End_", "_1_"});
  CHECK(back.RowName(0) == "r(East_Hub,1)");
}

TEST_CASE("a truncated LP file is refused at every byte before End") {
  std::string text = WriteLp(RandomProblem(5));
  for (size_t size = 0; size + 2 < text.size(); ++size) {
    REQUIRE_FALSE(ReadLp(std::string_view(text).substr(0, size)).ok());
  }
}

TEST_CASE("formats are told by name, then by content") {
  CHECK(GuessFormat("a.json", "") == ProblemFormat::kFlatJson);
  CHECK(GuessFormat("dir.lp/a.MPS", "{}") == ProblemFormat::kMps);
  CHECK(GuessFormat("a.lp", "") == ProblemFormat::kLp);
  CHECK(GuessFormat("", " \n{\"variables\":[]}") == ProblemFormat::kFlatJson);
  CHECK(GuessFormat("-", "* comment\nNAME x\nROWS\n") == ProblemFormat::kMps);
  CHECK(GuessFormat("-", "\\ comment\nMinimize\n") == ProblemFormat::kLp);
  CHECK(GuessFormat("", "") == ProblemFormat::kFlatJson);
  CHECK(ParseProblemFormat("mps").value() == ProblemFormat::kMps);
  CHECK_FALSE(ParseProblemFormat("xml").ok());
  Problem p = RandomProblem(9);
  for (auto format : {ProblemFormat::kFlatJson, ProblemFormat::kMps, ProblemFormat::kLp}) {
    auto back = ReadProblem(WriteProblem(p, format), format);
    REQUIRE(back.ok());
    CHECK(back->value == p.value);
  }
}

// Ten megabytes that are nothing in particular.
TEST_CASE("garbage is refused in bounded time") {
  std::string noise(10'000'000, ' ');
  uint64_t state = 88172645463325252ULL;
  for (char& c : noise) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    c = static_cast<char>(state);
  }
  std::string words;
  while (words.size() < 10'000'000) words += "x + 3 y >= ";
  std::string deep(10'000'000, '[');
  for (const std::string& text : {noise, words, deep}) {
    for (std::string_view head : {"", "min ", "min x\nst\n", "min x\nst\n x >= 1\nbounds\n",
                                  "ROWS\n L r\nCOLUMNS\n ", "{\"x\":"}) {
      std::string all = std::string(head) + text;
      CHECK_FALSE(ReadFlatJson(all).ok());
      CHECK_FALSE(ReadMps(all).ok());
      CHECK_FALSE(ReadLp(all).ok());
    }
  }
}

}  // namespace
}  // namespace solvent
