// Our files in the hands of the cbc and glpsol programs, and theirs in ours.
#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <random>
#include <sstream>
#include <string>

#include "doctest/doctest.h"
#include "solvent/error.h"
#include "solvent/problem_io.h"

namespace solvent {
namespace {

bool HasProgram(const std::string& name) {
  return std::system(("command -v " + name + " > /dev/null 2>&1").c_str()) == 0;
}

class Folder {
 public:
  Folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "solvent-XXXXXX").string();
    REQUIRE(mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  std::string Path(std::string_view name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

void Put(const std::string& path, const std::string& text) { std::ofstream(path) << text; }

std::string Get(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// A feasible, bounded problem of whole numbers, of the kinds that all readers share.
Problem Solvable(uint64_t seed) {
  std::mt19937_64 random(seed);
  auto pick = [&](int64_t low, int64_t high) {
    return static_cast<double>(
        low + static_cast<int64_t>(random() % static_cast<uint64_t>(high - low + 1)));
  };
  ProblemBuilder b;
  b.SetName("t" + std::to_string(seed));
  b.SetObjectiveName("cost");
  int columns = static_cast<int>(pick(2, 7));
  for (int j = 0; j < columns; ++j) {
    auto type = static_cast<ColumnType>(random() % 3);
    double lower = type == ColumnType::kBinary ? 0 : pick(-8, 2);
    double upper = type == ColumnType::kBinary ? 1 : lower + pick(1, 12);
    b.AddColumn("v" + std::to_string(j), lower, upper, type, pick(1, 9) * (random() % 2 ? 1 : -1));
  }
  int rows = static_cast<int>(pick(1, 6));
  for (int i = 0; i < rows; ++i) {
    double side = pick(-6, 20);
    switch (random() % 3) {
      case 0: b.BeginRow("r" + std::to_string(i), -kInfinity, side); break;
      case 1: b.BeginRow("r" + std::to_string(i), side - 30, kInfinity); break;
      default: b.BeginRow("r" + std::to_string(i), side - 25, side); break;
    }
    for (int j = 0; j < columns; ++j) {
      if (random() % 3 != 0) b.AddTerm(j, pick(1, 5) * (random() % 2 ? 1 : -1));
    }
  }
  return std::move(b).Build().value();
}

// The optimum that glpsol finds, or nothing when it finds none.
std::optional<double> Glpsol(const Folder& folder, const std::string& option,
                             const std::string& file) {
  std::string out = folder.Path("glpsol.txt");
  std::string command = "glpsol " + option + " " + file + " --write " + out + " > /dev/null 2>&1";
  std::filesystem::remove(out);
  if (std::system(command.c_str()) != 0) return std::nullopt;
  std::istringstream lines(Get(out));
  for (std::string line; std::getline(lines, line);) {
    // "s mip ROWS COLUMNS o VALUE" or "s bas ROWS COLUMNS f f VALUE"
    std::istringstream words(line);
    std::string s, kind, rows, cols, first, second;
    double value = 0;
    if (!(words >> s) || s != "s") continue;
    words >> kind >> rows >> cols >> first;
    if (kind == "bas") words >> second;
    bool solved = kind == "bas" ? first == "f" && second == "f" : first == "o";
    if (solved && words >> value) return value;
  }
  return std::nullopt;
}

// The optimum that cbc finds, or nothing.
std::optional<double> Cbc(const Folder& folder, const std::string& file) {
  std::string out = folder.Path("cbc.txt");
  std::filesystem::remove(out);
  std::string command = "cbc " + file + " -solve -solution " + out + " > /dev/null 2>&1";
  if (std::system(command.c_str()) != 0) return std::nullopt;
  std::string first;
  std::istringstream lines(Get(out));
  std::getline(lines, first);
  size_t at = first.find("objective value");
  if (!first.starts_with("Optimal") || at == std::string::npos) return std::nullopt;
  return std::stod(first.substr(at + 15));
}

// The same but for the names that a format cannot carry.
bool SameArrays(const Problem& a, const Problem& b) {
  return a.sense == b.sense && a.objective == b.objective &&
         a.objective_offset == b.objective_offset && a.column_lower == b.column_lower &&
         a.column_upper == b.column_upper && a.row_lower == b.row_lower &&
         a.row_upper == b.row_upper && a.column_start == b.column_start &&
         a.row_index == b.row_index && a.value == b.value;
}

TEST_CASE("glpsol turns our files into files that read back the same") {
  if (!HasProgram("glpsol")) {
    MESSAGE("glpsol is not installed");
    return;
  }
  Folder folder;
  for (uint64_t seed = 1; seed <= 12; ++seed) {
    Problem p = Solvable(seed);
    Put(folder.Path("in.mps"), WriteMps(p));
    std::string command = "cd " + folder.Path("") +
                          " && glpsol --freemps in.mps --check --wmps fixed.mps --wfreemps "
                          "free.mps --wlp out.lp > /dev/null 2>&1";
    REQUIRE(std::system(command.c_str()) == 0);
    for (const char* name : {"fixed.mps", "free.mps"}) {
      std::string text = Get(folder.Path(name));
      INFO(seed, " ", name, "\n", text);
      auto back = ReadMps(text);
      INFO(std::string(Message(back.status())));
      REQUIRE(back.ok());
      CHECK(SameArrays(*back, p));
      CHECK(back->ColumnName(0) == p.ColumnName(0));
    }
    // glpsol writes ranges with a column of its own and lets variables come in another order:
    // only the optimum can be compared.
    std::string text = Get(folder.Path("out.lp"));
    INFO(seed, "\n", text);
    auto back = ReadLp(text);
    INFO(std::string(Message(back.status())));
    REQUIRE(back.ok());
    Put(folder.Path("again.mps"), WriteMps(*back));
    auto ours = Glpsol(folder, "--freemps", folder.Path("in.mps"));
    auto theirs = Glpsol(folder, "--freemps", folder.Path("again.mps"));
    REQUIRE(ours.has_value() == theirs.has_value());
    if (ours) CHECK(*ours == doctest::Approx(*theirs).epsilon(1e-7));
  }
}

TEST_CASE("cbc and glpsol find the same optimum in what we write") {
  if (!HasProgram("cbc") || !HasProgram("glpsol")) {
    MESSAGE("cbc or glpsol is not installed");
    return;
  }
  Folder folder;
  int solved = 0;
  for (uint64_t seed = 20; seed < 32; ++seed) {
    Problem p = Solvable(seed);
    Put(folder.Path("p.mps"), WriteMps(p));
    Put(folder.Path("p.lp"), WriteLp(p));
    auto reference = Glpsol(folder, "--freemps", folder.Path("p.mps"));
    auto cbc_mps = Cbc(folder, folder.Path("p.mps"));
    INFO(seed, "\n", WriteMps(p));
    REQUIRE(reference.has_value() == cbc_mps.has_value());
    if (!reference) continue;
    ++solved;
    CHECK(*cbc_mps == doctest::Approx(*reference).epsilon(1e-6));
    // Neither program reads the format's ranges ("-5 <= x + y <= 5").
    bool ranges = false;
    for (size_t i = 0; i < p.row_lower.size(); ++i) {
      ranges |= p.row_lower[i] != -kInfinity && p.row_upper[i] != kInfinity &&
                p.row_lower[i] != p.row_upper[i];
    }
    if (ranges) continue;
    auto lp = Glpsol(folder, "--lp", folder.Path("p.lp"));
    auto cbc_lp = Cbc(folder, folder.Path("p.lp"));
    INFO(WriteLp(p));
    REQUIRE(lp.has_value());
    REQUIRE(cbc_lp.has_value());
    CHECK(*lp == doctest::Approx(*reference).epsilon(1e-6));
    CHECK(*cbc_lp == doctest::Approx(*reference).epsilon(1e-6));
  }
  CHECK(solved >= 5);
}

// The conventions that files leave unsaid, as cbc has them.
TEST_CASE("cbc reads bounds as we do") {
  if (!HasProgram("cbc")) {
    MESSAGE("cbc is not installed");
    return;
  }
  Folder folder;
  for (const char* bound :
       {" UP BND       x                -3", " UP BND       x                 0",
        " LO BND       y                 2", " UP BND       y                 5", " PL BND       y",
        " BV BND       x", " FX BND       x                 4",
        " MI BND       x\n UP BND       x                 4"}) {
    for (const char* sign : {"1", "-1"}) {
      std::string text =
          "NAME          T\nROWS\n N  obj\n L  r\n G  s\nCOLUMNS\n"
          "    x         obj       " +
          std::string(sign) +
          "              r         1\n    x         s         1\n"
          "    MARKER                 'MARKER'                 'INTORG'\n"
          "    y         obj       -1             r         1\n    y         s         -1\n"
          "    MARKER                 'MARKER'                 'INTEND'\n"
          "RHS\n    RHS       r         20             s         -30\n"
          "RANGES\n    RNG       r         100            s         90\nBOUNDS\n" +
          bound + "\nENDATA\n";
      INFO(text);
      auto p = ReadMps(text);
      REQUIRE(p.ok());
      Put(folder.Path("theirs.mps"), text);
      Put(folder.Path("ours.mps"), WriteMps(*p));
      auto theirs = Cbc(folder, folder.Path("theirs.mps"));
      auto ours = Cbc(folder, folder.Path("ours.mps"));
      INFO(WriteMps(*p));
      REQUIRE(theirs.has_value());
      REQUIRE(ours.has_value());
      CHECK(*ours == doctest::Approx(*theirs).epsilon(1e-9));
    }
  }
}

}  // namespace
}  // namespace solvent
