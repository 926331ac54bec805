#include "solvent/json.h"

#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>

#include "solvent/error.h"

using namespace solvent;

namespace {

std::string WhyNot(std::string_view text, size_t depth = 64) {
  auto json = ParseJson(text, depth);
  return json.ok() ? "" : std::string(Message(json.status()));
}

}  // namespace

TEST_CASE("a document survives reading and writing") {
  const char* text =
      R"({"a":[1,-2,3.5,1e300,true,false,null],"b":{"c":"q\"\\\n\u0001\u00e9"},"big":18446744073709551615})";
  auto json = ParseJson(text);
  REQUIRE(json.ok());
  auto again = ParseJson(json->Dump());
  REQUIRE(again.ok());
  CHECK(*again == *json);
  CHECK((*json)["big"].Dump() == "18446744073709551615");
  CHECK((*json)["b"]["c"].as_string() == "q\"\\\n\x01\xC3\xA9");
  CHECK((*json)["missing"]["deeper"].is_null());
}

TEST_CASE("faults are named with line and column") {
  CHECK(WhyNot("{\"a\":1,\n  \"b\" 2}").find("line 2, column 7") != std::string::npos);
  CHECK(WhyNot("[1, 2,]").find("line 1, column 7") != std::string::npos);
  CHECK(WhyNot("[1, NaN]").find("line 1, column 5") != std::string::npos);
  CHECK(WhyNot("{\"a\":1").find("column 7") != std::string::npos);
  CHECK(WhyNot("").find("column 1") != std::string::npos);
  CHECK(WhyNot(std::string_view()).find("column 1") != std::string::npos);
}

TEST_CASE("what is found out late is named where it stands") {
  auto place = [](std::string_view text, size_t depth = 64) {
    const std::string why = WhyNot(text, depth);
    INFO(why);
    const size_t end = why.find(':');
    constexpr std::string_view kBegin = "malformed JSON at line ";
    REQUIRE(why.rfind(kBegin, 0) == 0);
    return why.substr(kBegin.size(), end - kBegin.size());
  };
  // Bytes and escapes that stand for no character.
  CHECK(place("{\"a\":1,\n \"b\":\"x\\ud800y\", \"c\":[1,2,3]}") == "2, column 8");
  CHECK(place(R"(["\udc00"])") == "1, column 3");
  CHECK(place(R"(["ab\ud83d\u0041"])") == "1, column 5");
  CHECK(place(R"(["ab\u00g0"])") == "1, column 5");
  CHECK(place(R"(["ab\q"])") == "1, column 5");
  CHECK(place("[\"a\xff\", 1]") == "1, column 4");
  CHECK(place("[\"\xc3\xa9\xed\xa0\x80\"]") == "1, column 5");
  CHECK(place("{\"\\ud83d\\ude80\\n\": [\"\xf0\x9f\x9a\x80\", 0x1]}") == "1, column 29");
  CHECK(ParseJson(R"(["\ud83d\ude80 \uFFFF \u0000"])").ok());
  // Members that come again, by what their names stand for.
  CHECK(place("{\"a\":1,\n  \"a\":2}") == "2, column 3");
  CHECK(place("{\"a\":[{}, {\"a\":1}, {\"b\":[0, {\"q\":[], \"r\":{}, \"\\u0071\":0}]}]}") ==
        "1, column 46");
  CHECK(WhyNot("{\"x\":{\"\":1,\"\":2}}").find("column 12: member \"\" appears twice") !=
        std::string::npos);
  std::string many = "[[],[{";
  for (int i = 0; i < 100; ++i) many += "\"k" + std::to_string(i) + "\":0,\n";
  CHECK(place(many + " \"k7\":1}]]") == "101, column 2");
  // Brackets within more brackets than are allowed.
  CHECK(place(std::string(20, '[') + std::string(20, ']'), 10) == "1, column 11");
  CHECK(place("{\"a\":[[],\n {}, [{\"b\":1}]]}", 3) == "2, column 7");
}

TEST_CASE("numbers that are not finite are wrong values, wherever they stand") {
  for (const char* word : {"NaN", "nan", "Infinity", "-Infinity", "-NaN", "1e400", "-1e999"}) {
    const std::string text = "{\"tiny\":1e-400,\n \"a\":[1," + std::string(word) + "]}";
    CAPTURE(text);
    const absl::Status status = ParseJson(text).status();
    CHECK(GetErrorInfo(status).code == error_code::kValidation);
    CHECK(Message(status).find("not a finite number at line 2, column 9: " + std::string(word)) !=
          std::string_view::npos);
  }
  CHECK(GetErrorInfo(ParseJson("{\"a\":nanny}").status()).code == error_code::kBadRequest);
  CHECK(ParseJson("[1e-400]").ok());
}

TEST_CASE("what strict readers must refuse is refused") {
  for (const char* text : {"NaN", "[Infinity]", "{\"a\":1,\"a\":2}", "[1e400]", "[01]", "{'a':1}",
                           "[\"\xC3\"]", "[\"\x01\"]", "[1] x", "{\"a\"}", "\xEF\xBB\xBF[]"}) {
    CAPTURE(text);
    CHECK_FALSE(ParseJson(text).ok());
  }
  std::string many = "{";
  for (int i = 0; i < 100; ++i) many += "\"k" + std::to_string(i) + "\":0,";
  CHECK_FALSE(ParseJson(many + "\"k7\":1}").ok());
  CHECK(ParseJson(many + "\"z\":1}").ok());
}

TEST_CASE("depth is limited") {
  CHECK(ParseJson(std::string(8, '[') + std::string(8, ']'), 10).ok());
  CHECK(WhyNot(std::string(20, '[') + std::string(20, ']'), 10).find("deeper than 10") !=
        std::string::npos);
  CHECK_FALSE(ParseJson(std::string(200000, '[')).ok());
  // Whatever stands in the innermost bracket, or nothing.
  for (const std::string inside : {"", "1", " ", "\"x\"", "1,2"}) {
    CAPTURE(inside);
    auto nested = [&](size_t levels) {
      return std::string(levels, '[') + inside + std::string(levels, ']');
    };
    CHECK(ParseJson(nested(64)).ok());
    CHECK(WhyNot(nested(65)).find("column 65: nested deeper than 64 levels") != std::string::npos);
    CHECK(ParseJson(nested(1), 1).ok());
    CHECK_FALSE(ParseJson(nested(2), 1).ok());
  }
  std::string objects, ends;
  for (int i = 0; i < 64; ++i) objects += "{\"a\":", ends += "}";
  CHECK(ParseJson(objects + "1" + ends).ok());
  CHECK_FALSE(ParseJson(objects + "{}" + ends).ok());
  CHECK_FALSE(ParseJson(objects + "[]" + ends).ok());
  CHECK_FALSE(ParseJson(objects + "{\"a\":1}" + ends).ok());
}

TEST_CASE("integers of more than 64 bits are doubles") {
  const std::string text =
      R"({"a":18446744073709551616,"b":[-9223372036854775809, 1],"c":"18446744073709551616\\",)"
      R"("d":"\"9999999999999999999999,","e":18446744073709551615,"f":-9223372036854775808,)"
      R"("g":123456789012345678901234567890,"h":99999999999999999999e-1})";
  auto json = ParseJson(text);
  REQUIRE_MESSAGE(json.ok(), Message(json.status()));
  CHECK((*json)["a"].as_double() == 18446744073709551616.0);
  CHECK((*json)["b"].array()[0].as_double() == -9223372036854775808.0);
  CHECK((*json)["b"].array()[1].as_int() == 1);
  CHECK((*json)["c"].as_string() == "18446744073709551616\\");
  CHECK((*json)["d"].as_string() == "\"9999999999999999999999,");
  CHECK((*json)["e"].Dump() == "18446744073709551615");
  CHECK((*json)["f"].Dump() == "-9223372036854775808");
  CHECK((*json)["g"].as_double() == 123456789012345678901234567890.0);
  CHECK(ParseJson("18446744073709551616")->as_double() == 18446744073709551616.0);
  // Beyond a double's range, or no numbers at all.
  CHECK(WhyNot("[" + std::string(400, '9') + "]").find("not a finite number at line 1, column 2") !=
        std::string::npos);
  CHECK_FALSE(ParseJson("[018446744073709551616]").ok());
  CHECK_FALSE(ParseJson("[18446744073709551616x]").ok());
  CHECK_FALSE(ParseJson("[18446744073709551616 1]").ok());
  CHECK(WhyNot("[18446744073709551616,\n 1x]").find("line 2, column 2") != std::string::npos);
}

TEST_CASE("every double reads back as itself") {
  std::mt19937_64 random(7);
  int checked = 0;
  for (int i = 0; i < 100000; ++i) {
    double d = std::bit_cast<double>(random());
    if (!std::isfinite(d)) continue;
    std::string text;
    AppendJsonNumber(text, d);
    auto json = ParseJson(text);
    REQUIRE_MESSAGE(json.ok(), text);
    REQUIRE_MESSAGE(json->as_double() == d, text);
    ++checked;
  }
  CHECK(checked > 90000);
  std::string text;
  AppendJsonNumber(text, std::numeric_limits<double>::infinity());
  CHECK(text == "null");
}

TEST_CASE("text that is not UTF-8 is written as valid JSON") {
  std::string out;
  AppendJsonString(out, "a\xFFz\xC0\xAF\xED\xA0\x80");
  auto json = ParseJson(out);
  REQUIRE(json.ok());
  CHECK(json->as_string().find("\xEF\xBF\xBD") != std::string::npos);
}

TEST_CASE("an error carries its details through a status") {
  absl::Status status = ValidationError(
      {{"/variables/0/name", "is empty", "value_error"}, {"/objective", "is missing", "missing"}});
  ErrorInfo info = GetErrorInfo(status);
  CHECK(info.code == "validation_error");
  REQUIRE(info.fields.size() == 2);
  CHECK(info.fields[1].pointer == "/objective");
  CHECK(Message(status).find("and 1 more") != std::string_view::npos);
  CHECK(GetErrorInfo(absl::InternalError("x")).code.empty());
}

TEST_CASE("no depth that a caller allows is deeper than a stack") {
  const std::string deep = std::string(200'000, '[') + std::string(200'000, ']');
  CHECK_FALSE(ParseJson(deep, 300'000).ok());
  CHECK_FALSE(ParseJson(deep, std::numeric_limits<size_t>::max()).ok());
  CHECK(ParseJson("[[1]]", std::numeric_limits<size_t>::max()).ok());
}
