// Rows from constraints and objectives, and the Problem from rows.
#include <algorithm>
#include <cmath>

#include "run.h"

namespace solvent::mathprog {

void Run::AddTerm(int32_t column, double value) {
  if (value == 0) return;
  uint32_t& stamp = columns_.stamp[static_cast<size_t>(column)];
  if (stamp > row_begin_) {
    all_rows_.value[stamp - 1] += value;
    return;
  }
  if (static_cast<int64_t>(all_rows_.column.size()) >= limits_.max_nonzeros) {
    ThrowLimit("L401", "nonzeros", limits_.max_nonzeros);
  }
  all_rows_.column.push_back(column);
  all_rows_.value.push_back(value);
  stamp = static_cast<uint32_t>(all_rows_.column.size());
}

void Run::EvalLin(const Expr& e, double coefficient) {
  if (e.type != Type::kLinear) {
    const double value = EvalNum(e);
    row_constant_ =
        Arithmetic(row_constant_ + coefficient * value, "+", row_constant_, coefficient * value, e);
    return;
  }
  switch (e.op) {
    case Op::kVar: {
      const VarDecl& decl = *model_->vars[static_cast<size_t>(e.id)];
      if (decl.define != nullptr) {
        Sym key[kMaxDim];
        for (size_t i = 0; i < e.args.size(); ++i) key[i] = EvalSym(*e.args[i]);
        VarState& st = var(e.id);
        if (st.active > 0) {
          Throw("M214", MemberText(decl.name, key, decl.arity()) + " is defined by itself", &e);
        }
        if (decl.domain != nullptr) {
          if (!InDomain(*decl.domain, key)) OutOfDomain(decl, key, &e);
          AssignSlots(*decl.domain, key);
        }
        struct Active {
          int& count;
          ~Active() { --count; }
        } active{st.active};
        ++st.active;
        EvalLin(*decl.define, coefficient);
        return;
      }
      AddTerm(TakeColumn(e), coefficient);
      return;
    }
    case Op::kNeg: return EvalLin(*e.args[0], -coefficient);
    case Op::kPlus: return EvalLin(*e.args[0], coefficient);
    case Op::kAdd:
      for (const Expr* arg : e.args) EvalLin(*arg, coefficient);
      return;
    case Op::kMul: {
      const Expr* linear = nullptr;
      double factor = 1;
      for (const Expr* arg : e.args) {
        if (arg->type == Type::kLinear) {
          linear = arg;
        } else {
          const double value = EvalNum(*arg);
          factor = Arithmetic(factor * value, "*", factor, value, e);
        }
      }
      return EvalLin(*linear, coefficient * factor);
    }
    case Op::kDiv: {
      const double divisor = EvalNum(*e.args[1]);
      if (divisor == 0) Throw("M212", "division by zero", &e);
      return EvalLin(*e.args[0], coefficient / divisor);
    }
    case Op::kSum: {
      const Expr& operand = *e.args[0];
      Loop(*e.domain, [&] {
        EvalLin(operand, coefficient);
        return true;
      });
      return;
    }
    case Op::kIf:
      if (EvalLog(*e.args[0])) return EvalLin(*e.args[1], coefficient);
      if (e.args[2] != nullptr) EvalLin(*e.args[2], coefficient);
      return;
    default: Throw("M230", "this expression is not linear", &e);
  }
}

void Run::GenerateRows(const Stmt& s) {
  const RowDecl& decl = *model_->rows[static_cast<size_t>(s.id)];
  RowState& st = row(s.id);
  st.first = static_cast<int32_t>(all_rows_.size());
  auto make = [&] {
    if (static_cast<int64_t>(all_rows_.size()) >= limits_.max_rows) {
      ThrowLimit("L401", "rows", limits_.max_rows);
    }
    Step();
    const size_t begin = all_rows_.column.size();
    row_begin_ = static_cast<uint32_t>(begin);
    row_constant_ = 0;
    all_rows_.start.push_back(row_begin_);
    double lower = -kInfinity, upper = kInfinity;
    if (decl.objective) {
      EvalLin(*decl.a, 1);
      objective_rows.push_back(static_cast<int32_t>(all_rows_.size()));
      row_constant.push_back(row_constant_);
    } else if (decl.c != nullptr) {
      const double a = EvalNum(*decl.a);
      EvalLin(*decl.b, 1);
      const double c = EvalNum(*decl.c);
      lower = (decl.rel == Op::kLe ? a : c) - row_constant_;
      upper = (decl.rel == Op::kLe ? c : a) - row_constant_;
    } else {
      Op rel = decl.rel;
      if (decl.a->type != Type::kLinear && decl.b->type == Type::kLinear) {
        EvalLin(*decl.b, 1);
        EvalLin(*decl.a, -1);
        if (rel != Op::kEq) rel = rel == Op::kLe ? Op::kGe : Op::kLe;
      } else {
        EvalLin(*decl.a, 1);
        if (decl.b->type != Type::kLinear) {
          // An infinite right-hand side is a bound that is not there.
          const double b = EvalNum(*decl.b);
          row_constant_ = row_constant_ - b;
        } else {
          EvalLin(*decl.b, -1);
        }
      }
      const double bound = -row_constant_;
      if (rel != Op::kLe) lower = bound;
      if (rel != Op::kGe) upper = bound;
    }
    // Terms that cancelled vanish. The next row may then start before the positions that their
    // columns remember, so those forget.
    size_t out = begin;
    for (size_t i = begin; i < all_rows_.column.size(); ++i) {
      if (all_rows_.value[i] == 0) {
        columns_.stamp[static_cast<size_t>(all_rows_.column[i])] = 0;
        continue;
      }
      if (out < i) columns_.stamp[static_cast<size_t>(all_rows_.column[i])] = 0;
      if (!std::isfinite(all_rows_.value[i])) {
        Throw("M212",
              "the coefficient of " + CreatedColumnName(all_rows_.column[i]) + " is too large",
              decl.a);
      }
      all_rows_.column[out] = all_rows_.column[i];
      all_rows_.value[out] = all_rows_.value[i];
      ++out;
    }
    all_rows_.column.resize(out);
    all_rows_.value.resize(out);
    all_rows_.lower.push_back(lower);
    all_rows_.upper.push_back(upper);
    all_rows_.decl.push_back(s.id);
    if (decl.domain != nullptr) {
      for (int slot : decl.domain->slots) st.keys.push_back(slots_[static_cast<size_t>(slot)]);
    }
    ++st.count;
    return true;
  };
  if (decl.domain == nullptr) {
    make();
  } else {
    Loop(*decl.domain, make);
  }
}

Problem Run::Finish() {
  Problem p;
  const size_t num_rows = all_rows_.size();
  const size_t created = columns_.size();
  objective_row = objective_rows.empty() ? -1 : objective_rows[0];
  num_nonzeros = static_cast<int64_t>(all_rows_.column.size());

  // Columns with a term anywhere, in the order of their declarations, then of their first use.
  std::vector<int64_t> count(created, 0);
  for (int32_t c : all_rows_.column) ++count[static_cast<size_t>(c)];
  std::vector<int32_t> next(model_->vars.size() + 1, 0);
  for (size_t c = 0; c < created; ++c) {
    if (count[c] > 0) ++next[static_cast<size_t>(columns_.var[c]) + 1];
  }
  for (size_t v = 1; v < next.size(); ++v) next[v] += next[v - 1];
  const auto num_columns = static_cast<size_t>(next.back());
  problem_column.assign(created, -1);
  created_column.assign(num_columns, -1);
  for (size_t c = 0; c < created; ++c) {
    if (count[c] == 0) continue;
    const int32_t j = next[static_cast<size_t>(columns_.var[c])]++;
    problem_column[c] = j;
    created_column[static_cast<size_t>(j)] = static_cast<int32_t>(c);
  }

  p.objective.assign(num_columns, 0);
  p.column_lower.resize(num_columns);
  p.column_upper.resize(num_columns);
  p.column_type.resize(num_columns);
  struct Extra {
    int32_t column;  // or -1
    int32_t row;     // generated row, or -1
    double upper;
  };
  // What crosses itself cannot be a bound: the upper half becomes a row of its own.
  std::vector<Extra> extras;
  for (size_t j = 0; j < num_columns; ++j) {
    const auto c = static_cast<size_t>(created_column[j]);
    const VarDecl& decl = *model_->vars[static_cast<size_t>(columns_.var[c])];
    double lower = columns_.lower[c], upper = columns_.upper[c];
    const bool integer = decl.integer || decl.binary;
    if (integer) {
      lower = std::ceil(lower - 1e-9 * std::max(1.0, std::fabs(lower)));
      upper = std::floor(upper + 1e-9 * std::max(1.0, std::fabs(upper)));
    }
    if (lower == kInfinity || upper == -kInfinity || lower > upper) {
      lower = std::min(lower, 1e300);
      extras.push_back({static_cast<int32_t>(j), -1, std::max(upper, -1e300)});
      upper = kInfinity;
    }
    p.column_lower[j] = lower;
    p.column_upper[j] = upper;
    p.column_type[j] = !integer                                  ? ColumnType::kContinuous
                       : lower >= 0 && upper <= 1 && decl.binary ? ColumnType::kBinary
                                                                 : ColumnType::kInteger;
  }

  problem_row.assign(num_rows, -1);
  int32_t rows = 0;
  for (size_t r = 0; r < num_rows; ++r) {
    if (static_cast<int32_t>(r) == objective_row) continue;
    problem_row[r] = rows++;
    double lower = all_rows_.lower[r], upper = all_rows_.upper[r];
    if (lower == kInfinity || upper == -kInfinity || lower > upper) {
      lower = std::min(lower, 1e300);
      extras.push_back({-1, static_cast<int32_t>(r), std::max(upper, -1e300)});
      upper = kInfinity;
    }
    p.row_lower.push_back(lower);
    p.row_upper.push_back(upper);
  }
  std::vector<int32_t> twin(num_rows, -1);
  std::vector<std::pair<int32_t, int32_t>> singles;  // problem column, row
  for (const Extra& x : extras) {
    const int32_t r = rows++;
    p.row_lower.push_back(-kInfinity);
    p.row_upper.push_back(x.upper);
    if (x.row >= 0) {
      twin[static_cast<size_t>(x.row)] = r;
    } else {
      singles.emplace_back(x.column, r);
    }
  }

  // Transposed in one pass over the rows, which keeps row indices ascending in each column. Twins
  // have the highest indices, so they come in a second pass.
  auto row_end = [&](size_t r) {
    return r + 1 < num_rows ? all_rows_.start[r + 1]
                            : static_cast<uint32_t>(all_rows_.column.size());
  };
  std::vector<int64_t> start(num_columns + 1, 0);
  auto each_entry = [&](auto&& f) {
    for (size_t r = 0; r < num_rows; ++r) {
      if (problem_row[r] < 0) continue;
      for (uint32_t i = all_rows_.start[r]; i < row_end(r); ++i) {
        f(problem_column[static_cast<size_t>(all_rows_.column[i])], problem_row[r],
          all_rows_.value[i]);
      }
    }
    if (extras.empty()) return;
    for (const Extra& x : extras) {
      if (x.row < 0) continue;
      const auto r = static_cast<size_t>(x.row);
      for (uint32_t i = all_rows_.start[r]; i < row_end(r); ++i) {
        f(problem_column[static_cast<size_t>(all_rows_.column[i])], twin[r], all_rows_.value[i]);
      }
    }
  };
  if (extras.empty()) {
    // Cheaper than a pass over the arena: the counts are known but for the objective's.
    for (size_t c = 0; c < created; ++c) {
      if (problem_column[c] >= 0) start[static_cast<size_t>(problem_column[c]) + 1] = count[c];
    }
    if (objective_row >= 0) {
      const auto r = static_cast<size_t>(objective_row);
      for (uint32_t i = all_rows_.start[r]; i < row_end(r); ++i) {
        --start[static_cast<size_t>(problem_column[static_cast<size_t>(all_rows_.column[i])]) + 1];
      }
    }
  } else {
    each_entry([&](int32_t j, int32_t, double) { ++start[static_cast<size_t>(j) + 1]; });
    for (auto [j, r] : singles) ++start[static_cast<size_t>(j) + 1];
  }
  std::vector<int64_t>().swap(count);
  for (size_t j = 0; j < num_columns; ++j) start[j + 1] += start[j];
  const auto entries = static_cast<size_t>(start[num_columns]);
  meter_.Add(entries * (sizeof(int32_t) + sizeof(double)));
  p.row_index.resize(entries);
  p.value.resize(entries);
  std::vector<int64_t> fill(start.begin(), start.end() - 1);
  auto put = [&](int32_t j, int32_t r, double v) {
    const auto at = static_cast<size_t>(fill[static_cast<size_t>(j)]++);
    p.row_index[at] = r;
    p.value[at] = v;
  };
  each_entry(put);
  // Extra rows of columns and of rows may interleave; order each column that got both.
  for (auto [j, r] : singles) put(j, r, 1);
  if (!singles.empty()) {
    for (auto [j, unused] : singles) {
      const auto b = static_cast<size_t>(start[static_cast<size_t>(j)]);
      const auto e = static_cast<size_t>(start[static_cast<size_t>(j) + 1]);
      std::vector<std::pair<int32_t, double>> column;
      for (size_t i = b; i < e; ++i) column.emplace_back(p.row_index[i], p.value[i]);
      std::sort(column.begin(), column.end(),
                [](const auto& x, const auto& y) { return x.first < y.first; });
      for (size_t i = b; i < e; ++i) {
        p.row_index[i] = column[i - b].first;
        p.value[i] = column[i - b].second;
      }
    }
  }
  p.column_start = std::move(start);

  if (objective_row >= 0) {
    const auto r = static_cast<size_t>(objective_row);
    for (uint32_t i = all_rows_.start[r]; i < row_end(r); ++i) {
      p.objective[static_cast<size_t>(problem_column[static_cast<size_t>(all_rows_.column[i])])] =
          all_rows_.value[i];
    }
    const RowDecl& decl = *model_->rows[static_cast<size_t>(all_rows_.decl[r])];
    p.sense = decl.sense;
    p.objective_offset = row_constant[0];
    p.objective_name = GeneratedRowName(objective_row);
  }

  // What later questions need of the arena: the coefficients of other objectives are rows of the
  // problem; nothing else is asked for.
  MeteredVector<int32_t>(Metered<int32_t>(&meter_)).swap(all_rows_.column);
  MeteredVector<double>(Metered<double>(&meter_)).swap(all_rows_.value);
  MeteredVector<uint32_t>(Metered<uint32_t>(&meter_)).swap(all_rows_.start);
  MeteredVector<uint32_t>(Metered<uint32_t>(&meter_)).swap(columns_.stamp);
  return p;
}

}  // namespace solvent::mathprog
