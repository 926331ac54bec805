// Rows from constraints and objectives, and the Problem from rows.
#include <algorithm>
#include <cmath>

#include "run.h"

namespace solvent::mathprog {

namespace {

// How many terms ahead memory is asked for.
constexpr size_t kAhead = 16;

// Of the problem, which outlives the run: in plain vectors, yet on huge pages.
template <typename T>
void Reserve(std::vector<T>& list, size_t n) {
  list.reserve(n);
  AdviseHuge(list.data(), n * sizeof(T));
}

template <typename T>
void Assign(std::vector<T>& list, size_t n, T value) {
  Reserve(list, n);
  list.assign(n, value);
}

}  // namespace

void Run::MakeRoom() {
  if (static_cast<int64_t>(all_rows_.terms.size()) >= limits_.max_nonzeros) {
    ThrowLimit("L401", "nonzeros", limits_.max_nonzeros);
  }
  all_rows_.terms.Grow(static_cast<size_t>(limits_.max_nonzeros));
}

// glpsol takes what contains variables before the number that it is multiplied with or divided by:
// evaluated once for nothing, so that its random numbers are drawn first. False if there was
// nothing to draw.
bool Run::DrawFor(const Expr& e) {
  bool drawn = false;
  for (const Expr* arg : e.args) {
    if (arg->type != Type::kLinear || !arg->draws || arg->volatile_) continue;
    EvalLin(*arg, 0);
    drawn = true;
  }
  return drawn;
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
        Step();  // definitions that use each other twice double with each of them
        EvalLin(*decl.define, coefficient);
        return;
      }
      const int32_t column = TakeColumn(e);
      if (e.single) {
        PutTerm(column, coefficient);
      } else {
        AddTerm(column, coefficient);
      }
      return;
    }
    case Op::kNeg: return EvalLin(*e.args[0], -coefficient);
    case Op::kPlus: return EvalLin(*e.args[0], coefficient);
    case Op::kAdd:
      if (e.backward) {
        for (size_t i = e.args.size(); i-- > 0;) EvalLin(*e.args[i], coefficient);
      } else {
        for (const Expr* arg : e.args) EvalLin(*arg, coefficient);
      }
      return;
    case Op::kMul: {
      const bool drawn = e.backward && DrawFor(e);
      // `a * b * x`: (a * b) was a product of numbers before x came.
      std::vector<double> leading;
      if (e.backward) {
        size_t n = 0;
        while (e.args[n]->type != Type::kLinear) ++n;
        leading.resize(n);
        while (n-- > 0) leading[n] = EvalNum(*e.args[n]);
      }
      const Expr* linear = nullptr;
      double factor = 1;
      for (size_t i = 0; i < e.args.size(); ++i) {
        const Expr* arg = e.args[i];
        if (arg->type == Type::kLinear) {
          linear = arg;
        } else {
          const double value = i < leading.size() ? leading[i] : EvalNum(*arg);
          factor = Arithmetic(factor * value, "*", factor, value, e);
        }
      }
      // What is nested would double with each level if nothing came of it twice.
      if (drawn && coefficient == 0) return;
      return EvalLin(*linear, coefficient * factor);
    }
    case Op::kDiv: {
      const bool drawn = e.backward && DrawFor(e);
      const double divisor = EvalNum(*e.args[1]);
      if (divisor == 0) Throw("M212", "division by zero", &e);
      if (drawn && coefficient == 0) return;
      return EvalLin(*e.args[0], coefficient / divisor);
    }
    case Op::kSum: return EvalSum(e, coefficient);
    case Op::kIf:
      if (EvalLog(*e.args[0])) return EvalLin(*e.args[1], coefficient);
      if (e.args[2] != nullptr) EvalLin(*e.args[2], coefficient);
      return;
    default: Throw("M230", "this expression is not linear", &e);
  }
}

// Terms that cancelled vanish from the row that begins at `begin`.
void Run::CloseTerms(size_t begin, const Expr& at) {
  int32_t* columns = all_rows_.terms.columns();
  double* values = all_rows_.terms.values();
  const size_t end = all_rows_.terms.size();
  bool plain = true;
  for (size_t i = begin; i < end; ++i) {
    plain &= (values[i] != 0) & (std::fabs(values[i]) < kInfinity);
  }
  if (plain) return;
  // The next row may then start before the positions that their columns remember, so those forget.
  size_t out = begin;
  for (size_t i = begin; i < end; ++i) {
    uint32_t& stamp = columns_.stamp[static_cast<size_t>(columns[i])];
    if (values[i] == 0) {
      stamp = 0;
      continue;
    }
    if (out < i) stamp = 0;
    if (!std::isfinite(values[i])) {
      Throw("M212", "the coefficient of " + CreatedColumnName(columns[i]) + " is too large", &at);
    }
    columns[out] = columns[i];
    values[out] = values[i];
    ++out;
  }
  all_rows_.terms.Truncate(out);
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
    const size_t begin = all_rows_.terms.size();
    row_begin_ = static_cast<uint32_t>(begin);
    row_constant_ = 0;
    all_rows_.start.push_back(row_begin_);
    double lower = -kInfinity, upper = kInfinity;
    if (decl.objective) {
      EvalLin(*decl.a, 1);
      objective_rows.push_back(static_cast<int32_t>(all_rows_.size()));
      row_constant.push_back(row_constant_);
    } else if (decl.c != nullptr) {
      EvalLin(*decl.b, 1);
      const double a = EvalNum(*decl.a);
      const double c = EvalNum(*decl.c);
      lower = (decl.rel == Op::kLe ? a : c) - row_constant_;
      upper = (decl.rel == Op::kLe ? c : a) - row_constant_;
    } else {
      // Everything moves to the left. An infinite constant is a bound that is not there.
      if (decl.a->type != Type::kLinear) {
        row_constant_ = EvalNum(*decl.a);
      } else {
        EvalLin(*decl.a, 1);
      }
      if (decl.b->type != Type::kLinear) {
        const double b = EvalNum(*decl.b);
        row_constant_ = row_constant_ - b;
      } else {
        EvalLin(*decl.b, -1);
      }
      const double bound = -row_constant_;
      if (decl.rel != Op::kLe) lower = bound;
      if (decl.rel != Op::kGe) upper = bound;
    }
    CloseTerms(begin, *decl.a);
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
  const size_t num_terms = all_rows_.terms.size();
  const int32_t* const term_column = all_rows_.terms.columns();
  const double* const term_value = all_rows_.terms.values();
  num_nonzeros = static_cast<int64_t>(num_terms);

  // Columns with a term anywhere, in the order of their declarations, then of their first use.
  MeteredVector<uint32_t> count(created, 0, Metered<uint32_t>(&meter_));
  for (size_t i = 0; i < num_terms; ++i) {
    if (i + kAhead < num_terms) {
      __builtin_prefetch(&count[static_cast<size_t>(term_column[i + kAhead])], 1);
    }
    ++count[static_cast<size_t>(term_column[i])];
  }
  std::vector<int32_t> next(model_->vars.size() + 1, 0);
  for (size_t c = 0; c < created; ++c) {
    if (count[c] > 0) ++next[static_cast<size_t>(columns_.var[c]) + 1];
  }
  for (size_t v = 1; v < next.size(); ++v) next[v] += next[v - 1];
  const auto num_columns = static_cast<size_t>(next.back());
  Assign(problem_column, created, -1);
  Assign(created_column, num_columns, -1);
  for (size_t c = 0; c < created; ++c) {
    if (count[c] == 0) continue;
    const int32_t j = next[static_cast<size_t>(columns_.var[c])]++;
    problem_column[c] = j;
    created_column[static_cast<size_t>(j)] = static_cast<int32_t>(c);
  }

  Assign(p.objective, num_columns, 0.0);
  Assign(p.column_lower, num_columns, 0.0);
  Assign(p.column_upper, num_columns, 0.0);
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

  Assign(problem_row, num_rows, -1);
  Reserve(p.row_lower, num_rows);
  Reserve(p.row_upper, num_rows);
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
  auto row_begin = [&](size_t r) { return static_cast<size_t>(all_rows_.start[r]); };
  auto row_end = [&](size_t r) { return r + 1 < num_rows ? row_begin(r + 1) : num_terms; };
  auto column_of = [&](size_t i) {
    return static_cast<size_t>(problem_column[static_cast<size_t>(term_column[i])]);
  };
  std::vector<int64_t> start;
  Assign(start, num_columns + 1, int64_t{0});
  for (size_t c = 0; c < created; ++c) {
    if (problem_column[c] >= 0) start[static_cast<size_t>(problem_column[c]) + 1] = count[c];
  }
  if (objective_row >= 0) {
    const auto r = static_cast<size_t>(objective_row);
    for (size_t i = row_begin(r); i < row_end(r); ++i) --start[column_of(i) + 1];
  }
  for (const Extra& x : extras) {
    if (x.row < 0) continue;
    const auto r = static_cast<size_t>(x.row);
    for (size_t i = row_begin(r); i < row_end(r); ++i) ++start[column_of(i) + 1];
  }
  for (auto [j, r] : singles) ++start[static_cast<size_t>(j) + 1];
  for (size_t j = 0; j < num_columns; ++j) start[j + 1] += start[j];
  const auto entries = static_cast<size_t>(start[num_columns]);
  meter_.Add(entries * (sizeof(int32_t) + sizeof(double)));
  Assign(p.row_index, entries, 0);
  Assign(p.value, entries, 0.0);
  // Where the next entry of a created column goes; from here on instead of its count.
  MeteredVector<uint32_t>& fill = count;
  for (size_t c = 0; c < created; ++c) {
    if (problem_column[c] < 0) continue;
    fill[c] = static_cast<uint32_t>(start[static_cast<size_t>(problem_column[c])]);
  }
  int32_t* const row_index = p.row_index.data();
  double* const value = p.value.data();
  auto put_row = [&](size_t r, int32_t row) {
    const size_t end = row_end(r);
    for (size_t i = row_begin(r); i < end; ++i) {
      // Where rows stride through the columns, every entry lies elsewhere: memory is asked ahead.
      if (i + 2 * kAhead < num_terms) {
        __builtin_prefetch(&fill[static_cast<size_t>(term_column[i + 2 * kAhead])], 1);
        const uint32_t later = fill[static_cast<size_t>(term_column[i + kAhead])];
        __builtin_prefetch(&row_index[later], 1);
        __builtin_prefetch(&value[later], 1);
      }
      const uint32_t at = fill[static_cast<size_t>(term_column[i])]++;
      row_index[at] = row;
      value[at] = term_value[i];
    }
  };
  for (size_t r = 0; r < num_rows; ++r) {
    if (problem_row[r] >= 0) put_row(r, problem_row[r]);
  }
  for (const Extra& x : extras) {
    if (x.row >= 0) put_row(static_cast<size_t>(x.row), twin[static_cast<size_t>(x.row)]);
  }
  // Extra rows of columns and of rows may interleave; order each column that got both.
  for (auto [j, r] : singles) {
    const auto at = fill[static_cast<size_t>(created_column[static_cast<size_t>(j)])]++;
    row_index[at] = r;
    value[at] = 1;
  }
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
    for (size_t i = row_begin(r); i < row_end(r); ++i) p.objective[column_of(i)] = term_value[i];
    const RowDecl& decl = *model_->rows[static_cast<size_t>(all_rows_.decl[r])];
    p.sense = decl.sense;
    p.objective_offset = row_constant[0];
    p.objective_name = GeneratedRowName(objective_row);
  }

  // What later questions need of the arena: the coefficients of other objectives are rows of the
  // problem; nothing else is asked for.
  all_rows_.terms.Free();
  MeteredVector<uint32_t>(Metered<uint32_t>(&meter_)).swap(all_rows_.start);
  MeteredVector<uint32_t>(Metered<uint32_t>(&meter_)).swap(columns_.stamp);
  return p;
}

}  // namespace solvent::mathprog
