#include "change_summary.h"

#include <doctest/doctest.h>

#include <string>

using namespace solvent;

namespace {

Json Parse(const std::string& text) {
  auto json = ParseJson(text);
  REQUIRE_MESSAGE(json.ok(), json.status().ToString());
  return *json;
}

}  // namespace

TEST_CASE("a summary names the nodes by their labels") {
  Json older = Parse(R"({"nodes":[{"id":"a","data":{"label":"Steel"}},{"id":"b","label":"Sand"},
                                  {"id":"c","data":{"label":"Clay","w":1}}]})");
  Json newer = Parse(R"({"nodes":[{"id":"c","data":{"w":2,"label":"Clay"}},
                                  {"label":"Sand","id":"b"},{"id":7}]})");
  CHECK(SummarizeChange(older, {}, newer, {}) == "Added 7; Removed Steel; Modified Clay");
}

TEST_CASE("changes that no node shows are named too") {
  Json older = Parse(R"({"nodes":[{"id":"a"}],"edges":[]})");
  Json newer = Parse(R"({"nodes":[{"id":"a"}],"edges":[{"source":"a"}]})");
  Json model = Parse(R"({"objective":{"sense":"minimize","expression":"x"}})");
  CHECK(SummarizeChange(older, {}, newer, {}) == "Canvas changed");
  CHECK(SummarizeChange(older, {}, older, model) == "Model: 1 change");
  CHECK(SummarizeChange(older, model, older, model) == "No changes");
}

TEST_CASE("a summary is cut between characters") {
  Json::Array nodes;
  for (int i = 0; i < 300; ++i) {
    Json node;
    node.Set("id", i).Set("label", "Lager für Öl");
    nodes.push_back(node);
  }
  Json canvas;
  canvas.Set("nodes", nodes);
  std::string summary = SummarizeChange(Json(), Json(), canvas, Json());
  size_t characters = 0;
  for (char c : summary) characters += (c & 0xC0) != 0x80;
  CHECK(characters == 500);
  CHECK(summary.ends_with("..."));
}
