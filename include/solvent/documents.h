// Builder documents: models as people edit them, with a history of versions that triggers pin.
//
//   absl::StatusOr<Document> plan = engine.documents().Create(caller, {.name = "Plan", ...});
//   absl::StatusOr<Version> v = engine.documents().Checkpoint(org, plan->id, {.canvas_json =
//   "{}"});
//
// Canvas and model are JSON objects, kept and handed out as text. The canvas is the editor's own
// state. The model is one of two things: a flat problem (problem_io.h), in which "parameters" may
// be filled into texts by {{name}}; or a template document (generator_type, language, model, data,
// input_schema, …) with its input in "input_data". Whether it works is not looked at: a document
// is work in progress. See trigger_engine.h for how it is run.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "solvent/identity.h"
#include "solvent/json.h"
#include "solvent/precondition.h"
#include "solvent/repeatable.h"

namespace solvent {

struct Document {
  std::string id;  // "doc_…"
  std::string organization_id;
  std::string created_by;  // a user
  std::string name;
  std::string canvas_json;
  std::string model_json;  // "" while there is none
  bool is_active = true;
  int64_t created_at = 0;  // microseconds since 1970 UTC, here and below
  int64_t updated_at = 0;  // grows with every change
};

// What a Precondition compares: another one after every change of the document. Keeping a version
// of it changes nothing in it.
inline std::string Revision(const Document& document) {
  return std::to_string(document.updated_at);
}

struct NewDocument {
  std::string name = "Untitled Model";  // 1..255 characters
  std::string canvas_json = "{}";
  std::string model_json;  // "" for none
};

// What to change: an unset member stays as it is.
struct DocumentPatch {
  std::optional<std::string> name;
  std::optional<std::string> canvas_json;
  std::optional<std::string> model_json;  // "" takes it away
};

// A state of a document that was kept. Only name and description ever change.
struct Version {
  std::string id;  // "ver_…"
  std::string document_id;
  std::string organization_id;
  int64_t sequence = 0;        // from 1, per document
  bool is_named = false;       // named ones are kept for ever
  std::string name;            // "" while unnamed
  std::string description;     // "" when there is none
  std::string change_summary;  // against the version before, for people
  int64_t created_at = 0;
  std::string canvas_json;  // these two are not filled by lists
  std::string model_json;
};

struct NewVersion {
  std::string canvas_json = "{}";
  std::optional<std::string> model_json;  // unset: the document's, as it is at that moment
};

struct Restored {
  std::string checkpoint_id;  // the version that holds what was there before
  Document document;
};

// One thing that differs between two versions.
struct VersionChange {
  enum class Kind { kAdded, kRemoved, kModified } kind = Kind::kModified;
  // What it is part of: "variables" and "constraints" (by name), "objective", "template" (the
  // model text, by line), "input_data" (by path), and "settings" for the other members.
  std::string section;
  // Which: a name, a path ("demand.north[2]"), or a line ("12", in the newer text; for a removed
  // line in the older one).
  std::string key;
  Json before;  // null when added
  Json after;   // null when removed
};

struct VersionDiff {
  std::vector<VersionChange> changes;  // by section, in the order of the versions
  bool truncated = false;              // there were more than kMaxVersionChanges
  bool canvas_changed = false;
};
inline constexpr size_t kMaxVersionChanges = 1000;

// Thread-safe. Made and owned by an Engine. NotFound covers what does not exist, what is not the
// organization's, deleted documents, and a version of another document. ValidationError names the
// field that is wrong. Preconditions are about the document, also where a version is made.
class DocumentStore {
 public:
  virtual ~DocumentStore() = default;

  virtual absl::StatusOr<Document> Create(const Caller& caller, NewDocument document,
                                          Repeatable* repeatable = nullptr) = 0;
  virtual absl::StatusOr<Document> Get(std::string_view organization, std::string_view id) = 0;
  // Last changed first, without canvas and model. `limit` 1..100.
  virtual absl::StatusOr<std::vector<Document>> List(std::string_view organization, int64_t skip,
                                                     int limit) = 0;
  virtual absl::StatusOr<Document> Update(std::string_view organization, std::string_view id,
                                          DocumentPatch patch,
                                          const Precondition& precondition = {}) = 0;
  // The document is not seen any more; triggers that pin its versions go on.
  virtual absl::Status Delete(std::string_view organization, std::string_view id,
                              const Precondition& precondition = {}) = 0;

  // Keeps a state as a version. When canvas and model equal the newest version's, that one is
  // returned. Of the unnamed versions the newest kMaxUnnamedVersions are kept.
  virtual absl::StatusOr<Version> Checkpoint(std::string_view organization,
                                             std::string_view document, NewVersion version,
                                             const Precondition& precondition = {}) = 0;
  static constexpr int kMaxUnnamedVersions = 50;
  virtual absl::StatusOr<Version> GetVersion(std::string_view organization,
                                             std::string_view document,
                                             std::string_view version) = 0;
  // Newest first, without canvas and model.
  virtual absl::StatusOr<std::vector<Version>> ListVersions(std::string_view organization,
                                                            std::string_view document, int64_t skip,
                                                            int limit) = 0;
  // `name` 1..255 characters, `description` at most 2000; unset: it stays as it is.
  virtual absl::StatusOr<Version> NameVersion(std::string_view organization,
                                              std::string_view document, std::string_view version,
                                              std::string_view name,
                                              std::optional<std::string> description) = 0;
  // Keeps `current_canvas_json` and the document's model as a version, then puts the version's
  // canvas and model into the document; a version without a model leaves the document's.
  virtual absl::StatusOr<Restored> Restore(std::string_view organization, std::string_view document,
                                           std::string_view version,
                                           std::string current_canvas_json,
                                           const Precondition& precondition = {}) = 0;
  virtual absl::StatusOr<VersionDiff> Diff(std::string_view organization, std::string_view document,
                                           std::string_view older, std::string_view newer) = 0;
};

}  // namespace solvent
