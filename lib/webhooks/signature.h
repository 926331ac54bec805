// The headers of a webhook request that prove where it comes from.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace solvent {

using HeaderList = std::vector<std::pair<std::string, std::string>>;

// What signs "webhook-signature": the bytes behind "whsec_" when that is base64, else the secret
// as it is written.
std::string StandardWebhooksKey(std::string_view secret);

// <prefix>Signature (bare hex) and <prefix>Signature-256 ("sha256=" and the hex): HMAC-SHA256 of
// the body, keyed with the secret as it is written. webhook-signature: "v1," and the base64 of
// HMAC-SHA256 over "id.timestamp.body". None of them without a secret; webhook-id and
// webhook-timestamp in any case.
HeaderList SignatureHeaders(std::string_view prefix, std::string_view secret, std::string_view id,
                            int64_t timestamp_seconds, std::string_view body);

}  // namespace solvent
