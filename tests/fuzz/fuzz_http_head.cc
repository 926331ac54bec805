// Request heads, query strings, routes, handshakes and chunked bodies from hostile bytes.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "chunked.h"
#include "handshake.h"
#include "head.h"
#include "router.h"

namespace {

using solvent::http::ChunkedDecoder;

void Require(bool condition) {
  if (!condition) std::abort();
}

const solvent::http::Router& Routes() {
  static const solvent::http::Router& router = []() -> const solvent::http::Router& {
    auto& made = *new solvent::http::Router();
    for (const char* pattern : {"/", "/a", "/a/{x}", "/a/b/c", "/a/{x}/c/{y}"}) {
      solvent::http::Route route;
      route.method = "GET";
      route.pattern = pattern;
      Require(made.Add(std::move(route)).ok());
    }
    return made;
  }();
  return router;
}

void TryHead(std::string_view bytes) {
  // However the bytes are cut, the scanner must come to the same end.
  size_t whole_scanned = 0;
  auto whole = solvent::http::ScanHead(bytes, whole_scanned);
  size_t scanned = 0;
  solvent::http::HeadScan stepwise;
  for (size_t size = 1; size <= bytes.size(); size += 1 + size / 8) {
    stepwise = solvent::http::ScanHead(bytes.substr(0, size), scanned);
    if (stepwise.state != solvent::http::HeadScan::kIncomplete) break;
  }
  if (stepwise.state == solvent::http::HeadScan::kIncomplete) {
    stepwise = solvent::http::ScanHead(bytes, scanned);
  }
  Require(stepwise.state == whole.state);
  if (whole.state != solvent::http::HeadScan::kComplete) return;
  Require(stepwise.end == whole.end && whole.end <= bytes.size());

  solvent::http::RequestHead head;
  if (solvent::http::ParseHead(bytes.substr(whole.begin, whole.end - whole.begin), head)) return;
  Require(head.headers.size() <= solvent::http::kMaxHeaders);
  Require(!(head.chunked && head.content_length));
  for (const auto& header : head.headers) {
    Require(header.value.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos);
  }
  auto match = Routes().Find(head.method, head.path);
  solvent::http::Request request;
  request.headers = head.headers;
  request.query = solvent::http::ParseQuery(head.query);
  if (!solvent::http::CheckHandshake(request)) {
    solvent::http::HandshakeAnswer(request, "");
    solvent::http::OfferedSubprotocols(request);
  }
}

void TryChunks(std::string_view bytes) {
  constexpr size_t kLimit = 4096;
  ChunkedDecoder at_once, stepwise;
  std::string first, second;
  size_t used = 0;
  auto state = at_once.Feed(bytes, used, first, kLimit);
  Require(first.size() <= kLimit && used <= bytes.size());
  auto step_state = ChunkedDecoder::State::kMore;
  size_t at = 0;
  while (at < bytes.size() && step_state == ChunkedDecoder::State::kMore) {
    size_t step_used = 0;
    step_state = stepwise.Feed(bytes.substr(at, 3), step_used, second, kLimit);
    at += step_used;
  }
  Require(state == step_state && first == second);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0 || size > 64 * 1024) return 0;
  std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (data[0] == 'c') {
    TryChunks(bytes);
  } else {
    TryHead(bytes);
  }
  return 0;
}
