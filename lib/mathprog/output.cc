// What display and printf write.
#include <cmath>
#include <cstdio>

#include "absl/strings/ascii.h"
#include "run.h"

namespace solvent::mathprog {

void Run::Write(std::string_view text) {
  if (output_.truncated) return;
  const int64_t room = limits_.max_output_bytes - output_.bytes;
  if (static_cast<int64_t>(text.size()) > room) {
    output_.truncated = true;
    MathProgDiagnostic d = MakeDiagnostic(
        "L411", "the output is cut after " + std::to_string(limits_.max_output_bytes) + " bytes");
    Warn(std::move(d));
    text = text.substr(0, static_cast<size_t>(std::max<int64_t>(0, room)));
  }
  output_.bytes += static_cast<int64_t>(text.size());
  output_.text += text;
}

namespace {

// A member as it could stand in a data section: in quotes unless it reads as a name or a number.
std::string Quoted(const SymbolTable& symbols, Sym s) {
  if (symbols.is_number(s)) return symbols.ToText(s);
  const std::string_view text = symbols.text(s);
  bool bare =
      !text.empty() && (absl::ascii_isalpha(static_cast<unsigned char>(text[0])) || text[0] == '_');
  for (const char c : text) {
    bare = bare && (absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
                    std::string_view("+-._").find(c) != std::string_view::npos);
  }
  if (bare) return std::string(text);
  std::string quoted = "'";
  for (const char c : text) quoted.append(c == '\'' ? 2 : 1, c);
  return quoted + "'";
}

std::string QuotedTuple(const SymbolTable& symbols, const Sym* tuple, int n) {
  std::string text;
  for (int i = 0; i < n; ++i) text += (i > 0 ? "," : "") + Quoted(symbols, tuple[i]);
  return text;
}

std::string QuotedName(const SymbolTable& symbols, const Decl& decl, const Sym* key) {
  if (decl.arity() == 0) return decl.name;
  return decl.name + "[" + QuotedTuple(symbols, key, decl.arity()) + "]";
}

std::string_view SuffixText(Suffix suffix) {
  switch (suffix) {
    case Suffix::kDual: return ".dual";
    case Suffix::kLb: return ".lb";
    case Suffix::kUb: return ".ub";
    case Suffix::kStatus: return ".status";
    default: return ".val";
  }
}

}  // namespace

void Run::DisplaySet(std::string_view name, const TupleSet& set) {
  if (set.size() == 0) {
    Write(std::string(name.empty() ? "set" : name) + " is empty\n");
  } else if (!name.empty()) {
    Write(std::string(name) + ":\n");
  }
  for (size_t k = 0; k < set.size(); ++k) {
    Step();
    if (set.dim() == 1) {
      Write("   " + Quoted(symbols_, set.Element(k)) + "\n");
    } else {
      Write("   (" + QuotedTuple(symbols_, set.Tuple(k), set.dim()) + ")\n");
    }
  }
}

// Everything that an object without subscripts holds.
void Run::DisplayWhole(const Expr& e) {
  bool empty = true;
  const Decl* shown = nullptr;
  if (e.op == Op::kParam) {
    const ParamDecl& decl = *model_->params[static_cast<size_t>(e.id)];
    shown = &decl;
    ParamState& st = param(e.id);
    if (!st.prepared) PrepareParam(e.id, &e);
    SlotSave save(*this, decl, true);
    // Computable members are shown for the whole domain, others as far as they are given.
    const bool given_only = decl.assign == nullptr;
    Loop(*decl.domain, [&] {
      Sym key[kMaxDim];
      for (size_t k = 0; k < decl.domain->slots.size(); ++k) {
        key[k] = slots_[static_cast<size_t>(decl.domain->slots[k])];
      }
      const int64_t p = st.space.dense ? st.space.DensePosition(key) : st.space.Find(key);
      if (given_only && (p < 0 || (st.space.dense ? st.dense_states[static_cast<size_t>(p)]
                                                  : st.states[static_cast<size_t>(p)]) == kUnset)) {
        return true;
      }
      const double value = TakeParamAt(e.id, key, &e);
      empty = false;
      Write(QuotedName(symbols_, decl, key) + " = " +
            (decl.symbolic ? Quoted(symbols_, static_cast<Sym>(value)) : NumberText(value)) + "\n");
      return true;
    });
  } else if (e.op == Op::kSetRef) {
    const SetDecl& decl = *model_->sets[static_cast<size_t>(e.id)];
    shown = &decl;
    SlotSave save(*this, decl, true);
    Loop(*decl.domain, [&] {
      Sym key[kMaxDim];
      for (size_t k = 0; k < decl.domain->slots.size(); ++k) {
        key[k] = slots_[static_cast<size_t>(decl.domain->slots[k])];
      }
      empty = false;
      DisplaySet(QuotedName(symbols_, decl, key), *TakeSet(e.id, key, &e));
      return true;
    });
  } else if (e.op == Op::kVar) {
    const VarDecl& decl = *model_->vars[static_cast<size_t>(e.id)];
    shown = &decl;
    for (size_t c = 0; c < columns_.size(); ++c) {
      if (columns_.var[c] != e.id) continue;
      Step();
      std::string value = "?";
      if (solution_.available) {
        const int32_t j = problem_column[c];
        value = NumberText(j < 0 ? 0 : solution_.x[static_cast<size_t>(j)]);
      }
      Sym key[kMaxDim];
      ColumnKey(static_cast<int32_t>(c), key);
      empty = false;
      Write(QuotedName(symbols_, decl, key) + ".val = " + value + "\n");
    }
  } else {
    const RowState& st = row(e.id);
    const RowDecl& decl = *model_->rows[static_cast<size_t>(e.id)];
    shown = &decl;
    for (int32_t r = st.first; r < st.first + st.count; ++r) {
      Step();
      const std::string value =
          solution_.available ? NumberText(solution_.activity[static_cast<size_t>(r)]) : "?";
      empty = false;
      Write(QuotedName(symbols_, decl, RowKey(r)) + ".val = " + value + "\n");
    }
  }
  if (empty) Write(shown->name + " has empty content\n");
}

// Objects are shown by name, whatever is computed by its value alone.
// Strict MathProg shows what an object holds, which may be nothing, rather than to take its value.
bool Run::NothingGiven(const Expr& e) const {
  if (model_->dialect != MathProgDialect::kStrict || !e.args.empty()) return false;
  if (e.op == Op::kParam) {
    const ParamDecl& decl = *model_->params[static_cast<size_t>(e.id)];
    const ParamState& st = params_[static_cast<size_t>(e.id)];
    return decl.assign == nullptr && decl.fallback == nullptr && !st.has_data && !st.bind_by_name &&
           !st.has_data_default;
  }
  if (e.op != Op::kSetRef) return false;
  const SetDecl& decl = *model_->sets[static_cast<size_t>(e.id)];
  const SetState& st = sets_[static_cast<size_t>(e.id)];
  return decl.assign == nullptr && decl.fallback == nullptr && !st.has_data && st.values.empty();
}

void Run::Display(const Stmt& s) {
  for (const Expr* item : s.exprs) {
    const Expr& e = *item;
    if (e.dim == kWhole) {
      DisplayWhole(e);
      continue;
    }
    if (NothingGiven(e)) {
      Write(std::string(model_->source.text().substr(e.begin, e.end - e.begin)) +
            " has empty content\n");
      continue;
    }
    const Decl* decl = nullptr;
    Sym key[kMaxDim];
    switch (e.op) {
      case Op::kSetRef: decl = model_->sets[static_cast<size_t>(e.id)].get(); break;
      case Op::kParam: decl = model_->params[static_cast<size_t>(e.id)].get(); break;
      case Op::kVar: decl = model_->vars[static_cast<size_t>(e.id)].get(); break;
      case Op::kRow: decl = model_->rows[static_cast<size_t>(e.id)].get(); break;
      default: break;
    }
    std::string name;
    if (decl != nullptr) {
      for (size_t k = 0; k < e.args.size(); ++k) key[k] = EvalSym(*e.args[k]);
      name = QuotedName(symbols_, *decl, key);
    } else if (e.op == Op::kDummy) {
      name = model_->source.text().substr(e.begin, e.end - e.begin);
    }
    if (e.type == Type::kSet) {
      const SetRef ref = EvalSet(e);
      DisplaySet(name, *ref.set);
    } else if (e.type == Type::kTuple) {
      Sym tuple[kMaxDim];
      const int n = EvalTuple(e, tuple);
      Write("(" + QuotedTuple(symbols_, tuple, n) + ")\n");
    } else if (e.type == Type::kLogical) {
      Write(EvalLog(e) ? "true\n" : "false\n");
    } else {
      std::string value;
      if ((e.op == Op::kVar || e.op == Op::kRow) && !solution_.available) {
        value = "?";
      } else {
        value = e.type == Type::kSymbol ? Quoted(symbols_, EvalSym(e)) : NumberText(EvalNum(e));
      }
      if (e.op == Op::kVar || e.op == Op::kRow) name += SuffixText(e.suffix);
      Write((name.empty() ? "" : name + " = ") + value + "\n");
    }
  }
}

// Only strict MathProg takes no text here, not even one that reads as a number.
double Run::PrintedNumber(const Expr& e) {
  const bool scalar = e.type == Type::kSymbol || e.op == Op::kDummy;
  if (scalar && model_->dialect == MathProgDialect::kStrict) {
    const Sym s = EvalSym(e);
    if (symbols_.is_number(s)) return symbols_.number(s);
    Throw("M213", "printf: the text \"" + std::string(symbols_.text(s)) + "\" is no number", &e,
          "print it with %s");
  }
  return EvalNum(e);
}

std::string Run::FormatPrintf(const Stmt& s) {
  const std::string format = EvalText(*s.exprs[0]);
  std::string out;
  size_t next = 1;
  for (size_t i = 0; i < format.size(); ++i) {
    const char c = format[i];
    if (c == '\\' && i + 1 < format.size()) {
      const char d = format[++i];
      switch (d) {
        case 'a': out += '\a'; break;
        case 'b': out += '\b'; break;
        case 'f': out += '\f'; break;
        case 'n': out += '\n'; break;
        case 'r': out += '\r'; break;
        case 't': out += '\t'; break;
        case 'v': out += '\v'; break;
        default: out += d; break;
      }
      continue;
    }
    if (c != '%') {
      out += c;
      continue;
    }
    if (i + 1 < format.size() && format[i + 1] == '%') {
      out += '%';
      ++i;
      continue;
    }
    // What the format has left when the arguments are used up is not written.
    if (next >= s.exprs.size()) return out;
    std::string spec = "%";
    size_t k = i + 1;
    while (k < format.size() &&
           std::string_view("-+ #0").find(format[k]) != std::string_view::npos) {
      spec += format[k++];
    }
    int width = 0, precision = 0;
    auto digits = [&](int& value) {
      while (k < format.size() && format[k] >= '0' && format[k] <= '9') {
        value = std::min(value * 10 + (format[k] - '0'), 100000);
        spec += format[k++];
      }
    };
    digits(width);
    if (k < format.size() && format[k] == '.') {
      spec += format[k++];
      digits(precision);
    }
    if (width > 2000 || precision > 2000) {
      Throw("M212", "printf: the width or precision of " + Shorten(spec, 20) + " is too large",
            s.exprs[0]);
    }
    const char kind = k < format.size() ? format[k] : '\0';
    if (std::string_view("difFeEgGs").find(kind) == std::string_view::npos || kind == '\0') {
      Throw("M212",
            "printf: the format " + spec + (kind == '\0' ? std::string() : std::string(1, kind)) +
                " is not one of % d i f F e E g G s",
            s.exprs[0]);
    }
    i = k;
    const Expr& arg = *s.exprs[next++];
    char buffer[2600];
    if (kind == 's') {
      const std::string text =
          arg.type == Type::kLogical ? (EvalLog(arg) ? "1" : "0") : EvalText(arg);
      spec += 's';
      std::vector<char> wide(text.size() + 2100);
      const int n = std::snprintf(wide.data(), wide.size(), spec.c_str(), text.c_str());
      out.append(wide.data(), static_cast<size_t>(std::max(0, n)));
    } else if (kind == 'd' || kind == 'i') {
      const double exact = PrintedNumber(arg);
      const double most = model_->dialect == MathProgDialect::kStrict ? 2147483647.0 : 9e15;
      if (!(std::fabs(exact) <= most)) {
        Throw("M212", "printf: " + NumberText(exact) + " is too large for %" + kind, &arg,
              "print it with %g");
      }
      const double value = std::floor(exact + 0.5);
      spec += "lld";
      const int n =
          std::snprintf(buffer, sizeof buffer, spec.c_str(), static_cast<long long>(value));
      out.append(buffer, static_cast<size_t>(std::max(0, n)));
    } else {
      spec += kind;
      const int n = std::snprintf(buffer, sizeof buffer, spec.c_str(), PrintedNumber(arg));
      out.append(buffer, static_cast<size_t>(std::min<int>(std::max(0, n), sizeof buffer - 1)));
    }
    if (static_cast<int64_t>(out.size()) > limits_.max_output_bytes) break;
  }
  return out;
}

void Run::Printf(const Stmt& s) {
  const std::string text = FormatPrintf(s);
  if (s.file == nullptr) return Write(text);
  const std::string name = EvalText(*s.file);
  std::pair<std::string, std::string>* file = nullptr;
  for (auto& f : output_.files) {
    if (f.first == name) file = &f;
  }
  if (file == nullptr) {
    if (output_.files.size() >= 100) ThrowLimit("L411", "output files", 100, s.file);
    output_.files.emplace_back(name, "");
    file = &output_.files.back();
  } else if (!s.append && file_writer_ != &s) {
    // '>' starts the file over, but not for each tuple of the statement's own domain.
    output_.bytes -= static_cast<int64_t>(file->second.size());
    file->second.clear();
  }
  file_writer_ = &s;
  const int64_t room = limits_.max_output_bytes - output_.bytes;
  if (static_cast<int64_t>(text.size()) > room) {
    ThrowLimit("L411", "bytes of output", limits_.max_output_bytes, s.exprs[0]);
  }
  output_.bytes += static_cast<int64_t>(text.size());
  file->second += text;
}

}  // namespace solvent::mathprog
