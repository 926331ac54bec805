#include "head.h"

#include <algorithm>
#include <array>

namespace solvent::http {
namespace {

bool IsTokenChar(unsigned char c) {
  if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) return true;
  return std::string_view("!#$%&'*+-.^_`|~").find(static_cast<char>(c)) != std::string_view::npos;
}

bool IsToken(std::string_view s) {
  return !s.empty() && std::all_of(s.begin(), s.end(), IsTokenChar);
}

bool IsFieldChar(unsigned char c) { return c == '\t' || (c >= 0x20 && c != 0x7f); }

// cpp-httplib and CGI-like code behind it know the peer's address under these names.
bool IsShadowName(std::string_view name) {
  constexpr std::array<std::string_view, 8> kNames = {"REMOTE_ADDR", "REMOTE_PORT", "LOCAL_ADDR",
                                                      "LOCAL_PORT",  "REMOTE-ADDR", "REMOTE-PORT",
                                                      "LOCAL-ADDR",  "LOCAL-PORT"};
  return std::any_of(kNames.begin(), kNames.end(),
                     [&](std::string_view shadow) { return EqualsIgnoreCase(name, shadow); });
}

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

using Fault = std::optional<HeadFault>;

Fault Bad(std::string message) { return HeadFault{400, std::move(message)}; }

Fault ParseRequestLine(std::string_view line, RequestHead& head) {
  size_t first = line.find(' ');
  size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) return Bad("malformed request line");
  std::string_view method = line.substr(0, first);
  std::string_view target = line.substr(first + 1, last - first - 1);
  std::string_view version = line.substr(last + 1);
  if (!IsToken(method) || method.size() > 32) return Bad("malformed request method");
  if (target.size() > kMaxTargetBytes) return HeadFault{414, "request target is too long"};
  if (target.empty() ||
      !std::all_of(target.begin(), target.end(), [](char c) { return c > 0x20 && c < 0x7f; })) {
    return Bad("malformed request target");
  }
  if (version == "HTTP/1.0") {
    head.http_1_0 = true;
  } else if (version != "HTTP/1.1") {
    bool other = version.starts_with("HTTP/") && version.size() > 5;
    return other ? HeadFault{505, "only HTTP/1.1 and HTTP/1.0 are spoken here"}
                 : HeadFault{400, "malformed request line"};
  }
  head.method = std::string(method);
  head.target = std::string(target);
  if (size_t scheme = target.find("://");
      target.front() != '/' && scheme != std::string_view::npos) {
    size_t slash = target.find_first_of("/?", scheme + 3);
    target = slash == std::string_view::npos ? std::string_view() : target.substr(slash);
  } else if (target.front() != '/' && !(target == "*" && method == "OPTIONS")) {
    return Bad("malformed request target");
  }
  target = target.substr(0, target.find('#'));
  size_t question = target.find('?');
  head.path = std::string(target.substr(0, question));
  if (head.path.empty()) head.path.push_back('/');
  if (question != std::string_view::npos) head.query = std::string(target.substr(question + 1));
  return std::nullopt;
}

Fault ParseHeaderLine(std::string_view line, RequestHead& head) {
  if (line.front() == ' ' || line.front() == '\t') return Bad("folded headers are not accepted");
  size_t colon = line.find(':');
  if (colon == std::string_view::npos) return Bad("header line without a colon");
  std::string_view name = line.substr(0, colon);
  if (!IsToken(name)) return Bad("malformed header name");
  if (IsShadowName(name)) return Bad("header name is reserved");
  std::string_view value = line.substr(colon + 1);
  while (!value.empty() && (value.front() == ' ' || value.front() == '\t')) value.remove_prefix(1);
  while (!value.empty() && (value.back() == ' ' || value.back() == '\t')) value.remove_suffix(1);
  if (!std::all_of(value.begin(), value.end(), IsFieldChar)) {
    return Bad("control character in a header");
  }
  head.headers.push_back({std::string(name), std::string(value)});
  return std::nullopt;
}

Fault ParseFraming(RequestHead& head) {
  bool has_encoding = false;
  int hosts = 0;
  for (const Header& header : head.headers) {
    if (EqualsIgnoreCase(header.name, "Content-Length")) {
      const std::string& value = header.value;
      if (head.content_length) return Bad("more than one Content-Length");
      if (value.empty() || value.size() > 15 ||
          !std::all_of(value.begin(), value.end(), [](char c) { return c >= '0' && c <= '9'; })) {
        return Bad("malformed Content-Length");
      }
      head.content_length = std::stoull(value);
    } else if (EqualsIgnoreCase(header.name, "Transfer-Encoding")) {
      if (has_encoding || !EqualsIgnoreCase(header.value, "chunked")) {
        return Bad("the only Transfer-Encoding accepted is chunked");
      }
      has_encoding = true;
    } else if (EqualsIgnoreCase(header.name, "Host")) {
      ++hosts;
    } else if (EqualsIgnoreCase(header.name, "Expect")) {
      if (!EqualsIgnoreCase(header.value, "100-continue")) {
        return HeadFault{417, "the only expectation met is 100-continue"};
      }
      head.expects_continue = !head.http_1_0;
    }
  }
  if (has_encoding && head.content_length) {
    return Bad("Content-Length and Transfer-Encoding exclude each other");
  }
  if (has_encoding && head.http_1_0) return Bad("HTTP/1.0 knows no Transfer-Encoding");
  if (hosts > 1 || (hosts == 0 && !head.http_1_0)) return Bad("exactly one Host header is needed");
  head.chunked = has_encoding;
  head.keep_alive = head.http_1_0 ? head.HeaderHasToken("Connection", "keep-alive") : true;
  if (head.HeaderHasToken("Connection", "close")) head.keep_alive = false;
  return std::nullopt;
}

}  // namespace

const std::string* RequestHead::FindHeader(std::string_view name) const {
  for (const Header& header : headers) {
    if (EqualsIgnoreCase(header.name, name)) return &header.value;
  }
  return nullptr;
}

bool RequestHead::HeaderHasToken(std::string_view name, std::string_view token) const {
  return std::any_of(headers.begin(), headers.end(), [&](const Header& header) {
    return EqualsIgnoreCase(header.name, name) && ListHasToken(header.value, token);
  });
}

bool RequestHead::wants_websocket() const {
  return HeaderHasToken("Upgrade", "websocket") && HeaderHasToken("Connection", "upgrade");
}

HeadScan ScanHead(std::string_view buffer, size_t& scanned) {
  HeadScan scan;
  // A few: more of them are no request, and end as an empty head.
  while (scan.begin < 8 && buffer.substr(scan.begin).starts_with("\r\n")) scan.begin += 2;
  size_t line_start = scan.begin;
  size_t from = std::max(scanned, scan.begin);
  if (from > scan.begin) {
    // Everything before `from` is known to be fault-free; only its last line may still be open.
    size_t newline = buffer.rfind('\n', from - 1);
    if (newline != std::string_view::npos && newline >= scan.begin) line_start = newline + 1;
  }
  for (size_t at = buffer.find('\n', from); at != std::string_view::npos;
       at = buffer.find('\n', at + 1)) {
    if (at == 0 || buffer[at - 1] != '\r') {
      scan.state = HeadScan::kBad;
      scan.fault = {400, "line without a carriage return"};
      return scan;
    }
    if (at + 1 - scan.begin > kMaxHeadBytes) break;
    if (at == line_start + 1) {
      scan.state = HeadScan::kComplete;
      scan.end = at + 1;
      return scan;
    }
    line_start = at + 1;
  }
  if (buffer.size() > kMaxHeadBytes) {
    scan.state = HeadScan::kBad;
    scan.fault = {431, "request head is too large"};
    return scan;
  }
  scanned = buffer.size();
  return scan;
}

Fault ParseHead(std::string_view text, RequestHead& head) {
  head = RequestHead();
  if (text.size() > kMaxHeadBytes) return HeadFault{431, "request head is too large"};
  bool first = true;
  while (!text.empty()) {
    size_t end = text.find("\r\n");
    if (end == std::string_view::npos) return Bad("incomplete request head");
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end + 2);
    if (line.empty()) {
      if (first || !text.empty()) return Bad("malformed request head");
      return ParseFraming(head);
    }
    if (!first && head.headers.size() == kMaxHeaders) return HeadFault{431, "too many headers"};
    Fault fault = first ? ParseRequestLine(line, head) : ParseHeaderLine(line, head);
    if (fault) return fault;
    first = false;
  }
  return Bad("incomplete request head");
}

std::string DecodePercent(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus_is_space) {
      out += ' ';
    } else if (text[i] == '%' && i + 2 < text.size() && HexValue(text[i + 1]) >= 0 &&
               HexValue(text[i + 2]) >= 0) {
      out += static_cast<char>(HexValue(text[i + 1]) * 16 + HexValue(text[i + 2]));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::vector<std::pair<std::string, std::string>> ParseQuery(std::string_view query) {
  std::vector<std::pair<std::string, std::string>> pairs;
  while (!query.empty()) {
    std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), pair.size() + 1));
    if (pair.empty()) continue;
    size_t equals = pair.find('=');
    std::string_view value =
        equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1);
    pairs.emplace_back(DecodePercent(pair.substr(0, equals), true), DecodePercent(value, true));
  }
  return pairs;
}

}  // namespace solvent::http
