#include "bind_json.h"

#include <algorithm>

namespace solvent::mathprog {

namespace {

std::string Count(size_t n, std::string_view what) {
  return std::to_string(n) + " " + std::string(what) + (n == 1 ? "" : "s");
}

// What to write in the model for an array of objects.
std::string TableHint(std::string_view member, const Json& record) {
  std::string fields, key = "key";
  bool first = true;
  for (const Json::Member& m : record.object()) {
    if (m.value.is_array() || m.value.is_object()) continue;
    if (first) {
      key = m.name;
    } else {
      fields += ", " + m.name;
    }
    first = false;
  }
  return "read it with a statement like: table t IN \"JSON\" \"" + std::string(member) +
         "\": SET <- [" + key + "]" + fields + ";";
}

void StoreParam(Run& run, const ParamDecl& decl, const Sym* key, double value,
                const std::string& pointer) {
  ParamState& st = run.param(decl.index);
  run.Step();
  if (decl.arity() > 0) {
    bool fresh;
    st.space.Insert(key, fresh);
    if (!fresh) {
      ThrowBind("B207",
                "the value of " + run.MemberText(decl.name, key, decl.arity()) + " is given twice",
                pointer, "", decl.name);
    }
    run.CountMembers(1, nullptr);
  }
  st.values.push_back(value);
  st.states.push_back(kUnchecked);
}

// Binds the levels of a param's domain one by one: object keys are members, array elements follow
// the set's order.
class ParamBinder {
 public:
  ParamBinder(Run& run, const ParamDecl& decl) : run_(run), decl_(decl) {}

  void Entry(size_t k, int at, const Json& node, const std::string& pointer) {
    if (node.is_null()) return;
    if (decl_.domain == nullptr || k == decl_.domain->entries.size()) {
      if (node.is_array() && !node.array().empty() && node.array()[0].is_object()) {
        ThrowBind("B204", "an array of objects cannot be the value of " + decl_.name, pointer,
                  TableHint(decl_.name, node.array()[0]), decl_.name);
      }
      double value;
      if (JsonValue(run_, node, pointer, decl_, value)) {
        StoreParam(run_, decl_, key_, value, pointer);
      }
      return;
    }
    const solvent::mathprog::Entry& entry = decl_.domain->entries[k];
    if (node.is_object()) return Keys(k, at, 0, node, pointer);
    if (!node.is_array()) {
      ThrowBind(
          "B204",
          decl_.name + " needs an object or an array here, not " + std::string(node.type_name()),
          pointer, "its subscripts run over " + DomainText(), decl_.name);
    }
    if (!node.array().empty() && node.array()[0].is_object() &&
        k + 1 == decl_.domain->entries.size()) {
      ThrowBind("B204", "an array of objects cannot be bound to " + decl_.name + " by name",
                pointer, TableHint(decl_.name, node.array()[0]), decl_.name);
    }
    run_.AssignSlots(*decl_.domain, key_);
    const SetRef ref = run_.EvalSet(*entry.set);
    TupleSet& set = *ref.set;
    Sym select[kMaxDim];
    bool selects = false;
    for (size_t i = 0; i < entry.parts.size(); ++i) {
      if (entry.parts[i].select != nullptr) {
        select[i] = run_.EvalSym(*entry.parts[i].select);
        selects = true;
      }
    }
    std::vector<size_t> positions;
    for (size_t p = 0; p < set.size(); ++p) {
      bool fits = true;
      for (size_t i = 0; selects && i < entry.parts.size(); ++i) {
        fits = fits && (entry.parts[i].select == nullptr || set.Tuple(p)[i] == select[i]);
      }
      if (fits) positions.push_back(p);
    }
    const Json::Array& array = node.array();
    if (array.size() != positions.size()) {
      std::string_view text = run_.model().source.text();
      ThrowBind("B205",
                "the array for " + decl_.name + " has " + Count(array.size(), "element") +
                    ", but " +
                    Shorten(text.substr(entry.set->begin, entry.set->end - entry.set->begin), 40) +
                    " has " + Count(positions.size(), "member"),
                pointer, "", decl_.name);
    }
    for (size_t e = 0; e < array.size(); ++e) {
      int next = at;
      for (size_t i = 0; i < entry.parts.size(); ++i) {
        if (entry.parts[i].select != nullptr) continue;
        key_[next++] = set.dim() == 1 ? set.Element(positions[e]) : set.Tuple(positions[e])[i];
      }
      Entry(k + 1, next, array[e], pointer + "/" + std::to_string(e));
    }
  }

 private:
  // Component `part` of entry k comes from the keys of `node`.
  void Keys(size_t k, int at, int part, const Json& node, const std::string& pointer) {
    if (node.is_null()) return;
    const int free = decl_.domain->dims[k];
    if (part == free) return Entry(k + 1, at, node, pointer);
    if (!node.is_object()) {
      ThrowBind("B204", decl_.name + " needs an object here, not " + std::string(node.type_name()),
                pointer, "its subscripts run over " + DomainText(), decl_.name);
    }
    for (const Json::Member& m : node.object()) {
      key_[at] = run_.symbols().Bare(m.name);
      Keys(k, at + 1, part + 1, m.value, pointer + PointerStep(m.name));
    }
  }

  std::string DomainText() const {
    const Domain& d = *decl_.domain;
    return Shorten(run_.model().source.text().substr(d.begin, d.end - d.begin), 60);
  }

  Run& run_;
  const ParamDecl& decl_;
  Sym key_[kMaxDim] = {};
};

void SetMember(Run& run, const SetDecl& decl, TupleSet& set, const Json& value,
               const std::string& pointer, std::vector<std::string>* pointers) {
  Sym tuple[kMaxDim];
  run.Step();
  if (value.is_object()) {
    ThrowBind("B204", "an array of objects cannot be bound to " + decl.name + " by name", pointer,
              TableHint(decl.name, value), decl.name);
  }
  if (decl.dimen == 1) {
    const Json* scalar = &value;
    if (value.is_array() && value.array().size() == 1) scalar = &value.array()[0];
    if (scalar->is_array()) {
      ThrowBind("B205",
                "a member of " + decl.name + " has dimension 1, not " +
                    std::to_string(scalar->array().size()),
                pointer, "declare it with dimen " + std::to_string(scalar->array().size()),
                decl.name);
    }
    if (!JsonSym(run, *scalar, pointer, decl.name, tuple[0])) {
      ThrowBind("B206", "null cannot be a member of " + decl.name, pointer, "", decl.name);
    }
  } else {
    const size_t n = value.is_array() ? value.array().size() : 1;
    if (!value.is_array() || n != static_cast<size_t>(decl.dimen)) {
      ThrowBind("B205",
                "a member of " + decl.name + " has dimension " + std::to_string(decl.dimen) +
                    ", not " + std::to_string(n),
                pointer, "", decl.name);
    }
    for (size_t i = 0; i < n; ++i) {
      const std::string at = pointer + "/" + std::to_string(i);
      if (!JsonSym(run, value.array()[i], at, decl.name, tuple[i])) {
        ThrowBind("B206", "null cannot be in a member of " + decl.name, at, "", decl.name);
      }
    }
  }
  if (!set.Add(tuple)) {
    const int64_t first = set.Find(tuple);
    std::string other;
    if (pointers != nullptr && first >= 0 && static_cast<size_t>(first) < pointers->size()) {
      other = "the first is at " + (*pointers)[static_cast<size_t>(first)];
    }
    ThrowBind(
        "B207",
        "the member " + run.TupleText(tuple, decl.dimen) + " of " + decl.name + " is given twice",
        pointer, other, decl.name);
  }
  run.CountMembers(1, nullptr);
  if (static_cast<int64_t>(set.size()) > run.limits().max_set_members) {
    run.ThrowLimit("L403", "members in a set", run.limits().max_set_members);
  }
  if (pointers != nullptr) pointers->push_back(pointer);
}

SetPtr SetFrom(Run& run, const SetDecl& decl, const Json& node, const std::string& pointer,
               std::vector<std::string>* pointers) {
  auto set = std::make_shared<TupleSet>(decl.dimen, run.meter());
  if (node.is_array()) {
    for (size_t i = 0; i < node.array().size(); ++i) {
      SetMember(run, decl, *set, node.array()[i], pointer + "/" + std::to_string(i), pointers);
    }
    return set;
  }
  if (node.is_object() && decl.dimen == 1) {
    for (const Json::Member& m : node.object()) {
      const Sym s = run.symbols().Bare(m.name);
      const std::string at = pointer + PointerStep(m.name);
      if (!set->Add(&s)) {
        ThrowBind("B207", "the member " + m.name + " of " + decl.name + " is given twice", at, "",
                  decl.name);
      }
      run.CountMembers(1, nullptr);
      if (pointers != nullptr) pointers->push_back(at);
    }
    return set;
  }
  ThrowBind("B204",
            "the set " + decl.name + " needs an array" + (decl.dimen == 1 ? " or an object" : "") +
                ", not " + std::string(node.type_name()),
            pointer, "", decl.name);
}

void BindIndexedSet(Run& run, const SetDecl& decl, const Json& node, const std::string& pointer,
                    int level, Sym* key) {
  SetState& st = run.set(decl.index);
  if (level == decl.arity()) {
    SetPtr set = SetFrom(run, decl, node, pointer, nullptr);
    bool fresh;
    st.space.Insert(key, fresh);
    if (!fresh) {
      ThrowBind("B207", run.MemberText(decl.name, key, level) + " is given twice", pointer, "",
                decl.name);
    }
    st.values.push_back(std::move(set));
    st.states.push_back(kUnchecked);
    return;
  }
  if (!node.is_object()) {
    ThrowBind("B204",
              "the indexed set " + decl.name + " needs an object of arrays, not " +
                  std::string(node.type_name()),
              pointer, "", decl.name);
  }
  for (const Json::Member& m : node.object()) {
    key[level] = run.symbols().Bare(m.name);
    BindIndexedSet(run, decl, m.value, pointer + PointerStep(m.name), level + 1, key);
  }
}

void BindSet(Run& run, const SetDecl& decl, const Json& node, const std::string& pointer) {
  SetState& st = run.set(decl.index);
  st.values.clear();
  st.states.clear();
  st.space = MemberSpace(run.meter());
  st.space.arity = decl.arity();
  st.has_data = true;
  st.data_rank = 2;
  if (decl.arity() > 0) {
    Sym key[kMaxDim];
    return BindIndexedSet(run, decl, node, pointer, 0, key);
  }
  st.pointers.clear();
  SetPtr set = SetFrom(run, decl, node, pointer, &st.pointers);
  st.values.push_back(std::move(set));
  st.states.push_back(kUnchecked);
}

}  // namespace

void ThrowBind(std::string_view code, std::string message, std::string pointer, std::string hint,
               std::string_view symbol) {
  Fault fault;
  fault.diagnostic = MakeDiagnostic(code, std::move(message), std::move(hint));
  fault.diagnostic.json_pointer = std::move(pointer);
  fault.diagnostic.symbol = std::string(symbol);
  throw fault;
}

std::string PointerStep(std::string_view member) {
  std::string step = "/";
  for (char c : member) {
    if (c == '~') {
      step += "~0";
    } else if (c == '/') {
      step += "~1";
    } else {
      step += c;
    }
  }
  return step;
}

bool JsonSym(Run& run, const Json& value, const std::string& pointer, std::string_view symbol,
             Sym& out) {
  if (value.is_null()) return false;
  if (value.is_bool()) {
    out = MakeSmall(value.as_bool() ? 1 : 0);
  } else if (value.is_number()) {
    out = run.symbols().Number(value.as_double());
  } else if (value.is_string()) {
    if (static_cast<int64_t>(value.as_string().size()) > run.limits().max_symbol_bytes) {
      ThrowBind(
          "L406",
          "this text is longer than " + std::to_string(run.limits().max_symbol_bytes) + " bytes",
          pointer);
    }
    out = run.symbols().Text(value.as_string());
  } else {
    ThrowBind("B206", "a number or a text is needed, not " + std::string(value.type_name()),
              pointer, "", symbol);
  }
  return true;
}

bool JsonValue(Run& run, const Json& value, const std::string& pointer, const ParamDecl& decl,
               double& out) {
  if (decl.symbolic) {
    Sym s;
    if (!JsonSym(run, value, pointer, decl.name, s)) return false;
    out = static_cast<double>(s);
    return true;
  }
  if (value.is_null()) return false;
  if (value.is_bool()) {
    out = value.as_bool() ? 1 : 0;
  } else if (value.is_number()) {
    out = value.as_double();
  } else if (value.is_string()) {
    double number;
    ThrowBind("B206",
              "the value of " + decl.name + " must be a number, not the text \"" +
                  Shorten(value.as_string(), 40) + "\"",
              pointer,
              ParseNumber(value.as_string(), number)
                  ? "write " + Shorten(value.as_string(), 40) + " without quotes"
                  : "declare " + decl.name + " symbolic to give it texts",
              decl.name);
  } else {
    ThrowBind(
        "B206",
        "the value of " + decl.name + " must be a number, not " + std::string(value.type_name()),
        pointer, "", decl.name);
  }
  return true;
}

std::vector<std::string> TableMembers(const Template& model) {
  std::vector<std::string> members;
  for (const auto& table : model.tables) {
    if (!table->in || table->driver->op != Op::kString || table->args.empty() ||
        table->args[0]->op != Op::kString || model.symbols.text(table->driver->sym) != "JSON") {
      continue;
    }
    std::string_view path = model.symbols.text(table->args[0]->sym);
    if (!path.empty() && path[0] == '/') path.remove_prefix(1);
    std::string member(path.substr(0, path.find('/')));
    if (std::find(members.begin(), members.end(), member) == members.end()) {
      members.push_back(std::move(member));
    }
  }
  return members;
}

void BindByName(Run& run, const MathProgInput& input,
                std::vector<MathProgDiagnostic>& diagnostics) {
  const Template& model = run.model();
  const Json& document = *input.json;
  if (!document.is_object()) {
    MathProgDiagnostic d = MakeDiagnostic(
        "B204", "the input must be an object, not " + std::string(document.type_name()));
    diagnostics.push_back(std::move(d));
    return;
  }
  const std::vector<std::string> tables = TableMembers(model);
  bool computed_path = false;
  for (const auto& table : model.tables) {
    computed_path =
        computed_path || (table->in && !table->args.empty() && table->args[0]->op != Op::kString);
  }
  auto has = [](const std::vector<std::string>& list, const std::string& name) {
    return std::find(list.begin(), list.end(), name) != list.end();
  };
  for (const Json::Member& m : document.object()) {
    if (static_cast<int>(diagnostics.size()) >= run.limits().max_errors) return;
    if (has(tables, m.name)) continue;
    const std::string pointer = PointerStep(m.name);
    const Decl* decl = model.Find(m.name);
    try {
      if (decl != nullptr && decl->kind == Kind::kSet) {
        const auto& set = static_cast<const SetDecl&>(*decl);
        if (set.assign != nullptr) {
          ThrowBind("B208", "the set " + set.name + " has := in the model and needs no data",
                    pointer, "declare it with default to let the input replace the value",
                    set.name);
        }
        if (!m.value.is_null()) BindSet(run, set, m.value, pointer);
        continue;
      }
      if (decl != nullptr && decl->kind == Kind::kParam) {
        const auto& param = static_cast<const ParamDecl&>(*decl);
        if (param.assign != nullptr) {
          ThrowBind(
              "B208", "the parameter " + param.name + " has := in the model and needs no data",
              pointer, "declare it with default to let the input replace the value", param.name);
        }
        if (m.value.is_null()) continue;
        ParamState& st = run.param(param.index);
        st.values.clear();
        st.states.clear();
        st.space = MemberSpace(run.meter());
        st.space.arity = param.arity();
        st.has_data = true;
        st.has_data_default = false;
        st.data_rank = 2;
        st.bind_by_name = true;
        continue;
      }
      if (computed_path || has(input.accepted_members, m.name)) continue;
      std::vector<std::string> names = tables;
      for (const auto& [name, d] : model.names) {
        if (d->kind == Kind::kSet || d->kind == Kind::kParam) names.push_back(name);
      }
      std::sort(names.begin(), names.end());
      std::string close = DidYouMean(m.name, names);
      std::string hint = "remove it, or declare it in the model";
      if (!close.empty()) hint = "did you mean " + close + "?";
      if (m.value.is_array() && !m.value.array().empty() && m.value.array()[0].is_object()) {
        hint = TableHint(m.name, m.value.array()[0]);
      }
      ThrowBind("B201", "nothing in the model uses " + m.name, pointer, hint, m.name);
    } catch (const Fault& fault) {
      diagnostics.push_back(fault.diagnostic);
      if (fault.fatal) return;
    }
  }
}

void BindParam(Run& run, const ParamDecl& decl) {
  const Json* node = run.json->Find(decl.name);
  ParamBinder(run, decl).Entry(0, 0, *node, PointerStep(decl.name));
}

}  // namespace solvent::mathprog
