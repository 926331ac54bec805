// The gzip coding (RFC 1952).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace solvent::http {

// Quickly rather than tightly. Empty when there is no memory for it.
std::string Gzip(std::string_view data);

// What was compressed, of all members in a row. PayloadTooLarge as soon as that passes `limit`
// bytes, whatever the data promise; BadRequest when they are broken, cut off, or followed by
// anything else.
absl::StatusOr<std::string> Gunzip(std::string_view data, size_t limit);

}  // namespace solvent::http
