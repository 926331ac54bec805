// What pages of other origins may do with this server (the Fetch standard's CORS protocol).
//
// Their credentials travel in the Authorization header, which scripts set themselves, so cookies and
// the like are never allowed to them: no answer has Access-Control-Allow-Credentials.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "message.h"

namespace solvent::http {

// "https://app.example.com" or with a port; or "*", which stands for all origins.
bool IsOriginRule(std::string_view text);
bool IsAllowedOrigin(const std::vector<std::string>& rules, std::string_view origin);

// Sets the headers that the rules call for; none without rules.
void AddCorsHeaders(const std::vector<std::string>& rules, const Request& request,
                    Response& response);

}  // namespace solvent::http
