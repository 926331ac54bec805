#include "requests.h"

#include <algorithm>
#include <any>
#include <charconv>
#include <cstdio>
#include <ctime>

#include "solvent/error.h"
#include "solvent/execution_store.h"
#include "validators.h"

namespace solvent::api {
namespace {

absl::Status BadQuery(std::string_view name, std::string_view message) {
  return ValidationError("query/" + std::string(name), message);
}

}  // namespace

const Caller& CallerOf(const http::Request& request) {
  return *std::any_cast<Caller>(&request.identity);
}

absl::StatusOr<int64_t> QueryInt(const http::Request& request, std::string_view name,
                                 int64_t fallback, int64_t least, int64_t most) {
  auto text = request.FindQuery(name);
  if (!text) return fallback;
  int64_t value = 0;
  auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error != std::errc() || end != text->data() + text->size()) {
    return BadQuery(name, "must be an integer");
  }
  if (value < least) return BadQuery(name, "must be at least " + std::to_string(least));
  if (value > most) return BadQuery(name, "must be at most " + std::to_string(most));
  return value;
}

absl::StatusOr<std::optional<bool>> QueryBool(const http::Request& request, std::string_view name) {
  auto text = request.FindQuery(name);
  if (!text) return std::optional<bool>();
  for (std::string_view yes : {"true", "1", "yes", "on"}) {
    if (http::EqualsIgnoreCase(*text, yes)) return std::optional<bool>(true);
  }
  for (std::string_view no : {"false", "0", "no", "off"}) {
    if (http::EqualsIgnoreCase(*text, no)) return std::optional<bool>(false);
  }
  return BadQuery(name, "must be true or false");
}

std::string QueryText(const http::Request& request, std::string_view name) {
  return std::string(request.FindQuery(name).value_or(""));
}

absl::StatusOr<PageRequest> QueryPage(const http::Request& request) {
  absl::StatusOr<int64_t> page = QueryInt(request, "page", 1, 1, INT64_MAX / 1000);
  if (!page.ok()) return page.status();
  absl::StatusOr<int64_t> size = QueryInt(request, "page_size", 20, 1, 100);
  if (!size.ok()) return size.status();
  return PageRequest{*page, static_cast<int>(*size)};
}

absl::StatusOr<Json> BodyObject(http::Request& request) {
  absl::StatusOr<std::string_view> body = request.Body();
  if (!body.ok()) return body.status();
  if (body->empty()) return Json(Json::Object{});
  absl::StatusOr<Json> json = ParseJson(*body);
  if (!json.ok()) return json.status();
  if (!json->is_object())
    return ValidationError("", "the body must be a JSON object", "type_error");
  return json;
}

absl::StatusOr<std::string> StringMember(const Json& body, std::string_view name, bool required) {
  const Json* member = body.Find(name);
  std::string pointer = "/" + std::string(name);
  if (member == nullptr || (member->is_null() && !required)) {
    if (required) return ValidationError(pointer, "is required", "missing");
    return std::string();
  }
  if (!member->is_string()) return ValidationError(pointer, "must be a string", "type_error");
  std::string text = member->as_string();
  std::erase(text, '\0');
  return text;
}

absl::StatusOr<std::string> IdempotencyKey(const http::Request& request) {
  auto key = request.FindHeader("Idempotency-Key");
  if (!key) return std::string();
  bool visible = std::all_of(key->begin(), key->end(), [](char c) { return c > ' ' && c < 127; });
  if (key->empty() || key->size() > 255 || !visible) {
    return ValidationError("header/Idempotency-Key", "must be 1 to 255 visible ASCII characters");
  }
  return std::string(*key);
}

absl::StatusOr<Repeatable> ReadRepeatable(http::Request& request, BodyCounts counts) {
  Repeatable repeatable;
  absl::StatusOr<std::string> key = IdempotencyKey(request);
  if (!key.ok()) return key.status();
  if (key->empty()) return repeatable;
  repeatable.key = *std::move(key);
  repeatable.route = request.path;
  if (repeatable.route.ends_with('/')) repeatable.route.pop_back();
  absl::StatusOr<std::string_view> body = std::string_view();
  if (counts == BodyCounts::kYes) body = request.Body();
  if (!body.ok()) return body.status();
  repeatable.request_hash = HashRequest(*body);
  return repeatable;
}

void MarkReplay(const Repeatable& repeatable, http::Response& response) {
  if (repeatable.replayed) response.Set("Idempotent-Replay", "true");
}

void WriteSecret(JsonWriter& w, std::string_view name, std::string_view secret,
                 const Repeatable& repeatable) {
  w.Key(name);
  if (!repeatable.replayed) {
    w.String(secret);
    return;
  }
  w.Null();
  w.Key("secret_withheld").Bool(true);
}

std::string EntityTag(std::string_view revision, std::string_view more) {
  std::string tag = "\"";
  tag += revision;
  if (!more.empty()) {
    tag += '-';
    tag += more;
  }
  return tag + "\"";
}

absl::StatusOr<Precondition> ReadPrecondition(const http::Request& request) {
  auto revision = [](const http::EntityTag& tag) {
    return tag.opaque.substr(0, tag.opaque.find('-'));
  };
  Precondition precondition;
  absl::StatusOr<std::optional<http::TagList>> match = http::ReadTags(request, "If-Match");
  if (!match.ok()) return match.status();
  if (match->has_value() && !(*match)->any) {
    precondition.match.emplace();
    for (const http::EntityTag& tag : (*match)->tags) {
      // A weak tag does not tell apart what a change must not overlook.
      if (!tag.weak) precondition.match->push_back(revision(tag));
    }
  }
  absl::StatusOr<std::optional<http::TagList>> none = http::ReadTags(request, "If-None-Match");
  if (!none.ok()) return none.status();
  if (none->has_value()) {
    if ((*none)->any) precondition.none_match.push_back("*");
    for (const http::EntityTag& tag : (*none)->tags) {
      precondition.none_match.push_back(revision(tag));
    }
  }
  return precondition;
}

void WriteTime(JsonWriter& w, int64_t micros) {
  if (micros == 0) {
    w.Null();
    return;
  }
  std::time_t seconds = static_cast<std::time_t>(micros / 1'000'000);
  std::tm tm{};
  gmtime_r(&seconds, &tm);
  char text[48];
  size_t size = std::strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
  size += static_cast<size_t>(std::snprintf(text + size, sizeof(text) - size, ".%06dZ",
                                            static_cast<int>(micros % 1'000'000)));
  w.String({text, size});
}

void WriteTextOrNull(JsonWriter& w, std::string_view text) {
  if (text.empty()) {
    w.Null();
  } else {
    w.String(text);
  }
}

}  // namespace solvent::api
