#include "validators.h"

#include <doctest/doctest.h>

#include "solvent/error.h"

namespace solvent::http {
namespace {

Request With(std::vector<Header> headers) {
  Request request;
  request.headers = std::move(headers);
  return request;
}

// The tags as text: "W/a b *", or "-" without the header, or "bad".
std::string Read(std::vector<Header> headers) {
  auto list = ReadTags(With(std::move(headers)), "If-Match");
  if (!list.ok()) return GetErrorInfo(list.status()).code == "validation_error" ? "bad" : "?";
  if (!list->has_value()) return "-";
  std::string text = (*list)->any ? "*" : "";
  for (const EntityTag& tag : (*list)->tags) {
    if (!text.empty()) text += ' ';
    text += (tag.weak ? "W/" : "") + tag.opaque;
  }
  return text;
}

TEST_CASE("entity tags are read as RFC 9110 writes them") {
  CHECK(Read({}) == "-");
  CHECK(Read({{"If-None-Match", R"("a")"}}) == "-");
  CHECK(Read({{"if-match", R"("a")"}}) == "a");
  CHECK(Read({{"If-Match", R"("a", W/"b" ,"c,d")"}}) == "a W/b c,d");
  CHECK(Read({{"If-Match", R"(,, "a",,"",)"}}) == "a ");
  CHECK(Read({{"If-Match", "*"}}) == "*");
  CHECK(Read({{"If-Match", R"("a")"}, {"Host", "x"}, {"IF-MATCH", R"("b")"}}) == "a b");
  CHECK(Read({{"If-Match", "\"\xc3\xa9\""}}) == "\xc3\xa9");
}

TEST_CASE("the tag of a compressed answer stands for the same state") {
  CHECK(Read({{"If-Match", R"("17.3-gzip")"}}) == "17.3");
  CHECK(HasCurrent(With({{"If-None-Match", R"("17-4-gzip")"}}), R"("17-4")"));
}

TEST_CASE("what is no list of tags is refused") {
  for (const char* text : {"", "a", R"("a)", R"(w/"a")", R"("a" "b")", R"("a";"b")", R"(*, "a")",
                           R"("a", *)", "\"a b\"", ",", R"("a"b)", "W/"}) {
    CAPTURE(text);
    CHECK(Read({{"If-Match", text}}) == "bad");
  }
  CHECK(Read({{"If-Match", "*"}, {"If-Match", R"("a")"}}) == "bad");
  CHECK(Read({{"If-Match", "*"}, {"If-Match", "*"}}) == "bad");
}

TEST_CASE("a client has what it names, weakly or not") {
  auto has = [](const char* value) {
    return HasCurrent(With({{"If-None-Match", value}}), R"("abc")");
  };
  CHECK(has(R"("abc")"));
  CHECK(has(R"(W/"abc")"));
  CHECK(has(R"("x", "abc")"));
  CHECK(has("*"));
  CHECK_FALSE(has(R"("ab")"));
  CHECK_FALSE(has(R"("ABC")"));
  CHECK_FALSE(has("abc"));
  CHECK_FALSE(HasCurrent(With({}), R"("abc")"));
}

TEST_CASE("an unchanged answer has a tag and no body") {
  Response response = NotModified(With({{"If-None-Match", R"("abc")"}}), R"("abc")");
  CHECK(response.status == 304);
  CHECK(response.body.empty());
  CHECK(*response.FindHeader("etag") == R"("abc")");
  const Header both = {"If-None-Match", R"("abc", "x", W/"abc-gzip")"};
  response = NotModified(With({both, {"Accept-Encoding", "gzip"}}), R"("abc")");
  CHECK(*response.FindHeader("etag") == R"("abc-gzip")");
  CHECK(*response.FindHeader("vary") == "Accept-Encoding");
  response = NotModified(With({both}), R"("abc")");
  CHECK(*response.FindHeader("etag") == R"("abc")");
}

}  // namespace
}  // namespace solvent::http
