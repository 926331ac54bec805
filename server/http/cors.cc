#include "cors.h"

#include <algorithm>

namespace solvent::http {
namespace {

// What a page may read beyond the plain answer.
constexpr std::string_view kExposed =
    "X-Request-ID, X-Organization-Id, Location, Link, ETag, Retry-After, Idempotent-Replay, "
    "X-Total-Count, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, "
    "Content-Disposition, WWW-Authenticate";
// What a page may send beyond the plain request.
constexpr std::string_view kSendable =
    "Authorization, Content-Type, Content-Encoding, Idempotency-Key, If-Match, If-None-Match, "
    "X-Request-ID, Last-Event-ID, MCP-Protocol-Version, Mcp-Session-Id, X-Blaxel-Authorization, "
    "X-Blaxel-Workspace";
constexpr std::string_view kMaxAge = "7200";  // seconds; the most that browsers heed

}  // namespace

bool IsOriginRule(std::string_view text) {
  if (text == "*") return true;
  size_t scheme = text.find("://");
  if (scheme == std::string_view::npos || scheme == 0) return false;
  std::string_view host = text.substr(scheme + 3);
  return !host.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    bool upper = c >= 'A' && c <= 'Z';  // browsers send none
    return c > 0x20 && c < 0x7f && !upper && c != ',' && c != '*';
  }) && host.find_first_of("/?#@") == std::string_view::npos;
}

bool IsAllowedOrigin(const std::vector<std::string>& rules, std::string_view origin) {
  return std::any_of(rules.begin(), rules.end(),
                     [origin](const std::string& rule) { return rule == "*" || rule == origin; });
}

void AddCorsHeaders(const std::vector<std::string>& rules, const Request& request,
                    Response& response) {
  if (rules.empty()) return;
  if (std::find(rules.begin(), rules.end(), "*") != rules.end()) {
    response.Set("Access-Control-Allow-Origin", "*");
  } else {
    AddVary(response, "Origin");
    auto origin = request.FindHeader("Origin");
    if (!origin || !IsAllowedOrigin(rules, *origin)) return;
    response.Set("Access-Control-Allow-Origin", *origin);
  }
  if (request.method != "OPTIONS" || !request.FindHeader("Access-Control-Request-Method")) {
    response.Set("Access-Control-Expose-Headers", kExposed);
    return;
  }
  if (const std::string* allow = response.FindHeader("Allow")) {
    response.Set("Access-Control-Allow-Methods", std::string(*allow));
  }
  response.Set("Access-Control-Allow-Headers", kSendable);
  response.Set("Access-Control-Max-Age", kMaxAge);
}

}  // namespace solvent::http
