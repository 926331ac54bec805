#include "run.h"

#include <algorithm>

namespace solvent::mathprog {

namespace {
constexpr int64_t kCheckInterval = 1 << 14;
}  // namespace

Run::Run(std::shared_ptr<const Template> model, const MathProgRunOptions& options)
    : model_(std::move(model)),
      options_(options),
      limits_(options.limits),
      meter_(options.limits.max_memory_bytes),
      symbols_(model_->symbols),
      columns_(&meter_),
      all_rows_(&meter_),
      random_(options.seed) {
  for (size_t i = 0; i < model_->sets.size(); ++i) {
    sets_.emplace_back(&meter_);
    sets_.back().space.arity = model_->sets[i]->arity();
  }
  for (size_t i = 0; i < model_->params.size(); ++i) {
    params_.emplace_back(&meter_);
    params_.back().space.arity = model_->params[i]->arity();
  }
  for (size_t i = 0; i < model_->vars.size(); ++i) vars_.emplace_back(&meter_);
  for (size_t i = 0; i < model_->rows.size(); ++i) rows_.emplace_back(&meter_);
  caches_.resize(static_cast<size_t>(model_->num_caches));
  const auto slots = static_cast<size_t>(model_->num_slots);
  slots_.assign(slots, kNoSym);
  slot_set_.assign(slots, nullptr);
  slot_position_.assign(slots, 0);
  RestartClock();
}

void Run::RestartClock() {
  deadline_ =
      std::chrono::steady_clock::now() +
      std::chrono::milliseconds(static_cast<int64_t>(std::min(limits_.max_seconds, 1e6) * 1000));
  next_check_ = 0;
}

Run::~Run() = default;

void Run::Throw(std::string_view code, std::string message, const Expr* at, std::string hint,
                std::string symbol, const Sym* key, int key_size) {
  Fault fault;
  fault.diagnostic = MakeDiagnostic(code, std::move(message), std::move(hint));
  if (at != nullptr) model_->source.Place(at->begin, at->end, fault.diagnostic);
  fault.diagnostic.symbol = std::move(symbol);
  if (key != nullptr) FillIndex(fault.diagnostic, key, key_size);
  throw fault;
}

void Run::ThrowLimit(std::string_view code, std::string_view what, int64_t limit, const Expr* at) {
  Fault fault;
  fault.fatal = true;
  fault.diagnostic = MakeDiagnostic(
      code, "more than " + std::to_string(limit) + " " + std::string(what) + ", the limit");
  if (at != nullptr) model_->source.Place(at->begin, at->end, fault.diagnostic);
  throw fault;
}

void Run::CheckLimits() {
  next_check_ = steps_ + kCheckInterval;
  if (options_.stop.stop_requested()) {
    Fault fault;
    fault.fatal = true;
    fault.diagnostic = MakeDiagnostic("L420", "generation was cancelled");
    throw fault;
  }
  if (steps_ > limits_.max_steps) ThrowLimit("L408", "evaluation steps", limits_.max_steps);
  if (visited_ > limits_.max_tuples_visited) {
    ThrowLimit("L409", "index tuples visited", limits_.max_tuples_visited);
  }
  if (std::chrono::steady_clock::now() > deadline_) {
    ThrowLimit("L410", "seconds of generation", static_cast<int64_t>(limits_.max_seconds));
  }
}

void Run::Warn(MathProgDiagnostic d) {
  d.warning = true;
  if (warnings_.size() < 100) warnings_.push_back(std::move(d));
}

Json Run::SymJson(Sym s) const {
  if (!symbols_.is_number(s)) return Json(symbols_.text(s));
  if (IsSmall(s)) return Json(SmallValue(s));
  return Json(symbols_.number(s));
}

void Run::FillIndex(MathProgDiagnostic& d, const Sym* key, int n) const {
  for (int i = 0; i < n; ++i) d.index.push_back(SymJson(key[i]));
}

std::string Run::TupleText(const Sym* key, int n) const {
  std::string text;
  for (int i = 0; i < n; ++i) {
    if (i > 0) text += ',';
    text += symbols_.ToText(key[i]);
  }
  return text;
}

std::string Run::MemberText(std::string_view name, const Sym* key, int n) const {
  std::string text(name);
  if (n > 0) text += "[" + TupleText(key, n) + "]";
  return text;
}

void Run::ColumnKey(int32_t created, Sym* key) const {
  const auto c = static_cast<size_t>(created);
  const MemberSpace& space = vars_[static_cast<size_t>(columns_.var[c])].space;
  const uint32_t member = columns_.member[c];
  if (space.dense) {
    space.DenseKey(member, key);
  } else {
    const auto n = static_cast<size_t>(space.arity);
    std::copy_n(space.keys.data() + member * n, n, key);
  }
}

std::string Run::CreatedColumnName(int32_t created) const {
  const auto id = static_cast<size_t>(columns_.var[static_cast<size_t>(created)]);
  Sym key[kMaxDim];
  ColumnKey(created, key);
  return MemberText(model_->vars[id]->name, key, model_->vars[id]->arity());
}

const Sym* Run::RowKey(int32_t r) const {
  const auto id = static_cast<size_t>(all_rows_.decl[static_cast<size_t>(r)]);
  const RowState& st = rows_[id];
  const auto n = static_cast<size_t>(model_->rows[id]->arity());
  return st.keys.data() + static_cast<size_t>(r - st.first) * n;
}

std::string Run::GeneratedRowName(int32_t r) const {
  const auto id = static_cast<size_t>(all_rows_.decl[static_cast<size_t>(r)]);
  return MemberText(model_->rows[id]->name, RowKey(r), model_->rows[id]->arity());
}

std::string Run::Within() const {
  if (current_stmt_ == nullptr) return "";
  const Stmt& s = *current_stmt_;
  const Domain* domain = s.domain;
  std::string name;
  switch (s.kind) {
    case StmtKind::kRow:
      name = model_->rows[static_cast<size_t>(s.id)]->name;
      domain = model_->rows[static_cast<size_t>(s.id)]->domain;
      break;
    case StmtKind::kTable: return "table " + model_->tables[static_cast<size_t>(s.id)]->name;
    case StmtKind::kCheck: name = "check"; break;
    case StmtKind::kDisplay: name = "display"; break;
    case StmtKind::kPrintf: name = "printf"; break;
    case StmtKind::kFor: name = "for"; break;
    case StmtKind::kSolve: return "";
  }
  if (domain == nullptr) return name;
  Sym key[kMaxDim];
  for (size_t i = 0; i < domain->slots.size(); ++i) {
    key[i] = slots_[static_cast<size_t>(domain->slots[i])];
    if (key[i] == kNoSym) return name;
  }
  return MemberText(name, key, domain->dim());
}

}  // namespace solvent::mathprog
