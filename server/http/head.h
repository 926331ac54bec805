// The head of an HTTP/1.x request, read strictly: whatever two readers could understand
// differently is refused, because a proxy in front of us may be the other reader.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "message.h"

namespace solvent::http {

inline constexpr size_t kMaxHeadBytes = 32 * 1024;
inline constexpr size_t kMaxTargetBytes = 8 * 1024;
inline constexpr size_t kMaxHeaders = 100;

struct RequestHead {
  std::string method;
  std::string target;
  std::string path;   // percent-encoded, starts with "/" (or is "*")
  std::string query;  // percent-encoded, without "?"
  std::vector<Header> headers;
  std::optional<uint64_t> content_length;
  bool chunked = false;
  bool keep_alive = true;
  bool expects_continue = false;
  bool http_1_0 = false;

  const std::string* FindHeader(std::string_view name) const;
  // Whether any header of that name lists `token`.
  bool HeaderHasToken(std::string_view name, std::string_view token) const;
  bool wants_websocket() const;
};

struct HeadFault {
  int status = 400;
  std::string message;
};

// Where the head ends in `buffer`, which may hold more.
struct HeadScan {
  enum State { kIncomplete, kComplete, kBad } state = kIncomplete;
  size_t begin = 0;  // after empty lines, which may precede a request
  size_t end = 0;    // one past the empty line, when complete
  HeadFault fault;   // when bad
};
// `scanned` carries on between calls with a growing buffer; start with 0.
HeadScan ScanHead(std::string_view buffer, size_t& scanned);

// `text` is one head, its empty line included. The fault, or nullopt.
std::optional<HeadFault> ParseHead(std::string_view text, RequestHead& head);

// Percent-decoding; a "%" that is not followed by two hex digits stands for itself.
std::string DecodePercent(std::string_view text, bool plus_is_space);
std::vector<std::pair<std::string, std::string>> ParseQuery(std::string_view query);

}  // namespace solvent::http
