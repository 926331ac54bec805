// JSON documents against declarations: by table, by name, and what does not fit.
#include "doctest/doctest.h"
#include "mathprog_helpers.h"

namespace solvent {
namespace {

std::string Bound(const std::string& model, const std::string& input) {
  GenerateOptions options;
  options.input = input;
  return OutputOf(model + " end;", options);
}

MathProgDiagnostic Fault(const std::string& model, const std::string& input) {
  GenerateOptions options;
  options.input = input;
  return Generate(model + " end;", options).error();
}

TEST_CASE("tables read every shape of JSON") {
  const std::string set = "set S; param v{S} default -1;";
  const std::string print = "printf{s in S} '%s=%g ', s, v[s];";
  CHECK(Bound(set + "table t IN \"JSON\" \"a\": S <- [k], v;" + print,
              R"({"a":[{"k":"x","v":1},{"k":2,"v":null},{"k":"y","v":true}]})") == "x=1 2=-1 y=1 ");
  CHECK(Bound(set + "table t IN \"JSON\" \"a\": S <- [RECNO], v~VALUE;" + print,
              R"({"a":[5,6]})") == "1=5 2=6 ");
  CHECK(Bound(set + "table t IN \"JSON\" \"/b/a\": S <- [C1], v~C2;" + print,
              R"({"b":{"a":[["x",5],["y",6]]}})") == "x=5 y=6 ");
  CHECK(Bound(set + "table t IN \"JSON\" \"a\": S <- [KEY], v~VALUE;" + print,
              R"({"a":{"2024":5,"x":6}})") == "2024=5 x=6 ");
  CHECK(Bound(set + "table t IN \"JSON\" \"a\": S <- [KEY], v~n;" + print,
              R"({"a":{"p":{"n":5},"q":{}}})") == "p=5 q=-1 ");
  CHECK(
      Bound(
          "set S dimen 2; param v{S}; table t IN \"JSON\" \"/f/*/per\": S <- [name,KEY], v~VALUE;"
          "printf{(i,j) in S} '%s,%s=%g ', i, j, v[i,j];",
          R"({"f":[{"name":"m","per":{"a":1,"b":2}},{"name":"n"},{"name":"o","per":{"a":3}}]})") ==
      "m,a=1 m,b=2 o,a=3 ");
  CHECK(Bound("set S dimen 3; table t IN \"JSON\" \"/g/*/*\": S <- [KEY1,RECNO2,VALUE];"
              "printf{(i,j,k) in S} '%s%s%s ', i, j, k;",
              R"({"g":{"a":[[7],[8,9]]}})") == "a17 a28 a29 ");
}

TEST_CASE("sets and params are bound by name") {
  CHECK(Bound("set S; param n; param t symbolic; printf{s in S} '%s ', s; printf '%g %s', n, t;",
              R"({"S":["a",1,"1"],"n":2.5,"t":"text"})") == "a 1 1 2.5 text");
  CHECK(Bound("set S dimen 2; printf{(i,j) in S} '%s%s ', i, j;", R"({"S":[[1,"a"],[2,"b"]]})") ==
        "1a 2b ");
  CHECK(Bound("set S; printf{s in S} '%s ', s + 1;", R"({"S":{"1":null,"2":{}}})") == "2 3 ");
  CHECK(Bound("set I; set S{I}; printf{i in I, s in S[i]} '%s%s ', i, s;",
              R"({"I":["a","b"],"S":{"a":[1,2],"b":[3]}})") == "a1 a2 b3 ");
  CHECK(Bound("set I; param p{I}; printf{i in I} '%g ', p[i];",
              R"({"I":["a","b"],"p":{"b":1,"a":2}})") == "2 1 ");
  CHECK(Bound("set I; param p{I,1..2}; printf{i in I, j in 1..2} '%g ', p[i,j];",
              R"({"I":["a","b"],"p":[[1,2],[3,4]]})") == "1 2 3 4 ");
  CHECK(Bound("set I; param p{I,1..2} default 0; printf{i in I, j in 1..2} '%g ', p[i,j];",
              R"({"I":["a","b"],"p":{"b":[1,2],"a":{"2":3}}})") == "0 3 1 2 ");
  CHECK(Bound("set A dimen 2; param p{A}; printf{(i,j) in A} '%g ', p[i,j];",
              R"({"A":[["x","y"],["x","z"]],"p":[5,6]})") == "5 6 ");
  CHECK(Bound("set A dimen 2; param p{A}; printf{(i,j) in A} '%g ', p[i,j];",
              R"({"A":[["x","y"],["x","z"]],"p":{"x":{"y":5,"z":6}}})") == "5 6 ");
  CHECK(Bound("param n default 3; printf '%g', n;", R"({"n":null})") == "3");
}

TEST_CASE("the input goes before the data, the data before the default") {
  GenerateOptions options;
  options.data = "param n := 2; param m := 2;";
  options.input = R"({"n":1})";
  CHECK(OutputOf("param n default 3; param m default 3; param k default 3;"
                 "printf '%g%g%g', n, m, k; end;",
                 options) == "123");
  options.data = "param p := 1 10 2 20;";
  options.input = R"({"p":{"1":5}})";
  CHECK(OutputOf("param p{1..2} default 0; printf '%g %g', p[1], p[2]; end;", options) == "5 0");
}

TEST_CASE("what does not fit is said with its pointer") {
  const std::string set = "set S; param v{S} default -1;";
  const std::string table = set + "table t IN \"JSON\" \"items\": S <- [name], v;";
  MathProgDiagnostic d =
      Fault("param demand; var x; s.t. c: x = demand;", R"({"demand":1,"demnd":2})");
  CHECK(d.code == "B201");
  CHECK(d.json_pointer == "/demnd");
  CHECK(d.hint == "did you mean demand?");
  CHECK(d.stage == "bind");

  d = Fault(table, R"({"item":[]})");
  CHECK(d.code == "B201");
  d = Fault(table, R"({})");
  CHECK(d.code == "B202");
  CHECK(d.json_pointer == "/items");

  d = Fault(table, R"({"items":[{"name":"a"},{"nam":"b"}]})");
  CHECK(d.code == "B203");
  CHECK(d.json_pointer == "/items/1");
  CHECK(d.hint == "did you mean nam?");

  d = Fault(table, R"({"items":5})");
  CHECK(d.code == "B204");
  d = Fault(set, R"({"v":[{"name":"a"}],"S":["a"]})");
  CHECK(d.code == "B204");
  CHECK(d.hint.find("table t IN \"JSON\" \"v\"") != std::string::npos);
  d = Fault("param v{1..3}; var x; s.t. c: x = v[1];", R"({"v":[1,2]})");
  CHECK(d.code == "B205");
  CHECK(d.message == "the array for v has 2 elements, but 1..3 has 3 members");
  CHECK(d.json_pointer == "/v");
  d = Fault(table, R"({"items":[{"name":"a","v":"12"}]})");
  CHECK(d.code == "B206");
  CHECK(d.json_pointer == "/items/0/v");
  CHECK(d.hint == "write 12 without quotes");
  d = Fault(table, R"({"items":[{"name":"a"},{"name":"a"}]})");
  CHECK(d.code == "B207");
  CHECK(d.json_pointer == "/items/1");
  CHECK(d.hint == "the first is at /items/0");
  d = Fault("param n := 3;", R"({"n":4})");
  CHECK(d.code == "B208");
  d = Fault("param p{1..2}; printf '%g', p['1'];", R"({"p":[1,2]})");
  CHECK(d.code == "M201");
  CHECK(d.hint.find("the number 1 is in the domain") != std::string::npos);
}

TEST_CASE("input members that a schema names may go unused") {
  MathProgCompiled c = MathProgModel::Compile("var x >= 0; minimize z: x; end;");
  REQUIRE(c.model);
  Json input;
  input.Set("note", "hello");
  MathProgInput in;
  in.json = &input;
  CHECK_FALSE(c.model->Generate(in).run);
  in.accepted_members = {"note"};
  CHECK(c.model->Generate(in).run);
}

TEST_CASE("CSV tables are read through the host") {
  GenerateOptions options;
  options.run.read_file = [](std::string_view path) -> absl::StatusOr<std::string> {
    if (path != "plants.csv") return absl::NotFoundError("no such file");
    return "plant,capacity,note\nseattle,350,\"a, b\"\n\"san diego\",600,x\n";
  };
  CHECK(OutputOf("set I; param a{I}; param note{I} symbolic;"
                 "table t IN \"CSV\" \"plants.csv\": I <- [plant], a~capacity, note;"
                 "printf{i in I} '%s:%g:%s;', i, a[i], note[i]; end;",
                 options) == "seattle:350:a, b;san diego:600:x;");
  CHECK(Generate("set I; table t IN \"CSV\" \"x.csv\": I <- [plant]; check: card(I) > 0; end;",
                 options)
            .error()
            .code == "M302");
}

TEST_CASE("an array of the wrong length is one fault, wherever the parameter is used") {
  const char* model = R"(set S; param c{S,S};
table s IN "JSON" "s": S <- [VALUE];
check{i in S}: sum{j in S} c[i,j] > 0;
var x{S} >= 0; minimize z: sum{i in S, j in S} c[i,j]*x[i];
s.t. r{i in S}: sum{j in S} c[i,j]*x[j] >= 1; end;)";
  for (const char* matrix : {"[[1,2]]", "[[1,2],[1]]", "[[],[1,2]]", "[[1,2],[3,4],[5,6]]", "[]",
                             R"({"a": [1], "b": [1,2]})", R"([[1,2], {"q": 3}])"}) {
    CAPTURE(matrix);
    GenerateOptions options;
    options.input = R"({"s": ["a", "b"], "c": )" + std::string(matrix) + "}";
    Generated g = Generate(model, options);
    CHECK(!g.run);
    REQUIRE(g.diagnostics.size() == 1);
    CHECK((g.error().code == "M201" || !g.error().json_pointer.empty()));
  }
}

TEST_CASE("a broken restriction points at the record, and says which part is unknown") {
  const char* model = R"(set N; set A within N cross N; param low{N}; param c{n in N} >= low[n];
table n IN "JSON" "n": N <- [name], low, c;
table a IN "JSON" "a": A <- [from, to];
# The sum is too small.
check{n in N}: c[n] >= 3;
var x{A} >= 0; minimize z: sum{(i,j) in A} c[i]*x[i,j]; end;)";
  auto error = [&](const char* n, const char* a) {
    GenerateOptions options;
    options.input = R"({"n": )" + std::string(n) + R"(, "a": )" + a + "}";
    return Generate(model, options).error();
  };
  MathProgDiagnostic d =
      error(R"([{"name": "p", "low": 1, "c": 4}])", R"([{"from": "p", "to": "q"}])");
  CHECK(d.code == "M222");
  CHECK(d.json_pointer == "/a/0");
  CHECK(d.message == "the member (p,q) of A is not within N cross N: q is not in N");
  d = error(R"([{"name": 7, "low": 1, "c": 4}])", R"([{"from": 7, "to": "7"}])");
  CHECK(d.hint == "the number 7 is in N, the text \"7\" is not");
  d = error(R"([{"name": "7", "low": 1, "c": 4}])", R"([{"from": 7, "to": "7"}])");
  CHECK(d.hint == "the text \"7\" is in N, the number is not");
  d = error(R"([{"name": "p", "low": 1, "c": 4}, {"name": "q", "low": 5, "c": 4}])", "[]");
  CHECK(d.code == "M222");
  CHECK(d.json_pointer == "/n/1");
  d = error(R"([{"name": "p", "low": 1, "c": 4}, {"name": "q", "low": 1, "c": 2}])", "[]");
  CHECK(d.code == "M223");
  CHECK(d.json_pointer == "/n/1");
  CHECK(d.hint == "The sum is too small.");
}

}  // namespace
}  // namespace solvent
