// The files that the server hands out as the build found them, made by embed_files.py.
#pragma once

#include <cstddef>
#include <string_view>

namespace solvent::console {

struct EmbeddedFile {
  // Below /console/, "" for the console's page; or, from a slash on, the whole path.
  std::string_view path;
  std::string_view content_type;
  std::string_view etag;  // quoted, made from the content
  std::string_view content;
  std::string_view gzip;  // the same, compressed as far as it goes
};

extern const EmbeddedFile kEmbeddedFiles[];
extern const size_t kEmbeddedFileCount;

}  // namespace solvent::console
