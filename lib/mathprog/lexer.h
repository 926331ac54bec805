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
  bool saw_end = false;       // `end;` was read; text after it is not looked at
  size_t end_offset = 0;      // just after `end;`
};

// Reads tokens up to `data;`, `end;` or the end of the text. Faults are added to `faults` and the
// offending characters skipped.
LexResult Lex(const SourceText& source, std::vector<MathProgDiagnostic>& faults);

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
