// When two versions are the same.
#pragma once

#include <string>
#include <string_view>

namespace solvent {

// Equal for canvases and models ("" for none) that differ only in white space, member order or the
// spelling of numbers.
std::string ContentHash(std::string_view canvas_json, std::string_view model_json);

}  // namespace solvent
