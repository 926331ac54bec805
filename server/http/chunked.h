// The chunked transfer coding of request bodies (RFC 9112, section 7.1), read strictly.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace solvent::http {

// Fed with pieces of the coded stream, in any sizes. Lines of the coding are bounded, so the
// decoder itself holds a few bytes whatever it is sent.
class ChunkedDecoder {
 public:
  enum class State { kMore, kDone, kMalformed, kTooLarge };

  // Decodes as much of `input` as belongs to this body, appends the data to `out`, and sets
  // `consumed`. kTooLarge as soon as `out` would pass `limit` bytes.
  State Feed(std::string_view input, size_t& consumed, std::string& out, size_t limit);

 private:
  enum class Part { kSize, kExtension, kSizeEnd, kData, kDataCr, kDataLf, kTrailer, kTrailerLf };

  Part part_ = Part::kSize;
  uint64_t left_ = 0;  // of the current chunk's data
  int size_digits_ = 0;
  size_t line_bytes_ = 0;  // of an extension, or of all trailers
  size_t trailer_line_ = 0;
};

}  // namespace solvent::http
