// The console's files as the build found them, made by embed_files.py.
#pragma once

#include <cstddef>
#include <string_view>

namespace solvent::console {

struct EmbeddedFile {
  std::string_view path;  // below console/, "" for the page itself
  std::string_view content_type;
  std::string_view etag;  // quoted, made from the content
  std::string_view content;
};

extern const EmbeddedFile kEmbeddedFiles[];
extern const size_t kEmbeddedFileCount;

}  // namespace solvent::console
