#include "jwt.h"

#include "crypto.h"
#include "solvent/error.h"
#include "string_bridge.h"

namespace solvent {

std::string SignJwt(const Json& claims, std::string_view secret) {
  std::string token = Base64UrlEncode(R"({"alg":"HS256","typ":"JWT"})");
  token += '.';
  token += Base64UrlEncode(claims.Dump());
  std::string signature = HmacSha256(secret, token);
  token += '.';
  token += Base64UrlEncode(signature);
  return token;
}

absl::StatusOr<Json> VerifyJwt(std::string_view token, std::string_view secret,
                               int64_t now_seconds) {
  const absl::Status refused = absl::UnauthenticatedError("invalid token");
  if (secret.empty() || token.size() > 8192) return refused;
  size_t dot1 = token.find('.');
  size_t dot2 = dot1 == std::string_view::npos ? dot1 : token.find('.', dot1 + 1);
  if (dot2 == std::string_view::npos || token.find('.', dot2 + 1) != std::string_view::npos) {
    return refused;
  }
  auto signature = Base64UrlDecode(token.substr(dot2 + 1));
  if (!signature || !ConstantTimeEquals(*signature, HmacSha256(secret, token.substr(0, dot2)))) {
    return refused;
  }
  auto header_text = Base64UrlDecode(token.substr(0, dot1));
  auto claims_text = Base64UrlDecode(token.substr(dot1 + 1, dot2 - dot1 - 1));
  if (!header_text || !claims_text) return refused;
  auto header = ParseJson(*header_text, 8);
  auto claims = ParseJson(*claims_text, 8);
  if (!header.ok() || !claims.ok() || !claims->is_object()) return refused;
  // "crit" lists extensions that must be understood (RFC 7515, 4.1.11); none is.
  if ((*header)["alg"] != Json("HS256") || header->Find("crit") != nullptr) return refused;
  const Json* expires = claims->Find("exp");
  if (expires == nullptr || !expires->is_number() ||
      expires->as_double() <= static_cast<double>(now_seconds)) {
    return refused;
  }
  if (const Json* not_before = claims->Find("nbf");
      not_before != nullptr && not_before->as_double() > static_cast<double>(now_seconds)) {
    return refused;
  }
  return std::move(claims).value();
}

}  // namespace solvent
