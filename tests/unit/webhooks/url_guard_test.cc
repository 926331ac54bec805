#include "url_guard.h"

#include <doctest/doctest.h>

#include <chrono>
#include <set>
#include <string>

#include "hostile_urls.h"
#include "solvent/error.h"

namespace solvent {
namespace {

IpAddress Address(const char* text) {
  auto address = ParseIpAddress(text);
  REQUIRE_MESSAGE(address.has_value(), text);
  return *address;
}

bool IsOpen(const char* text, const WebhookPolicy& policy = {}) {
  auto guard = UrlGuard::Create(policy);
  REQUIRE(guard.ok());
  return guard->CheckAddress(Address(text)).ok();
}

TEST_CASE("hostile URLs are refused, with the field named") {
  std::vector<std::string> urls = HostileUrls();
  CHECK(std::set<std::string>(urls.begin(), urls.end()).size() >= 300);
  for (const std::string& url : urls) {
    CAPTURE(url);
    absl::Status status = CheckWebhookUrl(url, {});
    CHECK(status.code() == absl::StatusCode::kInvalidArgument);
    ErrorInfo info = GetErrorInfo(status);
    CHECK(info.code == error_code::kValidation);
    REQUIRE(info.fields.size() == 1);
    CHECK(info.fields[0].pointer == "/webhook_url");
    CHECK(!info.fields[0].message.empty());
  }
}

TEST_CASE("an address that is closed is told apart from a URL that is malformed") {
  auto type = [](const char* url) {
    return GetErrorInfo(CheckWebhookUrl(url, {})).fields.at(0).type;
  };
  CHECK(type("http://10.0.0.5/") == kUrlUnreachable);
  CHECK(type("http://localhost/") == kUrlUnreachable);
  CHECK(type("http://0x7f.1/") == "url_parsing");
  CHECK(GetErrorInfo(CheckWebhookUrl("http://192.168.18.113/x", {}))
            .fields.at(0)
            .message.find("192.168.18.113") != std::string::npos);
}

TEST_CASE("URLs of the public internet are accepted, resolved or not") {
  for (const char* url : {"http://1.1.1.1/",
                          "https://8.8.8.8:8443/hook",
                          "https://[2606:4700::1111]/",
                          "https://[2606:4700:0:0:0:0:0:1111]:8443/a?b=c",
                          "http://[::ffff:8.8.8.8]/",
                          "http://[64:ff9b::8.8.8.8]/",
                          "http://8.8.8.8./",
                          "http://11.0.0.1",
                          "http://9.255.255.255",
                          "http://172.15.255.255",
                          "http://172.32.0.1",
                          "http://192.167.255.255",
                          "http://192.169.0.1",
                          "http://100.63.255.255",
                          "http://100.128.0.1",
                          "http://169.253.255.255",
                          "http://169.255.0.1",
                          "http://126.255.255.255",
                          "http://128.0.0.1",
                          "http://198.17.255.255",
                          "http://198.20.0.1",
                          "http://223.255.255.255",
                          "https://does-not-exist.invalid/hook",
                          "HTTPS://Does-Not-Exist.INVALID./Hook?A=%2F&b[]=1",
                          "http://xn--bcher-kva.invalid/",
                          "http://my_service.invalid:5000",
                          "http://3com.invalid/",
                          "http://1.2.3.4.invalid/",
                          "http://0x7f.invalid/",
                          "http://localhost.invalid/",
                          "http://a.invalid?x=y/z@w",
                          "http://a.invalid/~user/(x),;:@&=+$!*'-._/%41",
                          "http://a.invalid:65535/"}) {
    CAPTURE(url);
    absl::Status status = CheckWebhookUrl(url, {});
    CHECK_MESSAGE(status.ok(), status.ToString());
  }
}

TEST_CASE("a URL is read into its parts") {
  auto url = ParseWebhookUrl("HTTPS://Hooks.Example.COM.:8443?a=/b@c");
  REQUIRE(url.ok());
  CHECK(url->tls);
  CHECK(url->host == "hooks.example.com");
  CHECK(!url->literal.has_value());
  CHECK(url->port == 8443);
  CHECK(url->target == "/?a=/b@c");
  CHECK(url->HostHeader() == "hooks.example.com:8443");
  url = ParseWebhookUrl("http://[2001:DB8::1]");
  REQUIRE(url.ok());
  CHECK(!url->tls);
  CHECK(url->port == 80);
  CHECK(url->target == "/");
  CHECK(url->literal == Address("2001:db8::1"));
  CHECK(url->HostHeader() == "[2001:db8::1]");
  CHECK(ParseWebhookUrl("https://a:443/")->HostHeader() == "a");
  CHECK(ParseWebhookUrl("http://a:443/")->HostHeader() == "a:443");
}

TEST_CASE("operators open networks, and nothing beside them") {
  WebhookPolicy policy{{"10.1.0.0/16", "::1/128", "192.168.3.7", "fd00:1::/32"}};
  CHECK(IsOpen("10.1.0.0", policy));
  CHECK(IsOpen("10.1.255.255", policy));
  CHECK(IsOpen("::ffff:10.1.2.3", policy));
  CHECK(!IsOpen("10.2.0.0", policy));
  CHECK(!IsOpen("10.0.255.255", policy));
  CHECK(!IsOpen("64:ff9b::10.1.2.3", policy));
  CHECK(IsOpen("::1", policy));
  CHECK(!IsOpen("::2", policy));
  CHECK(!IsOpen("127.0.0.1", policy));
  CHECK(IsOpen("192.168.3.7", policy));
  CHECK(!IsOpen("192.168.3.6", policy));
  CHECK(IsOpen("fd00:1:2::3", policy));
  CHECK(!IsOpen("fd00:2::3", policy));
  CHECK(CheckWebhookUrl("http://10.1.2.3:9000/x", policy).ok());
  CHECK(!CheckWebhookUrl("http://167838211/", policy).ok());  // 10.1.2.3 as one number
}

TEST_CASE("a local name goes where its addresses are open") {
  WebhookPolicy loopback{{"127.0.0.0/8", "::1"}};
  CHECK(CheckWebhookUrl("http://localhost:9000/hook", loopback).ok());
  CHECK(CheckWebhookUrl("http://LOCALHOST.:9000/hook", loopback).ok());
  CHECK(!CheckWebhookUrl("http://metadata.google.internal/", loopback).ok());
}

TEST_CASE("networks are written exactly") {
  for (const char* good :
       {"0.0.0.0/0", "10.0.0.0/8", "192.168.3.7/32", "::/0", "fd00::/8", "::ffff:10.0.0.0/8"}) {
    CHECK_MESSAGE(UrlGuard::Create({{good}}).ok(), good);
  }
  for (const char* bad : {"", "/", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.1/8",
                          "10/8", "fd00::/129", "fd00::1/8", "localhost", "10.0.0.0/8 ",
                          "10.0.0.0/+8", "10.0.0.0/8/8", "fe80::1%eth0"}) {
    CHECK_MESSAGE(!UrlGuard::Create({{bad}}).ok(), bad);
  }
}

}  // namespace
}  // namespace solvent
