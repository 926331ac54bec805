// What a client would like to get (RFC 9110, section 12).
#pragma once

#include <string_view>
#include <vector>

#include "message.h"

namespace solvent::http {

// One element of an Accept or Accept-Encoding header.
struct Preference {
  std::string_view name;  // as sent, without parameters
  int weight = 1000;      // thousandths; 0: not wanted
};

// What all headers of that name list together. Elements that cannot be read are left out.
std::vector<Preference> ReadPreferences(const Request& request, std::string_view header);

// Whether errors are to be told as application/problem+json: the client names that type, and wants
// it no less than application/json. Wildcards mean our usual bodies.
bool WantsProblemDetails(const Request& request);

// Whether the answer may be compressed with gzip: the client takes it, and no less than it takes
// the answer as it is.
bool WantsGzip(const Request& request);

}  // namespace solvent::http
