#include "error_body.h"

#include <doctest/doctest.h>

namespace solvent::http {
namespace {

Json BodyOf(const Response& response) {
  auto json = ParseJson(response.body);
  REQUIRE(json.ok());
  return *json;
}

TEST_CASE("every error has the fields of all known shapes") {
  Response response = ErrorResponse(NotFound("Execution not found"), "req_1");
  CHECK(response.status == 404);
  CHECK(response.content_type == "application/json");
  CHECK(response.body ==
        R"({"error":"not_found","message":"Execution not found","detail":"Execution not found",)"
        R"("error_code":"NOT_FOUND","status_code":404,"request_id":"req_1"})");
}

TEST_CASE("codes and status codes map to HTTP") {
  auto http = [](absl::StatusCode status, std::string_view code) {
    return HttpStatusOf(MakeError(status, code, "m"));
  };
  using S = absl::StatusCode;
  CHECK(http(S::kInvalidArgument, "bad_request") == 400);
  CHECK(http(S::kInvalidArgument, "expression_error") == 400);
  CHECK(http(S::kInvalidArgument, "validation_error") == 422);
  CHECK(http(S::kFailedPrecondition, "idempotency_key_reused") == 422);
  CHECK(http(S::kResourceExhausted, "payload_too_large") == 413);
  CHECK(http(S::kResourceExhausted, "rate_limit_exceeded") == 429);
  CHECK(http(S::kResourceExhausted, "insufficient_credits") == 402);
  CHECK(http(S::kAborted, "conflict") == 409);
  CHECK(HttpStatusOf(absl::UnauthenticatedError("m")) == 401);
  CHECK(HttpStatusOf(absl::PermissionDeniedError("m")) == 403);
  CHECK(HttpStatusOf(absl::NotFoundError("m")) == 404);
  CHECK(HttpStatusOf(absl::AlreadyExistsError("m")) == 409);
  CHECK(HttpStatusOf(absl::ResourceExhaustedError("m")) == 503);
  CHECK(HttpStatusOf(absl::UnavailableError("m")) == 503);
  CHECK(HttpStatusOf(absl::DeadlineExceededError("m")) == 503);
  CHECK(HttpStatusOf(absl::InternalError("m")) == 500);
  CHECK(HttpStatusOf(absl::UnknownError("m")) == 500);
  CHECK(HttpStatusOf(absl::DataLossError("m")) == 500);
}

TEST_CASE("a validation error lists places, with integers for positions") {
  Json body = BodyOf(
      ErrorResponse(ValidationError({{"/variables/3/na~1me~0", "must be a string", "type_error"},
                                     {"query/page", "must be at least 1", ""},
                                     {"", "must be an object", "type_error"}}),
                    "r"));
  CHECK(body["error"].as_string() == "validation_error");
  CHECK(body["status_code"].as_int() == 422);
  CHECK(body["detail"].Dump() ==
        R"([{"loc":["body","variables",3,"na/me~"],"msg":"must be a string","type":"type_error"},)"
        R"({"loc":["query","page"],"msg":"must be at least 1","type":"value_error"},)"
        R"({"loc":["body"],"msg":"must be an object","type":"type_error"}])");
}

TEST_CASE("extra members stand at the top level and cannot replace the frame") {
  Json extra;
  extra.Set("expression", "2*+");
  extra.Set("position", 3);
  extra.Set("status_code", 200);
  Response response = ErrorResponse(
      MakeError(absl::StatusCode::kInvalidArgument, "expression_error", "bad", {}, extra), "r");
  Json body = BodyOf(response);
  CHECK(response.status == 400);
  CHECK(body["expression"].as_string() == "2*+");
  CHECK(body["position"].as_int() == 3);
  CHECK(body["status_code"].as_int() == 400);
}

TEST_CASE("what our insides say stays inside") {
  Response internal = ErrorResponse(absl::InternalError("secret path /x"), "r");
  CHECK(internal.status == 500);
  CHECK(BodyOf(internal)["message"].as_string() == "internal error");
  Response unavailable = ErrorResponse(absl::UnavailableError("disk I/O error in /x"), "r");
  CHECK(unavailable.body.find("disk") == std::string::npos);
  Response meant = ErrorResponse(
      MakeError(absl::StatusCode::kUnavailable, "service_unavailable", "the queue is full"), "r");
  CHECK(BodyOf(meant)["message"].as_string() == "the queue is full");
}

TEST_CASE("401, 429 and 503 tell the client what to do") {
  CHECK(*ErrorResponse(401, "no", "r").FindHeader("www-authenticate") == "Bearer");
  CHECK(*ErrorResponse(503, "later", "r").FindHeader("Retry-After") == "1");
  Json extra;
  extra.Set("retry_after", 17);
  extra.Set("limit", 60);
  Response limited = ErrorResponse(
      MakeError(absl::StatusCode::kResourceExhausted, "rate_limit_exceeded", "slow", {}, extra),
      "r");
  CHECK(limited.status == 429);
  CHECK(*limited.FindHeader("Retry-After") == "17");
  CHECK(BodyOf(limited)["retry_after"].as_int() == 17);
  CHECK(BodyOf(limited)["limit"].as_int() == 60);
}

TEST_CASE("an error becomes problem details") {
  Request request;
  request.path = "/api/v2/keys/a%20\"b<";
  request.request_id = "r#1";
  Json extra;
  extra.Set("credits_needed", 7).Set("status", "taken");
  Response response =
      ErrorResponse(MakeError(absl::StatusCode::kFailedPrecondition, "insufficient_credits",
                              "too few", {{"/a/0", "is wrong", "value_error"}}, extra),
                    request.request_id);
  MakeProblemDetails(request, response);
  CHECK(response.status == 402);
  CHECK(response.content_type == "application/problem+json");
  CHECK(response.body ==
        R"({"type":"urn:solvent:problem:insufficient_credits",)"
        R"("title":"The organization has too few credits","status":402,"detail":"too few",)"
        R"("instance":"/api/v2/keys/a%20%22b%3C#r%231","code":"insufficient_credits",)"
        R"("request_id":"r#1","credits_needed":7,)"
        R"("errors":[{"loc":["body","a",0],"msg":"is wrong","type":"value_error"}]})");
}

TEST_CASE("what is no error body of ours stays as it is") {
  for (const char* body : {"", "not json", "[1]", R"({"status":"failing"})", R"({"error":{}})"}) {
    Response response = Response::Json(503, body);
    MakeProblemDetails(Request(), response);
    CHECK(response.body == body);
    CHECK(response.content_type == "application/json");
  }
}

}  // namespace
}  // namespace solvent::http
