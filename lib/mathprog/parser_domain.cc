// Indexing expressions and set literals, which look alike: {a, b}, {I, j in J: j > 1}.
#include <algorithm>

#include "parser.h"

namespace solvent::mathprog {

bool Parser::TupleBeforeIn() const {
  int open = 0;
  for (size_t i = 0;; ++i) {
    const Token& t = Peek(i);
    if (t.kind == Tok::kEnd) return false;
    if (t.kind != Tok::kChar) continue;
    if (t.ch == ';') return false;
    if (t.ch == '(' || t.ch == '[' || t.ch == '{') ++open;
    if ((t.ch == ')' || t.ch == ']' || t.ch == '}') && --open == 0) {
      return IsWord("in", i + 1);
    }
  }
}

bool Parser::IsFreshName(const Token& t) const {
  if (t.kind != Tok::kName) return false;
  for (const ScopeVar& v : scope_) {
    if (v.name == t.text) return false;
  }
  const Decl* decl = model_.Find(t.text);
  return decl == nullptr || decl->kind == Kind::kTable;  // a table's name is no value
}

void Parser::AddDummy(Component& part, const Token& name, std::vector<ScopeVar>& fresh) {
  for (const ScopeVar& v : fresh) {
    if (v.name == name.text) {
      Fail("M106", name, "the dummy index " + std::string(name.text) + " occurs twice", "",
           std::string(name.text));
    }
  }
  part.slot = model_.num_slots++;
  part.name = std::string(name.text);
  fresh.push_back({name.text, part.slot});
}

// Elements separated by commas, the first of which has been read: a set literal without its braces.
Expr* Parser::ParseElements(Expr* first, uint32_t begin, int base) {
  Expr* e = New(Op::kSetLiteral, Type::kSet, begin, begin);
  for (Expr* element = first;;) {
    if (element->type != Type::kTuple) WantScalar(element, "an element of a set");
    const uint8_t dim = element->type == Type::kTuple ? element->dim : uint8_t{1};
    if (e->dim != 0 && e->dim != dim) {
      FailAt("M105", element->begin, element->end,
             "the elements of this set have different dimensions");
    }
    e->dim = dim;
    Adopt(e, element);
    if (!TakeChar(',')) break;
    element = ParseLevel(kConcat);
  }
  Seal(e, base);
  return e;
}

// Reads one entry. Elements in the place of a set, as in {i in I, 1, 2}, are a set of their own.
void Parser::ParseEntry(Domain& domain) {
  Entry entry;
  std::vector<ScopeVar> fresh;
  const Token first = Peek();
  uint32_t tuple_end = first.end;
  bool bound = false;
  if ((first.kind == Tok::kName || first.kind == Tok::kReserved) && IsWord("in", 1)) {
    if (first.kind == Tok::kReserved) {
      Fail("M101", first,
           "'" + std::string(first.text) + "' is reserved and cannot be a dummy index");
    }
    if (!IsFreshName(first)) {
      Decl* decl = model_.Find(first.text);
      Fail("M106", first,
           decl != nullptr && decl->kind != Kind::kTable
               ? "the dummy index " + std::string(first.text) + " hides the " +
                     (decl->kind == Kind::kSet     ? "set"
                      : decl->kind == Kind::kParam ? "parameter"
                      : decl->kind == Kind::kVar   ? "variable"
                                                   : "row") +
                     " of that name"
               : "the dummy index " + std::string(first.text) + " hides another dummy index",
           "give it another name", std::string(first.text));
    }
    Component part;
    AddDummy(part, first, fresh);
    entry.parts.push_back(std::move(part));
    Take();
    Take();
    bound = true;
  } else if (IsChar('(') && TupleBeforeIn()) {
    Take();
    do {
      const Token t = Peek();
      Component part;
      if (IsFreshName(t) && (IsChar(',', 1) || IsChar(')', 1))) {
        AddDummy(part, t, fresh);
        Take();
      } else {
        part.select = ParseLevel(kConcat);
        WantScalar(part.select, "a component of the tuple");
      }
      entry.parts.push_back(std::move(part));
    } while (TakeChar(','));
    if (!IsChar(')')) Unexpected("a tuple of dummy indices", {"','", "')'"});
    if (strict_ && entry.parts.size() == 1) {
      Fail("M102", first, "a single dummy index stands without parentheses");
    }
    tuple_end = Take().end;
    Take();  // in
    bound = true;
  }
  const int base = model_.num_slots;
  Expr* set = ParseLevel(kUnion);
  if (!bound && set->type != Type::kSet) set = ParseElements(set, first.begin, base);
  if (bound && set->type == Type::kNumber) {
    FailAt(
        "M109", set->begin, set->end, "an index runs over a set, and this is a number",
        "write 1.." + std::string(model_.source.text().substr(set->begin, set->end - set->begin)));
  }
  WantSet(set, "what an index runs over");
  WantMemberTest(set);
  if (set->dim == 0) set->dim = static_cast<uint8_t>(std::max<size_t>(1, entry.parts.size()));
  if (!bound) {
    for (int i = 0; i < set->dim; ++i) {
      Component part;
      part.slot = model_.num_slots++;
      entry.parts.push_back(std::move(part));
    }
  } else if (entry.parts.size() != set->dim) {
    FailAt("M105", first.begin, tuple_end,
           "the members of this set have dimension " + std::to_string(set->dim) + ", not " +
               std::to_string(entry.parts.size()),
           set->dim > 1 && entry.parts.size() == 1 ? "write a tuple: (i,j) in ..." : "");
  }
  // Ends of a range are drawn in the order of the text where it is walked.
  if (set->op == Op::kRange) set->backward = false;
  entry.set = set;
  scope_.insert(scope_.end(), fresh.begin(), fresh.end());
  domain.entries.push_back(std::move(entry));
}

void Parser::FinishDomain(Domain& domain, const Token& open) {
  if (TakeChar(':')) domain.condition = ParseLogical("an indexing expression");
  if (!IsChar('}')) {
    const Token& t = Peek();
    std::string hint;
    if (t.kind == Tok::kRel) {
      hint = "is a } missing? A condition follows a colon: {i in I: i > 1}";
    } else if (IsChar(';')) {
      hint = "is a } missing? A condition follows a colon, not a semicolon";
    }
    Unexpected("an indexing expression", {"','", "':'", "'}'"}, hint);
  }
  domain.begin = open.begin;
  domain.end = Take().end;
  domain.product = domain.condition == nullptr;
  auto use = [&](const Expr* e) {
    domain.min_slot = std::min(domain.min_slot, e->min_slot);
    domain.volatile_ = domain.volatile_ || e->volatile_;
    domain.draws = domain.draws || e->draws;
  };
  for (Entry& entry : domain.entries) {
    int free = 0;
    for (Component& part : entry.parts) {
      if (part.select != nullptr) {
        use(part.select);
        domain.product = false;
      } else {
        ++free;
        domain.slots.push_back(part.slot);
        domain.names.push_back(part.name);
      }
    }
    domain.dims.push_back(free);
    if (!entry.set->closed || entry.set->volatile_) domain.product = false;
    use(entry.set);
  }
  if (domain.condition != nullptr) use(domain.condition);
  if (domain.slots.size() > kMaxDim) {
    FailAt("M105", domain.begin, domain.end,
           "an indexing expression can have at most 20 dimensions");
  }
  PlanDomain(domain);
}

Domain* Parser::ParseIndexing() {
  const Token open = Take();
  Domain& domain = model_.domain_store.emplace_back();
  domain.slot_base = model_.num_slots;
  if (IsChar('}')) {
    Unexpected("an indexing expression", {"a set"}, "{} is empty: name a set to run over");
  }
  do {
    ParseEntry(domain);
  } while (TakeChar(','));
  FinishDomain(domain, open);
  return &domain;
}

Expr* Parser::ParseBraces() {
  const Token open = Take();
  const int base = model_.num_slots;
  if (IsChar('}')) {
    Expr* e = New(Op::kSetLiteral, Type::kSet, open.begin, Take().end);
    if (strict_) e->dim = 1;
    Seal(e, base);
    return e;
  }
  const size_t scope = scope_.size();
  Domain& domain = model_.domain_store.emplace_back();
  domain.slot_base = base;
  do {
    ParseEntry(domain);
  } while (TakeChar(','));
  if (domain.entries.size() == 1 && domain.entries[0].set->op == Op::kSetLiteral && IsChar('}') &&
      domain.entries[0].parts[0].name.empty() && domain.entries[0].parts[0].select == nullptr) {
    // {1, 2} is the literal itself.
    Expr* e = domain.entries[0].set;
    e->begin = open.begin;
    e->end = Take().end;
    scope_.resize(scope);
    return e;
  }
  FinishDomain(domain, open);
  scope_.resize(scope);
  Expr* e = New(Op::kBuild, Type::kSet, open.begin, domain.end);
  e->domain = &domain;
  e->dim = static_cast<uint8_t>(domain.slots.size());
  if (e->dim == 0) {
    FailAt("M105", e->begin, e->end, "this set has no free index");
  }
  Seal(e, base);
  return e;
}

}  // namespace solvent::mathprog
