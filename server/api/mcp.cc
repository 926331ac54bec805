// POST /mcp: the Model Context Protocol over streamable HTTP, for agents (docs/mcp.md). Every
// request is answered by itself: there are no sessions and no streams.
#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "api.h"
#include "cors.h"
#include "error_body.h"
#include "mcp_tools.h"
#include "requests.h"
#include "solvent/error.h"

namespace solvent::api {
namespace {

using http::Request;
using http::Response;

constexpr const char* kRateClass = "read";
constexpr std::string_view kWithBatches = "2025-03-26";
constexpr std::string_view kNewest = "2025-06-18";
constexpr size_t kMostInBatch = 20;
constexpr size_t kMostFaults = 10;

constexpr int kParseError = -32700;
constexpr int kInvalidRequest = -32600;
constexpr int kMethodNotFound = -32601;
constexpr int kInvalidParams = -32602;
constexpr int kInternalError = -32603;

constexpr std::string_view kInstructions =
    "Solves optimization problems (linear and mixed-integer). For a common kind of problem look "
    "for "
    "a ready model with search_templates, read its input with describe_template, and solve it with "
    "execute_model. For anything else write a GNU MathProg model, check it with check_mathprog and "
    "solve it with solve_mathprog. When the answer is infeasible, explain_infeasibility says why.";

bool IsSpoken(std::string_view version) { return version == kWithBatches || version == kNewest; }

bool IsLoopback(std::string_view origin) {
  size_t scheme = origin.find("://");
  if (scheme == std::string_view::npos) return false;
  std::string_view host = origin.substr(scheme + 3);
  if (host.starts_with("[::1]")) return host.size() == 5 || host[5] == ':';
  host = host.substr(0, host.find(':'));
  return http::EqualsIgnoreCase(host, "localhost") || host == "127.0.0.1";
}

// A page that made its name point at this server is told apart by its origin.
absl::Status CheckOrigin(const Context& context, const Request& request) {
  std::optional<std::string_view> origin = request.FindHeader("Origin");
  if (!origin || IsLoopback(*origin)) return absl::OkStatus();
  if (http::IsAllowedOrigin(context.config.allowed_origins, *origin)) return absl::OkStatus();
  return MakeError(absl::StatusCode::kPermissionDenied, error_code::kForbidden,
                   "Pages of this origin may not use the server (--cors-origin)");
}

Json Envelope(const Json& id) {
  Json message;
  message.Set("jsonrpc", "2.0").Set("id", id);
  return message;
}

Json ErrorMessage(const Json& id, int code, std::string_view text) {
  Json error;
  error.Set("code", code).Set("message", text);
  return Envelope(id).Set("error", std::move(error));
}

Json ResultMessage(const Json& id, Json result) {
  return Envelope(id).Set("result", std::move(result));
}

const Tool* FindTool(std::string_view name) {
  for (std::span<const Tool> tools : {CatalogTools(), RunTools()}) {
    for (const Tool& tool : tools) {
      if (tool.name == name) return &tool;
    }
  }
  return nullptr;
}

Json SchemaOf(const Tool& tool) {
  absl::StatusOr<Json> schema = ParseJson(tool.input_schema);
  return schema.ok() ? *std::move(schema) : Json(Json::Object{});
}

Json ListTools() {
  Json::Array list;
  for (std::span<const Tool> tools : {CatalogTools(), RunTools()}) {
    for (const Tool& tool : tools) {
      Json hints;
      hints.Set("title", tool.title)
          .Set("readOnlyHint", tool.read_only)
          .Set("destructiveHint", false)
          .Set("idempotentHint", tool.read_only)
          .Set("openWorldHint", false);
      Json one;
      one.Set("name", tool.name)
          .Set("title", tool.title)
          .Set("description", tool.description)
          .Set("inputSchema", SchemaOf(tool))
          .Set("annotations", std::move(hints));
      list.push_back(std::move(one));
    }
  }
  Json result;
  return result.Set("tools", std::move(list));
}

Json ToolResult(Json content, bool failed) {
  Json text;
  text.Set("type", "text").Set("text", content.Dump());
  Json result;
  result.Set("content", Json::Array{std::move(text)})
      .Set("structuredContent", std::move(content))
      .Set("isError", failed);
  return result;
}

// What went wrong, for an agent that may try again with something better.
Json ToolFailure(const Context& context, const Request& request, const Tool& tool,
                 const absl::Status& status) {
  ErrorInfo info = GetErrorInfo(status);
  int http_status = http::HttpStatusOf(status);
  Json failure;
  if (http_status >= 500) {
    if (context.log) {
      Json fields;
      fields.Set("request_id", std::string_view(request.request_id));
      fields.Set("tool", tool.name).Set("cause", status.ToString());
      context.log(LogLevel::kError, "mcp.failure", fields);
    }
    bool busy = http_status == 503;
    failure.Set("error", busy ? "service_unavailable" : "internal_error");
    failure.Set("message", busy && !info.code.empty() ? std::string(Message(status))
                           : busy                     ? "busy, try again later"
                                                      : "internal error");
    return ToolResult(std::move(failure), true);
  }
  failure.Set("error", info.code.empty() ? std::string("bad_request") : info.code);
  failure.Set("message", Shortened(Message(status), 4000));
  const Json::Array& faults = info.extra["errors"].array();
  if (!faults.empty()) {
    size_t shown = std::min(faults.size(), kMostFaults);
    auto end = faults.begin() + static_cast<ptrdiff_t>(shown);
    failure.Set("errors", Json::Array(faults.begin(), end));
    if (shown < faults.size()) {
      failure.Set("errors_left_out", static_cast<int64_t>(faults.size() - shown));
    }
  }
  for (const Json::Member& member : info.extra.object()) {
    if (failure.Find(member.name) == nullptr && member.value.Dump().size() < 1000) {
      failure.Set(member.name, member.value);
    }
  }
  return ToolResult(std::move(failure), true);
}

using Deadline = std::chrono::steady_clock::time_point;

Json CallTool(Context& context, Request& request, const Json& id, const Json& params,
              Deadline wait_until) {
  if (!params["name"].is_string()) {
    return ErrorMessage(id, kInvalidParams, "params.name must be the name of a tool");
  }
  const std::string& name = params["name"].as_string();
  const Tool* tool = FindTool(name);
  if (tool == nullptr) {
    return ErrorMessage(id, kInvalidParams, "Unknown tool: " + Shortened(name, 100));
  }
  static const Json kNone{Json::Object{}};
  const Json& arguments = params["arguments"].is_null() ? kNone : params["arguments"];
  if (absl::Status status = CheckArguments(SchemaOf(*tool), arguments); !status.ok()) {
    return ErrorMessage(id, kInvalidParams, Shortened(Message(status), 1000));
  }
  if (!tool->rate_class.empty() && context.rate_limiter) {
    absl::Status status = context.rate_limiter(request, tool->rate_class);
    if (!status.ok()) return ResultMessage(id, ToolFailure(context, request, *tool, status));
  }
  absl::StatusOr<Json> answer = tool->run({context, CallerOf(request), arguments, wait_until});
  return ResultMessage(id, answer.ok() ? ToolResult(*std::move(answer), false)
                                       : ToolFailure(context, request, *tool, answer.status()));
}

Json Initialize(const Context& context, const Json& id, const Json& params) {
  if (!params["protocolVersion"].is_string()) {
    return ErrorMessage(id, kInvalidParams, "params.protocolVersion must be a text");
  }
  const std::string& asked = params["protocolVersion"].as_string();
  Json tools;
  tools.Set("listChanged", false);
  Json capabilities;
  capabilities.Set("tools", std::move(tools));
  Json server;
  server.Set("name", "solvent").Set("title", "Solvent").Set("version", context.config.version);
  Json result;
  result.Set("protocolVersion", IsSpoken(asked) ? std::string_view(asked) : kNewest)
      .Set("capabilities", std::move(capabilities))
      .Set("serverInfo", std::move(server))
      .Set("instructions", kInstructions);
  return ResultMessage(id, std::move(result));
}

enum class Place { kAlone, kInBatch };

// The answer to one message; nothing for a notification or a response.
std::optional<Json> Answer(Context& context, Request& request, const Json& message, Place place,
                           Deadline wait_until) {
  if (!message.is_object() || message["jsonrpc"] != Json("2.0")) {
    return ErrorMessage(Json(), kInvalidRequest, "not a JSON-RPC 2.0 message");
  }
  const Json* id = message.Find("id");
  if (!message["method"].is_string()) {
    bool response =
        id != nullptr && (message.Find("result") != nullptr || message.Find("error") != nullptr);
    if (response && message.Find("method") == nullptr) return std::nullopt;
    return ErrorMessage(Json(), kInvalidRequest, "method must be a text");
  }
  if (id == nullptr) return std::nullopt;
  if (!id->is_string() && !id->is_integer()) {
    return ErrorMessage(Json(), kInvalidRequest, "id must be a text or an integer");
  }
  const Json& params = message["params"];
  if (!params.is_null() && !params.is_object()) {
    return ErrorMessage(*id, kInvalidParams, "params must be an object");
  }
  const std::string& method = message["method"].as_string();
  if (method == "initialize") {
    if (place == Place::kInBatch) {
      return ErrorMessage(*id, kInvalidRequest, "initialize must stand alone");
    }
    return Initialize(context, *id, params);
  }
  if (method == "ping") return ResultMessage(*id, Json(Json::Object{}));
  if (method == "tools/list") {
    if (!params["cursor"].is_null()) {
      return ErrorMessage(*id, kInvalidParams, "the list has one page, and no cursors");
    }
    return ResultMessage(*id, ListTools());
  }
  if (method == "tools/call") return CallTool(context, request, *id, params, wait_until);
  return ErrorMessage(*id, kMethodNotFound, "Method not found: " + Shortened(method, 100));
}

std::optional<Json> AnswerSafely(Context& context, Request& request, const Json& message,
                                 Place place, Deadline wait_until) {
  try {
    return Answer(context, request, message, place, wait_until);
  } catch (const std::exception& e) {
    if (context.log) {
      Json fields;
      fields.Set("request_id", std::string_view(request.request_id)).Set("cause", e.what());
      context.log(LogLevel::kError, "mcp.failure", fields);
    }
    const Json& id = message["id"];
    return ErrorMessage(id.is_string() || id.is_integer() ? id : Json(), kInternalError,
                        "internal error");
  }
}

Response Refused(int code, std::string_view text) {
  return Response::JsonValue(400, ErrorMessage(Json(), code, text));
}

absl::StatusOr<Response> Post(Context& context, Request& request) {
  if (absl::Status status = CheckOrigin(context, request); !status.ok()) return status;
  // Clients of the older revision need not say so.
  std::string_view version = request.FindHeader("MCP-Protocol-Version").value_or(kWithBatches);
  if (!IsSpoken(version)) {
    return BadRequest("MCP-Protocol-Version must be " + std::string(kNewest) + " or " +
                      std::string(kWithBatches));
  }
  absl::StatusOr<std::string_view> body = request.Body();
  if (!body.ok()) return body.status();
  absl::StatusOr<Json> message = ParseJson(*body);
  if (!message.ok()) return Refused(kParseError, Message(message.status()));
  const Deadline wait_until = std::chrono::steady_clock::now() + context.config.sync_wait;
  if (!message->is_array()) {
    std::optional<Json> answer =
        AnswerSafely(context, request, *message, Place::kAlone, wait_until);
    if (!answer) return Response::Empty(202);
    bool malformed = (*answer)["error"]["code"] == Json(kInvalidRequest);
    return Response::JsonValue(malformed ? 400 : 200, *answer);
  }
  if (version != kWithBatches) {
    return Refused(kInvalidRequest, "this revision of the protocol has no batches");
  }
  const Json::Array& batch = message->array();
  if (batch.empty() || batch.size() > kMostInBatch) {
    return Refused(kInvalidRequest,
                   "a batch has 1 to " + std::to_string(kMostInBatch) + " messages");
  }
  // Each message counts as a request; the first has been counted with the request itself.
  for (size_t i = 1; i < batch.size() && context.rate_limiter; ++i) {
    if (absl::Status status = context.rate_limiter(request, kRateClass); !status.ok()) {
      return status;
    }
  }
  Json::Array answers;
  for (const Json& one : batch) {
    if (std::optional<Json> answer =
            AnswerSafely(context, request, one, Place::kInBatch, wait_until)) {
      answers.push_back(*std::move(answer));
    }
  }
  if (answers.empty()) return Response::Empty(202);
  return Response::JsonValue(200, std::move(answers));
}

// There is no session to end, so ending one always works.
absl::StatusOr<Response> Delete(Context& context, Request& request) {
  if (absl::Status status = CheckOrigin(context, request); !status.ok()) return status;
  return Response::Empty(204);
}

}  // namespace

absl::Status AddMcpRoutes(http::HttpServer& server, Context& context) {
  const RouteRow rows[] = {
      {"POST", "/mcp", Post, kRateClass, http::Auth::kRequired, http::kSolveBodyLimit},
      {"DELETE", "/mcp", Delete},
  };
  return AddTable(server, context, "", rows);
}

}  // namespace solvent::api
