#include "validators.h"

#include <algorithm>

#include "negotiation.h"
#include "solvent/error.h"

namespace solvent::http {
namespace {

void SkipBlanks(std::string_view& text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
}

bool IsTagChar(char c) {
  auto byte = static_cast<unsigned char>(c);
  return byte == 0x21 || (byte >= 0x23 && byte != 0x7f);
}

// Takes one tag off `text`; false when there is none.
bool TakeTag(std::string_view& text, EntityTag& tag) {
  tag.weak = text.starts_with("W/");
  if (tag.weak) text.remove_prefix(2);
  if (!text.starts_with('"')) return false;
  size_t end = text.find('"', 1);
  if (end == std::string_view::npos) return false;
  std::string_view opaque = text.substr(1, end - 1);
  if (!std::all_of(opaque.begin(), opaque.end(), IsTagChar)) return false;
  if (opaque.ends_with(kGzipTagSuffix)) opaque.remove_suffix(kGzipTagSuffix.size());
  tag.opaque = std::string(opaque);
  text.remove_prefix(end + 1);
  return true;
}

// Empty elements of a list are allowed.
bool ReadList(std::string_view text, TagList& list) {
  while (true) {
    SkipBlanks(text);
    if (text.empty()) return true;
    if (text.front() == ',') {
      text.remove_prefix(1);
      continue;
    }
    EntityTag tag;
    if (!TakeTag(text, tag)) return false;
    list.tags.push_back(std::move(tag));
    SkipBlanks(text);
    if (!text.empty() && text.front() != ',') return false;
  }
}

}  // namespace

absl::StatusOr<std::optional<TagList>> ReadTags(const Request& request, std::string_view header) {
  std::optional<TagList> list;
  size_t count = 0;
  bool readable = true;
  for (const Header& line : request.headers) {
    if (!EqualsIgnoreCase(line.name, header)) continue;
    if (!list) list.emplace();
    ++count;
    if (line.value == "*") {
      list->any = true;
    } else {
      readable = readable && ReadList(line.value, *list);
    }
  }
  if (!list) return list;
  bool alone = list->any && count == 1;
  if (readable && (alone || (!list->any && !list->tags.empty()))) return list;
  return ValidationError("header/" + std::string(header),
                         "must be * or a list of entity tags in quotes, as ETag gives them");
}

std::string GzipTag(std::string_view etag) {
  return std::string(etag.substr(0, etag.size() - 1)) + std::string(kGzipTagSuffix) + "\"";
}

bool HasCurrent(const Request& request, std::string_view etag) {
  absl::StatusOr<std::optional<TagList>> list = ReadTags(request, "If-None-Match");
  if (!list.ok() || !list->has_value()) return false;
  std::string_view opaque = etag.substr(1, etag.size() - 2);
  return (*list)->any || std::any_of((*list)->tags.begin(), (*list)->tags.end(),
                                     [opaque](const EntityTag& t) { return t.opaque == opaque; });
}

Response NotModified(const Request& request, std::string_view etag) {
  const std::string packed = GzipTag(etag);
  // A cache may hold both forms, and learns from the tag which one is meant.
  bool has_packed =
      WantsGzip(request) &&
      std::any_of(request.headers.begin(), request.headers.end(), [&packed](const Header& h) {
        return EqualsIgnoreCase(h.name, "If-None-Match") &&
               h.value.find(packed) != std::string::npos;
      });
  Response response = Response::Empty(304);
  response.Set("ETag", has_packed ? std::string_view(packed) : etag);
  AddVary(response, "Accept-Encoding");
  return response;
}

}  // namespace solvent::http
