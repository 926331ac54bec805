// Declarations: set, param, var, constraints and objectives, tables.
#include <algorithm>

#include "parser.h"

namespace solvent::mathprog {

std::string_view Parser::DeclareName(std::string_view what, Token& name_token) {
  const Token t = Peek();
  if (t.kind != Tok::kName) {
    std::string hint;
    if (t.kind == Tok::kReserved) {
      hint = "'" + std::string(t.text) + "' is reserved and cannot be a name";
    }
    Unexpected("the " + std::string(what) + " statement", {"a name"}, hint);
  }
  if (strict_ && t.text == "Infinity") {
    Fail("M101", t, "Infinity is a number and cannot be declared", "", std::string(t.text));
  }
  if (Decl* other = model_.Find(t.text)) {
    MathProgDiagnostic place;
    model_.source.Place(other->begin, other->end, place);
    if (what == "constraint" && !IsChar(':', 1) && !IsChar('{', 1) &&
        Peek(1).kind != Tok::kString) {
      Fail("M101", t, "unexpected " + TokenText(t) + " in the place of the constraint's name",
           "a constraint has a name of its own: s.t. name: ...", std::string(t.text));
    }
    Fail("M103", t, std::string(t.text) + " is declared twice",
         "the first declaration is in line " + std::to_string(place.line), std::string(t.text));
  }
  Take();
  name_token = t;
  return t.text;
}

void Parser::OpenDecl(Decl& decl, Kind kind, size_t index, const Token& name) {
  decl.kind = kind;
  decl.index = static_cast<int>(index);
  decl.name = std::string(name.text);
  decl.begin = name.begin;
  decl.end = name.end;
  decl.slot_begin = model_.num_slots;
  // Nothing refers to a table, so that its name stays free: several tables may share one.
  if (kind != Kind::kTable) model_.names[decl.name] = &decl;
  current_ = &decl;
  if (IsChar('[')) {
    Unexpected("the declaration of " + decl.name, {"'{'"},
               "indices are declared in braces: " + decl.name + "{i in I}");
  }
}

std::string Parser::OptionalAlias() {
  if (Peek().kind != Tok::kString) return "";
  return StringValue(model_.source, Take());
}

Domain* Parser::OptionalDomain() { return IsChar('{') ? ParseIndexing() : nullptr; }

void Parser::CloseDecl(Decl& decl) {
  scope_.clear();
  decl.slot_end = model_.num_slots;
  decl.draws = drew_;
  current_ = nullptr;
}

void Parser::CheckSetExpr(const Expr* e, int dim, std::string_view what) {
  WantSet(e, what);
  if (e->dim != 0 && dim != 0 && e->dim != dim) {
    FailAt("M105", e->begin, e->end,
           std::string(what) + " has dimension " + std::to_string(e->dim) + ", not " +
               std::to_string(dim));
  }
}

void Parser::SetStatement() {
  Take();
  Token name;
  DeclareName("set", name);
  auto owned = std::make_unique<SetDecl>();
  SetDecl& set = *owned;
  model_.sets.push_back(std::move(owned));
  OpenDecl(set, Kind::kSet, model_.sets.size() - 1, name);
  set.alias = OptionalAlias();
  set.domain = OptionalDomain();
  bool dimen = false;
  for (;;) {
    if (TakeChar(',')) {
    } else if (IsChar(';')) {
      break;
    }
    const Token at = Peek();
    if (TakeWord("dimen")) {
      const Token n = Peek();
      if (n.kind != Tok::kNumber || n.number < 1 || n.number > kMaxDim ||
          n.number != static_cast<int>(n.number)) {
        Fail("M107", n, "dimen takes a whole number from 1 to 20");
      }
      if (dimen) Fail("M107", at, "dimen is given twice");
      dimen = true;
      Take();
      if (set.dimen != 0 && set.dimen != static_cast<int>(n.number)) {
        Fail("M105", n,
             "the members of " + set.name + " have dimension " + std::to_string(set.dimen) +
                 " by an earlier attribute");
      }
      set.dimen = static_cast<int>(n.number);
    } else if (IsWord("within") || IsWord("in")) {
      Take();
      Expr* e = ParseLevel(kUnion);
      CheckSetExpr(e, set.dimen, "the set after within");
      WantMemberTest(e);
      if (set.dimen == 0) set.dimen = e->dim;
      set.within.push_back(e);
    } else if (Peek().kind == Tok::kAssign) {
      Take();
      if (set.assign != nullptr || set.fallback != nullptr) {
        Fail("M107", at, "only one of := and default is allowed, once");
      }
      Expr* e = ParseLevel(kUnion);
      CheckSetExpr(e, set.dimen, "the set after :=");
      if (set.dimen == 0) set.dimen = e->dim;
      set.assign = e;
    } else if (TakeWord("default")) {
      if (set.assign != nullptr || set.fallback != nullptr) {
        Fail("M107", at, "only one of := and default is allowed, once");
      }
      Expr* e = ParseLevel(kUnion);
      CheckSetExpr(e, set.dimen, "the set after default");
      if (set.dimen == 0) set.dimen = e->dim;
      set.fallback = e;
    } else if (IsWord("ordered") || IsWord("circular")) {
      if (strict_ || IsWord("circular")) {
        Fail("M304", at, "'" + std::string(at.text) + "' is not part of MathProg",
             strict_ ? "it is an AMPL extension: use the default dialect"
                     : "use ordered, and mod for the wrap-around",
             std::string(at.text));
      }
      Take();
      set.ordered = true;
    } else {
      std::string hint;
      if (Peek().kind == Tok::kRel && Peek().text == "=") hint = "a set is assigned with :=";
      Unexpected("the declaration of set " + set.name,
                 {"';'", "dimen", "within", "default", "':='"}, hint);
    }
  }
  Take();
  if (set.dimen == 0) set.dimen = 1;
  CloseDecl(set);
}

void Parser::ParamStatement() {
  Take();
  Token name;
  DeclareName("param", name);
  auto owned = std::make_unique<ParamDecl>();
  ParamDecl& param = *owned;
  model_.params.push_back(std::move(owned));
  OpenDecl(param, Kind::kParam, model_.params.size() - 1, name);
  param.alias = OptionalAlias();
  param.domain = OptionalDomain();
  // The type may be stated after an expression that refers to the parameter itself.
  for (size_t i = 0; Peek(i).kind != Tok::kEnd && !IsChar(';', i); ++i) {
    if (IsWord("symbolic", i) && model_.Find("symbolic") == nullptr) param.symbolic = true;
  }
  auto value = [&]() {
    Expr* e = ParseLevel(kConcat);
    if (param.symbolic) {
      WantScalar(e, "the value of " + param.name);
    } else {
      WantNumber(e, "the value of " + param.name);
    }
    return e;
  };
  bool attributes = false;
  for (;; attributes = true) {
    if (TakeChar(',')) {
    } else if (IsChar(';')) {
      break;
    }
    const Token at = Peek();
    if (IsWord("integer") || IsWord("binary") || IsWord("logical") || IsWord("symbolic")) {
      Take();
      if (strict_ && attributes && at.text == "symbolic") {
        Fail("M107", at, "symbolic must come before the other attributes of " + param.name);
      }
      if (at.text == "symbolic") {
        if (param.integer || param.binary)
          Fail("M107", at, "a symbolic parameter cannot be a number");
        continue;
      }
      if (param.symbolic)
        Fail("M107", at, "a symbolic parameter cannot be " + std::string(at.text));
      if (at.text == "logical") {
        Warn("M107", at, "logical is an old word for binary");
      }
      bool& type = at.text == "integer" ? param.integer : param.binary;
      if (strict_ && type) Fail("M107", at, std::string(at.text) + " is given twice");
      type = true;
    } else if (Peek().kind == Tok::kRel) {
      static constexpr std::pair<std::string_view, Op> kRels[] = {{"<", Op::kLt}, {"<=", Op::kLe},
                                                                  {"=", Op::kEq}, {">=", Op::kGe},
                                                                  {">", Op::kGt}, {"<>", Op::kNe}};
      Restriction r;
      for (auto [text, op] : kRels) {
        if (at.text == text) r.rel = op;
      }
      Take();
      r.limit = value();
      param.limits.push_back(r);
    } else if (TakeWord("in") || TakeWord("within")) {
      Expr* e = ParseLevel(kUnion);
      CheckSetExpr(e, 1, "the set after in");
      WantMemberTest(e);
      param.in.push_back(e);
    } else if (Peek().kind == Tok::kAssign) {
      Take();
      if (param.assign != nullptr || param.fallback != nullptr) {
        Fail("M107", at, "only one of := and default is allowed, once");
      }
      param.assign = value();
    } else if (TakeWord("default")) {
      if (param.assign != nullptr || param.fallback != nullptr) {
        Fail("M107", at, "only one of := and default is allowed, once");
      }
      param.fallback = value();
    } else {
      Unexpected("the declaration of param " + param.name,
                 {"';'", "integer", "binary", "symbolic", "a relation", "in", "default", "':='"});
    }
  }
  Take();
  CloseDecl(param);
}

void Parser::VarStatement() {
  const Token keyword = Take();
  if (after_solve_) {
    Fail("M110", keyword, "a var statement must come before the solve statement");
  }
  Token name;
  DeclareName("var", name);
  auto owned = std::make_unique<VarDecl>();
  VarDecl& var = *owned;
  model_.vars.push_back(std::move(owned));
  OpenDecl(var, Kind::kVar, model_.vars.size() - 1, name);
  var.broken = true;  // until its domain is read: that cannot refer to its own variable
  var.alias = OptionalAlias();
  var.domain = OptionalDomain();
  var.broken = false;
  Expr* fixed = nullptr;
  for (;;) {
    if (TakeChar(',')) {
    } else if (IsChar(';')) {
      break;
    }
    const Token at = Peek();
    if (IsWord("integer") || IsWord("binary") || IsWord("logical")) {
      Take();
      if (at.text == "logical") Warn("M107", at, "logical is an old word for binary");
      bool& type = at.text == "integer" ? var.integer : var.binary;
      if (strict_ && type) Fail("M107", at, std::string(at.text) + " is given twice");
      type = true;
    } else if (IsWord("symbolic")) {
      Fail("M107", at, "a variable cannot be symbolic");
    } else if (Peek().kind == Tok::kRel) {
      Take();
      if (at.text == "<" || at.text == ">" || at.text == "<>") {
        Fail("M111", at, "a variable's bound cannot be strict",
             at.text == "<>" ? "" : "write " + std::string(at.text) + "=");
      }
      Expr* e = ParseLevel(kConcat);
      if (e->type == Type::kLinear && at.text == "=" && !strict_) {
        if (var.lower != nullptr || var.upper != nullptr || fixed != nullptr ||
            var.define != nullptr) {
          Fail("M107", at, "a defined variable takes no bounds", "bound it in a constraint");
        }
        var.define = e;
        continue;
      }
      if (e->type == Type::kLinear && at.text == "=") {
        FailAt("M304", at.begin, e->end, "a variable defined by an expression with variables",
               "it is an AMPL extension: use the default dialect, or write a constraint", var.name);
      }
      WantNumber(e, "a bound of " + var.name);
      auto twice = [&](std::string_view what) {
        Fail("M107", at, "the variable " + var.name + " has two " + std::string(what),
             "one of each kind, separated by a comma: >= 0, <= 5");
      };
      if (var.define != nullptr) {
        Fail("M107", at, "a defined variable takes no bounds", "bound it in a constraint");
      }
      if (at.text == ">=") {
        if (fixed != nullptr) twice("lower bounds");
        if (var.lower != nullptr) twice("lower bounds");
        var.lower = e;
      } else if (at.text == "<=") {
        if (fixed != nullptr) twice("upper bounds");
        if (var.upper != nullptr) twice("upper bounds");
        var.upper = e;
      } else {
        if (var.lower != nullptr) twice("lower bounds");
        if (var.upper != nullptr) twice("upper bounds");
        fixed = e;
      }
    } else if (Peek().kind == Tok::kAssign || IsWord("default")) {
      if (strict_) {
        Unexpected("the declaration of var " + var.name,
                   {"';'", "integer", "binary", "'<='", "'='", "'>='"},
                   "a variable takes its value from the solver; a fixed one is written = value");
      }
      Take();
      WantNumber(ParseLevel(kConcat), "the start value of " + var.name);
      Warn("M304", at, "the start value of " + var.name + " is ignored");
    } else {
      Unexpected("the declaration of var " + var.name,
                 {"';'", "integer", "binary", "'<='", "'='", "'>='"});
    }
  }
  Take();
  if (fixed != nullptr) var.lower = var.upper = fixed;
  if (var.define != nullptr && (var.integer || var.binary)) {
    Fail("M107", name, "a defined variable cannot be integer or binary", "", var.name);
  }
  CloseDecl(var);
}

void Parser::RowStatement(bool objective, Sense sense) {
  Stmt* stmt = NewStmt(StmtKind::kRow);
  const Token keyword = Peek();
  std::string what = objective ? "objective" : "constraint";
  if (objective) {
    Take();
  } else if (keyword.kind == Tok::kSuchThat) {
    Take();
  } else if ((keyword.text == "subject" || keyword.text == "subj") && IsWord("to", 1)) {
    Take();
    Take();
  } else if (Peek(1).kind == Tok::kName && !IsChar(':', 1)) {
    // `parm x;`, `minimise z: ...`: a misspelt keyword rather than a constraint.
    std::string close =
        DidYouMean(keyword.text, {"set", "param", "var", "minimize", "maximize", "subject to",
                                  "check", "display", "printf", "table"});
    const std::string_view word = keyword.text;
    std::string instead;
    if (word == "st") instead = "write s.t. or subject to";
    if (word == "int" || word == "integer") instead = "write var NAME integer;";
    if (word == "bin" || word == "binary" || word == "bool") instead = "write var NAME binary;";
    if (word == "float" || word == "double" || word == "real") instead = "write var NAME;";
    if (!instead.empty()) Unexpected("the model", {"a statement"}, instead);
    Unexpected("the model", {"a statement"},
               close.empty() ? "a statement starts with set, param, var, minimize, maximize, s.t., "
                               "solve, check, display, printf, for, table or a constraint's name"
                             : "'" + std::string(keyword.text) + "' is no keyword; did you mean " +
                                   close + "?");
  }
  if (after_solve_) {
    Fail("M110", keyword, "the " + what + " statement must come before the solve statement",
         "move it above solve;");
  }
  if (objective && Peek().kind == Tok::kName && !IsChar(':', 1) && !IsChar('{', 1) &&
      Peek(1).kind != Tok::kString) {
    const Token at = Peek();
    Fail("M101", at, "the objective has no name",
         "write " + std::string(keyword.text) + " NAME: expression;", std::string(at.text));
  }
  Token name;
  DeclareName(what, name);
  auto owned = std::make_unique<RowDecl>();
  RowDecl& row = *owned;
  model_.rows.push_back(std::move(owned));
  OpenDecl(row, Kind::kRow, model_.rows.size() - 1, name);
  row.broken = true;
  row.objective = objective;
  row.sense = sense;
  row.alias = OptionalAlias();
  row.domain = OptionalDomain();
  if (!IsChar(':')) {
    std::string hint;
    if (Peek().kind == Tok::kAssign) hint = "a constraint's name is followed by ':'";
    Unexpected("the " + what + " " + row.name, {"':'"}, hint);
  }
  Take();
  if (!objective && IsWord("forall") && IsChar('{', 1)) {
    Fail("M101", Peek(), "a constraint cannot begin with forall",
         "one constraint for each member: s.t. " + row.name + "{...}: ...", row.name);
  }
  auto formula = [&]() {
    Expr* e = ParseLevel(kConcat);
    if (e->type != Type::kLinear) WantNumber(e, "a side of " + row.name);
    return e;
  };
  row.a = formula();
  if (objective) {
    if (!IsChar(';')) {
      Unexpected(
          "the objective " + row.name, {"';'", "an operator"},
          Peek().kind == Tok::kRel ? "an objective has no relation; write a constraint" : "");
    }
  } else {
    auto relation = [&]() {
      TakeChar(',');
      const Token& t = Peek();
      if (t.kind != Tok::kRel) {
        std::string hint;
        if (t.kind == Tok::kAssign) hint = "write =; := gives values in declarations only";
        if (t.kind == Tok::kName || t.kind == Tok::kNumber || IsChar('(')) {
          hint = "is an operator missing? A product needs *";
        }
        Unexpected("the constraint " + row.name, {"'<='", "'='", "'>='", "an operator"}, hint);
      }
      if (t.text == "<" || t.text == ">") {
        Fail("M111", t, "a constraint cannot be strict", "write " + std::string(t.text) + "=");
      }
      if (t.text == "<>") Fail("M111", t, "a constraint cannot be an inequation");
      Op op = t.text == "<=" ? Op::kLe : t.text == "=" ? Op::kEq : Op::kGe;
      Take();
      return op;
    };
    row.rel = relation();
    row.b = formula();
    if (!IsChar(';')) {
      const Token at = Peek();
      Op second = relation();
      row.c = formula();
      if (row.rel == Op::kEq || second != row.rel) {
        Fail("M111", at, "a double inequality needs <= twice or >= twice");
      }
      for (Expr* side : {row.a, row.c}) {
        if (side->type == Type::kLinear) {
          FailAt("M111", side->begin, side->end,
                 "the outer parts of a double inequality must not contain variables",
                 "write two constraints", VariablesIn(side));
        }
      }
    }
  }
  ExpectChar(';', "the " + what + " " + row.name);
  row.broken = false;
  CloseDecl(row);
  PlanRow(model_, row);
  stmt->id = row.index;
  AddStmt(stmt);
}

std::string Parser::FieldName(const TableDecl& table) {
  const Token& t = Peek();
  // An extension, as tables of JSON are.
  const bool quoted = !strict_ || (table.driver->op == Op::kString &&
                                   model_.symbols.text(table.driver->sym) == "JSON");
  if (quoted && t.kind == Tok::kString) {
    return StringValue(model_.source, Take());
  }
  if (t.kind != Tok::kName && !(quoted && t.kind == Tok::kReserved)) {
    Unexpected("the table", {"a field name"});
  }
  return std::string(Take().text);
}

void Parser::TableStatement() {
  Stmt* stmt = NewStmt(StmtKind::kTable);
  Take();
  Token name;
  DeclareName("table", name);
  auto owned = std::make_unique<TableDecl>();
  TableDecl& table = *owned;
  model_.tables.push_back(std::move(owned));
  OpenDecl(table, Kind::kTable, model_.tables.size() - 1, name);
  table.alias = OptionalAlias();
  if (IsChar('{')) {
    table.domain = ParseIndexing();
    if (!IsWord("OUT")) Unexpected("the table " + table.name, {"OUT"});
  }
  if (IsWord("IN")) {
    table.in = true;
  } else if (IsWord("OUT")) {
    table.in = false;
    if (table.domain == nullptr) {
      Unexpected("the table " + table.name, {"IN", "an indexing expression"},
                 "an output table is declared table t{i in I} OUT ...");
    }
  } else {
    Unexpected("the table " + table.name, {"IN", "OUT"});
  }
  Take();
  // Driver and arguments are outside the domain's scope.
  std::vector<ScopeVar> scope;
  scope.swap(scope_);
  table.driver = ParseLevel(kConcat);
  WantScalar(table.driver, "the driver of a table");
  while (TakeChar(',') || (!IsChar(':') && Peek().kind != Tok::kEnd && !IsChar(';'))) {
    Expr* arg = ParseLevel(kConcat);
    WantScalar(arg, "an argument of the table driver");
    table.args.push_back(arg);
  }
  ExpectChar(':', "the table " + table.name);
  scope_.swap(scope);
  if (table.in) {
    TableIn(table);
  } else {
    TableOut(table);
  }
  ExpectChar(';', "the table " + table.name);
  CloseDecl(table);
  stmt->id = table.index;
  AddStmt(stmt);
}

void Parser::TableIn(TableDecl& table) {
  if (Peek().kind == Tok::kName) {
    const Token t = Take();
    Decl* decl = model_.Find(t.text);
    if (decl == nullptr) {
      Fail("M102", t, std::string(t.text) + " is not declared",
           "the set that a table fills must be declared above it", std::string(t.text));
    }
    if (decl->broken) throw Abandon{};
    if (decl->kind != Kind::kSet || decl->arity() > 0) {
      Fail("M109", t, "a table can fill only a set without subscripts", "", decl->name);
    }
    auto* set = static_cast<SetDecl*>(decl);
    if (set->assign != nullptr) {
      Fail("M107", t, "the set " + set->name + " has := and needs no data",
           "declare it with default, or without a value", set->name);
    }
    table.set = set->index;
    if (Peek().kind != Tok::kArrow) Unexpected("the table " + table.name, {"'<-'"});
    Take();
  }
  const Token open = Peek();
  ExpectChar('[', "the table " + table.name);
  do {
    table.keys.push_back(FieldName(table));
  } while (TakeChar(','));
  if (!IsChar(']')) Unexpected("the key of table " + table.name, {"','", "']'"});
  const uint32_t keys_end = Take().end;
  const int keys = static_cast<int>(table.keys.size());
  if (table.set >= 0) {
    const SetDecl& set = *model_.sets[static_cast<size_t>(table.set)];
    if (set.dimen != keys) {
      FailAt("M105", open.begin, keys_end,
             "the key has " + std::to_string(keys) + " fields, but the members of " + set.name +
                 " have dimension " + std::to_string(set.dimen),
             "", set.name);
    }
  }
  while (TakeChar(',')) {
    const Token t = Peek();
    if (t.kind != Tok::kName) Unexpected("the table " + table.name, {"a parameter's name"});
    Take();
    Decl* decl = model_.Find(t.text);
    if (decl == nullptr) {
      std::string close = DidYouMean(t.text, KnownNames());
      Fail("M102", t, std::string(t.text) + " is not declared",
           close.empty() ? "write param~field when their names differ"
                         : "did you mean " + close + "?",
           std::string(t.text));
    }
    if (decl->broken) throw Abandon{};
    if (decl->kind != Kind::kParam) {
      Fail("M109", t, std::string(t.text) + " is not a parameter", "", decl->name);
    }
    auto* param = static_cast<ParamDecl*>(decl);
    if (param->arity() != keys) {
      Fail("M104", t,
           param->name + " takes " + std::to_string(param->arity()) +
               " subscripts, but the key has " + std::to_string(keys) + " fields",
           "", param->name);
    }
    if (param->assign != nullptr) {
      Fail("M107", t, "the parameter " + param->name + " has := and needs no data",
           "declare it with default, or without a value", param->name);
    }
    TableField field;
    field.param = param->index;
    field.field = param->name;
    if (TakeChar('~')) field.field = FieldName(table);
    table.fields.push_back(std::move(field));
  }
}

void Parser::TableOut(TableDecl& table) {
  do {
    const uint32_t begin = Peek().begin;
    TableField field;
    const Token first = Peek();
    field.expr = ParseLevel(kUnion);
    WantScalar(field.expr, "a field of an output table");
    if (TakeChar('~')) {
      field.field = FieldName(table);
    } else if (first.kind == Tok::kName) {
      field.field = std::string(first.text);
    } else {
      FailAt("M101", begin, field.expr->end, "this field of table " + table.name + " needs a name",
             "write expression~name");
    }
    table.fields.push_back(std::move(field));
  } while (TakeChar(','));
}

}  // namespace solvent::mathprog
