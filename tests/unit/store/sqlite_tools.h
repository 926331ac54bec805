// A look at a store's file from outside.
#pragma once

#include <doctest/doctest.h>
#include <sqlite3.h>

#include <mutex>
#include <set>
#include <string>
#include <vector>

namespace solvent {

// A plain connection of the test's own.
class RawDb {
 public:
  explicit RawDb(const std::string& path) {
    REQUIRE(sqlite3_open(path.c_str(), &handle_) == SQLITE_OK);
    sqlite3_busy_timeout(handle_, 60'000);
  }
  ~RawDb() { sqlite3_close(handle_); }
  RawDb(const RawDb&) = delete;
  RawDb& operator=(const RawDb&) = delete;

  void Run(const std::string& sql) {
    int code = sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr);
    REQUIRE_MESSAGE(code == SQLITE_OK, sql << ": " << sqlite3_errmsg(handle_));
  }

  bool TryRun(const std::string& sql) {
    return sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK;
  }

  // Rows as text, columns joined by '|'.
  std::vector<std::string> Rows(const std::string& sql) {
    sqlite3_stmt* statement = nullptr;
    int code = sqlite3_prepare_v2(handle_, sql.c_str(), -1, &statement, nullptr);
    REQUIRE_MESSAGE(code == SQLITE_OK, sql << ": " << sqlite3_errmsg(handle_));
    std::vector<std::string> rows;
    while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
      std::string row;
      for (int i = 0; i < sqlite3_column_count(statement); ++i) {
        if (i > 0) row += '|';
        const unsigned char* text = sqlite3_column_text(statement, i);
        if (text != nullptr) row += reinterpret_cast<const char*>(text);
      }
      rows.push_back(row);
    }
    CHECK(code == SQLITE_DONE);
    sqlite3_finalize(statement);
    return rows;
  }
  std::string Value(const std::string& sql) { return Rows(sql).at(0); }

 private:
  sqlite3* handle_ = nullptr;
};

// Listens to the statements of all connections opened during its life.
class StatementTrace {
 public:
  StatementTrace() {
    current_ = this;
    sqlite3_auto_extension(reinterpret_cast<void (*)()>(&StatementTrace::OnOpen));
  }
  ~StatementTrace() {
    sqlite3_cancel_auto_extension(reinterpret_cast<void (*)()>(&StatementTrace::OnOpen));
    current_ = nullptr;
  }
  std::set<std::string> statements() {
    std::lock_guard<std::mutex> lock(mutex_);
    return statements_;
  }
  void Clear() {
    std::lock_guard<std::mutex> lock(mutex_);
    statements_.clear();
  }
  int commits() {
    std::lock_guard<std::mutex> lock(mutex_);
    return commits_;
  }

 private:
  static int OnOpen(sqlite3* db, const char**, const void*) {
    return sqlite3_trace_v2(db, SQLITE_TRACE_STMT, &StatementTrace::OnStatement, nullptr);
  }
  static int OnStatement(unsigned, void*, void* statement, void*) {
    if (current_ == nullptr) return 0;
    std::string sql = sqlite3_sql(static_cast<sqlite3_stmt*>(statement));
    std::lock_guard<std::mutex> lock(current_->mutex_);
    if (sql == "COMMIT") ++current_->commits_;
    current_->statements_.insert(std::move(sql));
    return 0;
  }

  static inline StatementTrace* current_ = nullptr;
  std::mutex mutex_;
  std::set<std::string> statements_;
  int commits_ = 0;
};

// A trigger and runs of it, without the way that leads to them.
inline void AddTrigger(const std::string& path, const std::string& id, const std::string& url,
                       const std::string& organization = "org_a") {
  RawDb(path).Run(
      "INSERT INTO triggers (id, organization_id, created_by, name, document_id, version_id,"
      " secret_hash, secret_prefix, webhook_url, webhook_secret, created_at, updated_at) VALUES "
      "('" +
      id + "', '" + organization + "', 'usr_1', 'Restock', 'doc_1', 'ver_1', x'00', 'abcdefgh', '" +
      url + "', CAST('s3cret' AS BLOB), 1, 1)");
}
inline void AddTriggerRun(const std::string& path, const std::string& trigger,
                          const std::string& run, const std::string& execution) {
  RawDb(path).Run(
      "INSERT INTO trigger_runs (id, \"trigger\", seq, execution_id, status, source, error_message,"
      " created_at, override_data) SELECT '" +
      run + "', n, 1 + (SELECT count(*) FROM trigger_runs r WHERE r.\"trigger\" = t.n), nullif('" +
      execution + "', ''), iif('" + execution + "' = '', 'validation_failed', NULL), 'manual', '" +
      (execution.empty() ? "bad data" : "") +
      "', 777, '{\"a\":[1]}' FROM triggers t WHERE t.id = '" + trigger + "'");
}

// Makes lanes be of the kind (LaneKind) that this expression says.
inline void SetLaneKinds(const std::string& path, const std::string& kind) {
  RawDb db(path);
  db.Run("UPDATE webhook_lanes SET kind = " + kind);
  db.Run("DELETE FROM webhook_queues");
  db.Run(
      "INSERT INTO webhook_queues (organization_id, kind, next_due)"
      " SELECT organization_id, kind, min(next_due) FROM webhook_lanes"
      " WHERE next_due IS NOT NULL GROUP BY 1, 2");
}

// What must hold in every committed state, whatever happened before.
inline void CheckInvariants(const std::string& path) {
  RawDb db(path);
  CHECK(db.Value("PRAGMA integrity_check") == "ok");
  // Each counter is the count of its rows: of all runs, by organization, origin, model, trigger.
  const char* facets[][2] = {
      {"0", "n"}, {"org", "seq"}, {"origin", "seq"}, {"model", "seq"}, {"\"trigger\"", "seq"}};
  std::string counted;
  for (auto [column, number] : facets) {
    if (!counted.empty()) counted += " UNION ALL ";
    counted += std::string("SELECT ") + column + " AS facet, " + number +
               " >> 12 AS block, state FROM executions";
    if (std::string_view(number) == "seq") counted += std::string(" WHERE ") + column + " <> 0";
  }
  counted += " UNION ALL SELECT -1, 0, state FROM executions WHERE batch <> 0";
  std::string sums;
  for (int s = 0; s < 6; ++s) sums += ", sum(state = " + std::to_string(s) + ")";
  std::string stored = ", n0, n1, n2, n3, n4, n5";
  CHECK(db.Rows("SELECT facet, block" + stored +
                " FROM run_blocks WHERE n0 + n1 + n2 + n3 + n4 + n5 <> 0 ORDER BY 1, 2") ==
        db.Rows("SELECT facet, block" + sums + " FROM (" + counted +
                ") GROUP BY 1, 2 ORDER BY 1, 2"));
  CHECK(db.Rows("SELECT k" + stored +
                " FROM run_facets WHERE n0 + n1 + n2 + n3 + n4 + n5 <> 0 ORDER BY 1") ==
        db.Rows("SELECT facet" + sums + " FROM (" + counted + ") GROUP BY 1 ORDER BY 1"));
  // Numbers have no gaps; creation times follow them.
  CHECK(db.Rows("SELECT org FROM executions GROUP BY org"
                " HAVING min(seq) <> 1 OR max(seq) <> count(*)")
            .empty());
  CHECK(db.Value("SELECT coalesce(max(n), 0) = count(*) FROM executions") == "1");
  CHECK(db.Rows("SELECT 1 FROM executions a JOIN executions b"
                " ON b.org = a.org AND b.seq = a.seq + 1 WHERE b.created_at <= a.created_at")
            .empty());
  // So are those of notifications.
  CHECK(db.Rows("SELECT k, total, unread FROM notification_boxes WHERE total <> 0 ORDER BY 1") ==
        db.Rows("SELECT box, count(*), sum(is_read = 0) FROM notifications"
                " GROUP BY 1 ORDER BY 1"));
  // Every run has its input; owners hold running ones only; whoever waits is seen.
  CHECK(db.Value("SELECT count(*) FROM run_inputs") == db.Value("SELECT count(*) FROM executions"));
  CHECK(db.Rows("SELECT id FROM executions WHERE (owner <> 0) <> (state = 1)").empty());
  CHECK(db.Rows("SELECT id FROM executions"
                " WHERE owner <> 0 AND owner NOT IN (SELECT k FROM run_owners)")
            .empty());
  CHECK(db.Rows("SELECT id FROM executions WHERE (completed_at <> 0) <> (state >= 2)").empty());
  CHECK(db.Rows("SELECT id FROM executions WHERE state = 0 AND batch = 0"
                " AND org NOT IN (SELECT k FROM run_facets WHERE waiting = 1)")
            .empty());
  // A batch's tasks and the records behind them say the same.
  CHECK(db.Rows("SELECT e.id FROM executions e LEFT JOIN job_tasks t ON t.run = e.n"
                " AND t.execution = e.batch WHERE e.batch <> 0 AND e.state <>"
                " CASE t.state WHEN 0 THEN 0 WHEN 1 THEN 0 WHEN 2 THEN 1 WHEN 3 THEN 2"
                " ELSE iif(t.reason IN (9, 10), 4, 3) END")
            .empty());
  CHECK(db.Rows("SELECT k FROM job_executions e WHERE (completed_at <> 0) = EXISTS"
                " (SELECT 1 FROM job_tasks WHERE execution = e.k AND state < 3)")
            .empty());
  CHECK(db.Rows("SELECT k FROM job_executions e"
                " WHERE total <> (SELECT count(*) FROM job_tasks WHERE execution = e.k)")
            .empty());
  // The entries of an account are numbered without gaps and add up to its balance; those of a run
  // to what it has used.
  CHECK(db.Rows("SELECT k FROM credit_accounts WHERE balance <> (SELECT coalesce(sum(amount), 0)"
                " FROM credit_entries WHERE account = k) OR last_seq <> (SELECT count(*)"
                " FROM credit_entries WHERE account = k) OR last_seq <> (SELECT"
                " coalesce(max(seq), 0) FROM credit_entries WHERE account = k)")
            .empty());
  CHECK(db.Rows("SELECT execution_id FROM credit_entries WHERE type = 1 GROUP BY execution_id"
                " HAVING count(*) > 1")
            .empty());
  CHECK(db.Value("SELECT count(*) FROM executions WHERE charge <> 0") ==
        db.Value("SELECT count(*) FROM executions e JOIN credit_entries c ON c.seq = e.charge"
                 " AND c.execution_id = e.id AND c.type = 1"));
  CHECK(db.Rows("SELECT 1 FROM (SELECT balance_after, sum(amount) OVER"
                " (PARTITION BY account ORDER BY seq) AS expected FROM credit_entries)"
                " WHERE balance_after <> expected")
            .empty());
  CHECK(db.Rows("SELECT c.execution_id FROM (SELECT execution_id, -sum(amount) AS used FROM"
                " credit_entries WHERE execution_id <> '' GROUP BY execution_id) c"
                " LEFT JOIN executions e ON e.id = c.execution_id"
                " WHERE e.credits_used IS NOT c.used")
            .empty());
  // Lanes show the first due delivery of each receiver, queues that of their lanes.
  CHECK(db.Rows("SELECT organization_id, lane, next_due FROM webhook_lanes"
                " WHERE next_due IS NOT NULL ORDER BY 1, 2") ==
        db.Rows("SELECT organization_id, lane, min(due) FROM webhook_deliveries WHERE state = 0"
                " GROUP BY 1, 2 ORDER BY 1, 2"));
  CHECK(db.Rows("SELECT organization_id, kind, next_due FROM webhook_queues ORDER BY 1, 2") ==
        db.Rows("SELECT organization_id, kind, min(next_due) FROM webhook_lanes"
                " WHERE next_due IS NOT NULL GROUP BY 1, 2 ORDER BY 1, 2"));
  CHECK(db.Rows("SELECT id FROM webhook_deliveries"
                " WHERE (completed_at <> 0) <> (state <> 0) OR (state <> 0 AND claimed_by <> 0)")
            .empty());
}

}  // namespace solvent
