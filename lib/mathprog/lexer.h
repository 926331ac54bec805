// Tokens of the model section.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "diagnostics.h"

namespace solvent::mathprog {

enum class Tok : uint8_t {
  kEnd,   // end of the text
  kName,  // identifiers and non-reserved keywords
  kReserved,
  kNumber,
  kString,
  kSuchThat,  // s.t.
  kDotDot,
  kAssign,  // :=
  kArrow,   // <-
  kAppend,  // >>
  kRel,     // < <= = == >= > <> !=   (text is normalized)
  kPower,   // ^ **
  kAndAnd,
  kOrOr,
  kBang,
  kChar,  // any other single character, in `ch`
};

struct Token {
  Tok kind = Tok::kEnd;
  char ch = 0;
  uint32_t begin = 0;
  uint32_t end = 0;
  double number = 0;
  std::string_view text;  // names, and relations in normal form; strings are decoded by StringValue
};

struct LexResult {
  std::vector<Token> tokens;  // the last one is kEnd
  size_t data_begin = 0;      // where the data section's statements start, 0 when there is none
  bool saw_end = false;       // `end` was read, and the text after it left
  size_t end_offset = 0;      // just after `end` and its semicolon
};

// Reads tokens up to `data;`, `end` or the end of the text. Faults are added to `faults` and the
// offending characters skipped. `strict` refuses what glpsol does: tokens of more than
// kStrictTokenBytes, control characters wherever they stand, a first token behind `end;` that is
// none; and no constraint is called end.
LexResult Lex(const SourceText& source, bool strict, std::vector<MathProgDiagnostic>& faults);

inline constexpr size_t kStrictTokenBytes = 100;

// Those that glpsol takes nowhere, comments and texts included.
constexpr bool IsControl(char c) {
  return (c >= 0 && c < ' ' && !(c >= '\t' && c <= '\r')) || c == '\x7F';
}

// The value of a string token: quotes stripped, doubled ones made single.
std::string StringValue(const SourceText& source, const Token& token);

bool IsReserved(std::string_view word);

// What a character that typesetting puts in the place of one of the language stands for: a curly
// quote for ', a dash for -, a sign for <=, a no-break space for " ". Both empty for any other.
struct Lookalike {
  std::string_view meant;
  std::string_view name;
};
Lookalike LookalikeOf(std::string_view character);

}  // namespace solvent::mathprog
