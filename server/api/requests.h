// Reading the common parts of requests.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "message.h"
#include "paging.h"
#include "solvent/identity.h"
#include "solvent/json.h"
#include "solvent/page.h"
#include "solvent/precondition.h"
#include "solvent/repeatable.h"

namespace solvent::api {

// The caller that the authenticator found. Only for routes that require one.
const Caller& CallerOf(const http::Request& request);

// Query values. A value that does not parse or is out of range is a ValidationError naming it.
absl::StatusOr<int64_t> QueryInt(const http::Request& request, std::string_view name,
                                 int64_t fallback, int64_t least, int64_t most);
absl::StatusOr<std::optional<bool>> QueryBool(const http::Request& request, std::string_view name);
std::string QueryText(const http::Request& request, std::string_view name);
absl::StatusOr<PageRequest> QueryPage(const http::Request& request);

// The body as a JSON object; an empty body counts as {}.
absl::StatusOr<Json> BodyObject(http::Request& request);
// A member that must be a string (or be absent, or null, when not required).
absl::StatusOr<std::string> StringMember(const Json& body, std::string_view name, bool required);

// The Idempotency-Key header: "" when absent.
absl::StatusOr<std::string> IdempotencyKey(const http::Request& request);
// The same for a call that creates something: its route and its body, if it means anything there,
// belong to it.
enum class BodyCounts { kYes, kNo };
absl::StatusOr<Repeatable> ReadRepeatable(http::Request& request,
                                          BodyCounts counts = BodyCounts::kYes);
// Tells a client that what it gets was created by an earlier request.
void MarkReplay(const Repeatable& repeatable, http::Response& response);

// The member `name` with a secret, which only the first of such requests is told: to the others it
// is null, and "secret_withheld" says why.
void WriteSecret(JsonWriter& w, std::string_view name, std::string_view secret,
                 const Repeatable& repeatable);

// The entity tag of what is at a revision. `more` is what else the answer shows and nobody changes,
// like counters: it makes the tag another one, but no If-Match fails for it.
std::string EntityTag(std::string_view revision, std::string_view more = "");
// If-Match and If-None-Match of a request that changes something.
absl::StatusOr<Precondition> ReadPrecondition(const http::Request& request);

// {"items", "total", "page", "page_size", "total_pages", "has_next", "has_prev"} around items that
// `write_item` appends, with links to the other pages.
template <typename T, typename WriteItem>
http::Response PageResponse(const http::Request& request, const Page<T>& page,
                            WriteItem write_item) {
  std::string text;
  JsonWriter w(text);
  w.BeginObject();
  w.Key("items").BeginArray();
  for (const T& item : page.items) write_item(w, item);
  w.EndArray();
  int64_t pages = (page.total + page.page_size - 1) / page.page_size;
  w.Key("total").Int(page.total);
  w.Key("page").Int(page.page);
  w.Key("page_size").Int(page.page_size);
  w.Key("total_pages").Int(pages);
  w.Key("has_next").Bool(page.page < pages);
  w.Key("has_prev").Bool(page.page > 1 && page.total > 0);
  w.EndObject();
  http::Response response = http::Response::Json(200, std::move(text));
  LinkPages(request, page.page, pages, response);
  return response;
}

// "2026-02-19T10:05:00.123456Z", or null for 0.
void WriteTime(JsonWriter& w, int64_t micros);
// The text, or null when it is empty.
void WriteTextOrNull(JsonWriter& w, std::string_view text);

}  // namespace solvent::api
