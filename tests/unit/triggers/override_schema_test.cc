#include "override_schema.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace solvent;

namespace {

Json Parse(const std::string& text) {
  auto json = ParseJson(text);
  REQUIRE_MESSAGE(json.ok(), json.status().ToString());
  return *json;
}

using Lines = std::vector<std::string>;

Lines Pointers(const std::vector<FieldError>& faults) {
  Lines pointers;
  for (const FieldError& fault : faults) pointers.push_back(fault.pointer + " " + fault.type);
  return pointers;
}

// The model after the overrides, or the places of the faults.
Lines Apply(const std::string& schema, const std::string& data, const std::string& model) {
  Json changed = Parse(model);
  std::vector<FieldError> faults = ApplyOverrides(Parse(schema), Parse(data), changed);
  return faults.empty() ? Lines{changed.Dump()} : Pointers(faults);
}

}  // namespace

TEST_CASE("values without a path go to the input, else to the parameters, else to the model") {
  CHECK(Apply("null", R"({"d":2})", R"({"input_data":{"d":1},"parameters":{}})") ==
        Lines{R"({"input_data":{"d":2},"parameters":{}})"});
  CHECK(Apply("null", R"({"d":2})", R"({"parameters":{"d":1},"d":0})") ==
        Lines{R"({"parameters":{"d":2},"d":0})"});
  CHECK(Apply("null", R"({"d":2,"e.f":3})", R"({"d":1})") == Lines{R"({"d":2,"e.f":3})"});
  CHECK(Apply(R"([{"name":"d","type":"number"}])", R"({"d":2})", R"({"input_data":[]})") ==
        Lines{R"({"input_data":[],"d":2})"});
}

TEST_CASE("without a schema any key is taken, with an empty one none") {
  CHECK(Apply("null", "null", R"({"a":1})") == Lines{R"({"a":1})"});
  CHECK(Apply("null", R"({"a":null})", R"({"a":1})") == Lines{R"({"a":null})"});
  CHECK(Apply("[]", "{}", R"({"a":1})") == Lines{R"({"a":1})"});
  CHECK(Apply("[]", R"({"a":2})", R"({"a":1})") == Lines{"/override_data/a unknown_field"});
}

TEST_CASE("types are what JSON says they are") {
  struct Row {
    const char* type;
    Lines good;
    Lines bad;
  };
  const Row rows[] = {
      {"string", {"\"\"", "\"3\""}, {"3", "true", "[]", "{}"}},
      {"number", {"3", "3.5", "-1e300"}, {"\"3\"", "true", "[]", "{}"}},
      {"integer", {"3", "3.0", "-7", "0"}, {"3.5", "\"3\"", "true", "1e300", "[]"}},
      {"boolean", {"true", "false"}, {"0", "1", "\"true\""}},
      {"array", {"[]", "[1,\"a\"]"}, {"{}", "3", "\"[]\""}},
      {"object", {"{}", "{\"a\":1}"}, {"[]", "3", "\"{}\""}},
  };
  for (const Row& row : rows) {
    std::string schema = std::string(R"([{"name":"v","type":")") + row.type + "\"}]";
    for (const std::string& value : row.good) {
      CAPTURE(row.type);
      CAPTURE(value);
      CHECK(Apply(schema, "{\"v\":" + value + "}", "{}").front().starts_with("{\"v\":"));
    }
    for (const std::string& value : row.bad) {
      CAPTURE(row.type);
      CAPTURE(value);
      CHECK(Apply(schema, "{\"v\":" + value + "}", "{}") == Lines{"/override_data/v type_error"});
    }
  }
}

TEST_CASE("null and absence are the same: required is missed, a default steps in") {
  const std::string schema =
      R"([{"name":"a","type":"number","required":true},
          {"name":"b","type":"array","default":[1]},
          {"name":"c","type":"string"}])";
  for (const char* data : {"null", "{}", R"({"a":null,"b":[2]})"}) {
    CHECK(Apply(schema, data, "{}") == Lines{"/override_data/a missing"});
  }
  for (const char* data : {R"({"a":5})", R"({"a":5,"b":null,"c":null})"}) {
    CHECK(Apply(schema, data, R"({"c":"kept"})") == Lines{R"({"c":"kept","a":5,"b":[1]})"});
  }
}

TEST_CASE("all faults are named, each with its place") {
  CHECK(Apply(R"([{"name":"a/b","type":"number","required":true},{"name":"b","type":"number"},
                  {"name":"c","type":"number","model_field_path":"gone.c"}])",
              R"({"b":"x","c":1,"d~":2})",
              "{}") == Lines{"/override_data/a~1b missing", "/override_data/b type_error",
                             "/override_data/c value_error", "/override_data/d~0 unknown_field"});
}

TEST_CASE("a schema is checked as a whole") {
  absl::Status status = CheckOverrideSchema(
      Parse(R"([{"name":"a","type":"number","model_field_path":"variables.x.upper_bound"},
                {"name":"a","type":"number"},
                {"name":"","type":"text"},
                {"type":"array","required":"yes","default":{}},
                7,
                {"name":"p","type":"object","model_field_path":"variables.y.cost"},
                {"name":"q","type":"object","model_field_path":"variables..y"},
                {"name":"r","model_field_path":3,"description":[]}])"),
      Parse(R"({"variables":[{"name":"x"}]})"));
  CHECK(Pointers(GetErrorInfo(status).fields) ==
        Lines{"/override_schema/1/name duplicate", "/override_schema/2/name value_error",
              "/override_schema/2/type value_error", "/override_schema/3/name missing",
              "/override_schema/3/required type_error", "/override_schema/3/default type_error",
              "/override_schema/4 type_error", "/override_schema/5/model_field_path value_error",
              "/override_schema/6/model_field_path value_error",
              "/override_schema/7/model_field_path type_error",
              "/override_schema/7/description type_error", "/override_schema/7/type missing"});
  CHECK(CheckOverrideSchema(Json(), Json()).ok());
  CHECK(CheckOverrideSchema(Json::Array{}, Json()).ok());
  CHECK_FALSE(CheckOverrideSchema(Json("x"), Json()).ok());
  CHECK_FALSE(CheckOverrideSchema(Json(Json::Array(1001)), Json()).ok());
}
