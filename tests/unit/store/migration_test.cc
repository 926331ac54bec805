// Databases of earlier versions, with data in them, become those of today.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "job_tools.h"
#include "sqlite_tools.h"
#include "store_tools.h"

namespace solvent {
namespace {

// A database as the program that had no more than the first `version` migrations made it.
void MakeEarlier(const std::string& path, int version) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(MIGRATIONS)) {
    files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  RawDb db(path);
  for (const std::filesystem::path& file : files) {
    if (std::stoi(file.filename().string()) > version) break;
    std::ifstream stream(file);
    db.Run(std::string(std::istreambuf_iterator<char>(stream), {}));
  }
  db.Run("PRAGMA user_version = " + std::to_string(version));
}

// Puts the content of the database at `from` into the one at `to`, as far as that has a place for
// it, except the rows of a table that a condition of `but` keeps out.
void Copy(const std::string& from, const std::string& to,
          const std::vector<std::pair<std::string, std::string>>& but) {
  RawDb db(to);
  db.Run("ATTACH '" + from + "' AS newer");
  db.Run("PRAGMA application_id = " + db.Value("PRAGMA newer.application_id"));
  for (const std::string& table :
       db.Rows("SELECT name FROM main.sqlite_schema WHERE type = 'table'"
               " AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'catalog_search%'")) {
    std::string columns;
    for (const std::string& column : db.Rows("SELECT name FROM pragma_table_info('" + table +
                                             "', 'main')"
                                             " INTERSECT SELECT name FROM pragma_table_info('" +
                                             table + "', 'newer')")) {
      columns += (columns.empty() ? "\"" : ", \"") + column + "\"";
    }
    std::string where;
    for (const auto& [name, condition] : but) {
      if (name == table) where = " WHERE NOT (" + condition + ")";
    }
    db.Run("DELETE FROM main." + table);
    db.Run("INSERT INTO main." + table + " (" + columns + ") SELECT " + columns + " FROM newer." +
           table + where);
  }
}

TEST_CASE("a database of before the counters of batches is brought up to date with its batches") {
  Batches b;
  b.Insert(MakeBatch("one", 5));
  b.Insert(MakeBatch("two", 2));
  MustInsert(*b.store, MakeRun("exe_waiting", "org_a", 11 * kSecond));
  MustInsert(*b.store, MakeRun("exe_solved", "org_b", 11 * kSecond));
  MustInsert(*b.store, MakeRun("exe_other", "org_b", 11 * kSecond));
  MustFinish(*b.store, MakeFinish(ClaimedId(*b.store, "own_1", 11 * kSecond), "own_1"));
  std::vector<ReservedTask> line = b.Reserve("one", 3, 11 * kSecond);
  REQUIRE(b.Start(line.at(0), 11 * kSecond));
  REQUIRE(b.End(line.at(0), TaskReason::kSolverOptimal, 12 * kSecond).ended);
  REQUIRE(b.Start(line.at(1), 12 * kSecond));
  REQUIRE(b.jobs().Cancel("org_a", "nightly", "two", true, 13 * kSecond).ok());
  const std::string tasks = b.Tasks("one");
  b.store.reset();

  const std::string earlier = b.folder.File("earlier.db");
  MakeEarlier(earlier, 8);
  Copy(b.path, earlier, {{"run_facets", "k = -1"}, {"run_blocks", "facet = -1"}});
  CHECK(RawDb(earlier).Value("SELECT count(*) FROM job_tasks") == "7");
  CHECK(RawDb(earlier).Value("SELECT count(*) FROM executions") == "10");

  b.path = earlier;
  b.store = MustOpen(earlier);
  CheckInvariants(earlier);
  CHECK(b.Tasks("one") == tasks);
  CHECK(b.State("two") == "cancelled");
  CHECK(b.store->ports().figures->Batches()->tasks_pending == 3);
  CHECK(b.store->ports().figures->Batches()->tasks_running == 1);
  CHECK(b.store->ports().figures->WaitingRuns()->count == 2);
  // And goes on.
  REQUIRE(b.End(line.at(1), TaskReason::kSolverOptimal, 14 * kSecond).ended);
  REQUIRE(b.Start(line.at(2), 14 * kSecond));
  REQUIRE(b.End(line.at(2), TaskReason::kSolverOptimal, 15 * kSecond).ended);
  REQUIRE(b.jobs().Cancel("org_a", "nightly", "one", false, 16 * kSecond).ok());
  CHECK(b.Get("one").stats.success == 3);
  CHECK(b.Get("one").stats.cancelled == 2);
  CheckInvariants(earlier);
}

}  // namespace
}  // namespace solvent
