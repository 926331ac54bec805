#include "solvent/problem.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "doctest/doctest.h"
#include "problem_codec.h"
#include "random_problem.h"
#include "solvent/error.h"
#include "solvent/problem_io.h"

namespace solvent {
namespace {

Problem Small() {
  ProblemBuilder b;
  int32_t x = b.AddColumn("x", 0, kInfinity, ColumnType::kContinuous, 2);
  int32_t y = b.AddColumn("y", 0, 1, ColumnType::kBinary, 3);
  b.BeginRow("c", 4, kInfinity);
  b.AddTerm(y, 1);
  b.AddTerm(x, 1);
  b.BeginRow("d", -kInfinity, 7);
  b.AddTerm(x, 2);
  return std::move(b).Build().value();
}

TEST_CASE("the builder transposes rows, adds up like terms and drops those that vanish") {
  ProblemBuilder b;
  int32_t x = b.AddColumn("", 0, 10, ColumnType::kInteger, 1);
  int32_t y = b.AddColumn("", 0, 10, ColumnType::kContinuous);
  b.AddObjectiveTerm(y, 2);
  b.AddObjectiveTerm(y, 0.5);
  b.BeginRow("", 0, 1);
  b.AddTerm(y, 3);
  b.AddTerm(x, 1);
  b.AddTerm(y, -3);
  b.BeginRow("", 2, 3);
  b.AddTerm(y, 1);
  b.AddTerm(x, 5);
  b.AddTerm(x, 1);
  b.BeginRow("", 4, 5);
  auto p = std::move(b).Build();
  REQUIRE(p.ok());
  CHECK(p->objective == std::vector<double>{1, 2.5});
  CHECK(p->column_start == std::vector<int64_t>{0, 2, 3});
  CHECK(p->row_index == std::vector<int32_t>{0, 1, 1});
  CHECK(p->value == std::vector<double>{1, 6, 1});
  CHECK(p->column_names.empty());
  CHECK(p->ColumnName(1) == "x2");
  CHECK(p->RowName(2) == "c3");
}

TEST_CASE("names that some rows lack are made up") {
  ProblemBuilder b;
  b.AddColumn("x1", 0, 1, ColumnType::kContinuous);
  b.BeginRow("", 0, 1);
  b.BeginRow("mine", 0, 1);
  Problem p = std::move(b).Build().value();
  CHECK(p.column_names.empty());
  CHECK(p.row_names.size() == 2);
  CHECK(p.row_names[0] == "c1");
  CHECK(p.row_names[1] == "mine");
}

TEST_CASE("the builder refuses columns that do not exist and terms without a row") {
  ProblemBuilder b;
  b.AddColumn("x", 0, 1, ColumnType::kContinuous);
  b.BeginRow("c", 0, 1);
  b.AddTerm(7, 1);
  CHECK(Message(std::move(b).Build().status()).find("column 7") != std::string::npos);
  ProblemBuilder early;
  early.AddColumn("x", 0, 1, ColumnType::kContinuous);
  early.AddTerm(0, 1);
  early.BeginRow("c", 0, 1);
  CHECK(Message(std::move(early).Build().status()).find("before the first row") !=
        std::string::npos);
  ProblemBuilder objective;
  objective.AddObjectiveTerm(0, 1);
  CHECK_FALSE(std::move(objective).Build().ok());
}

TEST_CASE("a check names every offending row and column") {
  const Problem good = Small();
  CHECK(good.Check().ok());
  auto broken = [&](auto change) {
    Problem p = good;
    change(p);
    absl::Status status = p.Check();
    CHECK_FALSE(status.ok());
    CHECK(GetErrorInfo(status).code == error_code::kBadRequest);
    return std::string(Message(status));
  };
  const double nan = std::nan("");
  auto has = [](const std::string& text, std::string_view part) {
    INFO(text);
    CHECK(text.find(part) != std::string::npos);
  };
  has(broken([&](Problem& p) { p.column_lower[0] = nan; }), "column x: a bound is not a number");
  has(broken([&](Problem& p) { p.column_lower[0] = kInfinity; }), "lower bound is +infinity");
  has(broken([&](Problem& p) { p.row_upper[1] = -kInfinity; }), "row d: the upper bound is");
  has(broken([&](Problem& p) { p.column_upper[0] = -1; }), "lower bound 0 is above");
  has(broken([&](Problem& p) { p.column_upper[1] = 2; }), "column y: a binary's bounds");
  has(broken([&](Problem& p) { p.objective[0] = kInfinity; }), "not finite");
  has(broken([&](Problem& p) { p.objective_offset = nan; }), "constant is not finite");
  has(broken([&](Problem& p) { p.value[2] = nan; }), "column y in row c");
  has(broken([&](Problem& p) { p.value[2] = -2e20; }), "column y in row c is beyond 1e20 in size");
  has(broken([&](Problem& p) { p.objective[0] = 1e25; }), "column x: the objective coefficient is");
  has(broken([&](Problem& p) { p.value[0] = 0; }), "explicit zeros");
  has(broken([&](Problem& p) { p.row_index[0] = 2; }), "row index 2 is out of range");
  has(broken([&](Problem& p) { p.row_index[0] = -1; }), "out of range");
  has(broken([&](Problem& p) { p.row_index[0] = 1; }), "do not ascend at row d");
  has(broken([&](Problem& p) { p.column_start[1] = 9; }), "column_start descends");
  has(broken([&](Problem& p) { p.column_start[2] = 2; }), "column_start must run");
  has(broken([&](Problem& p) { p.column_start.pop_back(); }), "one entry more");
  has(broken([&](Problem& p) { p.row_index.pop_back(); }), "differ in size");
  has(broken([&](Problem& p) { p.column_type.pop_back(); }), "differ in size");
  has(broken([&](Problem& p) { p.column_names.Add("z"); }), "number of column names");
  has(broken([&](Problem& p) { p.row_names.Add("z"); }), "number of row names");
  Problem many;
  for (int j = 0; j < 150; ++j) {
    many.objective.push_back(nan);
    many.column_lower.push_back(0);
    many.column_upper.push_back(1);
    many.column_type.push_back(ColumnType::kContinuous);
    many.column_start.push_back(0);
  }
  const absl::Status status = many.Check();
  REQUIRE(GetErrorInfo(status).fields.size() == 101);
  CHECK(GetErrorInfo(status).fields[100].message == "50 more faults are not listed");
  CHECK(Message(status).find("(and 149 more)") != std::string::npos);
}

TEST_CASE("the builder takes 1e30 and more for infinite, and so do the writers") {
  auto build = [](double column_upper, double row_lower, double row_upper) {
    ProblemBuilder b;
    b.AddColumn("x", 0, column_upper, ColumnType::kContinuous, 2);
    b.BeginRow("wide", row_lower, row_upper);
    b.AddTerm(0, 1);
    return std::move(b).Build();
  };
  auto p = build(1e30, -1e31, 5);
  REQUIRE(p.ok());
  CHECK(p->column_upper[0] == kInfinity);
  CHECK(p->row_lower[0] == -kInfinity);
  CHECK(
      Message(build(1, 1e30, kInfinity).status()).find("row wide: the lower bound is +infinity") !=
      std::string::npos);
  CHECK_FALSE(build(1, 1e31, 1e32).ok());
  CHECK_FALSE(build(-1e30, 0, 1).ok());
  // A problem that was put together by hand.
  p->column_upper[0] = 1e33;
  p->row_lower[0] = -1e35;
  p->row_upper[0] = 1e30;
  CHECK(CheckWritable(*p).ok());
  for (ProblemFormat format : {ProblemFormat::kFlatJson, ProblemFormat::kMps, ProblemFormat::kLp}) {
    auto back = ReadProblem(WriteProblem(*p, format), format);
    REQUIRE_MESSAGE(back.ok(), Message(back.status()));
    CHECK(back->column_upper[0] == kInfinity);
    CHECK(back->row_lower[0] == -kInfinity);
    CHECK(back->row_upper[0] == kInfinity);
  }
  p->row_lower[0] = 1e30;
  p->row_upper[0] = kInfinity;
  CHECK(Message(CheckWritable(*p)).find("row wide: no file can hold") == 0);
  for (ProblemFormat format : {ProblemFormat::kFlatJson, ProblemFormat::kMps, ProblemFormat::kLp})
    CHECK(WriteProblem(*p, format).empty());
}

TEST_CASE("a point is checked with sums that do not lose small parts") {
  Problem p = Small();
  std::vector<double> x = {3.25, 0.5};
  PointCheck check = CheckPoint(p, x);
  CHECK(check.objective == 8.0);
  CHECK(check.max_row_violation == 0.25);
  CHECK(check.max_scaled_row_violation == 0.0625);
  CHECK(check.worst_row == 0);
  CHECK(check.max_integrality_violation == 0.5);
  CHECK(check.worst_column == 1);
  CHECK(check.max_bound_violation == 0);
  CHECK(check.finite);
  CHECK(p.Activity(x) == std::vector<double>{3.75, 6.5});

  ProblemBuilder b;
  for (int j = 0; j < 3; ++j) b.AddColumn("", -kInfinity, kInfinity, ColumnType::kContinuous, 1);
  b.BeginRow("", 1, 1);
  for (int j = 0; j < 3; ++j) b.AddTerm(j, 1);
  Problem cancel = std::move(b).Build().value();
  std::vector<double> big = {1e17, 1, -1e17};
  CHECK(CheckPoint(cancel, big).max_row_violation == 0);
  CHECK(cancel.Objective(big) == 1);
  big[1] = kInfinity;
  CHECK_FALSE(CheckPoint(cancel, big).finite);
  big[1] = std::nan("");
  check = CheckPoint(cancel, big);
  CHECK_FALSE(check.finite);
  CHECK(check.max_row_violation == kInfinity);
  CHECK_FALSE(CheckPoint(cancel, std::vector<double>{1, 2}).finite);
}

TEST_CASE("a row without rounding is not excused by its size") {
  auto scaled = [](ColumnType second, double coefficient, double at, double side) {
    ProblemBuilder b;
    b.AddColumn("", 0, 1e18, ColumnType::kInteger);
    b.AddColumn("", 0, second == ColumnType::kBinary ? 1 : 1e18, second);
    b.BeginRow("", side, side);
    b.AddTerm(0, 1e9);
    b.AddTerm(1, coefficient);
    const Problem problem = std::move(b).Build().value();
    return CheckPoint(problem, std::vector<double>{at, 1}).max_scaled_row_violation;
  };
  const ColumnType integer = ColumnType::kInteger;
  CHECK(scaled(integer, -2, 3, 3e9) == 2);
  CHECK(scaled(ColumnType::kBinary, -2, 3, 3e9) == 2);
  CHECK(scaled(integer, -2, 3, 3e9 - 2) == 0);
  CHECK(scaled(integer, -2, 3, 3e9 - 2 + 1e-6) < 1e-15);  // rounding of the side alone
  // Any of these leaves room for rounding.
  CHECK(scaled(ColumnType::kContinuous, -2, 3, 3e9) == 2 / 3e9);
  CHECK(scaled(integer, -1.5, 3, 3e9) == 1.5 / 3e9);
  CHECK(scaled(integer, -2, 1e7, 1e16) == 2 / 1e16);
}

TEST_CASE("an encoded problem comes back the same") {
  for (uint64_t seed = 0; seed < 300; ++seed) {
    Problem p = RandomProblem(seed);
    auto back = DecodeProblem(EncodeProblem(p));
    REQUIRE(back.ok());
    REQUIRE(*back == p);
  }
  CHECK(DecodeProblem(EncodeProblem(Problem())).ok());
}

TEST_CASE("damaged bytes never decode to a broken problem") {
  std::string bytes = EncodeProblem(RandomProblem(3));
  for (size_t size = 0; size < bytes.size(); ++size) {
    REQUIRE_FALSE(DecodeProblem(bytes.substr(0, size)).ok());
  }
  CHECK_FALSE(DecodeProblem(bytes + "x").ok());
  for (size_t at = 0; at < bytes.size(); ++at) {
    for (unsigned char flip : {0x01, 0x80, 0xff}) {
      std::string bad = bytes;
      bad[at] = static_cast<char>(static_cast<unsigned char>(bad[at]) ^ flip);
      auto p = DecodeProblem(bad);
      if (p.ok()) REQUIRE(p->Check().ok());
    }
  }
  bytes[0] = 9;
  CHECK(Message(DecodeProblem(bytes).status()).find("version 9") != std::string::npos);
}

TEST_CASE("a problem whose arrays do not fit together is neither evaluated nor written") {
  ProblemBuilder b;
  b.AddColumn("x", 0, 1, ColumnType::kInteger);
  b.BeginRow("c", 0, 1);
  b.AddTerm(0, 1);
  const Problem good = *std::move(b).Build();
  const std::vector<double> x{1};
  auto breaks = [&](auto change) {
    Problem p = good;
    change(p);
    CHECK_FALSE(p.Check().ok());
    CHECK_FALSE(CheckPoint(p, x).finite);
    p.Activity(x);
    for (ProblemFormat format : {ProblemFormat::kFlatJson, ProblemFormat::kMps, ProblemFormat::kLp})
      CHECK(WriteProblem(p, format).empty());
  };
  breaks([](Problem& p) { p.column_lower.clear(); });
  breaks([](Problem& p) { p.column_type.clear(); });
  breaks([](Problem& p) { p.row_upper.clear(); });
  breaks([](Problem& p) { p.column_start.clear(); });
  breaks([](Problem& p) { p.column_start = {0, -5}; });
  breaks([](Problem& p) { p.column_start = {0, std::numeric_limits<int64_t>::max()}; });
  breaks([](Problem& p) { p.row_index[0] = 7; });
  breaks([](Problem& p) { p.row_index[0] = -1; });
  breaks([](Problem& p) { p.row_index.clear(); });
  ProblemBuilder rows;
  rows.SetRowBounds(5, 0, 1);
  CHECK_FALSE(std::move(rows).Build().ok());
}

TEST_CASE("a bound that nothing satisfies is no problem's, whoever made it") {
  ProblemBuilder builder;
  builder.AddColumn("x", 0, 5, ColumnType::kContinuous, 1);
  builder.BeginRow("c", 1, 2);
  builder.AddTerm(0, 1);
  const Problem good = *std::move(builder).Build();
  auto refused = [&](auto damage) {
    Problem p = good;
    damage(p);
    CHECK_FALSE(p.Check().ok());
  };
  CHECK(good.Check().ok());
  refused([](Problem& p) { p.column_lower[0] = p.column_upper[0] = 1e30; });
  refused([](Problem& p) { p.column_lower[0] = p.column_upper[0] = -1e30; });
  refused([](Problem& p) { p.row_lower[0] = p.row_upper[0] = 1e31; });
  refused([](Problem& p) { p.row_lower[0] = p.row_upper[0] = -1e300; });
}

TEST_CASE("names of a file that are no UTF-8 stay distinct and readable") {
  // "é" is 0xE9 in Latin-1.
  const std::string mps =
      "NAME pr\xE9s\nROWS\n N co\xFBt\n G \xE9t\xE9\nCOLUMNS\n a\x9b co\xFBt 1 \xE9t\xE9 1\n"
      " a\x9c co\xFBt 2 \xE9t\xE9 1\n \xC3\xA9 co\xFBt 3\nRHS\n R \xE9t\xE9 3\nENDATA\n";
  auto p = ReadMps(mps);
  REQUIRE_MESSAGE(p.ok(), Message(p.status()));
  CHECK(p->name == "pr\u00e9s");
  CHECK(p->objective_name == "co\u00fbt");
  CHECK(p->row_names[0] == "\u00e9t\u00e9");
  CHECK(p->column_names[0] == "a\xC2\x9B");
  CHECK(p->column_names[1] == "a\xC2\x9C");
  CHECK(p->column_names[2] == "\u00c3\u00a9");
  p = ReadLp("min \xE9t\xE9 + 2 \xE8t\xE9\nst\n \xFB: \xE9t\xE9 + \xE8t\xE9 >= 1\nend\n");
  REQUIRE_MESSAGE(p.ok(), Message(p.status()));
  CHECK(p->column_names[0] == "\u00e9t\u00e9");
  CHECK(p->column_names[1] == "\u00e8t\u00e9");
  CHECK(p->row_names[0] == "\u00fb");
  // Columns, rows and titles are looked at by themselves.
  p = ReadMps("NAME K\xF6ln\nROWS\n N cost\n G \xFB\nCOLUMNS\n \xC3\xA9 cost 1 \xFB 1\nENDATA\n");
  REQUIRE_MESSAGE(p.ok(), Message(p.status()));
  CHECK(p->name == "K\u00f6ln");
  CHECK(p->row_names[0] == "\u00fb");
  CHECK(p->column_names[0] == "\u00e9");
  // UTF-8 is left as it is, whatever the comments hold.
  p = ReadLp("\\ r\xE9sum\xE9\nmin \u00e9t\u00e9\nst\n c: \u00e9t\u00e9 >= 1\nend\n");
  REQUIRE_MESSAGE(p.ok(), Message(p.status()));
  CHECK(p->column_names[0] == "\u00e9t\u00e9");
}

TEST_CASE("a reader that may report no fault reports one") {
  ReadLimits limits;
  limits.max_errors = 0;
  CHECK_FALSE(ReadFlatJson(R"({"variables": [{"name": 1}]})", limits).ok());
  CHECK_FALSE(ReadMps("ROWS\n Q q\n", limits).ok());
  CHECK_FALSE(ReadLp("nonsense", limits).ok());
}

}  // namespace
}  // namespace solvent
