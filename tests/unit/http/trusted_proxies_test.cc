#include "trusted_proxies.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace solvent::http {
namespace {

TrustedProxies Trusting(const std::vector<std::string>& networks) {
  absl::StatusOr<TrustedProxies> proxies = TrustedProxies::Parse(networks);
  REQUIRE_MESSAGE(proxies.ok(), proxies.status().ToString());
  return *std::move(proxies);
}

std::string Client(const TrustedProxies& proxies, const std::string& peer,
                   const std::vector<std::string>& forwarded) {
  std::vector<Header> headers = {{"Host", "a"}};
  for (const std::string& value : forwarded) headers.push_back({"x-forwarded-for", value});
  headers.push_back({"Forwarded", "for=198.51.100.99"});
  return proxies.ClientOf(peer, headers);
}

TEST_CASE("nobody is believed unless named") {
  CHECK(Client({}, "127.0.0.1", {"203.0.113.7"}) == "127.0.0.1");
  TrustedProxies proxies = Trusting({"10.0.0.0/8"});
  CHECK(Client(proxies, "192.0.2.1", {"203.0.113.7"}) == "192.0.2.1");
  CHECK(Client(proxies, "", {"203.0.113.7"}) == "");
  CHECK(Client(proxies, "10.1.2.3", {}) == "10.1.2.3");
}

TEST_CASE("the client is the last address that is not a trusted proxy's") {
  TrustedProxies proxies = Trusting({"127.0.0.1", "10.0.0.0/8", "fd00::/8"});
  CHECK(Client(proxies, "127.0.0.1", {"203.0.113.7"}) == "203.0.113.7");
  CHECK(Client(proxies, "127.0.0.1", {"198.51.100.1, 203.0.113.7"}) == "203.0.113.7");
  CHECK(Client(proxies, "127.0.0.1", {"198.51.100.1,203.0.113.7 ,\t10.9.9.9,fd12::1"}) ==
        "203.0.113.7");
  // Several headers are one list.
  CHECK(Client(proxies, "fd00::1", {"198.51.100.1", "203.0.113.7", "10.0.0.1, 10.0.0.2"}) ==
        "203.0.113.7");
  CHECK(Client(proxies, "127.0.0.1", {"10.0.0.5, 10.0.0.6"}) == "10.0.0.5");
}

TEST_CASE("an address has one form, and may have a port") {
  TrustedProxies proxies = Trusting({"127.0.0.1"});
  for (const char* text : {"2001:db8::1", "2001:DB8:0:0::1", "[2001:db8::1]", "[2001:db8::1]:80"}) {
    CHECK(Client(proxies, "127.0.0.1", {text}) == "2001:db8::1");
  }
  for (const char* text : {"192.0.2.1", "192.0.2.1:1234", "::ffff:192.0.2.1"}) {
    CHECK(Client(proxies, "::ffff:127.0.0.1", {text}) == "192.0.2.1");
  }
}

TEST_CASE("what cannot be read ends the search where it was believed") {
  TrustedProxies proxies = Trusting({"127.0.0.1", "10.0.0.0/8"});
  for (const std::string& junk :
       {std::string(), std::string("unknown"), std::string("_hidden"), std::string("1.2.3"),
        std::string("1.2.3.4.5"), std::string("01.2.3.4"), std::string("[::1"),
        std::string("[::1]x"), std::string("fe80::1%eth0"), std::string(100'000, '9'),
        std::string(",,,"), std::string("203.0.113.7,"), std::string("203.0.113.7\0", 12),
        std::string("for=203.0.113.7")}) {
    CAPTURE(junk.substr(0, 40));
    CHECK(Client(proxies, "127.0.0.1", {junk}) == "127.0.0.1");
    CHECK(Client(proxies, "127.0.0.1", {"203.0.113.7, " + junk + ", 10.0.0.1"}) == "10.0.0.1");
    // Whatever a client writes before what its proxy has added changes nothing.
    CHECK(Client(proxies, "127.0.0.1", {junk, "203.0.113.7"}) == "203.0.113.7");
  }
}

TEST_CASE("networks are written exactly") {
  for (const char* good : {"0.0.0.0/0", "::/0", "10.0.0.0/8", "192.0.2.1/32", "::1", "::1/128"}) {
    CHECK_MESSAGE(TrustedProxies::Parse({good}).ok(), good);
  }
  for (const char* bad : {"", "/", "10/8", "10.0.0.1/8", "10.0.0.0/33", "::/129", "10.0.0.0/-1",
                          "10.0.0.0/8x", "10.0.0.0/", "proxy", "fd00::1/8", "10.0.0.0/8/8"}) {
    absl::StatusOr<TrustedProxies> proxies = TrustedProxies::Parse({"127.0.0.1", bad});
    CHECK_MESSAGE(absl::IsInvalidArgument(proxies.status()), bad);
  }
  // All of IPv4 is not all of IPv6.
  CHECK(Client(Trusting({"0.0.0.0/0"}), "2001:db8::1", {"192.0.2.1"}) == "2001:db8::1");
  CHECK(Client(Trusting({"::/0"}), "2001:db8::1", {"192.0.2.1"}) == "192.0.2.1");
}

}  // namespace
}  // namespace solvent::http
