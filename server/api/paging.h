// Links between the pages of a list (RFC 8288).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "message.h"

namespace solvent::api {

// The request's own target, path and query as they were sent, with another value of one parameter,
// or without it. Safe between the angle brackets of a Link header.
std::string TargetWith(const http::Request& request, std::string_view parameter,
                       std::optional<std::string_view> value);

// Sets the Link header of a page of a list that is read with "page": first, prev, next, last.
void LinkPages(const http::Request& request, int64_t page, int64_t pages, http::Response& response);

// The same for a list that is read with `parameter` ("skip", "offset") and "limit". `shown` items
// are on this page. Without a `total`, next stands on every full page, so that it may lead to an
// empty one, and last is not known.
void LinkWindows(const http::Request& request, std::string_view parameter, int64_t offset,
                 int64_t limit, int64_t shown, std::optional<int64_t> total,
                 http::Response& response);

// The same for a list that is read on with "cursor": first, and next unless `next` is empty.
void LinkCursor(const http::Request& request, std::string_view next, http::Response& response);

}  // namespace solvent::api
