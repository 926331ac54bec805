// JSON pointers (RFC 6901).
#pragma once

#include <string>
#include <string_view>

#include "solvent/json.h"

namespace solvent {

// A member's name as a segment of a pointer.
std::string EscapePointer(std::string_view name);

// What `pointer` ("" or "/a/0/b") leads to, or nullptr. Percent signs are read as in a URL's
// fragment, because a schema's references are written so.
const Json* ResolvePointer(const Json& root, std::string_view pointer);

}  // namespace solvent
