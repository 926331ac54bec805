#include "router.h"

#include <doctest/doctest.h>

namespace solvent::http {
namespace {

void Add(Router& router, std::string method, std::string pattern) {
  Route route;
  route.method = std::move(method);
  route.pattern = std::move(pattern);
  REQUIRE(router.Add(std::move(route)).ok());
}

void AddAll(Router& router) {
  Add(router, "GET", "/");
  Add(router, "GET", "/models");
  Add(router, "POST", "/models");
  Add(router, "GET", "/models/catalog");
  Add(router, "GET", "/models/executions/all");
  Add(router, "GET", "/models/executions/{execution_id}");
  Add(router, "GET", "/models/{model_id}");
  Add(router, "DELETE", "/models/{model_id}");
  Add(router, "POST", "/models/{id}/execute");
}

std::string Hit(const Router& router, std::string_view method, std::string_view path) {
  auto match = router.Find(method, path);
  if (match.route) return match.route->pattern;
  return match.path_known ? "405 " + match.allow : "404";
}

TEST_CASE("literal segments win over parameters") {
  Router router;
  AddAll(router);
  CHECK(Hit(router, "GET", "/models/catalog") == "/models/catalog");
  CHECK(Hit(router, "GET", "/models/mdl_1") == "/models/{model_id}");
  CHECK(Hit(router, "GET", "/models/executions/all") == "/models/executions/all");
  CHECK(Hit(router, "GET", "/models/executions/exe_1") == "/models/executions/{execution_id}");
  CHECK(Hit(router, "POST", "/models/catalog/execute") == "/models/{id}/execute");
}

TEST_CASE("each pattern has its own parameter names, decoded after splitting") {
  Router router;
  AddAll(router);
  auto match = router.Find("POST", "/models/a%2Fb%20c/execute");
  REQUIRE(match.route);
  REQUIRE(match.parameters.size() == 1);
  CHECK(match.parameters[0].first == "id");
  CHECK(match.parameters[0].second == "a/b c");
  CHECK(router.Find("DELETE", "/models/x").parameters[0].first == "model_id");
}

TEST_CASE("one trailing slash makes no difference, two do") {
  Router router;
  AddAll(router);
  CHECK(Hit(router, "POST", "/models/") == "/models");
  CHECK(Hit(router, "GET", "/models/m/") == "/models/{model_id}");
  CHECK(Hit(router, "GET", "/") == "/");
  CHECK(Hit(router, "GET", "/models//") == "404");
  CHECK(Hit(router, "GET", "//models") == "404");
}

TEST_CASE("a known path with another method lists what it allows") {
  Router router;
  AddAll(router);
  CHECK(Hit(router, "PUT", "/models") == "405 GET, HEAD, POST, OPTIONS");
  CHECK(Hit(router, "POST", "/models/executions/all") == "405 GET, HEAD, OPTIONS");
  CHECK(Hit(router, "GET", "/models/x/execute") == "405 POST, OPTIONS");
  CHECK(Hit(router, "HEAD", "/models/x") == "/models/{model_id}");
  CHECK(Hit(router, "GET", "/model") == "404");
  CHECK(Hit(router, "GET", "/models/x/y") == "404");
  CHECK(Hit(router, "OPTIONS", "*") == "404");
}

TEST_CASE("a path that nothing is at belongs to the routes that it begins with") {
  Router router;
  AddAll(router);
  auto neighbour = [&](std::string_view method, std::string_view path) -> std::string {
    auto match = router.Find(method, path);
    CHECK(match.route == nullptr);
    return match.neighbour != nullptr ? match.neighbour->pattern : "none";
  };
  CHECK(neighbour("PUT", "/models") == "/models");
  CHECK(neighbour("GET", "/models/x/y") == "/models/{model_id}");
  CHECK(neighbour("GET", "/models/x/execute/y/z/") == "/models/{id}/execute");
  CHECK(neighbour("GET", "/models/catalog//") == "/models/catalog");
  CHECK(neighbour("GET", "/model/x") == "none");
  CHECK(neighbour("OPTIONS", "*") == "none");
}

TEST_CASE("patterns that are no paths or are taken are refused") {
  Router router;
  AddAll(router);
  auto add = [&](std::string pattern) {
    Route route;
    route.method = "GET";
    route.pattern = std::move(pattern);
    return router.Add(std::move(route));
  };
  CHECK(add("models").code() == absl::StatusCode::kInvalidArgument);
  CHECK(add("/a//b").code() == absl::StatusCode::kInvalidArgument);
  CHECK(add("/models/{other_name}").code() == absl::StatusCode::kAlreadyExists);
  CHECK(router.routes().size() == 9);
}

}  // namespace
}  // namespace solvent::http
