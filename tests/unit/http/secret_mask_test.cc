#include "secret_mask.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace solvent;

TEST_CASE("credentials are cut where people can still tell them apart") {
  const std::string key = "ok_live_027b" + std::string(60, 'c');
  const std::string token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ1In0.c2lnbmF0dXJl";
  struct Case {
    std::string text, masked;
  };
  for (const Case& c :
       std::vector<Case>{{"", ""},
                         {"/api/v2/keys/key_1", "/api/v2/keys/key_1"},
                         {key, "ok_live_027b…"},
                         {"/api/v2/keys/" + key, "/api/v2/keys/ok_live_027b…"},
                         {"a " + key + " b " + key, "a ok_live_027b… b ok_live_027b…"},
                         {"ok_test_0123456789", "ok_test_0123…"},
                         {"ok_live_chosen/with\"all,of?it", "ok_live_chos…"},
                         {"ok_live_027b", "ok_live_027b"},
                         {"/book_1/ok_2", "/book_1/ok_2"},
                         {"/x/" + token + "/y", "/x/eyJ…/y"},
                         {token.substr(0, 30), "eyJ…"},
                         {"/KeyJar/keyJ", "/KeyJar/keyJ"},
                         {token + " " + key, "eyJ… ok_live_027b…"}}) {
    CAPTURE(c.text);
    CHECK(http::MaskSecrets(c.text) == c.masked);
  }
}

TEST_CASE("no text in a line of the log holds a credential") {
  std::vector<std::string> lines;
  LogSink log =
      http::WithoutSecrets([&lines](LogLevel, std::string_view event, const Json& fields) {
        lines.push_back(std::string(event) + fields.Dump());
      });
  Json fields;
  fields.Set("path", "/ok_live_027bcccccc").Set("status", 404);
  Json nested;
  nested.Set("list", Json(Json::Array{Json("ok_live_027bdddddd"), Json(1)}));
  fields.Set("more", nested);
  log(LogLevel::kInfo, "e", fields);
  log(LogLevel::kInfo, "e", Json(Json::Object{}));
  REQUIRE(lines.size() == 2);
  CHECK(lines[0] ==
        R"(e{"path":"/ok_live_027b…","status":404,"more":{"list":["ok_live_027b…",1]}})");
  CHECK(lines[1] == "e{}");
}
