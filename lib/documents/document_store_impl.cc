#include "document_store_impl.h"

#include <utility>

#include "change_summary.h"
#include "content_hash.h"
#include "ids.h"
#include "solvent/error.h"
#include "status_macros.h"
#include "text_length.h"
#include "version_diff.h"

namespace solvent {
namespace {

constexpr size_t kMaxName = 255;
constexpr size_t kMaxDescription = 2000;
constexpr int kMaxLimit = 100;
// A version fails to be added only because another one was: somebody always gets on.
constexpr int kMaxTries = 1000;

absl::Status DocumentNotFound() { return NotFound("Document not found"); }
absl::Status VersionNotFound() { return NotFound("Version not found"); }

absl::Status CheckObject(std::string_view pointer, std::string_view text) {
  ASSIGN_OR_RETURN(Json json, ParseJson(text));
  if (!json.is_object()) return ValidationError(pointer, "must be an object", "type_error");
  return absl::OkStatus();
}

absl::Status CheckModel(std::string_view text) {
  return text.empty() ? absl::OkStatus() : CheckObject("/model_json", text);
}

absl::Status CheckPage(int64_t skip, int limit) {
  if (skip < 0) return ValidationError("/skip", "must be at least 0");
  if (limit < 1 || limit > kMaxLimit) return ValidationError("/limit", "must be from 1 to 100");
  return absl::OkStatus();
}

// What is stored was checked when it came in.
Json ReadStored(std::string_view text) {
  if (text.empty()) return Json();
  absl::StatusOr<Json> json = ParseJson(text);
  return json.ok() ? *std::move(json) : Json();
}

}  // namespace

absl::StatusOr<Document> DocumentStoreImpl::Create(const Caller& caller, NewDocument wanted,
                                                   Repeatable* repeatable) {
  RETURN_IF_ERROR(CheckLength("/name", wanted.name, 1, kMaxName));
  RETURN_IF_ERROR(CheckObject("/canvas_json", wanted.canvas_json));
  RETURN_IF_ERROR(CheckModel(wanted.model_json));
  Document document;
  document.id = NewId("doc");
  document.organization_id = caller.organization_id;
  document.created_by = caller.user_id;
  document.name = std::move(wanted.name);
  document.canvas_json = std::move(wanted.canvas_json);
  document.model_json = std::move(wanted.model_json);
  document.created_at = document.updated_at = clock_();
  ASSIGN_OR_RETURN(std::optional<std::string> earlier, port_.Insert(document, repeatable));
  if (earlier.has_value()) return Get(caller.organization_id, *earlier);
  return document;
}

absl::StatusOr<Document> DocumentStoreImpl::Get(std::string_view organization,
                                                std::string_view id) {
  if (!IsPlausibleId(id)) return DocumentNotFound();
  ASSIGN_OR_RETURN(std::optional<Document> found, port_.Find(organization, id));
  if (!found.has_value()) return DocumentNotFound();
  return *std::move(found);
}

absl::StatusOr<std::vector<Document>> DocumentStoreImpl::List(std::string_view organization,
                                                              int64_t skip, int limit) {
  RETURN_IF_ERROR(CheckPage(skip, limit));
  return port_.List(organization, skip, limit);
}

absl::StatusOr<Document> DocumentStoreImpl::Update(std::string_view organization,
                                                   std::string_view id, DocumentPatch patch,
                                                   const Precondition& precondition) {
  if (!IsPlausibleId(id)) return DocumentNotFound();
  if (patch.name.has_value()) RETURN_IF_ERROR(CheckLength("/name", *patch.name, 1, kMaxName));
  if (patch.canvas_json.has_value()) {
    RETURN_IF_ERROR(CheckObject("/canvas_json", *patch.canvas_json));
  }
  if (patch.model_json.has_value()) RETURN_IF_ERROR(CheckModel(*patch.model_json));
  ASSIGN_OR_RETURN(std::optional<Document> updated,
                   port_.Update(organization, id, patch, precondition, clock_()));
  if (!updated.has_value()) return DocumentNotFound();
  return *std::move(updated);
}

absl::Status DocumentStoreImpl::Delete(std::string_view organization, std::string_view id,
                                       const Precondition& precondition) {
  if (!IsPlausibleId(id)) return DocumentNotFound();
  ASSIGN_OR_RETURN(bool deleted, port_.Delete(organization, id, precondition, clock_()));
  return deleted ? absl::OkStatus() : DocumentNotFound();
}

absl::StatusOr<NewVersionRow> DocumentStoreImpl::MakeVersion(std::string_view organization,
                                                             std::string_view document,
                                                             const NewVersion& wanted,
                                                             const Precondition& precondition) {
  ASSIGN_OR_RETURN(std::optional<VersionBase> base, port_.FindBase(organization, document));
  if (!base.has_value()) return DocumentNotFound();
  // Holds for the transaction too, which fails when the document is not at this base any more.
  RETURN_IF_ERROR(precondition.Check(Revision(base->document)));
  NewVersionRow row;
  row.version.id = NewId("ver");
  row.version.canvas_json = wanted.canvas_json;
  row.version.model_json = wanted.model_json.value_or(base->document.model_json);
  row.content_hash = ContentHash(row.version.canvas_json, row.version.model_json);
  row.document_updated_at = base->document.updated_at;
  row.now = clock_();
  if (!base->newest.has_value()) {
    row.version.change_summary = FirstSummary();
    return row;
  }
  row.newest_sequence = base->newest->sequence;
  if (row.content_hash != base->newest_hash) {
    row.version.change_summary =
        SummarizeChange(ReadStored(base->newest->canvas_json), ReadStored(base->newest->model_json),
                        ReadStored(row.version.canvas_json), ReadStored(row.version.model_json));
  }
  return row;
}

absl::StatusOr<Version> DocumentStoreImpl::Checkpoint(std::string_view organization,
                                                      std::string_view document, NewVersion wanted,
                                                      const Precondition& precondition) {
  if (!IsPlausibleId(document)) return DocumentNotFound();
  RETURN_IF_ERROR(CheckObject("/canvas_json", wanted.canvas_json));
  if (wanted.model_json.has_value()) RETURN_IF_ERROR(CheckModel(*wanted.model_json));
  for (int i = 0; i < kMaxTries; ++i) {
    ASSIGN_OR_RETURN(NewVersionRow row, MakeVersion(organization, document, wanted, precondition));
    absl::StatusOr<Version> added = port_.AddVersion(document, row, kMaxUnnamedVersions);
    if (!absl::IsAborted(added.status())) return added;
  }
  return absl::UnavailableError("the document changes all the time");
}

absl::StatusOr<Version> DocumentStoreImpl::GetVersion(std::string_view organization,
                                                      std::string_view document,
                                                      std::string_view version) {
  if (!IsPlausibleId(document) || !IsPlausibleId(version)) return VersionNotFound();
  ASSIGN_OR_RETURN(std::optional<Version> found,
                   port_.FindVersion(organization, document, version));
  if (!found.has_value()) return VersionNotFound();
  return *std::move(found);
}

absl::StatusOr<std::vector<Version>> DocumentStoreImpl::ListVersions(std::string_view organization,
                                                                     std::string_view document,
                                                                     int64_t skip, int limit) {
  if (!IsPlausibleId(document)) return DocumentNotFound();
  RETURN_IF_ERROR(CheckPage(skip, limit));
  ASSIGN_OR_RETURN(std::optional<std::vector<Version>> versions,
                   port_.ListVersions(organization, document, skip, limit));
  if (!versions.has_value()) return DocumentNotFound();
  return *std::move(versions);
}

absl::StatusOr<Version> DocumentStoreImpl::NameVersion(std::string_view organization,
                                                       std::string_view document,
                                                       std::string_view version,
                                                       std::string_view name,
                                                       std::optional<std::string> description) {
  if (!IsPlausibleId(document) || !IsPlausibleId(version)) return VersionNotFound();
  RETURN_IF_ERROR(CheckLength("/version_name", name, 1, kMaxName));
  RETURN_IF_ERROR(
      CheckLength("/version_description", description.value_or(""), 0, kMaxDescription));
  ASSIGN_OR_RETURN(std::optional<Version> named,
                   port_.NameVersion(organization, document, version, name, description));
  if (!named.has_value()) return VersionNotFound();
  return *std::move(named);
}

absl::StatusOr<Restored> DocumentStoreImpl::Restore(std::string_view organization,
                                                    std::string_view document,
                                                    std::string_view version,
                                                    std::string current_canvas_json,
                                                    const Precondition& precondition) {
  RETURN_IF_ERROR(GetVersion(organization, document, version).status());
  RETURN_IF_ERROR(CheckObject("/current_canvas_json", current_canvas_json));
  NewVersion current{std::move(current_canvas_json), std::nullopt};
  for (int i = 0; i < kMaxTries; ++i) {
    ASSIGN_OR_RETURN(NewVersionRow row, MakeVersion(organization, document, current, precondition));
    absl::StatusOr<Restored> restored = port_.Restore(document, version, row, kMaxUnnamedVersions);
    if (!absl::IsAborted(restored.status())) return restored;
  }
  return absl::UnavailableError("the document changes all the time");
}

absl::StatusOr<VersionDiff> DocumentStoreImpl::Diff(std::string_view organization,
                                                    std::string_view document,
                                                    std::string_view older,
                                                    std::string_view newer) {
  ASSIGN_OR_RETURN(Version before, GetVersion(organization, document, older));
  ASSIGN_OR_RETURN(Version after, GetVersion(organization, document, newer));
  ModelDiff model = DiffModels(ReadStored(before.model_json), ReadStored(after.model_json));
  VersionDiff diff;
  diff.changes = std::move(model.changes);
  diff.truncated = model.truncated;
  diff.canvas_changed = !SameContent(ReadStored(before.canvas_json), ReadStored(after.canvas_json));
  return diff;
}

}  // namespace solvent
