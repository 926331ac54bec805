#include "gzip.h"

#include <doctest/doctest.h>

#include "error_body.h"

namespace solvent::http {
namespace {

std::string Numbers(size_t count) {
  std::string text;
  for (size_t i = 0; i < count; ++i) text += std::to_string(i * 7919 % 10007) + ",";
  return text;
}

int StatusOf(std::string_view data, size_t limit = 1 << 20) {
  absl::StatusOr<std::string> out = Gunzip(data, limit);
  return out.ok() ? 200 : HttpStatusOf(out.status());
}

TEST_CASE("what is compressed comes back") {
  for (size_t size : {size_t{0}, size_t{1}, size_t{5000}, size_t{200'000}}) {
    std::string text = Numbers(size);
    std::string packed = Gzip(text);
    CHECK(packed.substr(0, 2) == "\x1f\x8b");
    auto back = Gunzip(packed, text.size());
    REQUIRE(back.ok());
    CHECK(*back == text);
  }
  std::string text = Numbers(5000);
  CHECK(Gzip(text).size() < text.size() / 2);
  // Members in a row are one text.
  auto both = Gunzip(Gzip("one, ") + Gzip("two"), 100);
  REQUIRE(both.ok());
  CHECK(*both == "one, two");
}

TEST_CASE("a limit holds to the byte") {
  std::string text = Numbers(10'000);
  std::string packed = Gzip(text);
  CHECK(StatusOf(packed, text.size()) == 200);
  CHECK(StatusOf(packed, text.size() - 1) == 413);
  CHECK(StatusOf(packed, 0) == 413);
  CHECK(StatusOf(Gzip(""), 0) == 200);
}

TEST_CASE("a small body that would become huge is refused early") {
  std::string bomb = Gzip(std::string(100 << 20, '0'));
  CHECK(bomb.size() < 1 << 20);
  CHECK(StatusOf(bomb, 1 << 20) == 413);
  std::string many;
  for (int i = 0; i < 200; ++i) many += Gzip(std::string(10'000, '0'));
  CHECK(StatusOf(many, 1 << 20) == 413);
}

TEST_CASE("a broken body is no server fault") {
  std::string text = Numbers(3000);
  std::string packed = Gzip(text);
  CHECK(StatusOf("") == 400);
  CHECK(StatusOf("{}") == 400);
  CHECK(StatusOf(packed + "x") == 400);
  CHECK(StatusOf(packed.substr(1)) == 400);
  for (size_t size : {size_t{1}, size_t{9}, size_t{18}, packed.size() / 2, packed.size() - 1}) {
    CAPTURE(size);
    CHECK(StatusOf(packed.substr(0, size)) == 400);
  }
  for (size_t at = 0; at < packed.size(); at += 97) {
    std::string bent = packed;
    bent[at] = static_cast<char>(bent[at] ^ 0x55);
    CAPTURE(at);
    CHECK((StatusOf(bent) == 400 || StatusOf(bent) == 200));  // a bent time stamp does not matter
  }
}

}  // namespace
}  // namespace solvent::http
