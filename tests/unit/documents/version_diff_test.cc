#include "version_diff.h"

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

// "+ variables y", "- template 3: old line", "~ objective expression: before -> after"
std::vector<std::string> Diff(const std::string& older, const std::string& newer,
                              size_t most = kMaxVersionChanges) {
  std::vector<std::string> lines;
  for (const VersionChange& c : DiffModels(Parse(older), Parse(newer), most).changes) {
    std::string line = c.section + " " + c.key;
    switch (c.kind) {
      case VersionChange::Kind::kAdded: line = "+ " + line + ": " + c.after.Dump(); break;
      case VersionChange::Kind::kRemoved: line = "- " + line + ": " + c.before.Dump(); break;
      case VersionChange::Kind::kModified:
        line = "~ " + line + ": " + c.before.Dump() + " -> " + c.after.Dump();
    }
    lines.push_back(line);
  }
  return lines;
}

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("equal models do not differ, whatever the order of members and named elements") {
  CHECK(Diff(R"({"variables":[{"name":"x","type":"integer"},{"name":"y"}],"a":1})",
             R"({"a":1.0,"variables":[{"name":"y"},{"type":"integer","name":"x"}]})")
            .empty());
  CHECK(Diff("null", "null").empty());
}

TEST_CASE("variables and constraints are told apart by name") {
  CHECK(Diff(R"({"variables":[{"name":"x"},{"name":"y"}]})",
             R"({"variables":[{"name":"z"},{"name":"y","upper_bound":4}]})") ==
        Lines{R"(- variables x: {"name":"x"})",
              R"(~ variables y: {"name":"y"} -> {"name":"y","upper_bound":4})",
              R"(+ variables z: {"name":"z"})"});
}

TEST_CASE("rows without names are compared by position") {
  CHECK(Diff(R"({"constraints":[{"expression":"a"},{"expression":"b"},{"expression":"c"}]})",
             R"({"constraints":[{"expression":"a"},{"expression":"B"}]})") ==
        Lines{R"(~ constraints #2: {"expression":"b"} -> {"expression":"B"})",
              R"(- constraints #3: {"expression":"c"})"});
}

TEST_CASE("the objective is compared part by part") {
  CHECK(Diff(R"({"objective":{"sense":"minimize","expression":"x"}})",
             R"({"objective":{"sense":"maximize","expression":"x"}})") ==
        Lines{R"(~ objective sense: "minimize" -> "maximize")"});
}

TEST_CASE("a template's text is compared line by line") {
  CHECK(Diff(R"({"model":"set A;\nvar x;\nend;\n"})",
             R"({"model":["set A;","param p;","var x >= 0;","end;"]})") ==
        Lines{R"(- template 2: "var x;")", R"(+ template 2: "param p;")",
              R"(+ template 3: "var x >= 0;")"});
  CHECK(Diff(R"({"model":"a\nb\nc\nd"})", R"({"model":"b\nc\nx\nd"})") ==
        Lines{R"(- template 1: "a")", R"(+ template 3: "x")"});
  CHECK(Diff(R"({"data":"param n := 3;"})", "{}") == Lines{R"(- data 1: "param n := 3;")"});
}

TEST_CASE("a text with too many lines to compare is replaced from the first difference on") {
  std::string a = "same", b = "same";
  for (int i = 0; i < 3000; ++i) {
    a += "\\na" + std::to_string(i);
    b += "\\nb" + std::to_string(i);
  }
  Lines lines = Diff(R"({"model":")" + a + R"("})", R"({"model":")" + b + R"("})", 10'000);
  REQUIRE(lines.size() == 6000);
  CHECK(lines.front() == R"(- template 2: "a0")");
  CHECK(lines.back() == R"(+ template 3001: "b2999")");
}

TEST_CASE("input is compared place by place") {
  CHECK(Diff(R"({"input_data":{"demand":[1,2,3],"plants":[{"name":"A","cap":1},{"name":"B"}],
                               "a.b":1,"t":"x"}})",
             R"({"input_data":{"demand":[1,5],"plants":[{"name":"B"},{"name":"A","cap":2}],
                               "a.b":2,"t":{}}})") ==
        Lines{"~ input_data demand[1]: 2 -> 5", "- input_data demand[2]: 3",
              "~ input_data plants.A.cap: 1 -> 2", R"(~ input_data ["a.b"]: 1 -> 2)",
              R"(~ input_data t: "x" -> {})"});
}

TEST_CASE("other members are settings") {
  CHECK(Diff(R"({"options":{"time_limit_seconds":1,"seed":2},"language":"mathprog"})",
             R"({"options":{"time_limit_seconds":3,"seed":2},"name":"n"})") ==
        Lines{"~ settings options.time_limit_seconds: 1 -> 3", R"(- settings language: "mathprog")",
              R"(+ settings name: "n")"});
}

TEST_CASE("a diff of wildly different models is cut short") {
  std::string a = R"({"variables":[)", b = a;
  for (int i = 0; i < 200; ++i) {
    a += (i ? "," : "") + std::string(R"({"name":"a)") + std::to_string(i) + "\"}";
    b += (i ? "," : "") + std::string(R"({"name":"b)") + std::to_string(i) + "\"}";
  }
  ModelDiff diff = DiffModels(Parse(a + "]}"), Parse(b + "]}"), 100);
  CHECK(diff.changes.size() == 100);
  CHECK(diff.truncated);
  CHECK_FALSE(DiffModels(Parse(a + "]}"), Parse(b + "]}"), 400).truncated);
}

TEST_CASE("members of wrong types are compared as they are") {
  CHECK(Diff(R"({"variables":3,"objective":"x"})",
             R"({"variables":[{"name":"x"}],"objective":{"sense":"minimize"}})") ==
        Lines{R"(~ variables : 3 -> [{"name":"x"}])",
              R"(~ objective : "x" -> {"sense":"minimize"})"});
  CHECK(Diff(R"({"model":{"variables":[]}})", R"({"model":"text"})") ==
        Lines{R"(~ template : {"variables":[]} -> "text")"});
}
