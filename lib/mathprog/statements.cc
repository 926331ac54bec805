// Statements that act: check, for, display, printf; and values of the solution.
#include <algorithm>
#include <cmath>

#include "run.h"

namespace solvent::mathprog {

namespace {

// The lines of `#` comment directly above `position`, as one text: what the author has to say about
// the statement that begins there.
std::string CommentAbove(std::string_view text, size_t position) {
  constexpr std::string_view kBlank = " \t\r";
  std::string comment;
  size_t line = text.rfind('\n', position);
  while (line != std::string_view::npos && line > 0) {
    const size_t before = text.rfind('\n', line - 1);
    const size_t begin = before == std::string_view::npos ? 0 : before + 1;
    std::string_view above = text.substr(begin, line - begin);
    const size_t hash = above.find_first_not_of(kBlank);
    if (hash == std::string_view::npos || above[hash] != '#') break;
    above.remove_prefix(hash + 1);
    const size_t first = above.find_first_not_of(kBlank);
    if (first == std::string_view::npos) break;
    above = above.substr(first, above.find_last_not_of(kBlank) + 1 - first);
    comment = std::string(above) + (comment.empty() ? "" : " ") + comment;
    line = before;
  }
  return comment;
}

}  // namespace

void Run::Execute(const Stmt& s) {
  const Stmt* outer = current_stmt_;
  current_stmt_ = &s;
  Step();
  if (s.domain != nullptr) {
    for (int slot : s.domain->slots) slots_[static_cast<size_t>(slot)] = kNoSym;
  }
  auto body = [&] {
    switch (s.kind) {
      case StmtKind::kCheck: CheckStatement(s); break;
      case StmtKind::kDisplay: Display(s); break;
      case StmtKind::kPrintf: Printf(s); break;
      case StmtKind::kFor:
        for (const Stmt* inner : s.body) Execute(*inner);
        break;
      default: break;
    }
    return true;
  };
  switch (s.kind) {
    case StmtKind::kSolve: break;
    case StmtKind::kRow: {
      const Domain* domain = model_->rows[static_cast<size_t>(s.id)]->domain;
      if (domain != nullptr) {
        for (int slot : domain->slots) slots_[static_cast<size_t>(slot)] = kNoSym;
      }
      GenerateRows(s);
      break;
    }
    case StmtKind::kTable: {
      const TableDecl& table = *model_->tables[static_cast<size_t>(s.id)];
      if (table.in) {
        TableIn(table);
      } else {
        TableOut(table);
      }
      break;
    }
    case StmtKind::kDisplay:
      Write("Display statement at line " + std::to_string(model_->source.Line(s.begin)) + "\n");
      [[fallthrough]];
    default:
      if (s.domain == nullptr) {
        body();
      } else {
        Loop(*s.domain, body);
      }
      break;
  }
  current_stmt_ = outer;
}

void Run::CheckStatement(const Stmt& s) {
  const Expr& condition = *s.exprs[0];
  if (EvalLog(condition)) return;
  Fault fault;
  fault.fatal = true;
  std::string message = "check failed";
  Sym key[kMaxDim];
  int n = 0;
  if (s.domain != nullptr) {
    for (int slot : s.domain->slots) key[n++] = slots_[static_cast<size_t>(slot)];
    message += " at [" + TupleText(key, n) + "]";
  }
  // The first part of a conjunction that is false, with both sides' values.
  const Expr* part = &condition;
  if (condition.op == Op::kAnd) {
    for (const Expr* arg : condition.args) {
      if (!EvalLog(*arg)) {
        part = arg;
        break;
      }
    }
  }
  const std::string_view text = model_->source.text();
  message += ": " + Shorten(text.substr(part->begin, part->end - part->begin), 100);
  switch (part->op) {
    case Op::kLt:
    case Op::kLe:
    case Op::kEq:
    case Op::kGe:
    case Op::kGt:
    case Op::kNe:
      message += " (" + EvalText(*part->args[0]) + " " + std::string(RelText(part->op)) + " " +
                 EvalText(*part->args[1]) + " is false)";
      break;
    case Op::kIn:
    case Op::kNotIn: {
      Sym tuple[kMaxDim];
      const int dim = EvalTuple(*part->args[0], tuple);
      message += " (the left is " + TupleText(tuple, dim) + ")";
      break;
    }
    default: break;
  }
  fault.diagnostic = MakeDiagnostic("M223", std::move(message),
                                    Shorten(CommentAbove(text, static_cast<size_t>(s.begin)), 300));
  model_->source.Place(condition.begin, condition.end, fault.diagnostic);
  FillIndex(fault.diagnostic, key, n);
  fault.diagnostic.json_pointer = PointerOfMember(s.domain, key);
  throw fault;
}

double Run::TakeVarValue(const Expr& e) {
  const VarDecl& decl = *model_->vars[static_cast<size_t>(e.id)];
  const bool bound = e.suffix == Suffix::kLb || e.suffix == Suffix::kUb;
  if (!solution_.available && !bound) {
    Throw("M221", "the variable " + decl.name + " has no value before the model is solved", &e,
          model_->has_solve ? "there is no solution" : "put solve; above this statement",
          decl.name);
  }
  if (decl.define != nullptr && (e.suffix == Suffix::kNone || e.suffix == Suffix::kVal)) {
    Throw("M304", "the value of the defined variable " + decl.name + " cannot be used below solve",
          &e, "repeat its expression", decl.name);
  }
  VarState& st = var(e.id);
  if (!st.prepared) PrepareVar(e.id);
  Sym key[kMaxDim];
  for (size_t i = 0; i < e.args.size(); ++i) key[i] = EvalSym(*e.args[i]);
  int32_t created = -1;
  const int64_t p = st.space.dense ? st.space.DensePosition(key) : st.space.Find(key);
  if (st.space.dense) {
    if (p < 0) OutOfDomain(decl, key, &e);
    created = st.dense_columns[static_cast<size_t>(p)] - 1;
  } else if (p >= 0) {
    created = st.columns[static_cast<size_t>(p)] - 1;
  } else {
    // This may be within a bound of another of its members.
    SlotSave save(*this, decl, true);
    if (!InDomain(*decl.domain, key)) OutOfDomain(decl, key, &e);
  }
  const int32_t j =
      created < 0 || !solution_.available ? -1 : problem_column[static_cast<size_t>(created)];
  double lower, upper;
  if (created >= 0) {
    lower = columns_.lower[static_cast<size_t>(created)];
    upper = columns_.upper[static_cast<size_t>(created)];
  } else {
    BoundsOf(decl, key, &e, lower, upper);
  }
  // A variable in no row stays at the bound nearest 0.
  const double idle = lower > 0 ? lower : upper < 0 ? upper : 0;
  switch (e.suffix) {
    case Suffix::kNone:
    case Suffix::kVal: return j < 0 ? idle : solution_.x[static_cast<size_t>(j)];
    case Suffix::kLb: return lower == -kInfinity ? -1.7976931348623157e308 : lower;
    case Suffix::kUb: return upper == kInfinity ? 1.7976931348623157e308 : upper;
    case Suffix::kDual:
      return j < 0 || solution_.reduced.empty() ? 0 : solution_.reduced[static_cast<size_t>(j)];
    case Suffix::kStatus: {
      if (j < 0 || solution_.column_status.empty()) return 0;
      switch (solution_.column_status[static_cast<size_t>(j)]) {
        case BasisStatus::kBasic: return 1;
        case BasisStatus::kAtLower: return 2;
        case BasisStatus::kAtUpper: return 3;
        case BasisStatus::kFree: return 4;
        case BasisStatus::kFixed: return 5;
      }
    }
  }
  return 0;
}

double Run::TakeRowValue(const Expr& e) {
  const RowDecl& decl = *model_->rows[static_cast<size_t>(e.id)];
  if (!solution_.available) {
    Throw("M221", decl.name + " has no value before the model is solved", &e, "", decl.name);
  }
  RowState& st = row(e.id);
  const int n = decl.arity();
  int32_t r = st.first;
  if (n > 0) {
    if (st.index.empty() && st.count > 0) {
      st.index.Rebuild(st.keys.data(), n, static_cast<size_t>(st.count));
    }
    Sym key[kMaxDim];
    for (size_t i = 0; i < e.args.size(); ++i) key[i] = EvalSym(*e.args[i]);
    const int64_t p = st.index.Find(st.keys.data(), n, key);
    if (p < 0) OutOfDomain(decl, key, &e);
    r += static_cast<int32_t>(p);
  } else if (st.count == 0) {
    Throw("M221", decl.name + " was not generated", &e, "", decl.name);
  }
  const auto i = static_cast<size_t>(r);
  switch (e.suffix) {
    case Suffix::kNone:
    case Suffix::kVal: return solution_.activity[i];
    case Suffix::kLb: return std::max(all_rows_.lower[i], -1.7976931348623157e308);
    case Suffix::kUb: return std::min(all_rows_.upper[i], 1.7976931348623157e308);
    case Suffix::kDual: return solution_.dual.empty() ? 0 : solution_.dual[i];
    case Suffix::kStatus: {
      const int32_t pr = problem_row[i];
      if (pr < 0 || solution_.row_status.empty()) return 1;
      switch (solution_.row_status[static_cast<size_t>(pr)]) {
        case BasisStatus::kBasic: return 1;
        case BasisStatus::kAtLower: return 2;
        case BasisStatus::kAtUpper: return 3;
        case BasisStatus::kFree: return 4;
        case BasisStatus::kFixed: return 5;
      }
    }
  }
  return 0;
}

}  // namespace solvent::mathprog
