#include "json_schema.h"

#include <doctest/doctest.h>

#include <string>

#include "solvent/error.h"

namespace solvent {
namespace {

std::shared_ptr<const JsonSchema> MustCompile(std::string_view text) {
  auto json = ParseJson(text);
  REQUIRE_MESSAGE(json.ok(), json.status().ToString());
  auto schema = JsonSchema::Compile(*json);
  REQUIRE_MESSAGE(schema.ok(), schema.status().ToString());
  return *std::move(schema);
}

std::vector<SchemaFault> Check(const JsonSchema& schema, std::string_view text) {
  auto json = ParseJson(text);
  REQUIRE_MESSAGE(json.ok(), json.status().ToString());
  auto faults = schema.Check(*json);
  REQUIRE_MESSAGE(faults.ok(), faults.status().ToString());
  return *std::move(faults);
}

std::string Refusal(std::string_view text) {
  auto json = ParseJson(text);
  REQUIRE_MESSAGE(json.ok(), json.status().ToString());
  auto schema = JsonSchema::Compile(*json);
  return schema.ok() ? "" : std::string(Message(schema.status()));
}

constexpr char kProducts[] = R"({
  "type": "object", "required": ["products"],
  "properties": {"products": {"type": "array", "minItems": 1, "items": {
    "type": "object", "required": ["name"], "additionalProperties": false,
    "properties": {"name": {"type": "string"},
                   "demand": {"type": "number", "minimum": 0, "maximum": 1000.5},
                   "kind": {"enum": ["a", "b"]}}}}}})";

TEST_CASE("a valid value has no faults") {
  auto schema = MustCompile(kProducts);
  CHECK(Check(*schema, R"({"products": [{"name": "A", "demand": 3, "kind": "a"}]})").empty());
}

TEST_CASE("each fault has a pointer to its place and the keyword that it violates") {
  auto schema = MustCompile(kProducts);
  struct Row {
    const char* value;
    const char* pointer;
    const char* keyword;
  };
  for (const Row& row : {
           Row{R"({})", "/products", "required"},
           Row{R"({"products": 3})", "/products", "type"},
           Row{R"({"products": []})", "/products", "minItems"},
           Row{R"({"products": [{"demand": 1}]})", "/products/0/name", "required"},
           Row{R"({"products": [{"name": "A"}, {"name": "B", "demand": -1}]})",
               "/products/1/demand", "minimum"},
           Row{R"({"products": [{"name": "A", "demand": 2000}]})", "/products/0/demand", "maximum"},
           Row{R"({"products": [{"name": "A", "kind": "c"}]})", "/products/0/kind", "enum"},
           Row{R"({"products": [{"name": "A", "x/y": 1}]})", "/products/0", "additionalProperties"},
       }) {
    CAPTURE(row.value);
    std::vector<SchemaFault> faults = Check(*schema, row.value);
    REQUIRE(!faults.empty());
    CHECK(faults[0].pointer == row.pointer);
    CHECK(faults[0].keyword == row.keyword);
  }
  std::vector<SchemaFault> faults =
      Check(*schema, R"({"products": [{"name": "A", "demand": 2000}]})");
  REQUIRE(faults.size() == 1);
  CHECK(faults[0].message == "expected number less than or equal to 1000.5");
  CHECK(faults[0].limit.as_double() == 1000.5);
  faults = Check(*schema, R"({"products": [{"name": "A", "it's": 1}]})");
  REQUIRE(!faults.empty());
  CHECK(faults[0].message == "\"it's\" is not known here");
}

TEST_CASE("several faults are reported at once") {
  auto schema = MustCompile(kProducts);
  CHECK(Check(*schema, R"({"products": [{"demand": -1}, {"name": 3}]})").size() == 3);
}

TEST_CASE("local references are followed, recursive ones too") {
  auto schema = MustCompile(R"({"definitions": {"node": {"type": "object", "properties": {
      "children": {"type": "array", "items": {"$ref": "#/definitions/node"}},
      "value": {"type": "number"}}}}, "$ref": "#/definitions/node"})");
  CHECK(Check(*schema, R"({"children": [{"value": 1, "children": []}]})").empty());
  std::vector<SchemaFault> faults = Check(*schema, R"({"children": [{"value": "x"}]})");
  REQUIRE(faults.size() == 1);
  CHECK(faults[0].pointer == "/children/0/value");
}

TEST_CASE("what could hang or crash the validator is refused") {
  CHECK(Refusal(R"({"pattern": "^(a+)+$"})").find("for ever") != std::string::npos);
  CHECK(Refusal(R"({"pattern": "(a|a)*b"})").find("for ever") != std::string::npos);
  CHECK(Refusal(R"({"pattern": "(a)\\1"})").find("for ever") != std::string::npos);
  CHECK(Refusal(R"({"pattern": "("})") != "");
  CHECK(Refusal(R"({"pattern": "[z-a]"})").find("regular expression") != std::string::npos);
  CHECK(Refusal(R"({"patternProperties": {"(x*)*": {}}})").find("for ever") != std::string::npos);
  CHECK(Refusal("{\"pattern\": \"" + std::string(201, 'a') + "\"}").find("200") !=
        std::string::npos);
  CHECK(Refusal(R"({"$ref": "http://example.com/schema"})").find("inside") != std::string::npos);
  CHECK(Refusal(R"({"properties": {"a": {"$ref": "other.json#/x"}}})").find("inside") !=
        std::string::npos);
  CHECK(Refusal(R"({"$ref": "#/definitions/none"})").find("there is no") != std::string::npos);
  CHECK(Refusal(R"({"$ref": "#"})").find("without an end") != std::string::npos);
  CHECK(Refusal(R"({"allOf": [{"$ref": "#"}]})").find("without an end") != std::string::npos);
  CHECK(Refusal(R"({"properties": {"a": {"anyOf": [{"$ref": "#"}, {"$ref": "#"}]}}})")
            .find("twice") != std::string::npos);
  std::string doubling = R"({"definitions": {"d0": {})";
  for (int i = 1; i < 40; ++i) {
    std::string below = "{\"$ref\": \"#/definitions/d" + std::to_string(i - 1) + "\"}";
    doubling += ", \"d" + std::to_string(i) + "\": {\"anyOf\": [" + below + "," + below + "]}";
  }
  doubling += R"(}, "$ref": "#/definitions/d39"})";
  CHECK(Refusal(doubling).find("too far") != std::string::npos);
}

TEST_CASE("what is no schema is refused without an end of the process") {
  CHECK(Refusal(R"({"type": 3})").find("not a JSON Schema") != std::string::npos);
  CHECK(Refusal(R"({"properties": [1]})").find("not a JSON Schema") != std::string::npos);
  CHECK(Refusal(R"({"required": "x"})").find("not a JSON Schema") != std::string::npos);
  CHECK(Refusal("[]") != "");
}

TEST_CASE("ordinary patterns work, on texts of a sane length") {
  auto schema = MustCompile(R"({"properties": {"code": {"pattern": "^[A-Z]{2}-[0-9]+$"}}})");
  CHECK(Check(*schema, R"({"code": "AB-12"})").empty());
  CHECK(Check(*schema, R"({"code": "ab"})")[0].keyword == "pattern");
  std::string value = "{\"code\": \"AB-" + std::string(100'000, '1') + "\"}";
  std::vector<SchemaFault> faults = Check(*schema, value);
  REQUIRE(faults.size() == 1);
  CHECK(faults[0].pointer == "/code");
  CHECK(faults[0].keyword == "maxLength");
}

}  // namespace
}  // namespace solvent
