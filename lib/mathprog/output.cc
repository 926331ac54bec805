// What display and printf write.
#include <cmath>
#include <cstdio>

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

void Run::Display(const Stmt& s) {
  for (size_t i = 0; i < s.exprs.size(); ++i) {
    const Expr& e = *s.exprs[i];
    const std::string& label = s.labels[i];
    const bool whole = e.dim == 255;
    if (whole && e.op == Op::kParam) {
      const ParamDecl& decl = *model_->params[static_cast<size_t>(e.id)];
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
        const int n = decl.arity();
        const int64_t p = st.space.dense ? st.space.DensePosition(key) : st.space.Find(key);
        if (given_only &&
            (p < 0 || (st.space.dense ? st.dense_states[static_cast<size_t>(p)]
                                      : st.states[static_cast<size_t>(p)]) == kUnset)) {
          return true;
        }
        const double value = TakeParamAt(e.id, key, &e);
        Write(MemberText(decl.name, key, n) + " = " +
              (decl.symbolic ? symbols_.ToText(static_cast<Sym>(value)) : NumberText(value)) +
              "\n");
        return true;
      });
    } else if (whole && e.op == Op::kSetRef) {
      const SetDecl& decl = *model_->sets[static_cast<size_t>(e.id)];
      SlotSave save(*this, decl, true);
      Loop(*decl.domain, [&] {
        Sym key[kMaxDim];
        for (size_t k = 0; k < decl.domain->slots.size(); ++k) {
          key[k] = slots_[static_cast<size_t>(decl.domain->slots[k])];
        }
        TupleSet* value = TakeSet(e.id, key, &e);
        Write(MemberText(decl.name, key, decl.arity()) + ":\n");
        for (size_t k = 0; k < value->size(); ++k) {
          Sym one = value->dim() == 1 ? value->Element(k) : 0;
          Write("   (" + TupleText(value->dim() == 1 ? &one : value->Tuple(k), value->dim()) +
                ")\n");
        }
        return true;
      });
    } else if (whole && e.op == Op::kVar) {
      const VarDecl& decl = *model_->vars[static_cast<size_t>(e.id)];
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
        Write(MemberText(decl.name, key, decl.arity()) + ".val = " + value + "\n");
      }
    } else if (whole) {
      const RowState& st = row(e.id);
      for (int32_t r = st.first; r < st.first + st.count; ++r) {
        Step();
        std::string value =
            solution_.available ? NumberText(solution_.activity[static_cast<size_t>(r)]) : "?";
        Write(GeneratedRowName(r) + ".val = " + value + "\n");
      }
    } else if (e.type == Type::kSet) {
      const SetRef ref = EvalSet(e);
      Write(label + ":\n");
      for (size_t k = 0; k < ref.set->size(); ++k) {
        Step();
        Sym one = ref.set->dim() == 1 ? ref.set->Element(k) : 0;
        const std::string text =
            TupleText(ref.set->dim() == 1 ? &one : ref.set->Tuple(k), ref.set->dim());
        Write(ref.set->dim() == 1 ? "   " + text + "\n" : "   (" + text + ")\n");
      }
    } else if (e.type == Type::kTuple) {
      Sym tuple[kMaxDim];
      const int n = EvalTuple(e, tuple);
      Write("(" + TupleText(tuple, n) + ")\n");
    } else if (e.type == Type::kLogical) {
      Write(label + " = " + (EvalLog(e) ? "true" : "false") + "\n");
    } else if ((e.op == Op::kVar || e.op == Op::kRow) && !solution_.available) {
      Write(label + " = ?\n");
    } else {
      std::string name = label;
      const bool object = e.op == Op::kParam || e.op == Op::kVar || e.op == Op::kRow;
      if (object && !e.args.empty()) {
        Sym key[kMaxDim];
        for (size_t k = 0; k < e.args.size(); ++k) key[k] = EvalSym(*e.args[k]);
        name = label.substr(0, label.find('[')) + "[" +
               TupleText(key, static_cast<int>(e.args.size())) + "]" +
               label.substr(label.rfind(']') + 1);
      }
      Write(name + " = " + EvalText(e) + "\n");
    }
  }
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
      const double exact = EvalNum(arg);
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
      const int n = std::snprintf(buffer, sizeof buffer, spec.c_str(), EvalNum(arg));
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
