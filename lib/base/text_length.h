// Lengths of texts as people count them.
#pragma once

#include <cstddef>
#include <string_view>

#include "absl/status/status.h"

namespace solvent {

// Code points of a UTF-8 text.
size_t Utf8Length(std::string_view text);

// ValidationError at `pointer` unless the text has `least` to `most` characters.
absl::Status CheckLength(std::string_view pointer, std::string_view text, size_t least,
                         size_t most);

}  // namespace solvent
