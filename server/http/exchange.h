// One answer on its way out, written by cpp-httplib. The library reads requests too leniently to
// face a network (it decodes percent signs in headers, takes the first of two lengths, knows no
// limits for chunked bodies), so heads and bodies are read by our own code, and cpp-httplib gets to
// see a request line that says no more than the method's kind.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>

#include "connection.h"
#include "message.h"

namespace solvent::http {

struct Exchange {
  int fd = -1;
  bool head_only = false;  // HEAD: the answer's headers without its body
  bool http_1_0 = false;
  std::function<Response()> respond;      // called once
  std::function<bool()> may_keep_alive;   // called once, after respond
  SteadyClock::duration write_timeout{};  // zero: what does not fit the socket's buffer is lost

  int status = 0;  // these are set by RunExchange
  size_t bytes_sent = 0;
  bool keep_alive = false;
};

void RunExchange(Exchange& exchange);

}  // namespace solvent::http
