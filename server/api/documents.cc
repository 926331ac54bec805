// Builder documents and their versions: /builder….
#include <utility>

#include "api.h"
#include "requests.h"
#include "solvent/error.h"
#include "validators.h"

namespace solvent::api {
namespace {

using http::Request;
using http::Response;

void WriteDocument(JsonWriter& w, const Document& document) {
  w.BeginObject();
  w.Key("id").String(document.id);
  w.Key("organization_id").String(document.organization_id);
  w.Key("created_by").String(document.created_by);
  w.Key("name").String(document.name);
  w.Key("canvas_json").Raw(document.canvas_json);
  w.Key("model_json").Raw(document.model_json.empty() ? "null" : document.model_json);
  w.Key("is_active").Bool(document.is_active);
  w.Key("created_at");
  WriteTime(w, document.created_at);
  w.Key("updated_at");
  WriteTime(w, document.updated_at);
  w.EndObject();
}

enum class Payload { kLeaveOut, kInclude };

void WriteVersion(JsonWriter& w, const Version& version, Payload payload) {
  w.BeginObject();
  w.Key("id").String(version.id);
  w.Key("document_id").String(version.document_id);
  w.Key("organization_id").String(version.organization_id);
  w.Key("sequence").Int(version.sequence);
  w.Key("is_named").Bool(version.is_named);
  w.Key("version_name");
  WriteTextOrNull(w, version.name);
  w.Key("version_description");
  WriteTextOrNull(w, version.description);
  if (payload == Payload::kInclude) {
    w.Key("canvas_json").Raw(version.canvas_json);
    w.Key("model_json").Raw(version.model_json.empty() ? "null" : version.model_json);
  }
  w.Key("change_summary").String(version.change_summary);
  w.Key("created_at");
  WriteTime(w, version.created_at);
  w.EndObject();
}

Response DocumentResponse(int status, const Document& document) {
  std::string text;
  JsonWriter w(text);
  WriteDocument(w, document);
  Response response = Response::Json(status, std::move(text));
  response.Set("ETag", EntityTag(Revision(document)));
  return response;
}

Response VersionResponse(int status, const Version& version) {
  std::string text;
  JsonWriter w(text);
  WriteVersion(w, version, Payload::kInclude);
  return Response::Json(status, std::move(text));
}

// The text of a member that must be an object (or null, where that means "none"); unset when
// absent.
enum class Null { kRefused, kEmpty };
absl::StatusOr<std::optional<std::string>> ObjectMember(const Json& body, std::string_view name,
                                                        Null null) {
  const Json* member = body.Find(name);
  if (member == nullptr) return std::optional<std::string>();
  if (member->is_null() && null == Null::kEmpty) return std::optional<std::string>("");
  if (!member->is_object()) {
    return ValidationError("/" + std::string(name), "must be an object", "type_error");
  }
  return std::optional<std::string>(member->Dump());
}

absl::StatusOr<std::string> RequiredObject(const Json& body, std::string_view name) {
  absl::StatusOr<std::optional<std::string>> text = ObjectMember(body, name, Null::kRefused);
  if (!text.ok()) return text.status();
  if (!text->has_value()) {
    return ValidationError("/" + std::string(name), "is required", "missing");
  }
  return **std::move(text);
}

struct Range {
  int64_t skip;
  int limit;
};

absl::StatusOr<Range> QueryRange(const Request& request) {
  absl::StatusOr<int64_t> skip = QueryInt(request, "skip", 0, 0, INT64_MAX);
  if (!skip.ok()) return skip.status();
  absl::StatusOr<int64_t> limit = QueryInt(request, "limit", 50, 1, 100);
  if (!limit.ok()) return limit.status();
  return Range{*skip, static_cast<int>(*limit)};
}

void LinkRange(const Request& request, const Range& range, size_t shown, Response& response) {
  LinkWindows(request, "skip", range.skip, range.limit, static_cast<int64_t>(shown), std::nullopt,
              response);
}

absl::StatusOr<Response> CreateDocument(Context& context, Request& request) {
  absl::StatusOr<Repeatable> repeatable = ReadRepeatable(request);
  if (!repeatable.ok()) return repeatable.status();
  absl::StatusOr<Json> body = BodyObject(request);
  if (!body.ok()) return body.status();
  NewDocument document;
  if (body->Find("name") != nullptr) {
    absl::StatusOr<std::string> name = StringMember(*body, "name", true);
    if (!name.ok()) return name.status();
    document.name = *std::move(name);
  }
  absl::StatusOr<std::optional<std::string>> canvas =
      ObjectMember(*body, "canvas_json", Null::kEmpty);
  if (!canvas.ok()) return canvas.status();
  if (!canvas->value_or("").empty()) document.canvas_json = **std::move(canvas);
  absl::StatusOr<std::optional<std::string>> model =
      ObjectMember(*body, "model_json", Null::kEmpty);
  if (!model.ok()) return model.status();
  document.model_json = model->value_or("");
  absl::StatusOr<Document> created =
      context.engine.documents().Create(CallerOf(request), std::move(document), &*repeatable);
  if (!created.ok()) return created.status();
  Response response = DocumentResponse(201, *created);
  MarkReplay(*repeatable, response);
  return response;
}

absl::StatusOr<Response> ListDocuments(Context& context, Request& request) {
  absl::StatusOr<Range> range = QueryRange(request);
  if (!range.ok()) return range.status();
  absl::StatusOr<std::vector<Document>> documents =
      context.engine.documents().List(CallerOf(request).organization_id, range->skip, range->limit);
  if (!documents.ok()) return documents.status();
  std::string text;
  JsonWriter w(text);
  w.BeginArray();
  for (const Document& document : *documents) {
    w.BeginObject();
    w.Key("id").String(document.id);
    w.Key("name").String(document.name);
    w.Key("created_at");
    WriteTime(w, document.created_at);
    w.Key("updated_at");
    WriteTime(w, document.updated_at);
    w.EndObject();
  }
  w.EndArray();
  Response response = Response::Json(200, std::move(text));
  LinkRange(request, *range, documents->size(), response);
  return response;
}

absl::StatusOr<Response> GetDocument(Context& context, Request& request) {
  absl::StatusOr<Document> document = context.engine.documents().Get(
      CallerOf(request).organization_id, request.Parameter("document_id"));
  if (!document.ok()) return document.status();
  std::string tag = EntityTag(Revision(*document));
  if (http::HasCurrent(request, tag)) return http::NotModified(request, tag);
  return DocumentResponse(200, *document);
}

absl::StatusOr<Response> PutDocument(Context& context, Request& request) {
  absl::StatusOr<Precondition> precondition = ReadPrecondition(request);
  if (!precondition.ok()) return precondition.status();
  absl::StatusOr<Json> body = BodyObject(request);
  if (!body.ok()) return body.status();
  DocumentPatch patch;
  if (body->Find("name") != nullptr) {
    absl::StatusOr<std::string> name = StringMember(*body, "name", true);
    if (!name.ok()) return name.status();
    patch.name = *std::move(name);
  }
  absl::StatusOr<std::optional<std::string>> canvas =
      ObjectMember(*body, "canvas_json", Null::kRefused);
  if (!canvas.ok()) return canvas.status();
  patch.canvas_json = *std::move(canvas);
  absl::StatusOr<std::optional<std::string>> model =
      ObjectMember(*body, "model_json", Null::kEmpty);
  if (!model.ok()) return model.status();
  patch.model_json = *std::move(model);
  absl::StatusOr<Document> document = context.engine.documents().Update(
      CallerOf(request).organization_id, request.Parameter("document_id"), std::move(patch),
      *precondition);
  if (!document.ok()) return document.status();
  return DocumentResponse(200, *document);
}

absl::StatusOr<Response> DeleteDocument(Context& context, Request& request) {
  absl::StatusOr<Precondition> precondition = ReadPrecondition(request);
  if (!precondition.ok()) return precondition.status();
  absl::Status status = context.engine.documents().Delete(
      CallerOf(request).organization_id, request.Parameter("document_id"), *precondition);
  if (!status.ok()) return status;
  return Response::Empty(204);
}

absl::StatusOr<Response> CreateVersion(Context& context, Request& request) {
  absl::StatusOr<Precondition> precondition = ReadPrecondition(request);
  if (!precondition.ok()) return precondition.status();
  absl::StatusOr<Json> body = BodyObject(request);
  if (!body.ok()) return body.status();
  NewVersion wanted;
  absl::StatusOr<std::string> canvas = RequiredObject(*body, "canvas_json");
  if (!canvas.ok()) return canvas.status();
  wanted.canvas_json = *std::move(canvas);
  absl::StatusOr<std::optional<std::string>> model =
      ObjectMember(*body, "model_json", Null::kEmpty);
  if (!model.ok()) return model.status();
  // A null says nothing about the model.
  if (!model->value_or("").empty()) wanted.model_json = *std::move(model);
  absl::StatusOr<Version> version = context.engine.documents().Checkpoint(
      CallerOf(request).organization_id, request.Parameter("document_id"), std::move(wanted),
      *precondition);
  if (!version.ok()) return version.status();
  return VersionResponse(201, *version);
}

absl::StatusOr<Response> ListVersions(Context& context, Request& request) {
  absl::StatusOr<Range> range = QueryRange(request);
  if (!range.ok()) return range.status();
  absl::StatusOr<std::vector<Version>> versions = context.engine.documents().ListVersions(
      CallerOf(request).organization_id, request.Parameter("document_id"), range->skip,
      range->limit);
  if (!versions.ok()) return versions.status();
  std::string text;
  JsonWriter w(text);
  w.BeginArray();
  for (const Version& version : *versions) WriteVersion(w, version, Payload::kLeaveOut);
  w.EndArray();
  Response response = Response::Json(200, std::move(text));
  LinkRange(request, *range, versions->size(), response);
  return response;
}

absl::StatusOr<Response> GetVersion(Context& context, Request& request) {
  absl::StatusOr<Version> version = context.engine.documents().GetVersion(
      CallerOf(request).organization_id, request.Parameter("document_id"),
      request.Parameter("version_id"));
  if (!version.ok()) return version.status();
  return VersionResponse(200, *version);
}

absl::StatusOr<Response> NameVersion(Context& context, Request& request) {
  absl::StatusOr<Json> body = BodyObject(request);
  if (!body.ok()) return body.status();
  absl::StatusOr<std::string> name = StringMember(*body, "version_name", true);
  if (!name.ok()) return name.status();
  std::optional<std::string> description;
  if (body->Find("version_description") != nullptr) {
    absl::StatusOr<std::string> text = StringMember(*body, "version_description", false);
    if (!text.ok()) return text.status();
    description = *std::move(text);
  }
  absl::StatusOr<Version> version = context.engine.documents().NameVersion(
      CallerOf(request).organization_id, request.Parameter("document_id"),
      request.Parameter("version_id"), *name, std::move(description));
  if (!version.ok()) return version.status();
  return VersionResponse(200, *version);
}

absl::StatusOr<Response> RestoreVersion(Context& context, Request& request) {
  absl::StatusOr<Precondition> precondition = ReadPrecondition(request);
  if (!precondition.ok()) return precondition.status();
  absl::StatusOr<Json> body = BodyObject(request);
  if (!body.ok()) return body.status();
  absl::StatusOr<std::string> canvas = RequiredObject(*body, "current_canvas_json");
  if (!canvas.ok()) return canvas.status();
  absl::StatusOr<Restored> restored = context.engine.documents().Restore(
      CallerOf(request).organization_id, request.Parameter("document_id"),
      request.Parameter("version_id"), *std::move(canvas), *precondition);
  if (!restored.ok()) return restored.status();
  std::string text;
  JsonWriter w(text);
  w.BeginObject();
  w.Key("checkpoint_id").String(restored->checkpoint_id);
  w.Key("document");
  WriteDocument(w, restored->document);
  w.EndObject();
  Response response = Response::Json(200, std::move(text));
  // Of the document, which is what goes on being edited.
  response.Set("ETag", EntityTag(Revision(restored->document)));
  return response;
}

std::string_view ToString(VersionChange::Kind kind) {
  switch (kind) {
    case VersionChange::Kind::kAdded: return "added";
    case VersionChange::Kind::kRemoved: return "removed";
    case VersionChange::Kind::kModified: return "modified";
  }
  return "modified";
}

// What leads from version "base" to the one in the path.
absl::StatusOr<Response> DiffVersions(Context& context, Request& request) {
  std::string base = QueryText(request, "base");
  if (base.empty()) return ValidationError("query/base", "is required", "missing");
  std::string_view version = request.Parameter("version_id");
  absl::StatusOr<VersionDiff> diff = context.engine.documents().Diff(
      CallerOf(request).organization_id, request.Parameter("document_id"), base, version);
  if (!diff.ok()) return diff.status();
  std::string text;
  JsonWriter w(text);
  w.BeginObject();
  w.Key("base_version_id").String(base);
  w.Key("version_id").String(version);
  w.Key("canvas_changed").Bool(diff->canvas_changed);
  w.Key("truncated").Bool(diff->truncated);
  w.Key("changes").BeginArray();
  for (const VersionChange& change : diff->changes) {
    w.BeginObject();
    w.Key("section").String(change.section);
    w.Key("kind").String(ToString(change.kind));
    w.Key("key").String(change.key);
    w.Key("before").Value(change.before);
    w.Key("after").Value(change.after);
    w.EndObject();
  }
  w.EndArray();
  w.EndObject();
  return Response::Json(200, std::move(text));
}

}  // namespace

absl::Status AddDocumentRoutes(http::HttpServer& server, Context& context) {
  const RouteRow rows[] = {
      {"GET", "/builder", ListDocuments},
      {"POST", "/builder", CreateDocument},
      {"GET", "/builder/{document_id}", GetDocument},
      {"PUT", "/builder/{document_id}", PutDocument},
      {"DELETE", "/builder/{document_id}", DeleteDocument},
      {"GET", "/builder/{document_id}/versions", ListVersions},
      {"POST", "/builder/{document_id}/versions", CreateVersion},
      {"GET", "/builder/{document_id}/versions/{version_id}", GetVersion},
      {"PATCH", "/builder/{document_id}/versions/{version_id}", NameVersion},
      {"POST", "/builder/{document_id}/versions/{version_id}/restore", RestoreVersion},
      {"GET", "/builder/{document_id}/versions/{version_id}/diff", DiffVersions},
  };
  return AddTable(server, context, kBase, rows, [](http::Route& route) {
    if (route.method == "POST" || route.method == "PUT") route.body_limit = http::kSolveBodyLimit;
  });
}

}  // namespace solvent::api
