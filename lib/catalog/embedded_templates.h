// The template documents that ship with the library; the table is made at build time.
#pragma once

#include <cstddef>
#include <string_view>

namespace solvent {

extern const std::string_view kEmbeddedTemplates[];
extern const size_t kEmbeddedTemplateCount;

}  // namespace solvent
