#include "report.h"

#include <algorithm>
#include <cmath>

namespace solvent::mathprog {

namespace {

std::string_view StatusText(SolveStatus status) {
  switch (status) {
    case SolveStatus::kOptimal: return "optimal";
    case SolveStatus::kFeasible: return "feasible";
    case SolveStatus::kInfeasible: return "infeasible";
    case SolveStatus::kUnbounded: return "unbounded";
    case SolveStatus::kTimeLimit: return "time_limit";
    case SolveStatus::kCancelled: return "cancelled";
    case SolveStatus::kError: return "error";
  }
  return "error";
}

Json Number(double v) { return std::isfinite(v) ? Json(v == 0 ? 0.0 : v) : Json(); }

Json IndexLabels(const Decl& decl) {
  Json::Array labels;
  if (decl.domain != nullptr) {
    for (size_t i = 0; i < decl.domain->names.size(); ++i) {
      const std::string& name = decl.domain->names[i];
      labels.push_back(name.empty() ? "i" + std::to_string(i + 1) : name);
    }
  }
  return Json(std::move(labels));
}

class Reporter {
 public:
  Reporter(Run& run, const Problem& problem, const SolveResult& solved,
           const MathProgReportOptions& options)
      : run_(run), problem_(problem), solved_(solved), options_(options) {}

  void TakeSolution() {
    Run::Solution& s = run_.solution();
    s = {};
    s.available = solved_.has_point && solved_.x.size() == problem_.objective.size();
    if (!s.available) return;
    s.x = solved_.x;
    for (size_t j = 0; j < s.x.size(); ++j) {
      if (problem_.column_type[j] != ColumnType::kContinuous &&
          std::fabs(s.x[j] - std::round(s.x[j])) <= 1e-6) {
        s.x[j] = std::round(s.x[j]);
      }
    }
    const std::vector<double> activity = problem_.Activity(s.x);
    const auto& rows = run_.rows();
    s.activity.resize(rows.size());
    const bool duals = solved_.row_dual.size() == problem_.row_lower.size();
    if (duals) s.dual.resize(rows.size());
    for (size_t r = 0; r < rows.size(); ++r) {
      const int32_t pr = run_.problem_row[r];
      if (pr < 0) {
        s.activity[r] = problem_.Objective(s.x);
        continue;
      }
      s.activity[r] = activity[static_cast<size_t>(pr)];
      if (duals) s.dual[r] = solved_.row_dual[static_cast<size_t>(pr)];
    }
    for (size_t k = 0; k < run_.objective_rows.size(); ++k) {
      const auto r = static_cast<size_t>(run_.objective_rows[k]);
      if (run_.problem_row[r] >= 0) s.activity[r] += run_.row_constant[k];
    }
    if (solved_.reduced_cost.size() == s.x.size()) s.reduced = solved_.reduced_cost;
    s.column_status = solved_.column_basis;
    s.row_status = solved_.row_basis;
    if (s.column_status.size() != s.x.size()) s.column_status.clear();
    if (s.row_status.size() != problem_.row_lower.size()) s.row_status.clear();
  }

  bool Wanted(const std::string& family) const {
    return options_.families.empty() ||
           std::find(options_.families.begin(), options_.families.end(), family) !=
               options_.families.end();
  }

  void Variables(Json& result) {
    const Template& model = run_.model();
    Json::Array list;
    Json families{Json::Object{}};
    int64_t room = run_.limits().max_result_rows;
    int64_t cut = 0;
    const bool all = options_.include == MathProgReportOptions::Include::kAll;
    std::vector<Json::Array> rows(model.vars.size());
    std::vector<bool> any(model.vars.size(), false);
    auto add = [&](int32_t v, const Sym* key, double value) {
      const VarDecl& decl = *model.vars[static_cast<size_t>(v)];
      if (!Wanted(decl.name)) return;
      if (!all && options_.families.empty() && std::fabs(value) <= 1e-9) return;
      any[static_cast<size_t>(v)] = true;
      if (room <= 0) {
        ++cut;
        return;
      }
      --room;
      const int n = decl.arity();
      Json::Array row;
      for (int i = 0; i < n; ++i) row.push_back(run_.SymJson(key[i]));
      row.push_back(Number(value));
      rows[static_cast<size_t>(v)].push_back(Json(std::move(row)));
      if (options_.variables) {
        Json one;
        one.Set("name", run_.MemberText(decl.name, key, n));
        one.Set("value", Number(value));
        list.push_back(std::move(one));
      }
    };
    Sym key[kMaxDim];
    for (size_t j = 0; j < run_.created_column.size(); ++j) {
      const int32_t created = run_.created_column[j];
      run_.ColumnKey(created, key);
      add(run_.columns().var[static_cast<size_t>(created)], key, run_.solution().x[j]);
    }
    if (all || !options_.families.empty()) Unused(add);
    for (size_t v = 0; v < model.vars.size(); ++v) {
      const VarDecl& decl = *model.vars[v];
      if (decl.define != nullptr || !Wanted(decl.name) || (!any[v] && !all)) continue;
      Json family;
      family.Set("index", IndexLabels(decl));
      family.Set("rows", Json(std::move(rows[v])));
      families.Set(decl.name, std::move(family));
    }
    if (options_.variables) result.Set("variables", Json(std::move(list)));
    result.Set("families", std::move(families));
    if (cut > 0) result.Set("truncated", Json(cut));
  }

  // Declared members without a column rest at the bound nearest 0.
  template <typename F>
  void Unused(F&& add) {
    const Template& model = run_.model();
    for (size_t v = 0; v < model.vars.size(); ++v) {
      const VarDecl& decl = *model.vars[v];
      if (decl.define != nullptr || !Wanted(decl.name)) continue;
      try {
        VarState& st = run_.var(static_cast<int>(v));
        if (!st.prepared) run_.PrepareVar(static_cast<int>(v));
        Sym key[kMaxDim];
        auto visit = [&] {
          if (decl.domain != nullptr) {
            for (size_t i = 0; i < decl.domain->slots.size(); ++i) {
              key[i] = run_.SlotValue(decl.domain->slots[i]);
            }
          }
          const int64_t p = st.space.dense ? st.space.DensePosition(key) : st.space.Find(key);
          int32_t created = -1;
          if (p >= 0) {
            created = (st.space.dense ? st.dense_columns[static_cast<size_t>(p)]
                                      : st.columns[static_cast<size_t>(p)]) -
                      1;
          }
          if (created >= 0 && run_.problem_column[static_cast<size_t>(created)] >= 0) return true;
          double lower, upper;
          run_.VarBounds(decl, lower, upper);
          add(static_cast<int32_t>(v), key, lower > 0 ? lower : upper < 0 ? upper : 0);
          return true;
        };
        if (decl.domain == nullptr) {
          visit();
        } else {
          run_.Loop(*decl.domain, visit);
        }
      } catch (const Fault& fault) {
        run_.Warn(fault.diagnostic);
      }
    }
  }

  void Constraints(Json& result) {
    const Template& model = run_.model();
    const auto& rows = run_.rows();
    const Run::Solution& s = run_.solution();
    const bool duals = options_.duals && !s.dual.empty();
    Json constraints{Json::Object{}};
    Json objectives{Json::Object{}};
    int64_t room = run_.limits().max_result_rows;
    for (size_t k = 0; k < model.rows.size(); ++k) {
      const RowDecl& decl = *model.rows[k];
      const RowState& st = run_.row(static_cast<int>(k));
      if (decl.objective) {
        for (int32_t r = st.first; r < st.first + st.count; ++r) {
          objectives.Set(run_.GeneratedRowName(r), Number(s.activity[static_cast<size_t>(r)]));
        }
        continue;
      }
      if (!options_.constraints) continue;
      Json::Array list;
      for (int32_t r = st.first; r < st.first + st.count && room > 0; ++r, --room) {
        const auto i = static_cast<size_t>(r);
        Json::Array row;
        const Sym* key = run_.RowKey(r);
        for (int c = 0; c < decl.arity(); ++c) row.push_back(run_.SymJson(key[c]));
        row.push_back(Number(s.activity[i]));
        row.push_back(Number(rows.lower[i]));
        row.push_back(Number(rows.upper[i]));
        if (duals) row.push_back(Number(s.dual[i]));
        list.push_back(Json(std::move(row)));
      }
      Json family;
      family.Set("index", IndexLabels(decl));
      Json::Array columns{"activity", "lower", "upper"};
      if (duals) columns.push_back("dual");
      family.Set("columns", Json(std::move(columns)));
      family.Set("rows", Json(std::move(list)));
      constraints.Set(decl.name, std::move(family));
    }
    result.Set("objectives", std::move(objectives));
    if (options_.constraints) result.Set("constraints", std::move(constraints));
  }

 private:
  Run& run_;
  const Problem& problem_;
  const SolveResult& solved_;
  const MathProgReportOptions& options_;
};

}  // namespace

Json MakeReport(Run& run, const Problem& problem, const MathProgStats& stats,
                const SolveResult& solved, const MathProgReportOptions& options) {
  const Template& model = run.model();
  const Run::Output before = run.output();
  const size_t warnings_before = run.warnings().size();
  Reporter reporter(run, problem, solved, options);
  reporter.TakeSolution();
  const bool point = run.solution().available;
  if (point) {
    run.RestartClock();
    for (const Stmt* s : model.after) {
      run.SetWithin(s);
      try {
        run.Execute(*s);
      } catch (const Fault& fault) {
        MathProgDiagnostic d = fault.diagnostic;
        if (d.within.empty()) d.within = run.Within();
        run.Warn(std::move(d));
        break;
      }
    }
    run.SetWithin(nullptr);
  }

  Json result;
  result.Set("status", StatusText(solved.status));
  result.Set("objective_value", point ? Number(problem.Objective(run.solution().x)) : Json());
  result.Set("objective_name", problem.objective_name);
  result.Set("sense", problem.sense == Sense::kMinimize ? "minimize" : "maximize");
  result.Set("bound", Number(solved.bound));
  result.Set("gap", Number(solved.gap));
  if (point) {
    if (options.include != MathProgReportOptions::Include::kNone) reporter.Variables(result);
    reporter.Constraints(result);
  } else {
    result.Set("variables", Json());
    result.Set("families", Json());
    result.Set("objectives", Json());
    result.Set("constraints", Json());
  }
  if (options.conflict && solved.status == SolveStatus::kInfeasible) result.Set("conflict", Json());
  Json tables{Json::Object{}};
  for (auto& [name, rows] : run.output().tables) tables.Set(name, rows);
  result.Set("tables", std::move(tables));
  result.Set("output", run.output().text);
  if (!run.output().files.empty()) {
    Json files{Json::Object{}};
    for (auto& [name, text] : run.output().files) files.Set(name, text);
    result.Set("files", std::move(files));
  }
  Json::Array warnings;
  for (const MathProgDiagnostic& d : model.warnings) warnings.push_back(d.ToJson());
  for (const MathProgDiagnostic& d : run.warnings()) warnings.push_back(d.ToJson());
  result.Set("warnings", Json(std::move(warnings)));
  Json s;
  s.Set("rows", Json(stats.rows));
  s.Set("columns", Json(stats.columns));
  s.Set("integers", Json(stats.integers));
  s.Set("nonzeros", Json(stats.nonzeros));
  s.Set("bind_ms", Json(stats.bind_ms));
  s.Set("generate_ms", Json(stats.generate_ms));
  s.Set("solve_ms", Json(options.solve_ms));
  s.Set("peak_bytes", Json(stats.peak_bytes));
  result.Set("stats", std::move(s));
  // A later report starts from what stood above `solve`.
  run.output() = before;
  run.warnings().resize(std::min(warnings_before, run.warnings().size()));
  return result;
}

}  // namespace solvent::mathprog
