#include "gzip.h"

// zlib: the one library for this coding; cpp-httplib links it too, and hides it.
#include <zlib.h>

#include <algorithm>
#include <limits>

#include "absl/cleanup/cleanup.h"
#include "solvent/error.h"

namespace solvent::http {
namespace {

constexpr int kGzipWindow = 15 + 16;  // the largest window, in gzip's frame
// 3 to 6 us a kilobyte. The default level takes three times that, and saves another tenth.
constexpr int kLevel = 1;
constexpr int kMemory = 8;
constexpr size_t kFirstOutput = 16 * 1024;

uInt Piece(size_t size) {
  return static_cast<uInt>(std::min<size_t>(size, std::numeric_limits<uInt>::max()));
}

Bytef* In(std::string_view data) {
  return reinterpret_cast<Bytef*>(const_cast<char*>(data.data()));  // zlib only reads it
}

absl::Status TooLarge(size_t limit) {
  return MakeError(absl::StatusCode::kResourceExhausted, error_code::kTooLarge,
                   "the decompressed body is too large: this route takes up to " +
                       std::to_string(limit) + " bytes");
}

}  // namespace

std::string Gzip(std::string_view data) {
  z_stream stream{};
  if (deflateInit2(&stream, kLevel, Z_DEFLATED, kGzipWindow, kMemory, Z_DEFAULT_STRATEGY) != Z_OK) {
    return "";
  }
  auto end = absl::MakeCleanup([&stream] { deflateEnd(&stream); });
  std::string out(deflateBound(&stream, static_cast<uLong>(data.size())), '\0');
  size_t taken = 0;
  size_t made = 0;
  int result = Z_OK;
  while (result == Z_OK) {
    uInt in = Piece(data.size() - taken);
    uInt room = Piece(out.size() - made);
    stream.next_in = In(data.substr(taken));
    stream.avail_in = in;
    stream.next_out = reinterpret_cast<Bytef*>(out.data()) + made;
    stream.avail_out = room;
    result = deflate(&stream, taken + in == data.size() ? Z_FINISH : Z_NO_FLUSH);
    taken += in - stream.avail_in;
    made += room - stream.avail_out;
  }
  if (result != Z_STREAM_END) return "";
  out.resize(made);
  out.shrink_to_fit();  // a slow client keeps it for long
  return out;
}

absl::StatusOr<std::string> Gunzip(std::string_view data, size_t limit) {
  z_stream stream{};
  if (inflateInit2(&stream, kGzipWindow) != Z_OK) {
    return absl::ResourceExhaustedError("no memory to decompress the body");
  }
  auto end = absl::MakeCleanup([&stream] { inflateEnd(&stream); });
  std::string out;
  size_t taken = 0;
  size_t made = 0;
  while (true) {
    if (made == out.size()) {
      if (made > limit) return TooLarge(limit);
      // One byte more than is allowed, so that the limit itself is no fault.
      out.resize(std::min(std::max(out.size() * 2, kFirstOutput), limit + 1));
    }
    uInt in = Piece(data.size() - taken);
    uInt room = Piece(out.size() - made);
    stream.next_in = In(data.substr(taken));
    stream.avail_in = in;
    stream.next_out = reinterpret_cast<Bytef*>(out.data()) + made;
    stream.avail_out = room;
    int result = inflate(&stream, Z_NO_FLUSH);
    taken += in - stream.avail_in;
    made += room - stream.avail_out;
    if (made > limit) return TooLarge(limit);
    if (result == Z_MEM_ERROR) {
      return absl::ResourceExhaustedError("no memory to decompress the body");
    }
    if (result == Z_STREAM_END) {
      if (taken == data.size()) break;
      if (inflateReset(&stream) != Z_OK) return BadRequest("the body is not in the gzip coding");
      continue;
    }
    bool stuck = result == Z_BUF_ERROR && stream.avail_out != 0;
    if (stuck || (result == Z_OK && taken == data.size() && stream.avail_out != 0)) {
      return BadRequest("the gzip coding of the body ends too early");
    }
    if (result != Z_OK && result != Z_BUF_ERROR) {
      return BadRequest("the body is not in the gzip coding");
    }
  }
  out.resize(made);
  return out;
}

}  // namespace solvent::http
