// Entity tags, and requests that depend on them (RFC 9110, sections 8.8.3 and 13).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "message.h"

namespace solvent::http {

// A strong tag is for one coding of an answer; a compressed one has this at the end of its tag.
// ReadTags takes it off again.
inline constexpr std::string_view kGzipTagSuffix = "-gzip";
// `etag` (quoted) with that.
std::string GzipTag(std::string_view etag);

struct EntityTag {
  bool weak = false;
  std::string opaque;  // without its quotes
};

struct TagList {
  bool any = false;  // "*", which stands alone
  std::vector<EntityTag> tags;
};

// What all headers of that name list together; nullopt when there are none. ValidationError when
// they hold anything else.
absl::StatusOr<std::optional<TagList>> ReadTags(const Request& request, std::string_view header);

// Whether the request's If-None-Match says that the client has what `etag` (quoted) stands for, so
// that 304 will do. A header that cannot be read says nothing.
bool HasCurrent(const Request& request, std::string_view etag);
// With the tag of the coding that the client has.
Response NotModified(const Request& request, std::string_view etag);

}  // namespace solvent::http
