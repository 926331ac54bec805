#include "signature.h"

#include <optional>

#include "absl/strings/str_cat.h"
#include "crypto.h"
#include "string_bridge.h"

namespace solvent {
namespace {

constexpr std::string_view kKeyPrefix = "whsec_";

}  // namespace

std::string StandardWebhooksKey(std::string_view secret) {
  if (secret.substr(0, kKeyPrefix.size()) == kKeyPrefix) {
    std::optional<std::string> key = Base64Decode(secret.substr(kKeyPrefix.size()));
    if (key.has_value() && !key->empty()) return *key;
  }
  return std::string(secret);
}

HeaderList SignatureHeaders(std::string_view prefix, std::string_view secret, std::string_view id,
                            int64_t timestamp_seconds, std::string_view body) {
  HeaderList headers;
  headers.emplace_back("webhook-id", id);
  headers.emplace_back("webhook-timestamp", std::to_string(timestamp_seconds));
  if (secret.empty()) return headers;
  std::string message = absl::StrCat(A(id), ".", timestamp_seconds, ".", A(body));
  headers.emplace_back("webhook-signature",
                       "v1," + Base64Encode(HmacSha256(StandardWebhooksKey(secret), message)));
  std::string hex = HexEncode(HmacSha256(secret, body));
  headers.emplace_back(absl::StrCat(A(prefix), "Signature-256"), "sha256=" + hex);
  headers.emplace_back(absl::StrCat(A(prefix), "Signature"), std::move(hex));
  return headers;
}

}  // namespace solvent
