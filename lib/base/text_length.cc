#include "text_length.h"

#include <algorithm>
#include <string>

#include "solvent/error.h"

namespace solvent {

size_t Utf8Length(std::string_view text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

size_t Utf8CharacterSize(std::string_view text, size_t at) {
  if (at >= text.size()) return 0;
  auto byte = [&](size_t i) { return static_cast<unsigned char>(text[at + i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  const size_t size = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || at + size > text.size()) return 0;
  for (size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  if (size == 2) return 2;
  // Longer than needed, a surrogate, or beyond the last code point.
  const unsigned char second = byte(1);
  const bool bad = (first == 0xE0 && second < 0xA0) || (first == 0xED && second >= 0xA0) ||
                   (first == 0xF0 && second < 0x90) || (first == 0xF4 && second >= 0x90);
  return bad ? 0 : size;
}

absl::Status CheckLength(std::string_view pointer, std::string_view text, size_t least,
                         size_t most) {
  size_t length = Utf8Length(text);
  if (length == 0 && least > 0) return ValidationError(pointer, "must not be empty");
  if (length < least) {
    return ValidationError(pointer, "must have at least " + std::to_string(least) + " characters");
  }
  if (length > most) {
    return ValidationError(pointer, "must have at most " + std::to_string(most) + " characters");
  }
  return absl::OkStatus();
}

absl::Status CheckName(std::string_view pointer, std::string_view text, size_t least, size_t most) {
  if (absl::Status status = CheckLength(pointer, text, least, most); !status.ok()) return status;
  for (size_t i = 0; i < text.size();) {
    const size_t size = Utf8CharacterSize(text, i);
    if (size == 0) return ValidationError(pointer, "must be UTF-8");
    const unsigned char first = static_cast<unsigned char>(text[i]);
    // U+0080 to U+009F, of which some terminals take one for the beginning of a command.
    const bool late = first == 0xC2 && static_cast<unsigned char>(text[i + 1]) < 0xA0;
    if (first < 0x20 || first == 0x7F || late) {
      return ValidationError(pointer, "must not have control characters");
    }
    i += size;
  }
  return absl::OkStatus();
}

}  // namespace solvent
