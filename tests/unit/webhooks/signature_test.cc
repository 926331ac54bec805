#include "signature.h"

#include <doctest/doctest.h>

#include <string>

namespace solvent {
namespace {

std::string Value(const HeaderList& headers, std::string_view name) {
  for (const auto& [key, value] : headers) {
    if (key == name) return value;
  }
  return "(none)";
}

TEST_CASE("the example of the Standard Webhooks specification is signed as it says") {
  // The secret, id, time and body of the specification's reference implementations.
  const std::string secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
  HeaderList headers = SignatureHeaders("X-JAOT-", secret, "msg_p5jXN8AQM9LWM0D4loKWxJek",
                                        1614265330, "{\"test\": 2432232314}");
  CHECK(Value(headers, "webhook-id") == "msg_p5jXN8AQM9LWM0D4loKWxJek");
  CHECK(Value(headers, "webhook-timestamp") == "1614265330");
  CHECK(Value(headers, "webhook-signature") == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

TEST_CASE("the plain signatures are HMAC-SHA256 of the body, keyed with the secret as written") {
  // RFC 4231, test case 2.
  HeaderList headers = SignatureHeaders("X-Acme-", "Jefe", "id", 1, "what do ya want for nothing?");
  const std::string hex = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
  CHECK(Value(headers, "X-Acme-Signature") == hex);
  CHECK(Value(headers, "X-Acme-Signature-256") == "sha256=" + hex);
}

TEST_CASE("without a secret nothing is signed") {
  HeaderList headers = SignatureHeaders("X-JAOT-", "", "id", 7, "body");
  CHECK(headers.size() == 2);
  CHECK(Value(headers, "webhook-id") == "id");
  CHECK(Value(headers, "webhook-timestamp") == "7");
}

TEST_CASE("the key is what stands behind whsec_ when that is base64, else the secret") {
  CHECK(StandardWebhooksKey("whsec_aGVsbG8=") == "hello");
  CHECK(StandardWebhooksKey("whsec_aGVsbG8") == "hello");
  CHECK(StandardWebhooksKey("whsec_aGVsbG9=") == "hello");  // a stray bit, as others take it
  CHECK(StandardWebhooksKey("whsec_") == "whsec_");
  CHECK(StandardWebhooksKey("whsec_not base64") == "whsec_not base64");
  CHECK(StandardWebhooksKey("whsec_aGVsbG8-") == "whsec_aGVsbG8-");
  CHECK(StandardWebhooksKey("aGVsbG8=") == "aGVsbG8=");
  CHECK(StandardWebhooksKey("WHSEC_aGVsbG8=") == "WHSEC_aGVsbG8=");
}

}  // namespace
}  // namespace solvent
