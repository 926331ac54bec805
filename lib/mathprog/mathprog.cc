// The public classes, and the edge at which faults and bad_alloc stop.
#include "solvent/mathprog.h"

#include <algorithm>
#include <chrono>
#include <new>

#include "ast.h"
#include "bind_json.h"
#include "data_reader.h"
#include "parser.h"
#include "report.h"
#include "run.h"
#include "solvent/error.h"

namespace solvent {

namespace mathprog {

// Parsing and generating descend into expressions on the caller's stack.
constexpr int kMostExpressionDepth = 2000;

namespace {

double Seconds(std::chrono::steady_clock::time_point since) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - since).count();
}

MathProgDiagnostic OutOfMemory() {
  return MakeDiagnostic("L404", "the model needs more memory than there is");
}

// MPS and LP readers take these without quotes.
std::string ExportName(const Run& run, std::string_view name, const Sym* key, int n) {
  std::string text(name);
  if (n == 0) return text;
  text += '[';
  for (int i = 0; i < n; ++i) {
    if (i > 0) text += ',';
    const std::string member = run.symbols().ToText(key[i]);
    bool plain = run.symbols().is_number(key[i]);
    if (!plain) {
      plain = !member.empty() && ((member[0] | 0x20) >= 'a' && (member[0] | 0x20) <= 'z');
      plain = plain || (!member.empty() && member[0] == '_');
      for (char c : member) {
        plain = plain && ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                          (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '+' || c == '-');
      }
    }
    if (plain) {
      text += member;
    } else {
      text += '\'';
      for (char c : member) {
        if (c == '\'') text += '\'';
        text += c;
      }
      text += '\'';
    }
  }
  return text + "]";
}

class RunImpl : public MathProgRun {
 public:
  RunImpl(std::shared_ptr<const Template> model, const MathProgRunOptions& options)
      : run_(std::move(model), options) {}

  const Problem& problem() const override { return problem_; }
  const MathProgStats& stats() const override { return stats_; }
  const std::vector<MathProgDiagnostic>& warnings() const override { return warnings_; }
  const std::string& output() const override { return output_; }

  std::string ColumnName(int32_t column) const override {
    if (column < 0 || static_cast<size_t>(column) >= run_.created_column.size()) return "";
    return run_.CreatedColumnName(run_.created_column[static_cast<size_t>(column)]);
  }

  std::string RowName(int32_t row) const override {
    if (row < 0 || row >= problem_.num_rows()) return "";
    const int32_t r = GeneratedRow(row);
    return r < 0 ? ExtraRowName(row) : run_.GeneratedRowName(r);
  }

  void FillNames(Problem& problem) const override {
    Sym key[kMaxDim];
    problem.column_names = {};
    for (int32_t created : run_.created_column) {
      const VarDecl& decl =
          *run_.model().vars[static_cast<size_t>(run_.columns().var[static_cast<size_t>(created)])];
      run_.ColumnKey(created, key);
      problem.column_names.Add(ExportName(run_, decl.name, key, decl.arity()));
    }
    problem.row_names = {};
    for (int32_t row = 0; row < problem.num_rows(); ++row) {
      const int32_t r = GeneratedRow(row);
      if (r < 0) {
        problem.row_names.Add(ExtraRowName(row));
        continue;
      }
      const RowDecl& decl =
          *run_.model().rows[static_cast<size_t>(run_.rows().decl[static_cast<size_t>(r)])];
      problem.row_names.Add(ExportName(run_, decl.name, run_.RowKey(r), decl.arity()));
    }
  }

  absl::StatusOr<Json> Report(const SolveResult& solved,
                              const MathProgReportOptions& options) override {
    try {
      return MakeReport(run_, problem_, stats_, solved, options);
    } catch (const Fault& fault) {
      return ToStatus({fault.diagnostic});
    } catch (const std::bad_alloc&) {
      return ToStatus({OutOfMemory()});
    }
  }

  // False when there are errors.
  bool Generate(const MathProgInput& input, const MathProgRunOptions& options,
                std::vector<MathProgDiagnostic>& diagnostics) {
    const auto start = std::chrono::steady_clock::now();
    const Template& model = run_.model();
    ReadTexts(input, diagnostics);
    if (!diagnostics.empty()) return false;
    if (input.json != nullptr) {
      run_.json = input.json;
      BindByName(run_, input, diagnostics);
      if (!diagnostics.empty()) return false;
    }
    double bind = Seconds(start);
    const auto generate = std::chrono::steady_clock::now();
    bool fatal = false;
    for (const Stmt* s : model.before) {
      fatal = !Guard(s, diagnostics, [&] { run_.Execute(*s); });
      if (fatal || static_cast<int>(diagnostics.size()) >= run_.limits().max_errors) break;
    }
    if (diagnostics.empty()) {
      // Input that no statement asked for must fit all the same.
      for (const auto& decl : model.params) {
        if (!run_.param(decl->index).bind_by_name) continue;
        if (!Guard(nullptr, diagnostics, [&] { run_.PrepareParam(decl->index, nullptr); })) break;
      }
    }
    if (!diagnostics.empty()) return false;
    run_.SetWithin(nullptr);
    problem_ = run_.Finish();
    if (options.names) FillNames(problem_);
    bind += run_.bind_seconds;
    stats_.rows = static_cast<int64_t>(run_.rows().size());
    stats_.columns = problem_.num_columns();
    for (int32_t created : run_.created_column) {
      const VarDecl& decl =
          *model.vars[static_cast<size_t>(run_.columns().var[static_cast<size_t>(created)])];
      stats_.integers += decl.integer || decl.binary;
    }
    for (ColumnType type : problem_.column_type) stats_.binaries += type == ColumnType::kBinary;
    stats_.nonzeros = run_.num_nonzeros;
    stats_.bind_ms = bind * 1e3;
    stats_.generate_ms = (Seconds(generate) - run_.bind_seconds) * 1e3;
    stats_.peak_bytes = run_.meter()->peak();
    output_ = run_.output().text;
    warnings_ = run_.warnings();
    run_.json = nullptr;
    return true;
  }

 private:
  int32_t GeneratedRow(int32_t row) const {
    // Problem rows are the generated ones without the objective, then the extra ones.
    const auto n = static_cast<int32_t>(run_.rows().size());
    if (row < 0 || row >= n) return -1;
    const int32_t r = run_.objective_row >= 0 && row >= run_.objective_row ? row + 1 : row;
    return r < n ? r : -1;
  }

  static std::string ExtraRowName(int32_t row) { return "upper bound " + std::to_string(row + 1); }

  void ReadTexts(const MathProgInput& input, std::vector<MathProgDiagnostic>& diagnostics) {
    const Template& model = run_.model();
    if (input.data.empty()) {
      if (model.data_begin > 0) ReadData(run_, model.source, model.data_begin, diagnostics);
      return;
    }
    if (model.data_begin > 0) {
      MathProgDiagnostic d = MakeDiagnostic(
          "M118", "the model's own data section is ignored, since data is given separately");
      model.source.Place(model.data_begin, model.data_begin, d);
      run_.Warn(std::move(d));
    }
    int64_t bytes = 0;
    int number = 0;
    for (std::string_view text : input.data) {
      bytes += static_cast<int64_t>(text.size());
      if (bytes > run_.limits().max_data_bytes) {
        diagnostics.push_back(MakeDiagnostic(
            "L413",
            "the data is longer than " + std::to_string(run_.limits().max_data_bytes) + " bytes"));
        return;
      }
      // The place of a fault names the text, too, where there are several.
      const std::string name = ++number == 1 ? "data" : "data " + std::to_string(number);
      const SourceText source{std::string(text), name};
      ReadData(run_, source, 0, diagnostics);
    }
  }

  // Runs `f`; a fault becomes a diagnostic unless the same cause was reported before. False when
  // nothing after it is worth trying.
  template <typename F>
  bool Guard(const Stmt* s, std::vector<MathProgDiagnostic>& diagnostics, F&& f) {
    run_.SetWithin(s);
    try {
      f();
    } catch (const Fault& fault) {
      MathProgDiagnostic d = fault.diagnostic;
      if (d.within.empty()) d.within = run_.Within();
      for (const MathProgDiagnostic& other : diagnostics) {
        if (other.code == d.code && other.message == d.message) return !fault.fatal;
      }
      diagnostics.push_back(std::move(d));
      return !fault.fatal;
    }
    return true;
  }

  Run run_;
  Problem problem_;
  MathProgStats stats_;
  std::vector<MathProgDiagnostic> warnings_;
  std::string output_;
};

class ModelImpl : public MathProgModel {
 public:
  explicit ModelImpl(std::shared_ptr<Template> model) : model_(std::move(model)) {}

  std::vector<MathProgSymbol> symbols() const override {
    std::vector<MathProgSymbol> list;
    auto add = [&](const Decl& decl, MathProgSymbol::Kind kind) -> MathProgSymbol& {
      MathProgSymbol& s = list.emplace_back();
      s.kind = kind;
      s.name = decl.name;
      s.alias = decl.alias;
      s.subscripts = decl.arity();
      s.line = model_->source.Line(decl.begin);
      return s;
    };
    for (const auto& d : model_->sets) {
      MathProgSymbol& s = add(*d, MathProgSymbol::Kind::kSet);
      s.dimen = d->dimen;
      s.accepts_data = d->assign == nullptr;
      s.needs_data = s.accepts_data && d->fallback == nullptr;
    }
    for (const auto& d : model_->params) {
      MathProgSymbol& s = add(*d, MathProgSymbol::Kind::kParam);
      s.symbolic = d->symbolic;
      s.accepts_data = d->assign == nullptr;
      s.needs_data = s.accepts_data && d->fallback == nullptr;
    }
    for (const auto& d : model_->vars) add(*d, MathProgSymbol::Kind::kVar);
    for (const auto& d : model_->rows) {
      add(*d, d->objective ? MathProgSymbol::Kind::kObjective : MathProgSymbol::Kind::kConstraint);
    }
    for (const auto& d : model_->tables) add(*d, MathProgSymbol::Kind::kTable);
    return list;
  }

  std::vector<std::string> json_members() const override { return TableMembers(*model_); }

  MathProgGenerated Generate(const MathProgInput& input,
                             const MathProgRunOptions& options) const override {
    MathProgGenerated out;
    try {
      auto run = std::make_unique<RunImpl>(model_, options);
      if (run->Generate(input, options, out.diagnostics)) {
        for (const MathProgDiagnostic& d : model_->warnings) out.diagnostics.push_back(d);
        for (const MathProgDiagnostic& d : run->warnings()) out.diagnostics.push_back(d);
        out.run = std::move(run);
      }
    } catch (const Fault& fault) {
      out.diagnostics.push_back(fault.diagnostic);
    } catch (const std::bad_alloc&) {
      out.diagnostics.push_back(OutOfMemory());
    } catch (const std::exception& e) {
      out.diagnostics.push_back(MakeDiagnostic("M399", std::string("internal error: ") + e.what()));
    }
    return out;
  }

 private:
  std::shared_ptr<const Template> model_;
};

}  // namespace

}  // namespace mathprog

MathProgCompiled MathProgModel::Compile(std::string_view text,
                                        const MathProgCompileOptions& options) {
  using mathprog::MakeDiagnostic;
  MathProgCompiled out;
  if (static_cast<int64_t>(text.size()) > options.limits.max_model_bytes) {
    out.diagnostics.push_back(MakeDiagnostic(
        "L413",
        "the model is longer than " + std::to_string(options.limits.max_model_bytes) + " bytes"));
    return out;
  }
  try {
    MathProgCompileOptions within = options;
    int& depth = within.limits.max_expression_depth;
    depth = std::min(depth, mathprog::kMostExpressionDepth);
    auto model = std::make_shared<mathprog::Template>(std::string(text), within);
    mathprog::ParseModel(*model, out.diagnostics);
    if (out.diagnostics.empty()) {
      out.diagnostics = model->warnings;
      out.model = std::make_shared<mathprog::ModelImpl>(std::move(model));
    }
  } catch (const mathprog::Fault& fault) {
    out.diagnostics.push_back(fault.diagnostic);
  } catch (const std::bad_alloc&) {
    out.diagnostics.push_back(mathprog::OutOfMemory());
  } catch (const std::exception& e) {
    out.diagnostics.push_back(MakeDiagnostic("M399", std::string("internal error: ") + e.what()));
  }
  return out;
}

}  // namespace solvent
