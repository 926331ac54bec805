// Table statements: records read from JSON or CSV, and tables written from the solution.
#include <algorithm>

#include "bind_json.h"
#include "run.h"

namespace solvent::mathprog {

namespace {

bool IsScalar(const Json& j) { return !j.is_array() && !j.is_object(); }

// One row of a JSON table.
struct Record {
  const Json* own = nullptr;         // an object's scalar members are fields
  const Json* value = nullptr;       // VALUE
  const std::string* key = nullptr;  // KEY
  const Json::Array* row = nullptr;  // C1, C2, ...
  int64_t number = 0;                // RECNO
  std::string pointer;
};

struct Ancestor {
  const Json* node = nullptr;  // an object, or null
  const std::string* key = nullptr;
  int64_t number = 0;
};

class JsonTable {
 public:
  JsonTable(Run& run, const TableDecl& table, std::string path)
      : run_(run), table_(table), path_(std::move(path)) {}

  template <typename F>
  void Each(F&& f) {
    std::vector<std::string> steps;
    if (!path_.empty() && path_[0] == '/') {
      size_t at = 1;
      while (at <= path_.size()) {
        const size_t next = std::min(path_.find('/', at), path_.size());
        std::string step = path_.substr(at, next - at);
        for (size_t i; (i = step.find("~1")) != std::string::npos;) step.replace(i, 2, "/");
        for (size_t i; (i = step.find("~0")) != std::string::npos;) step.replace(i, 2, "~");
        steps.push_back(std::move(step));
        at = next + 1;
      }
    } else {
      steps.push_back(path_);
    }
    Walk(*run_.json, "", steps, 0, f);
  }

  // The field of a record: a JSON value, a symbol made here, or nothing.
  bool Field(const Record& r, const std::string& name, const Json*& json, Sym& sym) {
    json = nullptr;
    if (r.own != nullptr) {
      json = r.own->Find(name);
      if (json != nullptr) return true;
    }
    if (name == "RECNO") return sym = run_.symbols().Number(static_cast<double>(r.number)), true;
    if (name == "VALUE" && r.value != nullptr) return json = r.value, true;
    if (name == "KEY" && r.key != nullptr) return sym = run_.symbols().Bare(*r.key), true;
    double column;
    if (r.row != nullptr && name.size() > 1 && name[0] == 'C' &&
        ParseNumber(std::string_view(name).substr(1), column) && column >= 1 &&
        column <= static_cast<double>(r.row->size())) {
      return json = &(*r.row)[static_cast<size_t>(column) - 1], true;
    }
    for (auto a = ancestors_.rbegin(); a != ancestors_.rend(); ++a) {
      if (a->node == nullptr) continue;
      json = a->node->Find(name);
      if (json != nullptr && IsScalar(*json)) return true;
      json = nullptr;
    }
    for (size_t i = 0; i < ancestors_.size(); ++i) {
      const std::string level = std::to_string(i + 1);
      if (name == "RECNO" + level) {
        return sym = run_.symbols().Number(static_cast<double>(ancestors_[i].number)), true;
      }
      if (name == "KEY" + level && ancestors_[i].key != nullptr) {
        return sym = run_.symbols().Bare(*ancestors_[i].key), true;
      }
    }
    return false;
  }

  std::vector<std::string> FieldNames(const Record& r) const {
    std::vector<std::string> names;
    if (r.own != nullptr) {
      for (const Json::Member& m : r.own->object()) {
        if (IsScalar(m.value)) names.push_back(m.name);
      }
    }
    if (r.key != nullptr) names.emplace_back("KEY");
    if (r.value != nullptr) names.emplace_back("VALUE");
    if (r.row != nullptr) {
      for (size_t i = 0; i < std::min<size_t>(r.row->size(), 5); ++i) {
        names.push_back("C" + std::to_string(i + 1));
      }
    }
    for (const Ancestor& a : ancestors_) {
      if (a.node == nullptr) continue;
      for (const Json::Member& m : a.node->object()) {
        if (IsScalar(m.value)) names.push_back(m.name);
      }
    }
    names.emplace_back("RECNO");
    return names;
  }

 private:
  template <typename F>
  void Walk(const Json& node, const std::string& pointer, const std::vector<std::string>& steps,
            size_t at, F&& f) {
    run_.Step();
    if (at == steps.size()) return Records(node, pointer, f);
    const std::string& step = steps[at];
    if (step == "*") {
      int64_t number = 0;
      auto visit = [&](const Json& child, const std::string* key, const std::string& where) {
        ancestors_.push_back({child.is_object() ? &child : nullptr, key, ++number});
        Walk(child, where, steps, at + 1, f);
        ancestors_.pop_back();
      };
      if (node.is_array()) {
        for (size_t i = 0; i < node.array().size(); ++i) {
          visit(node.array()[i], nullptr, pointer + "/" + std::to_string(i));
        }
      } else if (node.is_object()) {
        for (const Json::Member& m : node.object()) {
          visit(m.value, &m.name, pointer + PointerStep(m.name));
        }
      } else if (!node.is_null()) {
        ThrowBind("B204", "'*' in the path " + path_ + " meets " + std::string(node.type_name()),
                  pointer, "", table_.name);
      }
      return;
    }
    const Json* child = nullptr;
    if (node.is_object()) child = node.Find(step);
    double index;
    if (node.is_array() && ParseNumber(step, index) && index >= 0 &&
        index < static_cast<double>(node.array().size())) {
      child = &node.array()[static_cast<size_t>(index)];
    }
    if (child == nullptr) {
      // Below a '*' a record may lack the member: it has no rows.
      if (!ancestors_.empty()) return;
      std::vector<std::string> names;
      for (const Json::Member& m : node.object()) names.push_back(m.name);
      std::string close = DidYouMean(step, names);
      ThrowBind("B202",
                "the input has no member " + path_ + ", which table " + table_.name + " reads",
                pointer + PointerStep(step),
                close.empty() ? "add it to the input" : "did you mean " + close + "?", table_.name);
    }
    Walk(*child, pointer + PointerStep(step), steps, at + 1, f);
  }

  template <typename F>
  void Records(const Json& node, const std::string& pointer, F&& f) {
    Record r;
    if (node.is_null()) return;
    if (node.is_array()) {
      for (const Json& element : node.array()) {
        Record one;
        one.number = ++r.number;
        one.pointer = pointer + "/" + std::to_string(one.number - 1);
        if (element.is_object()) {
          one.own = &element;
        } else if (element.is_array()) {
          one.row = &element.array();
        } else {
          one.value = &element;
        }
        f(one);
      }
    } else if (node.is_object()) {
      for (const Json::Member& m : node.object()) {
        Record one;
        one.number = ++r.number;
        one.pointer = pointer + PointerStep(m.name);
        one.key = &m.name;
        if (m.value.is_object()) {
          one.own = &m.value;
        } else if (m.value.is_array()) {
          ThrowBind("B204", "the members at " + path_ + " must be scalars or objects, not arrays",
                    one.pointer, "read them with the path " + path_ + "/*", table_.name);
        } else {
          one.value = &m.value;
        }
        f(one);
      }
    } else {
      ThrowBind("B204",
                "the table " + table_.name + " needs an array or an object at " + path_ + ", not " +
                    std::string(node.type_name()),
                pointer, "", table_.name);
    }
  }

  Run& run_;
  const TableDecl& table_;
  std::string path_;
  std::vector<Ancestor> ancestors_;
};

// Splits CSV text into records of fields; quoted fields keep their quote as a first '"'. A line
// without anything is left out, or with `blank` a record without fields.
std::vector<std::vector<std::string>> ParseCsv(std::string_view text, bool blank) {
  std::vector<std::vector<std::string>> records;
  std::vector<std::string> fields;
  std::string field;
  bool any = false;
  size_t i = 0;
  auto end_record = [&] {
    if (any || !field.empty() || !fields.empty()) {
      fields.push_back(std::move(field));
      records.push_back(std::move(fields));
    } else if (blank && i < text.size() && text[i] == '\n' && (i == 0 || text[i - 1] != '\r')) {
      records.emplace_back();
    }
    field.clear();
    fields.clear();
    any = false;
  };
  // An apostrophe quotes only a field that another one ends.
  auto quotes = [&] {
    if (text[i] != '\'') return text[i] == '"';
    for (size_t k = i + 1; k < text.size() && text[k] != '\n'; ++k) {
      if (text[k] != '\'') continue;
      if (k + 1 == text.size() || text[k + 1] != '\'') {
        return k + 1 == text.size() || std::string_view(",\r\n").find(text[k + 1]) != text.npos;
      }
      ++k;
    }
    return false;
  };
  while (i < text.size()) {
    const char c = text[i];
    if (field.empty() && quotes()) {
      field = '"';
      any = true;
      for (++i; i < text.size(); ++i) {
        if (text[i] == c) {
          if (i + 1 < text.size() && text[i + 1] == c) {
            ++i;
          } else {
            break;
          }
        }
        field += text[i];
      }
      ++i;
    } else if (c == ',') {
      fields.push_back(std::move(field));
      field.clear();
      any = true;
      ++i;
    } else if (c == '\n' || c == '\r') {
      end_record();
      ++i;
    } else {
      field += c;
      any = true;
      ++i;
    }
  }
  end_record();
  return records;
}

std::string Trim(const std::string& s) {
  const size_t b = s.find_first_not_of(" \t"), e = s.find_last_not_of(" \t");
  return b == std::string::npos ? "" : s.substr(b, e - b + 1);
}

}  // namespace

void Run::TableIn(const TableDecl& t) {
  const auto start = std::chrono::steady_clock::now();
  const std::string driver = EvalText(*t.driver);
  const bool json_driver = driver == "JSON";
  if (!json_driver && driver != "CSV") {
    Throw("M305", "the table driver " + driver + " is not supported", t.driver,
          "use \"CSV\" or \"JSON\"", t.name);
  }
  if (t.args.empty()) {
    Throw("M305",
          "the table driver " + driver + " needs " + (json_driver ? "a path" : "a file name"),
          t.driver, "", t.name);
  }
  const std::string path = EvalText(*t.args[0]);

  // The targets are filled from scratch: a whole symbol's data is replaced, never merged.
  auto refuse = [&](const Decl& decl, bool used, int rank) {
    if (used) {
      Throw("B208", decl.name + " is used above the table statement that fills it", t.driver,
            "move the table statement up", decl.name);
    }
    if (rank >= 2 || (rank == 1 && !json_driver)) {
      Throw("B208", decl.name + " already has data when table " + t.name + " is read", t.driver, "",
            decl.name);
    }
  };
  SetPtr set;
  if (t.set >= 0) {
    const SetDecl& decl = *model_->sets[static_cast<size_t>(t.set)];
    SetState& st = this->set(t.set);
    refuse(decl, !st.states.empty() && st.states[0] == kReady, st.data_rank);
    st.values.clear();
    st.states.clear();
    st.pointers.clear();
    set = std::make_shared<TupleSet>(decl.dimen, &meter_);
    st.values.push_back(set);
    st.states.push_back(kUnchecked);
    st.has_data = true;
    st.data_rank = 2;
  }
  for (const TableField& field : t.fields) {
    const ParamDecl& decl = *model_->params[static_cast<size_t>(field.param)];
    ParamState& st = param(field.param);
    refuse(decl, st.prepared, st.data_rank);
    st.values.clear();
    st.states.clear();
    st.space = MemberSpace(&meter_);
    st.space.arity = decl.arity();
    st.has_data = true;
    st.has_data_default = false;
    st.data_rank = 2;
  }

  const int n = static_cast<int>(t.keys.size());
  Sym key[kMaxDim];
  if (n > kMaxDim) Throw("M105", "a key can have at most 20 fields", t.driver);
  auto add_key = [&](const std::string& pointer) {
    if (set == nullptr) return;
    const SetDecl& decl = *model_->sets[static_cast<size_t>(t.set)];
    std::vector<std::string>& pointers = this->set(t.set).pointers;
    if (!set->Add(key)) {
      const auto first = static_cast<size_t>(set->Find(key));
      std::string hint = first < pointers.size() ? "the first is at " + pointers[first] : "";
      ThrowBind(
          json_driver ? "B207" : "M202",
          "the key " + TupleText(key, n) + " of " + decl.name + " occurs twice in table " + t.name,
          pointer, hint, decl.name);
    }
    CountMembers(1, t.driver);
    if (static_cast<int64_t>(set->size()) > limits_.max_set_members) {
      ThrowLimit("L403", "members in a set", limits_.max_set_members, t.driver);
    }
    if (json_driver) pointers.push_back(pointer);
  };
  auto store = [&](const ParamDecl& decl, double value, const std::string& pointer) {
    ParamState& st = param(decl.index);
    if (n > 0) {
      bool fresh;
      st.space.Insert(key, fresh);
      if (!fresh) {
        ThrowBind(json_driver ? "B207" : "M202",
                  MemberText(decl.name, key, n) + " occurs twice in table " + t.name, pointer, "",
                  decl.name);
      }
      CountMembers(1, t.driver);
    }
    st.values.push_back(value);
    st.states.push_back(kUnchecked);
  };

  if (json_driver) {
    if (json == nullptr) {
      ThrowBind("B202", "there is no JSON input for table " + t.name, "", "", t.name);
    }
    JsonTable table(*this, t, path);
    table.Each([&](const Record& r) {
      Step();
      const Json* value;
      for (int i = 0; i < n; ++i) {
        const std::string& name = t.keys[static_cast<size_t>(i)];
        const bool found = table.Field(r, name, value, key[i]);
        if (found && value == nullptr) continue;
        if (found && IsScalar(*value) && !value->is_null()) {
          JsonSym(*this, *value, r.pointer + PointerStep(name), t.name, key[i]);
          continue;
        }
        std::string fields;
        const std::vector<std::string> names = table.FieldNames(r);
        for (const std::string& f : names) fields += (fields.empty() ? "" : ", ") + f;
        std::string close = DidYouMean(name, names);
        ThrowBind("B203",
                  found ? "the key field " + name + " is " + std::string(value->type_name())
                        : "this record has no key field " + name,
                  r.pointer,
                  close.empty() ? "it has " + Shorten(fields, 100) : "did you mean " + close + "?",
                  t.name);
      }
      add_key(r.pointer);
      for (const TableField& field : t.fields) {
        const ParamDecl& decl = *model_->params[static_cast<size_t>(field.param)];
        Sym sym = kNoSym;
        if (!table.Field(r, field.field, value, sym)) continue;
        double number;
        if (value == nullptr) {
          if (decl.symbolic) {
            number = static_cast<double>(sym);
          } else if (symbols_.is_number(sym)) {
            number = symbols_.number(sym);
          } else {
            ThrowBind("B206",
                      "the value of " + decl.name + " must be a number, not the text \"" +
                          symbols_.ToText(sym) + "\"",
                      r.pointer, "", decl.name);
          }
        } else if (!JsonValue(*this, *value,
                              r.pointer + (r.own != nullptr ? PointerStep(field.field) : ""), decl,
                              number)) {
          continue;
        }
        store(decl, number, r.pointer);
      }
    });
  } else {
    if (!options_.read_file) {
      Throw("M301", "reading the file " + path + " is switched off here", t.driver,
            "pass the data as JSON or as data text", t.name);
    }
    absl::StatusOr<std::string> text = options_.read_file(path);
    if (!text.ok()) {
      Throw("M302",
            "the file " + path + " cannot be read: " +
                std::string(text.status().message().data(), text.status().message().size()),
            t.args[0], "", t.name);
    }
    std::string_view body = *text;
    const bool strict = model_->dialect == MathProgDialect::kStrict;
    if (!strict && body.substr(0, 3) == "\xEF\xBB\xBF") body.remove_prefix(3);
    const auto records = ParseCsv(body, strict);
    if (records.empty()) Throw("M302", "the file " + path + " is empty", t.args[0], "", t.name);
    std::vector<std::string> heads;
    for (const std::string& h : records[0]) {
      const std::string head = !h.empty() && h[0] == '"' ? h.substr(1) : h;
      heads.push_back(strict ? head : Trim(head));
    }
    auto column = [&](const std::string& name, bool required) {
      for (size_t i = 0; i < heads.size(); ++i) {
        if (heads[i] == name) return static_cast<int>(i);
      }
      if (name == "RECNO") return -1;
      if (required) {
        std::string close = DidYouMean(name, heads);
        Throw("M302", "the file " + path + " has no field " + name, t.args[0],
              close.empty() ? "" : "did you mean " + close + "?", t.name);
      }
      return -2;
    };
    std::vector<int> key_columns, value_columns;
    for (const std::string& k : t.keys) key_columns.push_back(column(k, true));
    for (const TableField& f : t.fields) value_columns.push_back(column(f.field, true));
    for (size_t r = 1; r < records.size(); ++r) {
      Step();
      const std::vector<std::string>& record = records[r];
      if (record.size() != heads.size()) {
        Throw("M302",
              "record " + std::to_string(r) + " of " + path + " has " +
                  std::to_string(record.size()) + " fields, not " + std::to_string(heads.size()),
              t.args[0], "", t.name);
      }
      for (const std::string& f : record) {
        if (!strict) break;
        const bool quote = f[0] != '"' && f.find_first_of("\"'") != std::string::npos;
        if (f.empty() || f == "\"" || quote) {
          Throw("M302",
                "record " + std::to_string(r) + " of " + path + " has " +
                    (quote ? "a quote within a field" : "an empty field"),
                t.args[0], "the default dialect takes it", t.name);
        }
      }
      auto symbol = [&](int c) {
        if (c < 0) return symbols_.Number(static_cast<double>(r));
        const std::string& f = record[static_cast<size_t>(c)];
        if (!f.empty() && f[0] == '"') return symbols_.Text(std::string_view(f).substr(1));
        return symbols_.Bare(strict ? f : Trim(f));
      };
      for (int i = 0; i < n; ++i) key[i] = symbol(key_columns[static_cast<size_t>(i)]);
      add_key("");
      for (size_t f = 0; f < t.fields.size(); ++f) {
        const ParamDecl& decl = *model_->params[static_cast<size_t>(t.fields[f].param)];
        const Sym s = symbol(value_columns[f]);
        if (!decl.symbolic && !symbols_.is_number(s)) {
          Throw("M213",
                "the value of " + MemberText(decl.name, key, n) + " in " + path +
                    " is the text \"" + symbols_.ToText(s) + "\", not a number",
                t.args[0], "", decl.name, key, n);
        }
        store(decl, decl.symbolic ? static_cast<double>(s) : symbols_.number(s), "");
      }
    }
  }
  bind_seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

void Run::TableOut(const TableDecl& t) {
  const std::string driver = EvalText(*t.driver);
  std::string name = t.args.empty() ? t.name : EvalText(*t.args[0]);
  if (driver != "JSON") {
    MathProgDiagnostic d = MakeDiagnostic(
        "M301", "table " + t.name +
                    " is kept in the result's tables instead of being written by the driver " +
                    driver);
    model_->source.Place(t.driver->begin, t.driver->end, d);
    Warn(std::move(d));
  }
  Json::Array rows;
  int64_t cut = 0;
  for (int slot : t.domain->slots) slots_[static_cast<size_t>(slot)] = kNoSym;
  Loop(*t.domain, [&] {
    if (static_cast<int64_t>(rows.size()) >= limits_.max_result_rows) {
      ++cut;
      return true;
    }
    Json row;
    for (const TableField& field : t.fields) {
      row.Set(field.field, field.expr->type == Type::kNumber ? Json(EvalNum(*field.expr))
                                                             : SymJson(EvalSym(*field.expr)));
    }
    rows.push_back(std::move(row));
    return true;
  });
  if (cut > 0) {
    Warn(MakeDiagnostic("L412", "table " + t.name + " is cut after " +
                                    std::to_string(limits_.max_result_rows) + " rows; " +
                                    std::to_string(cut) + " are missing"));
  }
  output_.tables.emplace_back(std::move(name), Json(std::move(rows)));
}

}  // namespace solvent::mathprog
