// Texts as people count and see their characters.
#pragma once

#include <cstddef>
#include <string_view>

#include "absl/status/status.h"

namespace solvent {

// Code points of a UTF-8 text.
size_t Utf8Length(std::string_view text);

// Bytes of the well-formed UTF-8 character that begins at `at`; 0 when none does.
size_t Utf8CharacterSize(std::string_view text, size_t at);

// ValidationError at `pointer` unless the text has `least` to `most` characters.
absl::Status CheckLength(std::string_view pointer, std::string_view text, size_t least,
                         size_t most);

// The same for a name, which terminals and logs show within a line: it must also be UTF-8 without
// control characters.
absl::Status CheckName(std::string_view pointer, std::string_view text, size_t least, size_t most);

}  // namespace solvent
