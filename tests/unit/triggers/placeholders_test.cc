#include "placeholders.h"

#include <doctest/doctest.h>

#include <string>

#include "solvent/error.h"

using namespace solvent;

namespace {

std::string Fill(const std::string& text) {
  auto model = ParseJson(text);
  REQUIRE_MESSAGE(model.ok(), model.status().ToString());
  absl::Status status = FillParameters(*model);
  return status.ok() ? model->Dump() : std::string(Message(status));
}

}  // namespace

TEST_CASE("placeholders become the parameters' values") {
  CHECK(Fill(R"({"parameters":{"p":2.5,"list":[1,-3],"deep":{"a":{"b":7}},"name":"x","on":true,
                 "x.y":4},
                 "objective":{"expression":"{{p}}*{{name}} + {{ list.1 }}"},
                 "constraints":[{"expression":"x <= {{deep.a.b}} + {{x.y}} + {{on}}"}]})") ==
        R"({"parameters":{"p":2.5,"list":[1,-3],"deep":{"a":{"b":7}},"name":"x","on":true,)"
        R"j("x.y":4},"objective":{"expression":"2.5*x + (-3)"},)j"
        R"("constraints":[{"expression":"x <= 7 + 4 + 1"}]})");
}

TEST_CASE("a text that is nothing but a placeholder becomes the value, except an expression") {
  CHECK(Fill(R"({"parameters":{"n":5,"none":null},
                 "variables":[{"name":"x","upper_bound":"{{n}}","lower_bound":"{{none}}"}],
                 "objective":{"expression":"{{n}}"},"options":{"seed":"{{n}}"}})") ==
        R"({"parameters":{"n":5,"none":null},)"
        R"("variables":[{"name":"x","upper_bound":5,"lower_bound":null}],)"
        R"("objective":{"expression":"5"},"options":{"seed":5}})");
}

TEST_CASE("only problems with parameters are filled, and only their parts") {
  const std::string plain = R"({"objective":{"expression":"{{p}}"}})";
  CHECK(Fill(plain) == plain);
  const std::string aside =
      R"({"parameters":{"p":"{{p}}"},"name":"{{p}}","variables":[{"name":"x{{"}]})";
  CHECK(Fill(aside) == aside);
  // Values are not filled again.
  CHECK(Fill(R"({"parameters":{"p":"{{p}}"},"objective":{"expression":"{{p}} + 1"}})") ==
        R"({"parameters":{"p":"{{p}}"},"objective":{"expression":"{{p}} + 1"}})");
}

TEST_CASE("a placeholder without a single value is named") {
  for (const char* name : {"q", "list", "list.2", "list.x", "list.-1", "p.a", ""}) {
    CAPTURE(name);
    std::string message =
        Fill(R"({"parameters":{"p":1,"list":[1,2]},"objective":{"expression":"x + {{)" +
             std::string(name) + R"(}}"}})");
    CHECK(message.find("{{" + std::string(name) + "}}") != std::string::npos);
  }
}
