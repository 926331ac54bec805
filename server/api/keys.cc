// POST and GET /keys, DELETE /keys/{key_id}: a user's own API keys.
#include "api.h"
#include "requests.h"
#include "solvent/error.h"

namespace solvent::api {
namespace {

using http::Request;
using http::Response;

absl::StatusOr<Response> CreateKey(Context& context, Request& request) {
  absl::StatusOr<Repeatable> repeatable = ReadRepeatable(request);
  if (!repeatable.ok()) return repeatable.status();
  absl::StatusOr<Json> body = BodyObject(request);
  if (!body.ok()) return body.status();
  KeyRequest wanted;
  absl::StatusOr<std::string> name = StringMember(*body, "name", true);
  if (!name.ok()) return name.status();
  wanted.name = *std::move(name);
  absl::StatusOr<std::string> description = StringMember(*body, "description", false);
  if (!description.ok()) return description.status();
  wanted.description = *std::move(description);
  if (const Json& days = (*body)["expires_days"]; !days.is_null()) {
    if (!days.is_integer()) {
      return ValidationError("/expires_days", "must be an integer", "type_error");
    }
    // Out of int's range is out of the allowed range as well.
    int64_t value = days.as_int();
    wanted.expires_days = value < 0 || value > 100'000 ? -1 : static_cast<int>(value);
  }
  const Caller& caller = CallerOf(request);
  absl::StatusOr<NewApiKey> made = context.engine.identity().CreateKey(
      caller.organization_id, caller.user_id, wanted, &*repeatable);
  if (!made.ok()) return made.status();
  std::string text;
  JsonWriter w(text);
  w.BeginObject();
  WriteSecret(w, "api_key", made->secret, *repeatable);
  w.Key("id").String(made->key.id);
  w.Key("name").String(made->key.name);
  w.Key("description");
  WriteTextOrNull(w, made->key.description);
  w.Key("is_active").Bool(made->key.is_active);
  w.Key("created_at");
  WriteTime(w, made->key.created_at);
  w.Key("expires_at");
  WriteTime(w, made->key.expires_at);
  w.EndObject();
  Response response = Response::Json(200, std::move(text));
  response.Set("Cache-Control", "no-store");
  MarkReplay(*repeatable, response);
  return response;
}

absl::StatusOr<Response> ListKeys(Context& context, Request& request) {
  absl::StatusOr<PageRequest> page = QueryPage(request);
  if (!page.ok()) return page.status();
  absl::StatusOr<std::optional<bool>> active = QueryBool(request, "is_active");
  if (!active.ok()) return active.status();
  const Caller& caller = CallerOf(request);
  KeyFilter filter{caller.organization_id, caller.user_id, QueryText(request, "search"), *active};
  absl::StatusOr<Page<ApiKey>> keys = context.engine.identity().ListKeys(filter, *page);
  if (!keys.ok()) return keys.status();
  return PageResponse(request, *keys, [](JsonWriter& w, const ApiKey& key) {
    w.BeginObject();
    w.Key("id").String(key.id);
    w.Key("name").String(key.name);
    w.Key("description");
    WriteTextOrNull(w, key.description);
    w.Key("is_active").Bool(key.is_active);
    w.Key("created_at");
    WriteTime(w, key.created_at);
    w.Key("last_used_at");
    WriteTime(w, key.last_used_at);
    w.Key("expires_at");
    WriteTime(w, key.expires_at);
    w.Key("key_prefix").String(key.prefix);
    w.EndObject();
  });
}

absl::StatusOr<Response> RevokeKey(Context& context, Request& request) {
  const Caller& caller = CallerOf(request);
  std::string id(request.Parameter("key_id"));
  absl::Status status =
      context.engine.identity().RevokeKey(caller.organization_id, caller.user_id, id);
  if (!status.ok()) return status;
  Json body;
  body.Set("message", "API key revoked").Set("key_id", id);
  return Response::Json(200, body.Dump());
}

}  // namespace

absl::Status AddKeyRoutes(http::HttpServer& server, Context& context) {
  std::string base(kBase);
  http::Route create{.method = "POST", .pattern = base + "/keys"};
  create.handler = [&context](Request& request) { return CreateKey(context, request); };
  http::Route list{.method = "GET", .pattern = base + "/keys"};
  list.handler = [&context](Request& request) { return ListKeys(context, request); };
  http::Route revoke{.method = "DELETE", .pattern = base + "/keys/{key_id}"};
  revoke.handler = [&context](Request& request) { return RevokeKey(context, request); };
  revoke.json_body_only = false;
  for (http::Route* route : {&create, &list, &revoke}) {
    route->rate_class = "read";
    if (absl::Status status = server.AddRoute(std::move(*route)); !status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace solvent::api
