#include <cmath>
#include <string>
#include <vector>

#include "doctest/doctest.h"
#include "random_problem.h"
#include "solvent/error.h"
#include "solvent/problem_io.h"

namespace solvent {
namespace {

// A document with the given members replaced or added.
std::string Document(std::string_view variables, std::string_view objective,
                     std::string_view constraints, std::string_view more = "") {
  std::string text = "{\"variables\":";
  text += variables;
  text += ",\"objective\":";
  text += objective;
  text += ",\"constraints\":";
  text += constraints;
  text += more;
  return text + "}";
}

constexpr std::string_view kXy = R"([{"name":"x"},{"name":"y"}])";
constexpr std::string_view kMin = R"({"sense":"minimize","expression":"2*x + 3*y"})";

std::string WithConstraint(std::string_view expression) {
  return Document(kXy, kMin,
                  "[{\"name\":\"c\",\"expression\":\"" + std::string(expression) + "\"}]");
}
std::string WithVariables(std::string_view variables) { return Document(variables, kMin, "[]"); }
std::string WithMore(std::string_view more) {
  return Document(kXy, kMin, "[]", "," + std::string(more));
}

ErrorInfo Refused(std::string_view text, std::string* message = nullptr) {
  auto flat = ReadFlatJson(text);
  CHECK_FALSE(flat.ok());
  CHECK(flat.status().code() == absl::StatusCode::kInvalidArgument);
  if (message != nullptr) *message = Message(flat.status());
  return GetErrorInfo(flat.status());
}

TEST_CASE("a flat problem fills every part of a problem") {
  auto flat = ReadFlatJson(R"({
    "name": "plan", "description": "d", "solver_name": "cbc",
    "options": {"time_limit_seconds": 12.5, "gap_tolerance": 0.01, "threads": 2, "verbose": true,
                "seed": 7, "node_limit": 100, "verify": false, "other": [1]},
    "warm_start": {"execution_id": "exe_1"}, "metadata": {"k": [1, {"a": null}]},
    "variables": [
      {"name": "x"}, {"name": "y", "type": "integer", "lower_bound": null, "upper_bound": 9.5},
      {"name": "b", "type": "binary"}, {"name": "ship[East Hub,1]", "upper_bound": null}],
    "objective": {"sense": "maximize", "expression": "3x + 4 - b"},
    "constraints": [{"name": "r", "expression": "x + y <= 4 + b"},
                    {"expression": "ship[East Hub,1] >= 1"},
                    {"name": "chain", "expression": "1 <= x + y <= 5"}]})");
  REQUIRE(flat.ok());
  const Problem& p = flat->problem;
  CHECK(flat->name == "plan");
  CHECK(p.name == "plan");
  CHECK(flat->description == "d");
  CHECK(flat->solver_name == "cbc");
  CHECK(flat->warm_start_execution_id == "exe_1");
  CHECK(flat->metadata_json == R"({"k": [1, {"a": null}]})");
  CHECK(flat->has_time_limit);
  CHECK(flat->options.time_limit_seconds == 12.5);
  CHECK(flat->options.gap_tolerance == 0.01);
  CHECK(flat->options.threads == 2);
  CHECK(flat->options.seed == 7);
  CHECK(flat->options.node_limit == 100);
  CHECK_FALSE(flat->options.verify);
  CHECK(flat->warnings.empty());
  CHECK(p.sense == Sense::kMaximize);
  CHECK(p.objective_offset == 4);
  CHECK(p.objective == std::vector<double>{3, 0, -1, 0});
  CHECK(p.column_lower == std::vector<double>{0, -kInfinity, 0, 0});
  CHECK(p.column_upper == std::vector<double>{kInfinity, 9.5, 1, kInfinity});
  CHECK(p.column_type == std::vector<ColumnType>{ColumnType::kContinuous, ColumnType::kInteger,
                                                 ColumnType::kBinary, ColumnType::kContinuous});
  CHECK(p.row_lower == std::vector<double>{-kInfinity, 1, 1, -kInfinity});
  CHECK(p.row_upper == std::vector<double>{4, kInfinity, kInfinity, 5});
  CHECK(p.RowName(0) == "r");
  CHECK(p.RowName(1) == "c2");
  CHECK(p.RowName(2) == "chain");
  CHECK(p.RowName(3) == "chain");
  CHECK(p.column_start == std::vector<int64_t>{0, 3, 6, 7, 8});
  CHECK(p.value == std::vector<double>{1, 1, 1, 1, 1, 1, -1, 1});
}

TEST_CASE("members may come in any order and defaults hold") {
  auto flat = ReadFlatJson(
      R"({"constraints":[{"expression":"x <= 3"}],
          "objective":{"expression":"x","sense":"minimize"},
          "extra":{"deep":[[1,2],{"a":"b"}]},"variables":[{"name":"x"}]})");
  REQUIRE(flat.ok());
  CHECK(flat->problem.num_rows() == 1);
  CHECK(flat->problem.objective == std::vector<double>{1});
  CHECK_FALSE(flat->has_time_limit);
  CHECK(flat->options.time_limit_seconds == 60);
  CHECK(flat->options.gap_tolerance == 1e-4);
  CHECK(flat->options.verify);
  CHECK(ReadFlatJson(Document(kXy, kMin, "null")).ok());
  CHECK(ReadFlatJson(WithMore(R"("options":null,"metadata":null,"name":null,"warm_start":null)"))
            .ok());
}

TEST_CASE("a constant objective and constant rows work") {
  auto flat = ReadFlatJson(Document(kXy, R"({"sense":"minimize","expression":"7"})",
                                    R"([{"expression":"1 <= 5"},{"expression":"5 <= 1"}])"));
  REQUIRE(flat.ok());
  CHECK(flat->problem.objective_offset == 7);
  CHECK(flat->problem.num_nonzeros() == 0);
  CHECK(flat->problem.row_upper == std::vector<double>{4, -4});
}

TEST_CASE("an integer variable without an integer in its range is a valid model") {
  auto flat = ReadFlatJson(WithVariables(
      R"([{"name":"x","type":"integer","lower_bound":0.2,"upper_bound":0.8},{"name":"y"}])"));
  REQUIRE(flat.ok());
  REQUIRE(flat->warnings.size() == 1);
  CHECK(flat->warnings[0].find("no integer lies between") != std::string::npos);
}

TEST_CASE("escapes are undone and NUL characters vanish") {
  auto flat = ReadFlatJson(
      R"({"n\u0061me":"a\u0000\"b","variables":[{"name":"\u0078\u0000"}],
          "objective":{"sense":"minimize","expression":"2\u002ax\u0000\n+\t1"},
          "constraints":[{"name":"\u0000\u00e9","expression":"x \u2264 5"}]})");
  REQUIRE(flat.ok());
  CHECK(flat->name == "a\"b");
  CHECK(flat->problem.ColumnName(0) == "x");
  CHECK(flat->problem.objective_offset == 1);
  CHECK(flat->problem.RowName(0) == "\xC3\xA9");
  CHECK(flat->problem.row_upper[0] == 5);
}

struct Rejection {
  std::string text;
  std::string_view code;
  std::string_view pointer;
  std::string_view message;  // a part of it
};

TEST_CASE("faults are told by code, field and text") {
  const std::string long_name(257, 'n');
  const std::vector<Rejection> cases = {
      {"[]", "validation_error", "", "must be an object"},
      {"{}", "validation_error", "/variables", "is missing"},
      {R"({"variables":[{"name":"x"}]})", "validation_error", "/objective", "is missing"},
      {WithVariables("[]"), "validation_error", "/variables", "must not be empty"},
      {WithVariables("{}"), "validation_error", "/variables", "must be an array, not an object"},
      {WithVariables("null"), "validation_error", "/variables", "not null"},
      {WithVariables("[3]"), "validation_error", "/variables/0", "must be an object, not a number"},
      {WithVariables("[{}]"), "validation_error", "/variables/0/name", "is missing"},
      {WithVariables(R"([{"name":5}])"), "validation_error", "/variables/0/name",
       "must be a string, not a number"},
      {WithVariables(R"([{"name":null}])"), "validation_error", "/variables/0/name", "not null"},
      {WithVariables(R"([{"name":"x"},{"name":"y"},{"name":"x"}])"), "validation_error",
       "/variables/2/name", "\"x\" is declared twice"},
      {WithVariables(R"([{"name":"x"},{"name":"y"},{"name":"1a"}])"), "validation_error",
       "/variables/2/name", "\"1a\" is not a name"},
      {WithVariables(R"([{"name":"x"},{"name":"y"},{"name":""}])"), "validation_error",
       "/variables/2/name", "is not a name"},
      {WithVariables(R"([{"name":"x"},{"name":"y"},{"name":"a b"}])"), "validation_error",
       "/variables/2/name", "is not a name"},
      {WithVariables(R"([{"name":"x"},{"name":"y"},{"name":"a[b"}])"), "validation_error",
       "/variables/2/name", "is not a name"},
      {WithVariables(R"([{"name":"x"},{"name":"y"},{"name":"a[b]c]"}])"), "validation_error",
       "/variables/2/name", "is not a name"},
      {WithVariables(R"([{"name":"x"},{"name":"y"},{"name":"\u00e9"}])"), "validation_error",
       "/variables/2/name", "is not a name"},
      {WithVariables(R"([{"name":"x"},{"name":"y"},{"name":")" + long_name + "\"}]"),
       "validation_error", "/variables/2/name", "longer than 256"},
      {WithVariables(R"([{"name":"x"},{"name":"y","type":"real"}])"), "validation_error",
       "/variables/1/type", "not \"real\""},
      {WithVariables(R"([{"name":"x"},{"name":"y","type":null}])"), "validation_error",
       "/variables/1/type", "must be a string"},
      {WithVariables(R"([{"name":"x"},{"name":"y","lower_bound":"0"}])"), "validation_error",
       "/variables/1/lower_bound", "must be a number or null, not a string"},
      {WithVariables(R"([{"name":"x"},{"name":"y","upper_bound":true}])"), "validation_error",
       "/variables/1/upper_bound", "not a boolean"},
      {WithVariables(R"([{"name":"x"},{"name":"y","lower_bound":10,"upper_bound":5}])"),
       "bad_request", "/variables/1/lower_bound",
       "variable \"y\": the lower bound 10 is above the upper bound 5"},
      {WithVariables(R"([{"name":"x"},{"name":"y","upper_bound":-1}])"), "bad_request",
       "/variables/1/lower_bound", "the lower bound 0 is above"},
      {WithVariables(R"([{"name":"x"},{"name":"y","type":"binary","upper_bound":2}])"),
       "bad_request", "/variables/1/upper_bound", "must lie in [0, 1], not 2"},
      {WithVariables(R"([{"name":"x"},{"name":"y","type":"binary","lower_bound":-1}])"),
       "bad_request", "/variables/1/lower_bound", "must lie in [0, 1], not -1"},
      {Document(kXy, "3", "[]"), "validation_error", "/objective", "must be an object"},
      {Document(kXy, "{}", "[]"), "validation_error", "/objective/sense", "is missing"},
      {Document(kXy, R"({"sense":"max","expression":"x"})", "[]"), "validation_error",
       "/objective/sense", "must be minimize or maximize, not \"max\""},
      {Document(kXy, R"({"sense":"minimize"})", "[]"), "validation_error", "/objective/expression",
       "is missing"},
      {Document(kXy, R"({"sense":"minimize","expression":3})", "[]"), "validation_error",
       "/objective/expression", "must be a string"},
      {Document(kXy, R"({"sense":"minimize","expression":""})", "[]"), "expression_error",
       "/objective/expression", "objective: the expression is empty"},
      {Document(kXy, R"({"sense":"minimize","expression":"x <= 3"})", "[]"), "expression_error",
       "/objective/expression", "no relation may stand here (at position 2)"},
      {Document(kXy, kMin, "{}"), "validation_error", "/constraints", "must be an array"},
      {Document(kXy, kMin, "[[]]"), "validation_error", "/constraints/0", "must be an object"},
      {Document(kXy, kMin, "[{}]"), "validation_error", "/constraints/0/expression", "is missing"},
      {Document(kXy, kMin, R"([{"expression":null}])"), "validation_error",
       "/constraints/0/expression", "must be a string"},
      {Document(kXy, kMin, R"([{"name":1,"expression":"x <= 1"}])"), "validation_error",
       "/constraints/0/name", "must be a string"},
      {Document(kXy, kMin, R"([{"expression":"x <= 1","name":")" + long_name + "\"}]"),
       "validation_error", "/constraints/0/name", "longer than 256"},
      {WithConstraint("x + y"), "expression_error", "/constraints/0/expression",
       "constraint \"c\": a constraint needs a relation: <=, >= or = (at position 5)"},
      {WithConstraint("x^3 <= 1"), "expression_error", "/constraints/0/expression", "must be 0, 1"},
      {WithConstraint("x + q + p <= q"), "bad_request", "/constraints/0/expression",
       "constraint \"c\" uses undeclared variables: p, q"},
      {WithConstraint("z <= 1"), "bad_request", "/constraints/0/expression",
       "constraint \"c\" uses an undeclared variable: z"},
      {WithConstraint("x*y <= 1"), "validation_error", "/constraints/0/expression",
       "no engine here solves it"},
      {WithMore(R"("name":")" + long_name + "\""), "validation_error", "/name", "longer than 256"},
      {WithMore(R"("name":3)"), "validation_error", "/name", "must be a string"},
      {WithMore(R"("description":")" + std::string(2001, 'd') + "\""), "validation_error",
       "/description", "longer than 2000"},
      {WithMore(R"("solver_name":")" + std::string(33, 's') + "\""), "validation_error",
       "/solver_name", "longer than 32"},
      {WithMore(R"("metadata":[])"), "validation_error", "/metadata", "must be an object"},
      {WithMore(R"("warm_start":"exe")"), "validation_error", "/warm_start", "must be an object"},
      {WithMore(R"("warm_start":{"execution_id":5})"), "validation_error",
       "/warm_start/execution_id", "must be a string"},
      {WithMore(R"("options":[])"), "validation_error", "/options", "must be an object"},
      {WithMore(R"("options":{"time_limit_seconds":0})"), "validation_error",
       "/options/time_limit_seconds", "must be above 0 and at most 10000000, not 0"},
      {WithMore(R"("options":{"time_limit_seconds":-1})"), "validation_error",
       "/options/time_limit_seconds", "not -1"},
      {WithMore(R"("options":{"time_limit_seconds":10000000.5})"), "validation_error",
       "/options/time_limit_seconds", "not 10000000.5"},
      {WithMore(R"("options":{"time_limit_seconds":"60"})"), "validation_error",
       "/options/time_limit_seconds", "must be a number, not a string"},
      {WithMore(R"("options":{"gap_tolerance":2})"), "validation_error", "/options/gap_tolerance",
       "must be from 0 to 1, not 2"},
      {WithMore(R"("options":{"threads":9})"), "validation_error", "/options/threads",
       "must be from 0 to 8, not 9"},
      {WithMore(R"("options":{"threads":1.5})"), "validation_error", "/options/threads",
       "must be an integer, not 1.5"},
      {WithMore(R"("options":{"seed":-1})"), "validation_error", "/options/seed", "not -1"},
      {WithMore(R"("options":{"node_limit":-1})"), "validation_error", "/options/node_limit",
       "not -1"},
      {WithMore(R"("options":{"verify":1})"), "validation_error", "/options/verify",
       "must be a boolean"},
      {WithMore(R"("options":{"verbose":"yes"})"), "validation_error", "/options/verbose",
       "must be a boolean"},
  };
  for (const Rejection& c : cases) {
    INFO(c.text.substr(0, 300));
    ErrorInfo info = Refused(c.text);
    CHECK(info.code == c.code);
    REQUIRE(info.fields.size() >= 1);
    CHECK(info.fields[0].pointer == c.pointer);
    INFO(info.fields[0].message);
    CHECK(info.fields[0].message.find(c.message) != std::string::npos);
  }
}

TEST_CASE("text that is not JSON is refused, wherever the fault is") {
  const std::vector<std::string> cases = {
      "",
      " ",
      "{",
      "nul",
      WithMore(R"("x":1} {)"),
      WithMore(R"("x":1}})"),
      WithMore(R"("x":[1,2}])"),
      WithMore(R"("x":[1,,2])"),
      WithMore(R"("x":[1 2])"),
      WithMore(R"("x":nul)"),
      WithMore(R"("x":NaN)"),
      WithMore(R"("x":1e400)"),
      WithMore(R"("x":01)"),
      WithMore(R"("x":"\q")"),
      WithMore(R"("x":"\ud800")"),
      WithMore("\"x\":\"a\nb\""),
      WithMore("\"x\":\"\xff\""),
      WithMore("\"x\":\"\xc0\xaf\""),
      WithMore(R"("name":"a","name":"b")"),
      WithMore(R"("x":1,"x":2)"),
      WithMore(R"("x":1,"\u0078":2)"),
      WithMore(R"("x":{"a":[{"k":1,"k":1}]})"),
      WithMore(R"("metadata":{"k":1,"k":2})"),
      WithMore(R"("options":{"seed":1,"seed":1})"),
      WithMore(R"("options":{"time_limit_seconds":1e999})"),
      WithMore(R"("variables":[])"),
      WithVariables(R"([{"name":"x","name":"y"}])"),
      WithVariables(R"([{"name":"x","a":1,"a":2},{"name":"y"}])"),
      WithVariables(R"([{"name":"x","lower_bound":NaN}])"),
      WithVariables(R"([{"name":"x","lower_bound":Infinity}])"),
      WithVariables(R"([{"name":"x","lower_bound":-1e400}])"),
      WithVariables(R"([{"name":"x","lower_bound":+1}])"),
      WithVariables(R"([{"name":"x","lower_bound":1.}])"),
      WithVariables(R"([{"name":"x","lower_bound":0x1}])"),
      WithVariables(R"([{"name":"x","lower_bound":nul}])"),
      WithVariables(R"([{"name":"x","upper_bound":nullx}])"),
      WithVariables(R"([{"name":nul}])"),
      Document(kXy, kMin, "nul"),
      Document(kXy, kMin, R"([{"name":nulx,"expression":"x <= 1"}])"),
      WithMore(R"("name":nul)"),
      WithMore(R"("metadata":nulll)"),
      WithMore(R"("warm_start":n)"),
      WithMore(R"("options":{"seed":nul})"),
      WithMore(R"("options":nule)"),
      WithVariables(R"([{"name":"x",}])"),
      WithVariables(R"([{"name":"x"},])"),
      WithVariables(R"([{"name" "x"}])"),
      WithVariables(R"([{'name':"x"}])"),
      WithVariables(R"([{"name":"x"])"),
      WithVariables(R"([{"name":"\q"}])"),
      Document(kXy, R"({"sense":"minimize","expression":"x","sense":"maximize"})", "[]"),
      Document(kXy, kMin, R"([{"expression":"x<=1","expression":"x<=2"}])"),
      Document(kXy, kMin, R"([{"expression":"x<=1","k":tru}])"),
      "\xEF\xBB\xBF" + WithConstraint("x <= 1"),
      std::string(100000, '['),
      WithMore("\"x\":" + std::string(100000, '[')),
      WithMore("\"x\":" + std::string(70, '[') + std::string(70, ']')),
      // Deferred members are read in a second walk, and must not escape the checks.
      R"({"constraints":[{"expression":"x<=1","expression":"x<=2"}],"variables":[{"name":"x"}],
          "objective":{"sense":"minimize","expression":"x"}})",
      R"({"constraints":[1,,2],"variables":[{"name":"x"}],
          "objective":{"sense":"minimize","expression":"x"}})",
  };
  for (const std::string& text : cases) {
    INFO(text.substr(0, 300));
    std::string message;
    ErrorInfo info = Refused(text, &message);
    INFO(message);
    bool not_finite = false;
    for (const char* word : {"NaN", "Infinity", "1e400", "1e999"})
      not_finite |= text.find(word) != std::string::npos;
    CHECK(info.code == (not_finite ? "validation_error" : "bad_request"));
    CHECK(message.find(not_finite ? "not a finite number at line" : "malformed JSON at line ") ==
          0);
  }
  CHECK(ReadFlatJson(WithMore("\"x\":" + std::string(60, '[') + std::string(60, ']'))).ok());
}

TEST_CASE("an expression's fault carries the text around it, its position and its place") {
  ErrorInfo info = Refused(WithConstraint("x + * y <= 4"));
  CHECK(info.extra["expression"].as_string() == "x + * y <= 4");
  CHECK(info.extra["position"].as_int() == 4);
  CHECK(info.extra["where"].as_string() == "c");
  std::string longer;
  for (int i = 0; i < 500; ++i) longer += "x + ";
  info = Refused(WithConstraint(longer + "# + x <= 1"));
  CHECK(info.extra["position"].as_int() == 2000);
  CHECK(info.extra["expression"].as_string().size() <= 200);
  CHECK(info.extra["expression"].as_string().find('#') != std::string::npos);
}

TEST_CASE("all faults are told, up to the limit, and the gravest gives the code") {
  std::string text = Document(
      R"([{"name":"x"},{"name":"y","lower_bound":3,"upper_bound":2},{"name":"z","type":"odd"}])",
      R"({"sense":"minimize","expression":"x*y"})",
      R"([{"expression":"x <"},{"expression":"q <= 1"},{"expression":"x >= 1"}])");
  ErrorInfo info = Refused(text);
  CHECK(info.code == "validation_error");
  CHECK(info.fields.size() == 5);
  info = Refused(Document(kXy, R"({"sense":"minimize","expression":"x*y"})",
                          R"([{"expression":"q <= 1"},{"expression":"x <"}])"));
  CHECK(info.code == "bad_request");
  CHECK(info.fields.size() == 3);
  CHECK(info.fields[0].type == "unsupported");
  std::string many = "[";
  for (int i = 0; i < 300; ++i) many += R"({"expression":"x <"},)";
  std::string message;
  info = Refused(Document(kXy, kMin, many + R"({"expression":"x <"}])"), &message);
  REQUIRE(info.fields.size() == 101);
  CHECK(info.fields[100].message == "201 more faults are not listed");
  CHECK(info.fields[100].type == "not_listed");
  CHECK(message.find("(and 300 more)") != std::string::npos);
  // What comes late decides all the same, and is among those listed.
  info = Refused(Document(kXy, kMin, many + R"({"name":"late"}])"), &message);
  CHECK(info.code == "validation_error");
  REQUIRE(info.fields.size() == 101);
  CHECK(info.fields[99].pointer == "/constraints/300/expression");
  CHECK(info.fields[99].type == "missing");
  CHECK(message == "/constraints/300/expression: is missing (and 300 more)");
}

TEST_CASE("a hundred thousand faults are counted without being kept") {
  std::string text = R"({"objective":{"sense":"minimize","expression":"0"},"variables":[)";
  for (int i = 0; i < 100000; ++i) text += "0,";
  std::string message;
  ErrorInfo info = Refused(text + "0]}", &message);
  CHECK(info.fields.size() == 101);
  CHECK(info.fields.back().message == "99901 more faults are not listed");
  CHECK(message.find("(and 100000 more)") != std::string::npos);
  std::string variables = "[";
  for (int i = 0; i < 150; ++i) {
    variables += (i == 0 ? "" : ",") + std::string(R"({"type":"integer","lower_bound":0.2,)") +
                 R"("upper_bound":0.8,"name":"v)" + std::to_string(i) + "\"}";
  }
  auto flat =
      ReadFlatJson(Document(variables + "]", R"({"sense":"minimize","expression":"v0"})", "[]"));
  REQUIRE(flat.ok());
  REQUIRE(flat->warnings.size() == 101);
  CHECK(flat->warnings.back() == "50 more warnings are not listed");
}

TEST_CASE("bounds and sides of 1e30 and more are infinite") {
  auto flat = ReadFlatJson(Document(
      R"([{"name":"x","lower_bound":-1e30,"upper_bound":1e30},{"name":"y","upper_bound":2e31},)"
      R"({"name":"b","type":"binary","upper_bound":1e30}])",
      kMin,
      R"([{"expression":"x + y <= 1e30"},{"expression":"x >= -1e31"},)"
      R"({"kind":"range","expression":"-3e30 <= x <= 4"},{"expression":"x <= 9e29"},)"
      R"({"expression":"2 >= x - 1e30"}])"));
  REQUIRE_MESSAGE(flat.ok(), Message(flat.status()));
  const Problem& p = flat->problem;
  CHECK(p.column_lower == std::vector<double>{-kInfinity, 0, 0});
  CHECK(p.column_upper == std::vector<double>{kInfinity, kInfinity, 1});
  CHECK(p.row_lower == std::vector<double>(5, -kInfinity));
  CHECK(p.row_upper == std::vector<double>{kInfinity, kInfinity, 4, 9e29, kInfinity});
  for (ProblemFormat format : {ProblemFormat::kFlatJson, ProblemFormat::kMps, ProblemFormat::kLp}) {
    auto back = ReadProblem(WriteProblem(p, format), format);
    REQUIRE_MESSAGE(back.ok(), Message(back.status()));
    CHECK(back->column_lower == p.column_lower);
    CHECK(back->column_upper == p.column_upper);
    CHECK(back->row_lower == p.row_lower);
    CHECK(back->row_upper == p.row_upper);
    CHECK(back->value == p.value);
  }
  for (const char* row :
       {"x >= 1e30", "x <= -1e30", "x = 1e30", "1e31 <= x <= 1e32", "1e30 <= x"}) {
    std::string message;
    CHECK(Refused(WithConstraint(row), &message).code == "bad_request");
    INFO(message);
    CHECK(message.find("constraint \"c\": no value fits it") == 0);
  }
  for (const char* bound : {R"("lower_bound":1e30)", R"("upper_bound":-1e30)",
                            R"("lower_bound":1e35,"upper_bound":1e36)"}) {
    std::string message;
    ErrorInfo info = Refused(
        WithVariables(R"([{"name":"x"},{"name":"y",)" + std::string(bound) + "}]"), &message);
    INFO(message);
    REQUIRE(info.fields.size() == 1);
    CHECK(info.fields[0].pointer.find("/variables/1/") == 0);
    CHECK(message.find("variable \"y\": no value fits the bound") == 0);
  }
}

// An odd and an even number of columns before it, and a strict row, which looks at their types.
TEST_CASE("expressions may use a variable whose bound nothing satisfies") {
  for (const char* others :
       {R"({"name":"a","type":"integer"},)", R"({"name":"a","type":"integer"},{"name":"b"},)",
        R"({"name":"a","type":"integer"},{"name":"b"},{"name":"d"},)"}) {
    std::string message;
    Refused(Document("[" + std::string(others) + R"({"name":"y","upper_bound":-1e30}])",
                     R"x({"sense":"minimize","expression":"a*(y - y + 1)"})x",
                     R"([{"expression":"y + a < 5"},{"expression":"y*(y - a + 1) <= 1"}])"),
            &message);
    INFO(message);
    CHECK(message.find("variable \"y\": no value fits the bound") == 0);
  }
}

TEST_CASE("limits on size hold") {
  ReadLimits limits;
  limits.max_columns = 2;
  CHECK(ReadFlatJson(Document(kXy, kMin, "[]"), limits).ok());
  limits.max_columns = 1;
  CHECK_FALSE(ReadFlatJson(Document(kXy, kMin, "[]"), limits).ok());
  limits = ReadLimits();
  limits.max_rows = 1;
  std::string rows = R"([{"expression":"1 <= x <= 2"}])";
  CHECK(Message(ReadFlatJson(Document(kXy, kMin, rows), limits).status()).find("1 rows") !=
        std::string::npos);
  limits = ReadLimits();
  limits.max_terms = 1;
  CHECK_FALSE(ReadFlatJson(WithConstraint("x + y <= 1"), limits).ok());
  limits = ReadLimits();
  limits.max_expression_bytes = 9;
  CHECK(GetErrorInfo(ReadFlatJson(WithConstraint("x + y <= 1"), limits).status()).code ==
        "expression_error");
}

TEST_CASE("a written problem reads back the same") {
  for (uint64_t seed = 0; seed < 500; ++seed) {
    Problem p = RandomProblem(seed);
    std::string text = WriteFlatJson(p);
    auto back = ReadFlatJson(text);
    INFO(seed, " ", text);
    REQUIRE(back.ok());
    REQUIRE(back->problem == p);
  }
}

TEST_CASE("names that the flat form cannot hold are replaced and mapped") {
  ProblemBuilder b;
  b.AddColumn("a b", 0, 1, ColumnType::kContinuous, 1);
  b.AddColumn("x1", 0, 1, ColumnType::kContinuous, 1);
  b.AddColumn("x1", 0, 1, ColumnType::kContinuous, 1);
  b.AddColumn("s[a b]", 0, 1, ColumnType::kContinuous, 1);
  b.BeginRow(std::string(300, 'r'), 0, 1);
  Problem p = std::move(b).Build().value();
  std::string text = WriteFlatJson(p);
  auto json = ParseJson(text);
  REQUIRE(json.ok());
  CHECK((*json)["name_map"]["variables"]["x1_"].as_string() == "a b");
  CHECK((*json)["name_map"]["variables"]["x3"].as_string() == "x1");
  CHECK((*json)["name_map"]["constraints"]["c1"].as_string().size() == 300);
  auto back = ReadFlatJson(text);
  REQUIRE(back.ok());
  CHECK(back->problem.objective == p.objective);
  CHECK(back->problem.ColumnName(3) == "s[a b]");
}

TEST_CASE("a truncated document is refused at every byte") {
  std::string text = WriteFlatJson(RandomProblem(5));
  for (size_t size = 0; size < text.size(); ++size) {
    REQUIRE_FALSE(ReadFlatJson(std::string_view(text).substr(0, size)).ok());
  }
}

}  // namespace
}  // namespace solvent
