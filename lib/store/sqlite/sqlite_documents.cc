#include "sqlite_documents.h"

#include <utility>

#include "created_keys.h"
#include "solvent/error.h"
#include "status_macros.h"

namespace solvent {
namespace {

constexpr char kInsertDocument[] =
    "INSERT INTO documents (id, organization_id, created_by, name, created_at, updated_at,"
    " canvas_json, model_json) VALUES (?1, ?2, ?3, ?4, ?5, ?5, ?6, nullif(?7, ''))";
#define DOCUMENT_COLUMNS                                                                  \
  "SELECT d.n, d.id, d.organization_id, d.created_by, d.name, d.is_active, d.created_at," \
  " d.updated_at"
constexpr char kFindDocument[] = DOCUMENT_COLUMNS
    ", d.canvas_json, d.model_json FROM documents d"
    " WHERE d.id = ?1 AND (?2 = '' OR d.organization_id = ?2) AND d.is_active = 1";
constexpr char kListDocuments[] = DOCUMENT_COLUMNS
    " FROM documents d WHERE d.organization_id = ?1 AND d.is_active = 1"
    " ORDER BY d.updated_at DESC, d.id DESC LIMIT ?2 OFFSET ?3";
#undef DOCUMENT_COLUMNS
constexpr char kUpdateDocument[] =
    "UPDATE documents SET name = iif(?2, ?3, name), canvas_json = iif(?4, ?5, canvas_json),"
    " model_json = iif(?6, nullif(?7, ''), model_json), updated_at = max(?8, updated_at + 1)"
    " WHERE n = ?1";
constexpr char kDeleteDocument[] =
    "UPDATE documents SET is_active = 0, updated_at = max(?3, updated_at + 1)"
    " WHERE id = ?1 AND organization_id = ?2 AND is_active = 1";

#define VERSION_COLUMNS                                                                \
  "SELECT v.n, v.id, d.id, d.organization_id, v.sequence, v.is_named, v.version_name," \
  " v.version_description, v.change_summary, v.created_at, v.content_hash"
#define FROM_VERSIONS " FROM document_versions v JOIN documents d ON d.n = v.document"
constexpr char kFindVersion[] = VERSION_COLUMNS
    ", v.canvas_json, v.model_json" FROM_VERSIONS
    " WHERE v.id = ?1 AND d.id = ?2 AND (?3 = '' OR d.organization_id = ?3) AND d.is_active = 1";
constexpr char kNewestVersion[] =
    VERSION_COLUMNS ", v.canvas_json, v.model_json" FROM_VERSIONS
                    " WHERE v.document = ?1 ORDER BY v.sequence DESC LIMIT 1";
constexpr char kListVersions[] = VERSION_COLUMNS FROM_VERSIONS
    " WHERE v.document = ?1 ORDER BY v.sequence DESC LIMIT ?2 OFFSET ?3";
#undef FROM_VERSIONS
#undef VERSION_COLUMNS
constexpr char kNextSequence[] =
    "UPDATE documents SET last_sequence = last_sequence + 1 WHERE n = ?1 RETURNING last_sequence";
constexpr char kInsertVersion[] =
    "INSERT INTO document_versions (id, document, sequence, content_hash, change_summary,"
    " created_at, canvas_json, model_json) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, nullif(?8, ''))";
constexpr char kPrune[] =
    "DELETE FROM document_versions WHERE document = ?1 AND is_named = 0 AND sequence <="
    " (SELECT sequence FROM document_versions WHERE document = ?1 AND is_named = 0"
    " ORDER BY sequence DESC LIMIT 1 OFFSET ?2)";
constexpr char kRestore[] =
    "UPDATE documents SET canvas_json = v.canvas_json,"
    " model_json = coalesce(v.model_json, documents.model_json),"
    " updated_at = max(?3, documents.updated_at + 1)"
    " FROM document_versions v"
    " WHERE documents.n = ?1 AND v.id = ?2 AND v.document = documents.n";
constexpr char kNameVersion[] =
    "UPDATE document_versions SET is_named = 1, version_name = ?2,"
    " version_description = iif(?3, nullif(?4, ''), version_description) WHERE n = ?1";

struct FoundDocument {
  int64_t n = 0;
  Document document;
};

FoundDocument ReadDocument(const Query& row) {
  FoundDocument found;
  found.n = row.Int(0);
  Document& d = found.document;
  d.id = row.Text(1);
  d.organization_id = row.Text(2);
  d.created_by = row.Text(3);
  d.name = row.Text(4);
  d.is_active = row.Int(5) != 0;
  d.created_at = row.Int(6);
  d.updated_at = row.Int(7);
  return found;
}

// An empty organization means any, for callers that know whose it is.
absl::StatusOr<std::optional<FoundDocument>> LoadDocument(Db& db, std::string_view organization,
                                                          std::string_view id) {
  Query query(db, kFindDocument, id, organization);
  if (!query.Next()) {
    RETURN_IF_ERROR(query.status());
    return std::nullopt;
  }
  FoundDocument found = ReadDocument(query);
  found.document.canvas_json = query.Text(8);
  found.document.model_json = query.Text(9);
  return found;
}

struct FoundVersion {
  int64_t n = 0;
  Version version;
  std::string content_hash;
};

FoundVersion ReadVersion(const Query& row) {
  FoundVersion found;
  found.n = row.Int(0);
  Version& v = found.version;
  v.id = row.Text(1);
  v.document_id = row.Text(2);
  v.organization_id = row.Text(3);
  v.sequence = row.Int(4);
  v.is_named = row.Int(5) != 0;
  v.name = row.Text(6);
  v.description = row.Text(7);
  v.change_summary = row.Text(8);
  v.created_at = row.Int(9);
  found.content_hash = row.Text(10);
  return found;
}

// The row with its payload, or nothing at the end.
absl::StatusOr<std::optional<FoundVersion>> NextVersion(Query& query) {
  if (!query.Next()) {
    RETURN_IF_ERROR(query.status());
    return std::nullopt;
  }
  FoundVersion found = ReadVersion(query);
  found.version.canvas_json = query.Text(11);
  found.version.model_json = query.Text(12);
  return found;
}

absl::StatusOr<std::optional<FoundVersion>> LoadNewest(Db& db, int64_t document) {
  Query query(db, kNewestVersion, document);
  return NextVersion(query);
}

absl::Status DocumentNotFound() { return NotFound("Document not found"); }

absl::StatusOr<Version> Add(Db& db, const FoundDocument& document, const NewVersionRow& row) {
  ASSIGN_OR_RETURN(std::optional<FoundVersion> newest, LoadNewest(db, document.n));
  int64_t newest_sequence = newest.has_value() ? newest->version.sequence : 0;
  if (document.document.updated_at != row.document_updated_at ||
      newest_sequence != row.newest_sequence) {
    return absl::AbortedError("the document has changed meanwhile");
  }
  if (newest.has_value() && newest->content_hash == row.content_hash) {
    return std::move(newest->version);
  }
  Version added = row.version;
  added.document_id = document.document.id;
  added.organization_id = document.document.organization_id;
  added.created_at = row.now;
  {
    Query next(db, kNextSequence, document.n);
    if (!next.Next()) {
      RETURN_IF_ERROR(next.status());
      return absl::InternalError("the document is gone");
    }
    added.sequence = next.Int(0);
  }
  RETURN_IF_ERROR(db.Run(kInsertVersion, added.id, document.n, added.sequence,
                         Blob{row.content_hash}, added.change_summary, added.created_at,
                         added.canvas_json, added.model_json));
  return added;
}

}  // namespace

absl::StatusOr<std::optional<std::string>> SqliteDocuments::Insert(const Document& d,
                                                                   Repeatable* repeatable) {
  using Result = std::optional<std::string>;
  return writer_.Get<Result>([&](Db& db) -> absl::StatusOr<Result> {
    ASSIGN_OR_RETURN(Result earlier, FindCreated(db, d.organization_id, repeatable));
    if (earlier.has_value()) return earlier;
    RETURN_IF_ERROR(db.Run(kInsertDocument, d.id, d.organization_id, d.created_by, d.name,
                           d.created_at, d.canvas_json, d.model_json));
    RETURN_IF_ERROR(KeepCreated(db, d.organization_id, repeatable, d.id, d.created_at));
    return std::nullopt;
  });
}

absl::StatusOr<std::optional<Document>> SqliteDocuments::Find(std::string_view organization,
                                                              std::string_view id) {
  Readers::Lease db(readers_);
  ASSIGN_OR_RETURN(std::optional<FoundDocument> found, LoadDocument(*db, organization, id));
  if (!found.has_value()) return std::nullopt;
  return std::move(found->document);
}

absl::StatusOr<std::vector<Document>> SqliteDocuments::List(std::string_view organization,
                                                            int64_t skip, int limit) {
  Readers::Lease db(readers_);
  Query query(*db, kListDocuments, organization, limit, skip);
  std::vector<Document> documents;
  while (query.Next()) documents.push_back(ReadDocument(query).document);
  RETURN_IF_ERROR(query.status());
  return documents;
}

absl::StatusOr<std::optional<Document>> SqliteDocuments::Update(std::string_view organization,
                                                                std::string_view id,
                                                                const DocumentPatch& patch,
                                                                const Precondition& precondition,
                                                                int64_t now) {
  using Result = std::optional<Document>;
  return writer_.Get<Result>([&](Db& db) -> absl::StatusOr<Result> {
    ASSIGN_OR_RETURN(std::optional<FoundDocument> found, LoadDocument(db, organization, id));
    if (!found.has_value()) return std::nullopt;
    RETURN_IF_ERROR(precondition.Check(Revision(found->document)));
    RETURN_IF_ERROR(db.Run(kUpdateDocument, found->n, patch.name.has_value(),
                           patch.name.value_or(""), patch.canvas_json.has_value(),
                           patch.canvas_json.value_or(""), patch.model_json.has_value(),
                           patch.model_json.value_or(""), now));
    ASSIGN_OR_RETURN(found, LoadDocument(db, organization, id));
    if (!found.has_value()) return absl::InternalError("the document is gone");
    return std::move(found->document);
  });
}

absl::StatusOr<bool> SqliteDocuments::Delete(std::string_view organization, std::string_view id,
                                             const Precondition& precondition, int64_t now) {
  return writer_.Get<bool>([&](Db& db) -> absl::StatusOr<bool> {
    if (!precondition.empty()) {
      ASSIGN_OR_RETURN(std::optional<FoundDocument> found, LoadDocument(db, organization, id));
      if (!found.has_value()) return false;
      RETURN_IF_ERROR(precondition.Check(Revision(found->document)));
    }
    RETURN_IF_ERROR(db.Run(kDeleteDocument, id, organization, now));
    return db.changes() == 1;
  });
}

absl::StatusOr<std::optional<VersionBase>> SqliteDocuments::FindBase(std::string_view organization,
                                                                     std::string_view document) {
  Readers::Lease db(readers_);
  ReadTransaction snapshot(*db);
  RETURN_IF_ERROR(snapshot.status());
  ASSIGN_OR_RETURN(std::optional<FoundDocument> found, LoadDocument(*db, organization, document));
  if (!found.has_value()) return std::nullopt;
  ASSIGN_OR_RETURN(std::optional<FoundVersion> newest, LoadNewest(*db, found->n));
  VersionBase base;
  base.document = std::move(found->document);
  if (newest.has_value()) {
    base.newest = std::move(newest->version);
    base.newest_hash = std::move(newest->content_hash);
  }
  return base;
}

absl::StatusOr<Version> SqliteDocuments::AddVersion(std::string_view document,
                                                    const NewVersionRow& row, int keep_unnamed) {
  return writer_.Get<Version>([&](Db& db) -> absl::StatusOr<Version> {
    ASSIGN_OR_RETURN(std::optional<FoundDocument> found, LoadDocument(db, "", document));
    if (!found.has_value()) return DocumentNotFound();
    ASSIGN_OR_RETURN(Version version, Add(db, *found, row));
    RETURN_IF_ERROR(db.Run(kPrune, found->n, keep_unnamed));
    return version;
  });
}

absl::StatusOr<Restored> SqliteDocuments::Restore(std::string_view document,
                                                  std::string_view restored,
                                                  const NewVersionRow& row, int keep_unnamed) {
  return writer_.Get<Restored>([&](Db& db) -> absl::StatusOr<Restored> {
    ASSIGN_OR_RETURN(std::optional<FoundDocument> found, LoadDocument(db, "", document));
    if (!found.has_value()) return DocumentNotFound();
    Restored result;
    ASSIGN_OR_RETURN(Version checkpoint, Add(db, *found, row));
    result.checkpoint_id = std::move(checkpoint.id);
    // Before pruning, which may take the version that is restored.
    RETURN_IF_ERROR(db.Run(kRestore, found->n, restored, row.now));
    if (db.changes() != 1) return NotFound("Version not found");
    RETURN_IF_ERROR(db.Run(kPrune, found->n, keep_unnamed));
    ASSIGN_OR_RETURN(found, LoadDocument(db, "", document));
    if (!found.has_value()) return absl::InternalError("the document is gone");
    result.document = std::move(found->document);
    return result;
  });
}

absl::StatusOr<std::optional<Version>> SqliteDocuments::FindVersion(std::string_view organization,
                                                                    std::string_view document,
                                                                    std::string_view version) {
  Readers::Lease db(readers_);
  Query query(*db, kFindVersion, version, document, organization);
  ASSIGN_OR_RETURN(std::optional<FoundVersion> found, NextVersion(query));
  if (!found.has_value()) return std::nullopt;
  return std::move(found->version);
}

absl::StatusOr<std::optional<std::vector<Version>>> SqliteDocuments::ListVersions(
    std::string_view organization, std::string_view document, int64_t skip, int limit) {
  Readers::Lease db(readers_);
  ASSIGN_OR_RETURN(std::optional<FoundDocument> found, LoadDocument(*db, organization, document));
  if (!found.has_value()) return std::nullopt;
  Query query(*db, kListVersions, found->n, limit, skip);
  std::vector<Version> versions;
  while (query.Next()) versions.push_back(ReadVersion(query).version);
  RETURN_IF_ERROR(query.status());
  return versions;
}

absl::StatusOr<std::optional<Version>> SqliteDocuments::NameVersion(
    std::string_view organization, std::string_view document, std::string_view version,
    std::string_view name, const std::optional<std::string>& description) {
  using Result = std::optional<Version>;
  return writer_.Get<Result>([&](Db& db) -> absl::StatusOr<Result> {
    std::optional<FoundVersion> found;
    {
      Query query(db, kFindVersion, version, document, organization);
      ASSIGN_OR_RETURN(found, NextVersion(query));
    }
    if (!found.has_value()) return std::nullopt;
    RETURN_IF_ERROR(
        db.Run(kNameVersion, found->n, name, description.has_value(), description.value_or("")));
    found->version.is_named = true;
    found->version.name = std::string(name);
    if (description.has_value()) found->version.description = *description;
    return std::move(found->version);
  });
}

}  // namespace solvent
