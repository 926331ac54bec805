#include <string>
#include <vector>

#include "doctest/doctest.h"
#include "random_problem.h"
#include "solvent/error.h"
#include "solvent/problem_io.h"

namespace solvent {
namespace {

constexpr std::string_view kHead =
    "NAME  T\nROWS\n N  cost\n L  r1\n G  r2\n E  r3\n N  other\nCOLUMNS\n"
    "    x  cost  1  r1  2\n    x  r3  3\n    y  other  4  r2  5\n";

std::string File(std::string_view rest) { return std::string(kHead) + std::string(rest); }

Problem Read(std::string_view text) {
  auto p = ReadMps(text);
  INFO(std::string(Message(p.status())));
  REQUIRE(p.ok());
  return *p;
}

std::string Fault(std::string_view text) {
  auto p = ReadMps(text);
  CHECK_FALSE(p.ok());
  CHECK(GetErrorInfo(p.status()).code == error_code::kBadRequest);
  return std::string(Message(p.status()));
}

// Lower and upper bound of column x after the given lines.
std::vector<double> Bounds(std::string_view lines) {
  Problem p = Read(File("BOUNDS\n" + std::string(lines) + "ENDATA\n"));
  return {p.column_lower[0], p.column_upper[0]};
}

TEST_CASE("an MPS file gives the rows, columns and entries it lists") {
  Problem p = Read(File("RHS\n    RHS  r1  7  r2  -8\n    RHS  r3  9  cost  -10\nENDATA\n"));
  CHECK(p.name == "T");
  CHECK(p.objective_name == "cost");
  CHECK(p.sense == Sense::kMinimize);
  CHECK(p.objective == std::vector<double>{1, 0});
  CHECK(p.objective_offset == 10);
  CHECK(p.num_rows() == 4);
  CHECK(p.RowName(3) == "other");
  CHECK(p.row_lower == std::vector<double>{-kInfinity, -8, 9, -kInfinity});
  CHECK(p.row_upper == std::vector<double>{7, kInfinity, 9, kInfinity});
  CHECK(p.column_start == std::vector<int64_t>{0, 2, 4});
  CHECK(p.row_index == std::vector<int32_t>{0, 2, 1, 3});
  CHECK(p.value == std::vector<double>{2, 3, 5, 4});
  CHECK(p.column_lower == std::vector<double>{0, 0});
  CHECK(p.column_upper == std::vector<double>{kInfinity, kInfinity});
}

TEST_CASE("the first word after NAME is the name, unless it stands for none") {
  auto name = [](std::string_view line) {
    return Read(std::string(line) + "\nROWS\n L r\nCOLUMNS\n x r 1\nENDATA\n").name;
  };
  CHECK(name("NAME").empty());
  CHECK(name("NAME noname FREE").empty());
  CHECK(name("NAME          p") == "p");
  CHECK(name("NAME p FREE and more words than a data line may have, of any length") == "p");
}

TEST_CASE("set names may be left out, lines may end in CR and comments are passed over") {
  Problem p =
      Read(File("* note\r\nRHS\r\n\r\n    r1  7  r2  8\r\nRANGES\n    r1 2\nBOUNDS\n"
                " UP x 4\n MI y\nENDATA\r\n\n* the end\n"));
  CHECK(p.row_upper[0] == 7);
  CHECK(p.row_lower[0] == 5);
  CHECK(p.row_lower[1] == 8);
  CHECK(p.column_upper[0] == 4);
  CHECK(p.column_lower[1] == -kInfinity);
}

TEST_CASE("the sense may stand beside or below its heading") {
  for (std::string_view sense :
       {"OBJSENSE\n    MAX\n", "OBJSENSE MAX\n", "OBJSENSE\n MAXIMIZE\n", "OBJSENSE maximize\n"}) {
    CHECK(Read(std::string(sense) + File("ENDATA\n")).sense == Sense::kMaximize);
  }
  CHECK(Read("OBJSENSE MIN\n" + File("ENDATA\n")).sense == Sense::kMinimize);
}

TEST_CASE("ranges depend on the row's type and the range's sign") {
  auto range = [](std::string_view row, std::string_view width) {
    Problem p = Read(File("RHS\n RHS r1 10 r2 10\n RHS r3 10\nRANGES\n RNG " + std::string(row) +
                          " " + std::string(width) + "\nENDATA\n"));
    size_t i = row == "r1" ? 0 : row == "r2" ? 1 : 2;
    return std::vector<double>{p.row_lower[i], p.row_upper[i]};
  };
  CHECK(range("r1", "4") == std::vector<double>{6, 10});
  CHECK(range("r1", "-4") == std::vector<double>{6, 10});
  CHECK(range("r2", "4") == std::vector<double>{10, 14});
  CHECK(range("r2", "-4") == std::vector<double>{10, 14});
  CHECK(range("r3", "4") == std::vector<double>{10, 14});
  CHECK(range("r3", "-4") == std::vector<double>{6, 10});
  CHECK(range("r3", "0") == std::vector<double>{10, 10});
}

TEST_CASE("every bound type means what it should") {
  CHECK(Bounds(" UP B x 4\n") == std::vector<double>{0, 4});
  CHECK(Bounds(" UP B x 0\n") == std::vector<double>{0, 0});
  CHECK(Bounds(" UP B x -4\n") == std::vector<double>{-kInfinity, -4});
  CHECK(Bounds(" LO B x -9\n UP B x -4\n") == std::vector<double>{-9, -4});
  CHECK(Bounds(" UP B x -4\n LO B x -9\n") == std::vector<double>{-9, -4});
  CHECK(Bounds(" LO B x 2\n") == std::vector<double>{2, kInfinity});
  CHECK(Bounds(" FX B x 3\n") == std::vector<double>{3, 3});
  CHECK(Bounds(" FR B x\n") == std::vector<double>{-kInfinity, kInfinity});
  CHECK(Bounds(" MI B x\n") == std::vector<double>{-kInfinity, kInfinity});
  CHECK(Bounds(" MI B x 0\n UP B x 3\n") == std::vector<double>{-kInfinity, 3});
  CHECK(Bounds(" PL B x\n") == std::vector<double>{0, kInfinity});
  CHECK(Bounds(" BV B x\n") == std::vector<double>{0, 1});
  CHECK(Bounds(" BV B x\n LO B x 1\n") == std::vector<double>{1, 1});
  CHECK(Bounds(" LI B x 2\n UI B x 5\n") == std::vector<double>{2, 5});
  CHECK(Bounds(" LO B x -1e30\n UP B x 1e31\n") == std::vector<double>{-kInfinity, kInfinity});
  CHECK(Bounds(" LO B x -inf\n UP B x Infinity\n") == std::vector<double>{-kInfinity, kInfinity});
  auto type = [](std::string_view lines) {
    return Read(File("BOUNDS\n" + std::string(lines) + "ENDATA\n")).column_type[0];
  };
  CHECK(type(" BV B x\n") == ColumnType::kBinary);
  CHECK(type(" BV B x\n UP B x 3\n") == ColumnType::kInteger);
  CHECK(type(" LI B x 2\n") == ColumnType::kInteger);
  CHECK(type(" UI B x 2\n") == ColumnType::kInteger);
  CHECK(type(" UP B x 2\n") == ColumnType::kContinuous);
}

TEST_CASE("integers between markers are 0/1 columns unless bounds say otherwise") {
  auto integers = [](std::string_view bounds) {
    return Read(
        "ROWS\n N o\n L r\nCOLUMNS\n M 'MARKER' 'INTORG'\n i r 1\n M 'MARKER' 'INTEND'\n"
        " z r 1\nBOUNDS\n" +
        std::string(bounds) + "ENDATA\n");
  };
  Problem p = integers("");
  CHECK(p.column_type == std::vector<ColumnType>{ColumnType::kInteger, ColumnType::kContinuous});
  CHECK(p.column_upper == std::vector<double>{1, kInfinity});
  CHECK(integers(" PL B i\n").column_upper[0] == kInfinity);
  CHECK(integers(" LO B i 2\n").column_upper[0] == kInfinity);
  CHECK(integers(" UP B i 7\n").column_upper[0] == 7);
}

TEST_CASE("names with spaces are read in fixed form") {
  Problem p = Read(
      "NAME          FIXED\n"
      "ROWS\n"
      " N  my cost\n"
      " L  row one\n"
      "COLUMNS\n"
      "    col a     my cost            1.5   row one              2\n"
      "    col b     row one              3\n"
      "RHS\n"
      "              row one              9\n"
      "BOUNDS\n"
      " UP           col a                4\n"
      "ENDATA\n");
  CHECK(p.objective_name == "my cost");
  CHECK(p.ColumnName(0) == "col a");
  CHECK(p.RowName(0) == "row one");
  CHECK(p.row_upper[0] == 9);
  CHECK(p.column_upper[0] == 4);
  CHECK(p.value == std::vector<double>{2, 3});
}

TEST_CASE("faults name line, column and text, several at once") {
  auto has = [](const std::string& text, std::string_view part) {
    INFO(text);
    CHECK(text.find(part) != std::string::npos);
  };
  has(Fault(""), "line 1, column 1: the file ends without ENDATA");
  has(Fault(File("")), "the file ends without ENDATA");
  has(Fault(File("ENDATA\nmore\n")), "text follows ENDATA");
  has(Fault("FOO\n"), "line 1, column 1: unknown section \"FOO\"");
  has(Fault(" x 1\n"), "data stands before any section");
  has(Fault("COLUMNS\nENDATA\n"), "stands before ROWS");
  has(Fault("ROWS\nRHS\nENDATA\n"), "stands before COLUMNS");
  has(Fault(File("COLUMNS\nENDATA\n")), "for the second time");
  has(Fault("ROWS\n Q r\nENDATA\n"), "line 2, column 2: \"Q\" is no row type");
  has(Fault("ROWS\n L r\n G r\nENDATA\n"), "line 3, column 4: row \"r\" is declared twice");
  has(Fault(File("    z  nix  1\nENDATA\n")), "line 12, column 8: unknown row \"nix\"");
  has(Fault(File("    z  r1  abc\nENDATA\n")), "\"abc\" is not a number");
  has(Fault(File("    z  r1  inf\nENDATA\n")), "\"inf\" is not finite");
  has(Fault(File("    z  r1  1e400\nENDATA\n")), "is not finite");
  has(Fault(File("    z  r1  nan\nENDATA\n")), "\"nan\" is not a number");
  has(Fault(File("    z  r1  0x10\nENDATA\n")), "\"0x10\" is not a number");
  has(Fault(File("    z  r1\nENDATA\n")), "expected a column, a row and a number");
  has(Fault(File("    y  r2  1\nENDATA\n")), "a second entry for row \"r2\" in column \"y\"");
  has(Fault(File("    x  r2  1\nENDATA\n")), "column \"x\" appears again after others");
  has(Fault(File("RHS\n R r1 1\n R r1 2\nENDATA\n")), "a second right-hand side for row \"r1\"");
  has(Fault(File("RHS\n R r1 1\n S r2 2\nENDATA\n")), "a second set of right-hand sides, \"S\"");
  has(Fault(File("RHS\n R cost inf\nENDATA\n")), "is not finite");
  has(Fault(File("RANGES\n R other 1\nENDATA\n")), "is of type N");
  has(Fault(File("RANGES\n R r1 1\n R r1 1\nENDATA\n")), "a second range for row \"r1\"");
  has(Fault(File("BOUNDS\n UP B q 1\nENDATA\n")), "unknown column \"q\"");
  has(Fault(File("BOUNDS\n XX B x 1\nENDATA\n")), "\"XX\" is no bound type");
  has(Fault(File("BOUNDS\n SC B x 1\nENDATA\n")), "semi-continuous");
  has(Fault(File("BOUNDS\n UP B x 1\n UP B x 1\nENDATA\n")), "a second bound of this kind");
  has(Fault(File("BOUNDS\n LO B x 1e30\nENDATA\n")), "cannot be this bound");
  has(Fault(File("BOUNDS\n FX B x inf\nENDATA\n")), "cannot be this bound");
  has(Fault(File("BOUNDS\n LO B x 5\n UP B x 4\nENDATA\n")),
      "line 14, column 1: the lower bound of column \"x\" is above its upper bound");
  has(Fault(File("QUADOBJ\n x x 1\nENDATA\n")), "\"QUADOBJ\" is not supported");
  has(Fault(File("SOS\n S1 a\nENDATA\n")), "\"SOS\" is not supported");
  has(Fault("OBJSENSE\n UP\nENDATA\n"), "\"UP\" is no sense");
  has(Fault(File("    z\tr1\x01  2\nENDATA\n")), "a control character");
  std::string many(kHead);
  for (int i = 0; i < 300; ++i) many += "    z  nix  1\n";
  auto p = ReadMps(many + "ENDATA\n");
  CHECK(GetErrorInfo(p.status()).fields.size() == 100);
  CHECK(Message(p.status()).find("(and 99 more or beyond)") != std::string::npos);
  ReadLimits limits;
  limits.max_rows = 2;
  CHECK_FALSE(ReadMps(File("ENDATA\n"), limits).ok());
  limits = ReadLimits();
  limits.max_columns = 1;
  CHECK_FALSE(ReadMps(File("ENDATA\n"), limits).ok());
  limits = ReadLimits();
  limits.max_terms = 3;
  CHECK_FALSE(ReadMps(File("ENDATA\n"), limits).ok());
}

TEST_CASE("a written MPS file reads back the same") {
  for (uint64_t seed = 0; seed < 500; ++seed) {
    Problem p = RandomProblem(seed);
    std::string text = WriteMps(p);
    auto back = ReadMps(text);
    INFO(seed, " ", text, std::string(Message(back.status())));
    REQUIRE(back.ok());
    if (p.objective_name.empty()) p.objective_name = "obj";
    REQUIRE(*back == p);
  }
}

TEST_CASE("names that MPS cannot hold are replaced") {
  ProblemBuilder b;
  for (const char* name : {"a b", "x1", "x1", "$d", "f\xC3\xBC", "[x,1]"}) {
    b.AddColumn(name, 0, 1, ColumnType::kContinuous, 1);
  }
  b.BeginRow("obj", 0, 1);
  Problem p = std::move(b).Build().value();
  const std::string text = WriteMps(p);
  Problem back = Read(text);
  CHECK(back.objective == p.objective);
  CHECK(back.ColumnName(0) == "a_b");
  CHECK(back.ColumnName(1) == "x1");
  CHECK(back.ColumnName(2) == "x3");
  CHECK(back.ColumnName(4) == "f_");
  CHECK(text.starts_with("* a_b = a b\n* x3 = x1\n"));
  CHECK(back.ColumnName(5) == "[x,1]");
  CHECK(back.RowName(0) == "obj");
  CHECK(back.objective_name == "obj_");
}

TEST_CASE("ends of ranges survive although MPS keeps only a width") {
  const double ends[][2] = {{0.1, 0.3},     {-1, 1 + 2.3e-16}, {-1e10, 1e-5},
                            {1e-300, 1e20}, {-1e-5, 1e10},     {-0.1, 0.1 + 1e-16}};
  for (auto [lower, upper] : ends) {
    ProblemBuilder b;
    b.AddColumn("x", 0, 1, ColumnType::kContinuous, 1);
    b.BeginRow("r", lower, upper);
    Problem p = std::move(b).Build().value();
    Problem back = Read(WriteMps(p));
    CHECK(back.row_lower[0] == lower);
    CHECK(back.row_upper[0] == upper);
  }
}

TEST_CASE("a truncated MPS file is refused at every byte before ENDATA") {
  std::string text = WriteMps(RandomProblem(5));
  for (size_t size = 0; size + 2 < text.size(); ++size) {
    REQUIRE_FALSE(ReadMps(std::string_view(text).substr(0, size)).ok());
  }
}

}  // namespace
}  // namespace solvent
