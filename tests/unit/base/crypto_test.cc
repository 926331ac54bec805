#include "crypto.h"

#include <doctest/doctest.h>

#include <set>

#include "clock.h"
#include "ids.h"

using namespace solvent;

TEST_CASE("hashes match published vectors") {
  CHECK(HexEncode(Sha256("abc")) ==
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  // RFC 4231, test case 2.
  CHECK(HexEncode(HmacSha256("Jefe", "what do ya want for nothing?")) ==
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  // RFC 6455, section 1.3.
  CHECK(Base64Encode(Sha1("dGhlIHNhbXBsZSBub25jZQ==258EAFA5-E914-47DA-95CA-C5AB0DC85B11")) ==
        "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

TEST_CASE("base64url is strict") {
  for (std::string_view text : {"", "f", "fo", "foo", "\xFF\xFE\xFD"}) {
    CHECK(Base64UrlDecode(Base64UrlEncode(text)) == std::string(text));
  }
  for (std::string_view text : {"A", "Zg==", "Zh", "a+b/", "ab c"}) {
    CAPTURE(text);
    CHECK_FALSE(Base64UrlDecode(text).has_value());
  }
}

TEST_CASE("ids are unique and of the agreed form") {
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    std::string id = NewId("exe");
    CHECK(id.size() == 20);
    CHECK(id.substr(0, 4) == "exe_");
    CHECK(id.find_first_not_of("0123456789abcdefghijklmnopqrstuvwxyz", 4) == std::string::npos);
    seen.insert(id);
  }
  CHECK(seen.size() == 1000);
  CHECK_FALSE(IsPlausibleId(std::string(65, 'a')));
  CHECK_FALSE(IsPlausibleId("a b"));
}

TEST_CASE("times are written in UTC with a fraction only where there is one") {
  CHECK(FormatTime(0) == "1970-01-01T00:00:00Z");
  CHECK(FormatTime(1771495500123456) == "2026-02-19T10:05:00.123456Z");
  CHECK(FormatTime(-1) == "1969-12-31T23:59:59.999999Z");
}
