#include "data_reader.h"

#include <algorithm>
#include <charconv>

#include "lexer.h"

namespace solvent::mathprog {

namespace {

enum class DataTok : uint8_t { kEnd, kSymbol, kQuoted, kAssign, kChar };

class DataReader {
 public:
  DataReader(Run& run, const SourceText& source, size_t begin,
             std::vector<MathProgDiagnostic>& diagnostics)
      : run_(run),
        model_(run.model()),
        source_(source),
        text_(source.text()),
        diagnostics_(diagnostics),
        strict_(model_.dialect == MathProgDialect::kStrict),
        max_symbol_(strict_ ? std::min<int64_t>(kStrictTokenBytes, run.limits().max_symbol_bytes)
                            : run.limits().max_symbol_bytes),
        pos_(begin) {}

  void Statements() {
    // A data section stands behind a `data;` already.
    bool ended = false, begun = pos_ > 0;
    Guard([&] { Next(); });
    while (kind_ != DataTok::kEnd && !ended &&
           static_cast<int>(diagnostics_.size()) < run_.limits().max_errors) {
      Guard([&] {
        run_.Step();
        statement_ = begin_;
        if (IsKeyword("set")) {
          Next();
          SetBlock();
        } else if (IsKeyword("param")) {
          Next();
          ParamBlock();
        } else if (IsKeyword("end")) {
          ended = true;
          End();
          return;
        } else if (IsKeyword("data") && !(strict_ && begun)) {
          const size_t begin = begin_;
          Next();
          if (!IsChar(';')) {
            Fail("M114", begin, pos_, "unexpected text in the data",
                 "data statements start with set or param");
          }
        } else {
          Unexpected("the data", {"set", "param", "end"});
        }
        begun = true;
        Enter(0);
        if (!IsChar(';')) Unexpected("the data of " + symbol_, {"';'"});
        Next();
      });
    }
  }

 private:
  // At `end`: what follows is left, but for what glpsol reads before it stops.
  void End() {
    if (!strict_) return;
    ended_ = true;
    Next();
    if (IsChar(';')) Next();
  }

  // --- tokens ---
  static bool IsBare(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '+' || c == '-' || c == '.';
  }

  void Next() {
    for (;;) {
      if (pos_ >= text_.size()) {
        kind_ = DataTok::kEnd;
        begin_ = end_ = text_.size();
        return;
      }
      const char c = text_[pos_];
      if (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v') {
        ++pos_;
      } else if (c == '#') {
        const size_t begin = pos_;
        while (pos_ < text_.size() && text_[pos_] != '\n') ++pos_;
        WantNoControls(begin, pos_);
      } else if (c == '/' && pos_ + 1 < text_.size() && text_[pos_ + 1] == '*') {
        const size_t close = text_.find("*/", pos_ + 2);
        if (close == std::string_view::npos) {
          const size_t begin = pos_;
          pos_ = text_.size();
          Fail("M108", begin, begin + 20, "this comment is never closed", "add */");
        }
        const size_t begin = pos_;
        pos_ = close + 2;
        WantNoControls(begin, pos_);
      } else {
        break;
      }
    }
    begin_ = pos_;
    const char c = text_[pos_];
    if (IsBare(c)) {
      while (pos_ < text_.size() && IsBare(text_[pos_])) ++pos_;
      kind_ = DataTok::kSymbol;
      end_ = pos_;
      if (static_cast<int64_t>(end_ - begin_) > max_symbol_) {
        Fail("L406", begin_, end_, "this symbol is too long");
      }
      return;
    }
    if (c == '\'' || c == '"') {
      quoted_.clear();
      size_t i = pos_ + 1;
      for (;; ++i) {
        if (i >= text_.size() || text_[i] == '\n') {
          pos_ = i;
          Fail("M108", begin_, i, "this text is never closed", std::string("add ") + c);
        }
        if (text_[i] == c) {
          if (i + 1 >= text_.size() || text_[i + 1] != c) break;
          ++i;
        }
        quoted_ += text_[i];
      }
      pos_ = end_ = i + 1;
      if (static_cast<int64_t>(quoted_.size()) > max_symbol_) {
        Fail("L406", begin_, end_, "this text is too long");
      }
      WantNoControls(begin_, end_);
      kind_ = DataTok::kQuoted;
      return;
    }
    if (c == ':' && pos_ + 1 < text_.size() && text_[pos_ + 1] == '=') {
      kind_ = DataTok::kAssign;
      pos_ = end_ = pos_ + 2;
      return;
    }
    kind_ = DataTok::kChar;
    pos_ = end_ = pos_ + 1;
    if (std::string_view("()[]{}:;,*").find(c) == std::string_view::npos) {
      while (pos_ < text_.size() && (text_[pos_] & 0xC0) == 0x80) ++pos_;
      end_ = pos_;
      // The language's other characters are tokens in data, too, if of no use.
      if (ended_ && std::string_view("=<>!&|~^/").find(c) != std::string_view::npos) return;
      if (c == '=') Fail("M108", begin_, end_, "unexpected = in the data", "write :=");
      Fail("M108", begin_, end_,
           "the character " + std::string(text_.substr(begin_, end_ - begin_)) +
               " needs quotes in data",
           "write names with other characters than letters, digits, _ + - . in quotes");
    }
  }

  bool IsChar(char c) const { return kind_ == DataTok::kChar && text_[begin_] == c; }
  std::string_view Raw() const { return text_.substr(begin_, end_ - begin_); }
  bool IsWord(std::string_view word) const { return kind_ == DataTok::kSymbol && Raw() == word; }
  // glpsol takes keywords and names of the model in quotes, too.
  bool IsKeyword(std::string_view word) const {
    return IsWord(word) || (kind_ == DataTok::kQuoted && quoted_ == word);
  }
  bool IsSymbol() const { return kind_ == DataTok::kSymbol || kind_ == DataTok::kQuoted; }

  static bool IsTooLarge(std::string_view raw) {
    if (raw.starts_with('+')) raw.remove_prefix(1);
    double value = 0;
    const auto [end, ec] = std::from_chars(raw.data(), raw.data() + raw.size(), value);
    return ec == std::errc::result_out_of_range && end == raw.data() + raw.size();
  }

  Sym TakeSymbol() {
    Sym s;
    if (kind_ == DataTok::kQuoted) {
      s = run_.symbols().Text(quoted_);
    } else {
      const std::string_view raw = Raw();
      int32_t small = 0;
      auto [end, ec] = std::from_chars(raw.data(), raw.data() + raw.size(), small);
      if (ec == std::errc() && end == raw.data() + raw.size() && small >= kSmallMin &&
          small <= kSmallMax) {
        s = MakeSmall(small);
      } else {
        s = run_.symbols().Bare(raw);
        if (strict_ && !run_.symbols().is_number(s) && IsTooLarge(raw)) {
          Fail("M108", begin_, end_, "the number " + Shorten(raw, 30) + " is too large");
        }
      }
    }
    Next();
    return s;
  }

  void WantNoControls(size_t begin, size_t end) {
    if (!strict_) return;
    for (size_t i = begin; i < end; ++i) {
      if (!IsControl(text_[i])) continue;
      Fail("M108", i, i + 1, "a control character stands here", "remove it");
    }
  }

  // --- faults ---
  // `3,5` among the values of the statement under way: two values, where one number was meant.
  bool CommaInNumber() const {
    for (size_t i = end_; i-- > statement_;) {
      if (text_[i] != ',' || i == 0 || i + 1 >= text_.size()) continue;
      if (IsDigit(text_[i - 1]) && IsDigit(text_[i + 1])) return true;
    }
    return false;
  }
  static bool IsDigit(char c) { return c >= '0' && c <= '9'; }

  [[noreturn]] void Fail(std::string_view code, size_t begin, size_t end, std::string message,
                         std::string hint = {}, const Sym* key = nullptr, int n = 0) {
    Fault fault;
    fault.diagnostic = MakeDiagnostic(code, std::move(message), std::move(hint));
    source_.Place(begin, end, fault.diagnostic);
    fault.diagnostic.symbol = symbol_;
    if (key != nullptr) run_.FillIndex(fault.diagnostic, key, n);
    throw fault;
  }

  [[noreturn]] void Unexpected(const std::string& where, std::vector<std::string> expected,
                               std::string hint = {}) {
    std::string found =
        kind_ == DataTok::kEnd ? "the end of the data" : "'" + Shorten(Raw(), 40) + "'";
    std::string message = "unexpected " + found + " in " + where;
    for (size_t i = 0; i < expected.size(); ++i) {
      message += i == 0 ? "; expected " : i + 1 == expected.size() ? " or " : ", ";
      message += expected[i];
    }
    if (hint.empty() && (IsKeyword("param") || IsKeyword("set"))) {
      hint = "is a ';' missing before " + std::string(Raw()) + "?";
    }
    Fault fault;
    fault.diagnostic = MakeDiagnostic("M114", std::move(message), std::move(hint));
    source_.Place(begin_, end_, fault.diagnostic);
    fault.diagnostic.expected = std::move(expected);
    fault.diagnostic.symbol = symbol_;
    throw fault;
  }

  template <typename F>
  void Guard(F&& f) {
    try {
      symbol_.clear();
      f();
    } catch (const Fault& fault) {
      diagnostics_.push_back(fault.diagnostic);
      pending_.clear();
      if (fault.fatal) {
        kind_ = DataTok::kEnd;
        return;
      }
      Resync();
    }
  }

  void Resync() {
    for (;;) {
      if (kind_ == DataTok::kEnd) return;
      const bool stop = IsChar(';');
      try {
        Next();
      } catch (const Fault&) {
        // One report a statement is enough, and looking at each character of what is no data is
        // not worth it.
        pos_ = std::min(text_.find(';', pos_), text_.size());
        continue;
      }
      if (stop) return;
    }
  }

  const Decl* Name(Kind kind) {
    if (!IsSymbol()) Unexpected("the data", {"a name"});
    const std::string name(kind_ == DataTok::kQuoted ? std::string_view(quoted_) : Raw());
    const Decl* decl = model_.Find(name);
    symbol_ = name;
    if (decl == nullptr) {
      std::vector<std::string> names;
      for (const auto& [other, d] : model_.names) {
        if (d->kind == kind) names.push_back(other);
      }
      std::sort(names.begin(), names.end());
      std::string close = DidYouMean(name, names);
      Fail("M102", begin_, end_, name + " is not declared in the model",
           close.empty() ? "declare it, or remove its data" : "did you mean " + close + "?");
    }
    if (decl->kind != kind) {
      Fail("M114", begin_, end_,
           name + " is not a " + (kind == Kind::kSet ? "set" : "parameter") + " of the model");
    }
    Next();
    return decl;
  }

  // --- slices ---
  struct Slice {
    std::vector<Sym> fixed;  // kNoSym where a component is free
    int free = 0;
  };
  Slice Whole(int dim) const { return {std::vector<Sym>(static_cast<size_t>(dim), kNoSym), dim}; }
  Slice ReadSlice(char close, int dim) {
    Slice slice;
    const size_t begin = begin_;
    Next();
    for (;;) {
      if (IsChar('*')) {
        slice.fixed.push_back(kNoSym);
        ++slice.free;
        Next();
      } else if (IsSymbol()) {
        slice.fixed.push_back(TakeSymbol());
      } else {
        Unexpected("a slice of " + symbol_, {"a symbol", "'*'"});
      }
      if (IsChar(',')) {
        Next();
      } else if (IsChar(close)) {
        break;
      } else {
        Unexpected("a slice of " + symbol_, {"','", std::string("'") + close + "'"});
      }
    }
    if (static_cast<int>(slice.fixed.size()) != dim) {
      Fail("M105", begin, pos_,
           "a slice of " + symbol_ + " needs " + std::to_string(dim) + " components, not " +
               std::to_string(slice.fixed.size()),
           static_cast<int>(slice.fixed.size()) < dim ? "write * for each subscript that follows"
                                                      : "");
    }
    Next();
    return slice;
  }
  static void Fill(const Slice& slice, const Sym* values, Sym* out) {
    for (size_t i = 0; i < slice.fixed.size(); ++i) {
      out[i] = slice.fixed[i] == kNoSym ? *values++ : slice.fixed[i];
    }
  }

  // At ':' or after (tr): reads the column heads up to := .
  std::vector<Sym> ReadColumns() {
    std::vector<Sym> columns;
    while (kind_ != DataTok::kAssign) {
      if (IsChar(',') && !columns.empty()) Next();
      if (!IsSymbol()) Unexpected("the column heads of " + symbol_, {"a symbol", "':='"});
      columns.push_back(TakeSymbol());
    }
    Next();
    return columns;
  }

  // (tr) at the current '('?
  bool TakeTranspose() {
    if (!IsChar('(')) return false;
    const size_t save = pos_, b = begin_, e = end_;
    Next();
    if (IsKeyword("tr")) {
      Next();
      if (IsChar(')')) {
        Next();
        return true;
      }
    }
    pos_ = save;
    begin_ = b;
    end_ = e;
    kind_ = DataTok::kChar;
    return false;
  }

  // --- sets ---
  void SetBlock() {
    const auto& decl = static_cast<const SetDecl&>(*Name(Kind::kSet));
    const size_t name_begin = begin_;
    if (decl.assign != nullptr) {
      Fail("M115", name_begin, end_, "the set " + decl.name + " has := and needs no data",
           "declare it with default to let data replace the value");
    }
    SetState& st = run_.set(decl.index);
    Sym key[kMaxDim];
    if (IsChar('[')) {
      if (decl.arity() == 0) {
        Fail("M104", begin_, end_, "the set " + decl.name + " takes no subscript");
      }
      Slice slice = ReadSlice(']', decl.arity());
      if (slice.free > 0) Fail("M114", begin_, end_, "a subscript of a set cannot be '*'");
      std::copy(slice.fixed.begin(), slice.fixed.end(), key);
    } else if (decl.arity() > 0) {
      Fail("M104", name_begin, end_, "the set " + decl.name + " needs a subscript",
           "write set " + decl.name + "[...] := ...");
    }
    auto set = std::make_shared<TupleSet>(decl.dimen, run_.meter());
    if (decl.arity() == 0) {
      if (!st.values.empty()) Fail("M202", name_begin, end_, decl.name + " already has data");
      st.values.push_back(set);
      st.states.push_back(kUnchecked);
    } else {
      bool fresh;
      st.space.Insert(key, fresh);
      if (!fresh) {
        Fail("M202", name_begin, end_,
             run_.MemberText(decl.name, key, decl.arity()) + " already has data", "", key,
             decl.arity());
      }
      st.values.push_back(set);
      st.states.push_back(kUnchecked);
    }
    st.has_data = true;
    st.data_rank = 1;
    Slice slice = Whole(decl.dimen);
    bool spent = false;  // a tuple without stars has been taken as it is
    Sym values[kMaxDim], tuple[kMaxDim];
    auto add = [&](const Sym* t, size_t begin) {
      run_.Step();
      if (!set->Add(t)) {
        Fail("M202", begin, end_,
             "duplicate member (" + run_.TupleText(t, decl.dimen) + ") of " + decl.name, "", t,
             decl.dimen);
      }
      run_.CountMembers(1, nullptr);
      if (static_cast<int64_t>(set->size()) > run_.limits().max_set_members) {
        run_.ThrowLimit("L403", "members in a set", run_.limits().max_set_members);
      }
    };
    auto matrix = [&](bool transposed) {
      if (slice.free != 2) {
        Fail("M105", begin_, end_,
             "a table of members needs two free components, and " + decl.name + " has " +
                 std::to_string(slice.free),
             "fix the others by a slice: (a,*,*)");
      }
      const std::vector<Sym> columns = ReadColumns();
      while (IsSymbol()) {
        const Sym r = TakeSymbol();
        for (Sym c : columns) {
          if (!IsKeyword("+") && !IsKeyword("-")) {
            Unexpected("the table of " + decl.name, {"'+'", "'-'"});
          }
          const bool member = IsKeyword("+");
          const size_t begin = begin_;
          Next();
          if (!member) continue;
          values[0] = transposed ? c : r;
          values[1] = transposed ? r : c;
          Fill(slice, values, tuple);
          add(tuple, begin);
        }
      }
    };
    for (;;) {
      if (IsChar(',')) Next();
      if (kind_ == DataTok::kAssign) {
        Next();
      } else if (TakeTranspose()) {
        if (!IsChar(':')) Unexpected("the table of " + decl.name, {"':'"});
        Next();
        matrix(true);
      } else if (IsChar('(')) {
        const size_t begin = begin_;
        slice = ReadSlice(')', decl.dimen);
        spent = slice.free == 0;
        if (spent) add(slice.fixed.data(), begin);
      } else if (IsSymbol()) {
        const size_t begin = begin_;
        if (spent) {
          Unexpected("the data of " + decl.name, {"'('", "';'"},
                     "after a tuple in parentheses, write the others in parentheses too");
        }
        for (int i = 0; i < slice.free; ++i) {
          if (i > 0 && IsChar(',')) Next();
          if (!IsSymbol()) {
            Unexpected("the data of " + decl.name, {"a symbol"},
                       "members of " + decl.name + " have dimension " + std::to_string(decl.dimen));
          }
          values[i] = TakeSymbol();
        }
        Fill(slice, values, tuple);
        add(tuple, begin);
      } else if (IsChar(':')) {
        Next();
        matrix(false);
      } else if (IsChar(';')) {
        return;
      } else {
        std::string hint;
        if (decl.dimen == 1 && IsChar('[')) hint = "members are listed without brackets";
        Unexpected("the data of " + decl.name, {"a symbol", "'('", "':'", "';'"}, hint);
      }
    }
  }

  // --- params ---
  void BeginParam(const ParamDecl& decl, size_t begin) {
    ParamState& st = run_.param(decl.index);
    if (decl.assign != nullptr) {
      Fail("M115", begin, end_, "the parameter " + decl.name + " has := and needs no data",
           "declare it with default to let data replace the value");
    }
    if (st.has_data) Fail("M202", begin, end_, decl.name + " already has data");
    st.has_data = true;
    st.data_rank = 1;
  }

  // The value at the current token, for `decl`.
  double TakeValue(const ParamDecl& decl) {
    if (!IsSymbol()) Unexpected("the data of " + decl.name, {"a value"});
    if (decl.symbolic) return static_cast<double>(TakeSymbol());
    double value;
    if (kind_ == DataTok::kQuoted || !ParseNumber(Raw(), value)) {
      std::string hint;
      if (kind_ == DataTok::kQuoted) {
        hint = "numbers are written without quotes";
      } else if (CommaInNumber()) {
        hint = "a comma parts values: a decimal number is written 3.5, a thousand 1000";
      } else {
        hint = "declare " + decl.name + " symbolic to give it texts";
      }
      Fail("M213", begin_, end_,
           "the value of " + decl.name + " must be a number, not " + Shorten(Raw(), 40), hint);
    }
    Next();
    return value;
  }

  void Store(const ParamDecl& decl, const Sym* key, double value, size_t begin) {
    ParamState& st = run_.param(decl.index);
    run_.Step();
    if (decl.arity() == 0) {
      if (!st.values.empty()) Fail("M202", begin, end_, decl.name + " already has a value");
      st.values.push_back(value);
      st.states.push_back(kUnchecked);
      return;
    }
    const size_t number = st.space.count();
    const uint64_t hash = st.space.index.Prepare(decl.arity(), number, key);
    st.space.keys.insert(st.space.keys.end(), key, key + decl.arity());
    st.values.push_back(value);
    st.states.push_back(kUnchecked);
    run_.CountMembers(1, nullptr);
    pending_.push_back({&decl, number, hash, begin});
    if (pending_.size() >= 2 * kPendingKept) Enter(kPendingKept);
  }

  // Enters all but the last `keep` stored keys into their indexes. In the meantime the memory they
  // need has come nearer, which is most of what loading a large table waits for.
  void Enter(size_t keep) {
    const size_t n = pending_.size() - std::min(keep, pending_.size());
    for (size_t i = 0; i < n; ++i) {
      const Pending p = pending_[i];
      MemberSpace& space = run_.param(p.decl->index).space;
      const int arity = p.decl->arity();
      const Sym* key = space.keys.data() + p.number * static_cast<size_t>(arity);
      if (space.index.InsertPrepared(space.keys.data(), arity, p.number, key, p.hash) < 0) continue;
      symbol_ = p.decl->name;
      size_t end = p.begin;
      while (end < text_.size() && IsBare(text_[end])) ++end;
      Fail("M202", p.begin, end, run_.MemberText(p.decl->name, key, arity) + " already has a value",
           "", key, arity);
    }
    pending_.erase(pending_.begin(), pending_.begin() + static_cast<ptrdiff_t>(n));
  }

  void SetDefault(const ParamDecl& decl, size_t begin) {
    ParamState& st = run_.param(decl.index);
    if (decl.fallback != nullptr) {
      Fail("M115", begin, end_, decl.name + " has a default in the model",
           "give the default in one place only");
    }
    if (st.has_data_default) Fail("M115", begin, end_, decl.name + " already has a default");
    st.data_default = TakeValue(decl);
    st.has_data_default = true;
  }

  void ParamBlock() {
    if (IsChar(':') || IsKeyword("default")) {
      // `param default 0 : p q := ...`; a parameter named default is read as the keyword.
      return Tabbing();
    }
    const auto& decl = static_cast<const ParamDecl&>(*Name(Kind::kParam));
    BeginParam(decl, begin_);
    const int n = decl.arity();
    if (IsKeyword("default")) {
      const size_t begin = begin_;
      Next();
      SetDefault(decl, begin);
    }
    Slice slice = Whole(n);
    Sym values[kMaxDim], key[kMaxDim];
    auto tabular = [&](bool transposed) {
      if (slice.free != 2) {
        Fail("M105", begin_, end_,
             "a table of values needs two free subscripts, and " + decl.name + " has " +
                 std::to_string(slice.free),
             slice.free > 2 ? "fix the others by a slice: [a,*,*]"
                            : "write the subscript and the value of each member");
      }
      const std::vector<Sym> columns = ReadColumns();
      while (IsSymbol()) {
        const Sym r = TakeSymbol();
        for (size_t c = 0; c < columns.size(); ++c) {
          if (IsWord(".")) {
            Next();
            continue;
          }
          if (!IsSymbol()) {
            Fail("M114", begin_, end_,
                 "the row " + run_.symbols().ToText(r) + " of " + decl.name + " has " +
                     std::to_string(c) + " values for " + std::to_string(columns.size()) +
                     " columns",
                 "write . for a missing value");
          }
          const size_t begin = begin_;
          const double value = TakeValue(decl);
          values[0] = transposed ? columns[c] : r;
          values[1] = transposed ? r : columns[c];
          Fill(slice, values, key);
          Store(decl, key, value, begin);
        }
      }
    };
    for (;;) {
      if (IsChar(',')) Next();
      if (kind_ == DataTok::kAssign) {
        Next();
      } else if (IsChar('[')) {
        slice = ReadSlice(']', n);
      } else if (TakeTranspose()) {
        if (!IsChar(':')) Unexpected("the table of " + decl.name, {"':'"});
        Next();
        tabular(true);
      } else if (IsChar(':')) {
        Next();
        tabular(false);
      } else if (IsSymbol()) {
        const size_t begin = begin_;
        for (int i = 0; i < slice.free; ++i) {
          if (i > 0 && IsChar(',')) Next();
          if (!IsSymbol()) {
            Unexpected("the data of " + decl.name, {"a subscript"},
                       decl.name + " takes " + std::to_string(n) +
                           (n == 1 ? " subscript" : " subscripts") + " and a value");
          }
          values[i] = TakeSymbol();
        }
        if (IsChar(',')) Next();
        if (!strict_ && IsWord(".") && !decl.symbolic) {
          Next();
          continue;
        }
        if (IsChar(';') && slice.free > 0) {
          Unexpected("the data of " + decl.name, {"a value"},
                     decl.name + " takes " + std::to_string(n) +
                         (n == 1 ? " subscript" : " subscripts") +
                         " and a value; a text with spaces stands in quotes, and a minus directly "
                         "before its number");
        }
        Fill(slice, values, key);
        const double value = TakeValue(decl);
        Store(decl, key, value, begin);
      } else if (IsChar(';')) {
        return;
      } else {
        std::string hint;
        if (IsChar('(')) hint = "a slice of a parameter is written in brackets: [i,*]";
        Unexpected("the data of " + decl.name, {"a symbol", "'['", "':'", "';'"}, hint);
      }
    }
  }

  // param [default v] : [S :] p q := i j p[i,j] q[i,j] ...
  void Tabbing() {
    bool has_default = false;
    double default_value = 0;
    size_t default_begin = 0;
    Sym default_symbol = kNoSym;
    if (IsKeyword("default")) {
      Next();
      default_begin = begin_;
      has_default = true;
      if (!IsSymbol()) Unexpected("the data", {"a value"});
      if (kind_ == DataTok::kQuoted || !ParseNumber(Raw(), default_value)) {
        default_symbol = TakeSymbol();
      } else {
        const std::string_view raw = Raw();
        default_symbol = run_.symbols().Bare(raw);
        Next();
      }
    }
    if (!IsChar(':')) Unexpected("the data", {"':'"});
    Next();
    std::vector<const ParamDecl*> params;
    const SetDecl* set_decl = nullptr;
    SetPtr set;
    if (kind_ == DataTok::kSymbol) {
      const Decl* first = model_.Find(Raw());
      if (first != nullptr && first->kind == Kind::kSet) {
        const size_t begin = begin_;
        set_decl = static_cast<const SetDecl*>(Name(Kind::kSet));
        SetState& st = run_.set(set_decl->index);
        if (set_decl->arity() > 0) {
          Fail("M104", begin, end_, set_decl->name + " takes subscripts and cannot head a table");
        }
        if (set_decl->assign != nullptr) {
          Fail("M115", begin, end_, "the set " + set_decl->name + " has := and needs no data");
        }
        if (!st.values.empty()) Fail("M202", begin, end_, set_decl->name + " already has data");
        set = std::make_shared<TupleSet>(set_decl->dimen, run_.meter());
        st.values.push_back(set);
        st.states.push_back(kUnchecked);
        st.has_data = true;
        st.data_rank = 1;
        if (!IsChar(':')) Unexpected("the table of " + set_decl->name, {"':'"});
        Next();
      }
    }
    int n = set_decl != nullptr ? set_decl->dimen : 0;
    while (kind_ != DataTok::kAssign) {
      if (IsChar(',') && !params.empty()) Next();
      const size_t begin = begin_, end = end_;
      const auto* decl = static_cast<const ParamDecl*>(Name(Kind::kParam));
      if (decl->arity() == 0) Fail("M104", begin, end, decl->name + " takes no subscript");
      if (n != 0 && decl->arity() != n) {
        Fail("M105", begin, end,
             decl->name + " takes " + std::to_string(decl->arity()) + " subscripts, not " +
                 std::to_string(n) + " as the others of this table");
      }
      n = decl->arity();
      BeginParam(*decl, begin);
      if (has_default) {
        ParamState& st = run_.param(decl->index);
        if (decl->fallback != nullptr) {
          Fail("M115", default_begin, end_, decl->name + " has a default in the model");
        }
        if (!decl->symbolic && !run_.symbols().is_number(default_symbol)) {
          Fail("M213", default_begin, end_, "the default of " + decl->name + " must be a number");
        }
        st.data_default = decl->symbolic ? static_cast<double>(default_symbol) : default_value;
        st.has_data_default = true;
      }
      params.push_back(decl);
    }
    if (params.empty() && (set_decl == nullptr || strict_)) {
      Unexpected("the data", {"the name of a parameter"});
    }
    Next();
    Sym key[kMaxDim];
    for (;;) {
      if (IsChar(';')) return;
      if (IsChar(',')) Next();
      const size_t record = begin_;
      for (int i = 0; i < n; ++i) {
        if (i > 0 && IsChar(',')) Next();
        if (!IsSymbol()) Unexpected("this table", {"a symbol", "';'"});
        key[i] = TakeSymbol();
      }
      if (set != nullptr) {
        if (!set->Add(key)) {
          symbol_ = set_decl->name;
          Fail("M202", record, end_,
               "duplicate member (" + run_.TupleText(key, n) + ") of " + set_decl->name, "", key,
               n);
        }
        run_.CountMembers(1, nullptr);
        if (static_cast<int64_t>(set->size()) > run_.limits().max_set_members) {
          run_.ThrowLimit("L403", "members in a set", run_.limits().max_set_members);
        }
      }
      for (const ParamDecl* decl : params) {
        if (IsChar(',')) Next();
        symbol_ = decl->name;
        if (IsWord(".")) {
          Next();
          continue;
        }
        if (!IsSymbol()) {
          Fail("M114", begin_, end_,
               "the record (" + run_.TupleText(key, n) + ") lacks the value of " + decl->name,
               "write . for a missing value");
        }
        const size_t begin = begin_;
        const double value = TakeValue(*decl);
        Store(*decl, key, value, begin);
      }
    }
  }

  struct Pending {
    const ParamDecl* decl;
    size_t number;
    uint64_t hash;
    size_t begin;
  };
  static constexpr size_t kPendingKept = 24;
  std::vector<Pending> pending_;

  Run& run_;
  const Template& model_;
  const SourceText& source_;
  std::string_view text_;
  std::vector<MathProgDiagnostic>& diagnostics_;
  bool strict_;
  bool ended_ = false;  // `end` has been read
  int64_t max_symbol_;
  size_t pos_;
  size_t statement_ = 0;  // where the one under way begins
  DataTok kind_ = DataTok::kEnd;
  size_t begin_ = 0;
  size_t end_ = 0;
  std::string quoted_;
  std::string symbol_;
};

}  // namespace

void ReadData(Run& run, const SourceText& source, size_t begin,
              std::vector<MathProgDiagnostic>& diagnostics) {
  DataReader(run, source, begin, diagnostics).Statements();
}

}  // namespace solvent::mathprog
