#include "jwt.h"

#include <doctest/doctest.h>

#include "crypto.h"

using namespace solvent;

namespace {

Json Claims(int64_t expires) {
  Json claims;
  claims.Set("sub", "usr_1").Set("exp", expires);
  return claims;
}

std::string Forge(std::string_view header, const Json& claims, std::string_view secret) {
  std::string token = Base64UrlEncode(header) + "." + Base64UrlEncode(claims.Dump());
  return token + "." + Base64UrlEncode(HmacSha256(secret, token));
}

}  // namespace

TEST_CASE("a signed token is accepted until it expires") {
  std::string token = SignJwt(Claims(1000), "secret");
  auto claims = VerifyJwt(token, "secret", 999);
  REQUIRE(claims.ok());
  CHECK((*claims)["sub"].as_string() == "usr_1");
  CHECK_FALSE(VerifyJwt(token, "secret", 1000).ok());
  CHECK_FALSE(VerifyJwt(token, "other", 999).ok());
  CHECK_FALSE(VerifyJwt(token, "", 999).ok());
}

TEST_CASE("forgeries are refused") {
  CHECK(VerifyJwt(Forge(R"({"alg":"HS256"})", Claims(1000), "s"), "s", 1).ok());
  CHECK_FALSE(VerifyJwt(Forge(R"({"alg":"none"})", Claims(1000), "s"), "s", 1).ok());
  CHECK_FALSE(VerifyJwt(Forge(R"({"alg":"HS512"})", Claims(1000), "s"), "s", 1).ok());
  CHECK_FALSE(VerifyJwt(Forge(R"({"alg":"HS256","crit":["x"]})", Claims(1000), "s"), "s", 1).ok());
  CHECK_FALSE(VerifyJwt(Forge(R"({"alg":"HS256"})", Json(Json::Object{}), "s"), "s", 1).ok());
  std::string token = SignJwt(Claims(1000), "s");
  for (size_t i = 0; i < token.size(); ++i) {
    std::string changed = token;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    CHECK_FALSE(VerifyJwt(changed, "s", 1).ok());
  }
  for (const char* bad : {"", ".", "..", "a.b", "a.b.c.d"}) CHECK_FALSE(VerifyJwt(bad, "s", 1).ok());
}
