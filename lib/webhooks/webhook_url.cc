#include "webhook_url.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "status_macros.h"
#include "string_bridge.h"

namespace solvent {
namespace {

constexpr size_t kMaxHost = 253;
constexpr size_t kMaxLabel = 63;

// Ports below 1024 and well known ones that speak something else, where a POST could be taken for
// commands (the "bad ports" of the Fetch standard).
constexpr std::array kOtherProtocols = {
    1,    7,    9,    11,   13,   15,   17,   19,   20,   21,   22,   23,   25,   37,
    42,   43,   53,   69,   77,   79,   87,   95,   101,  102,  103,  104,  109,  110,
    111,  113,  115,  117,  119,  123,  135,  137,  139,  143,  161,  179,  389,  427,
    465,  512,  513,  514,  515,  526,  530,  531,  532,  540,  548,  554,  556,  563,
    587,  601,  636,  989,  990,  993,  995,  1719, 1720, 1723, 2049, 3659, 4045, 4190,
    5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080};

absl::Status Refuse(std::string_view why) { return absl::InvalidArgumentError(A(why)); }

bool IsHostCharacter(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_';
}

// Visible ASCII but for what RFC 3986 keeps out of paths and queries; '[' and ']' are let through
// for the queries of older frameworks.
bool IsTargetCharacter(char c) {
  return c > 0x20 && c < 0x7f && std::string_view("\"<>\\^`{|}#").find(c) == std::string_view::npos;
}

// Whether resolvers might take the last label, and with it the whole host, for a number.
bool LooksNumeric(std::string_view label) {
  bool digits = std::all_of(label.begin(), label.end(), [](char c) {
    return absl::ascii_isdigit(static_cast<unsigned char>(c));
  });
  if (digits) return true;
  return label.size() >= 2 && label[0] == '0' && (label[1] == 'x' || label[1] == 'X') &&
         std::all_of(label.begin() + 2, label.end(),
                     [](char c) { return absl::ascii_isxdigit(static_cast<unsigned char>(c)); });
}

absl::Status CheckName(std::string_view host) {
  if (host.size() > kMaxHost) return Refuse("The host is longer than 253 characters");
  while (true) {
    size_t dot = host.find('.');
    std::string_view label = host.substr(0, dot);
    if (label.empty()) return Refuse("The host has an empty part");
    if (label.size() > kMaxLabel) return Refuse("A part of the host is longer than 63 characters");
    if (label.front() == '-' || label.back() == '-') {
      return Refuse("A part of the host begins or ends with '-'");
    }
    if (dot == std::string_view::npos) {
      if (LooksNumeric(label)) {
        return Refuse("An IPv4 address must be written as four decimal numbers");
      }
      return absl::OkStatus();
    }
    host.remove_prefix(dot + 1);
  }
}

absl::Status ReadHost(std::string_view host, WebhookUrl& url) {
  if (host.empty()) return Refuse("The URL has no host");
  for (char c : host) {
    if (static_cast<unsigned char>(c) >= 0x80) {
      return Refuse("The host has characters beyond ASCII; write it in its xn-- form");
    }
    if (c == '%') return Refuse("The host must not be percent-encoded");
    if (!IsHostCharacter(c) && c != '.')
      return Refuse("The host has a character that is not allowed");
  }
  if (host.back() == '.') host.remove_suffix(1);
  url.literal = ParseIpAddress(host);
  if (!url.literal.has_value()) RETURN_IF_ERROR(CheckName(host));
  url.host = absl::AsciiStrToLower(A(host));
  return absl::OkStatus();
}

absl::Status ReadBracketed(std::string_view inside, WebhookUrl& url) {
  if (inside.find('%') != std::string_view::npos) {
    return Refuse("An IPv6 address must not have a zone");
  }
  url.literal = ParseIpAddress(inside);
  if (!url.literal.has_value() || inside.find(':') == std::string_view::npos) {
    return Refuse("What stands in brackets is no IPv6 address");
  }
  url.host = absl::AsciiStrToLower(A(inside));
  return absl::OkStatus();
}

absl::Status ReadPort(std::string_view text, WebhookUrl& url) {
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), url.port);
  if (text.empty() || text.front() == '0' || error != std::errc() ||
      end != text.data() + text.size() || url.port < 1 || url.port > 65535) {
    return Refuse("The port must be a number from 1 to 65535");
  }
  if (std::find(kOtherProtocols.begin(), kOtherProtocols.end(), url.port) !=
      kOtherProtocols.end()) {
    return Refuse(absl::StrCat("Port ", url.port, " belongs to another protocol than HTTP"));
  }
  return absl::OkStatus();
}

absl::Status ReadAuthority(std::string_view authority, WebhookUrl& url) {
  if (authority.find('@') != std::string_view::npos) {
    return Refuse("The URL must not hold a user name or password");
  }
  std::string_view rest;
  if (!authority.empty() && authority.front() == '[') {
    size_t close = authority.find(']');
    if (close == std::string_view::npos) return Refuse("The host has '[' without ']'");
    RETURN_IF_ERROR(ReadBracketed(authority.substr(1, close - 1), url));
    rest = authority.substr(close + 1);
    if (!rest.empty() && rest.front() != ':') return Refuse("The host goes on after ']'");
  } else {
    size_t colon = authority.find(':');
    RETURN_IF_ERROR(ReadHost(authority.substr(0, colon), url));
    if (colon != std::string_view::npos) rest = authority.substr(colon);
  }
  if (rest.empty()) return absl::OkStatus();
  return ReadPort(rest.substr(1), url);
}

absl::Status ReadTarget(std::string_view target, WebhookUrl& url) {
  for (size_t i = 0; i < target.size(); ++i) {
    if (target[i] == '#') return Refuse("The URL must not have a fragment");
    if (!IsTargetCharacter(target[i])) {
      return Refuse("The URL has a character that must be percent-encoded");
    }
    if (target[i] == '%' && (i + 2 >= target.size() ||
                             !absl::ascii_isxdigit(static_cast<unsigned char>(target[i + 1])) ||
                             !absl::ascii_isxdigit(static_cast<unsigned char>(target[i + 2])))) {
      return Refuse("'%' must be followed by two hexadecimal digits");
    }
  }
  url.target = std::string(target);
  if (url.target.empty() || url.target.front() == '?') url.target.insert(0, 1, '/');
  return absl::OkStatus();
}

}  // namespace

std::string WebhookUrl::HostHeader() const {
  std::string header = host.find(':') == std::string::npos ? host : "[" + host + "]";
  if (port != (tls ? 443 : 80)) absl::StrAppend(&header, ":", port);
  return header;
}

std::string WebhookUrl::ToString() const {
  return absl::StrCat(tls ? "https://" : "http://", HostHeader(), target);
}

absl::StatusOr<WebhookUrl> ParseWebhookUrl(std::string_view text) {
  if (text.size() > kMaxWebhookUrl) {
    return Refuse("The URL is longer than 2048 characters");
  }
  WebhookUrl url;
  std::string_view rest = text;
  if (absl::StartsWithIgnoreCase(A(text), "https://")) {
    url.tls = true;
    rest.remove_prefix(8);
  } else if (absl::StartsWithIgnoreCase(A(text), "http://")) {
    rest.remove_prefix(7);
  } else {
    return Refuse("The URL must begin with http:// or https://");
  }
  url.port = url.tls ? 443 : 80;
  size_t end = rest.find_first_of("/?#");
  RETURN_IF_ERROR(ReadAuthority(rest.substr(0, end), url));
  RETURN_IF_ERROR(ReadTarget(end == std::string_view::npos ? "" : rest.substr(end), url));
  return url;
}

}  // namespace solvent
