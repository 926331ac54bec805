#include "text_length.h"

#include <algorithm>
#include <string>

#include "solvent/error.h"

namespace solvent {

size_t Utf8Length(std::string_view text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
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

}  // namespace solvent
