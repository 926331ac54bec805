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

// How far a coding has come, in both directions.
struct Position {
  size_t taken = 0;
  size_t made = 0;
};

// Lets `code`, zlib's deflate or inflate, work once on what is left of `data`, as much as its
// counters hold, into what is left of `out`.
template <typename Code>
int Advance(z_stream& stream, std::string_view data, std::string& out, Position& at, Code code) {
  const uInt in = Piece(data.size() - at.taken);
  const uInt room = Piece(out.size() - at.made);
  stream.next_in = In(data.substr(at.taken));
  stream.avail_in = in;
  stream.next_out = reinterpret_cast<Bytef*>(out.data()) + at.made;
  stream.avail_out = room;
  const int result = code(stream, at.taken + in == data.size());
  at.taken += in - stream.avail_in;
  at.made += room - stream.avail_out;
  return result;
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
  Position at;
  int result = Z_OK;
  while (result == Z_OK) {
    result = Advance(stream, data, out, at, [](z_stream& s, bool last) {
      return deflate(&s, last ? Z_FINISH : Z_NO_FLUSH);
    });
  }
  if (result != Z_STREAM_END) return "";
  out.resize(at.made);
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
  Position at;
  while (true) {
    if (at.made == out.size()) {
      if (at.made > limit) return TooLarge(limit);
      // One byte more than is allowed, so that the limit itself is no fault.
      out.resize(std::min(std::max(out.size() * 2, kFirstOutput), limit + 1));
    }
    const int result =
        Advance(stream, data, out, at, [](z_stream& s, bool) { return inflate(&s, Z_NO_FLUSH); });
    if (at.made > limit) return TooLarge(limit);
    if (result == Z_MEM_ERROR) {
      return absl::ResourceExhaustedError("no memory to decompress the body");
    }
    if (result == Z_STREAM_END) {
      if (at.taken == data.size()) break;
      if (inflateReset(&stream) != Z_OK) return BadRequest("the body is not in the gzip coding");
      continue;
    }
    bool stuck = result == Z_BUF_ERROR && stream.avail_out != 0;
    if (stuck || (result == Z_OK && at.taken == data.size() && stream.avail_out != 0)) {
      return BadRequest("the gzip coding of the body ends too early");
    }
    if (result != Z_OK && result != Z_BUF_ERROR) {
      return BadRequest("the body is not in the gzip coding");
    }
  }
  out.resize(at.made);
  return out;
}

}  // namespace solvent::http
