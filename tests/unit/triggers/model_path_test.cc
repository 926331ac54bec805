#include "model_path.h"

#include <doctest/doctest.h>

#include <string>

#include "solvent/error.h"

using namespace solvent;

namespace {

Json Parse(const std::string& text) {
  auto json = ParseJson(text);
  REQUIRE_MESSAGE(json.ok(), json.status().ToString());
  return *json;
}

const char kModel[] = R"({
  "variables": [{"name": "capacity", "upper_bound": 4}, {"name": "x"}],
  "constraints": [{"name": "demand", "expression": "capacity + x >= 2*20"},
                  {"name": "floor", "expression": "1.5e2<=x"},
                  {"name": "range", "expression": "1 <= x <= 5"},
                  {"name": "both", "expression": "x == capacity"},
                  {"name": "own", "expression": "x <= 3", "rhs": 1}],
  "objective": {"sense": "minimize", "expression": "x"},
  "input_data": {"demand": [1, [2, 3]], "a.b": {"c": 1}, "text": "t"}
})";

// The model with `value` put at `path`, or what is wrong.
std::string Put(const std::string& path, const std::string& value) {
  Json model = Parse(kModel);
  auto parsed = ModelPath::Parse(path);
  if (!parsed.ok()) return std::string(Message(parsed.status()));
  absl::Status check = parsed->Check(model);
  absl::Status status = parsed->Put(model, Parse(value));
  if (!check.ok()) CHECK_FALSE(status.ok());
  if (!status.ok()) {
    CHECK(model == Parse(kModel));
    return std::string(Message(status));
  }
  return model.Dump();
}

void CheckPut(const std::string& path, const std::string& value, const std::string& before,
              const std::string& after) {
  CAPTURE(path);
  std::string expected = Parse(kModel).Dump();
  size_t at = expected.find(before);
  REQUIRE(at != std::string::npos);
  expected.replace(at, before.size(), after);
  CHECK(Put(path, value) == expected);
}

}  // namespace

TEST_CASE("a path leads through members, positions and names") {
  CheckPut("variables.capacity.upper_bound", "9", R"("upper_bound":4)", R"("upper_bound":9)");
  CheckPut("variables.0.upper_bound", "9", R"("upper_bound":4)", R"("upper_bound":9)");
  CheckPut("variables[1]", R"({"name":"y"})", R"({"name":"x"})", R"({"name":"y"})");
  CheckPut("variables.x", R"({"name":"y"})", R"({"name":"x"})", R"({"name":"y"})");
  CheckPut("variables.x.lower_bound", "null", R"({"name":"x"})",
           R"({"name":"x","lower_bound":null})");
  CheckPut("objective.expression", R"("2*x")", R"("minimize","expression":"x")",
           R"("minimize","expression":"2*x")");
  CheckPut("input_data.demand.1.0", "7", "[2,3]", "[7,3]");
  CheckPut("input_data.demand", "[5]", "[1,[2,3]]", "[5]");
  CheckPut(R"(input_data["a.b"].c)", "2", R"({"c":1})", R"({"c":2})");
  CheckPut(R"(["input_data"]["a.b"]["c"])", "2", R"({"c":1})", R"({"c":2})");
  CheckPut("input_data.new", "2", R"("text":"t")", R"("text":"t","new":2)");
}

TEST_CASE("rhs replaces the constant side of a relation") {
  CheckPut("constraints.demand.rhs", "55", ">= 2*20", ">= 55");
  CheckPut("constraints.0.rhs", "-2.5", ">= 2*20", ">= -2.5");
  CheckPut("constraints.floor.rhs", "7", "1.5e2<=x", "7 <=x");
  // A member of that name is just that.
  CheckPut("constraints.own.rhs", "7", R"("rhs":1)", R"("rhs":7)");
  CHECK(Put("constraints.range.rhs", "7").find("no relation of two sides") != std::string::npos);
  CHECK(Put("constraints.both.rhs", "7").find("constant") != std::string::npos);
  CHECK(Put("constraints.demand.rhs", R"("7")").find("takes a number") != std::string::npos);
}

TEST_CASE("a path that leads nowhere says where it ends") {
  CHECK(Put("nothing.here", "1").find("there is no \"nothing\"") != std::string::npos);
  CHECK(Put("variables.z.upper_bound", "1").find("there is no \"z\"") != std::string::npos);
  CHECK(Put("variables.2", "1").find("no element \"2\"") != std::string::npos);
  CHECK(Put("variables.99999999999999999999", "1").find("no element") != std::string::npos);
  CHECK(Put("input_data.text.more", "1").find("inside a string") != std::string::npos);
}

TEST_CASE("texts that are no paths are refused") {
  for (const char* text : {"", ".", "a.", ".a", "a..b", "a[", "a[\"x\"", "a[\"x]", "a[x]", "a[]",
                           "a[\"x\"]b", "a[\"x\"].", "a[-1]", "a[\"\\x\"]", "[", "a[\"\\\"]"}) {
    CAPTURE(text);
    CHECK_FALSE(ModelPath::Parse(text).ok());
  }
  CHECK_FALSE(ModelPath::Parse(std::string(5000, 'a')).ok());
}

TEST_CASE("a path is written as it is read") {
  for (const char* text : {"a", "a.b.0", "a[\"x.y\"].b", "[\"\"].a", "a[\"[\"]"}) {
    CAPTURE(text);
    CHECK(ModelPath::Parse(text)->ToString() == text);
  }
}
