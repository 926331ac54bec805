// A URL that is accepted means to us what it says: its host is a name or a canonical address, it
// survives being written and read again, and what goes into the request has no line breaks.
#include <arpa/inet.h>

#include <cstdint>
#include <cstdlib>
#include <string>

#include "url_guard.h"
#include "webhook_url.h"

namespace {

void Require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string text(reinterpret_cast<const char*>(data), size);
  (void)solvent::ParseIpNetwork(text);
  auto url = solvent::ParseWebhookUrl(text);
  if (!url.ok()) return 0;
  Require(!url->host.empty() && !url->target.empty() && url->target.front() == '/');
  Require(url->port >= 1 && url->port <= 65535);
  for (char c : url->ToString()) Require(c > 0x20 && c < 0x7f && c != '\\');
  for (char c : url->host) Require(c != '@' && c != '/' && c != '%' && c != '?' && c != '#');
  auto again = solvent::ParseWebhookUrl(url->ToString());
  Require(again.ok() && again->host == url->host && again->port == url->port &&
          again->target == url->target && again->literal == url->literal);
  in_addr v4;
  if (!url->literal.has_value()) {
    // Whatever the system's resolver would take for a number is not a name.
    Require(inet_aton(url->host.c_str(), &v4) == 0);
  } else {
    static const auto guard = *solvent::UrlGuard::Create({});
    if (guard.CheckAddress(*url->literal).ok()) {
      Require(url->literal->is_v4() ? url->literal->v4_bits() >> 24 != 127
                                    : url->literal->bytes()[0] != 0xfd);
    }
  }
  return 0;
}
