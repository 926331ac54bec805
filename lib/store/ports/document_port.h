// Builder documents and their versions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "solvent/documents.h"

namespace solvent {

// What the next version of a document is made from. Hashing and comparing it takes long for large
// ones, so that is done outside the transaction that adds the version; it fails with Aborted when
// either has changed since.
struct VersionBase {
  Document document;
  std::optional<Version> newest;
  std::string newest_hash;
};

// A version to be added. canvas_json, model_json ("" for none) and change_summary are read.
struct NewVersionRow {
  Version version;
  std::string content_hash;
  int64_t document_updated_at = 0;  // of the base
  int64_t newest_sequence = 0;      // of the base; 0 without a version
  int64_t now = 0;
};

class DocumentPort {
 public:
  virtual ~DocumentPort() = default;

  // The id of what an earlier call with the same key created, instead of inserting.
  virtual absl::StatusOr<std::optional<std::string>> Insert(const Document& document,
                                                            Repeatable* repeatable) = 0;
  // Empty for what is unknown, foreign or deleted, here and below.
  virtual absl::StatusOr<std::optional<Document>> Find(std::string_view organization,
                                                       std::string_view id) = 0;
  virtual absl::StatusOr<std::vector<Document>> List(std::string_view organization, int64_t skip,
                                                     int limit) = 0;
  // updated_at grows with every change.
  virtual absl::StatusOr<std::optional<Document>> Update(std::string_view organization,
                                                         std::string_view id,
                                                         const DocumentPatch& patch,
                                                         const Precondition& precondition,
                                                         int64_t now) = 0;
  virtual absl::StatusOr<bool> Delete(std::string_view organization, std::string_view id,
                                      const Precondition& precondition, int64_t now) = 0;

  virtual absl::StatusOr<std::optional<VersionBase>> FindBase(std::string_view organization,
                                                              std::string_view document) = 0;
  // Adds the version with the next sequence number, unless the newest one has its hash: then that
  // is returned. Deletes unnamed versions beyond the newest `keep_unnamed`.
  virtual absl::StatusOr<Version> AddVersion(std::string_view document, const NewVersionRow& row,
                                             int keep_unnamed) = 0;
  // The same, and puts canvas and model of version `restored` into the document. NotFound when that
  // has gone.
  virtual absl::StatusOr<Restored> Restore(std::string_view document, std::string_view restored,
                                           const NewVersionRow& row, int keep_unnamed) = 0;

  virtual absl::StatusOr<std::optional<Version>> FindVersion(std::string_view organization,
                                                             std::string_view document,
                                                             std::string_view version) = 0;
  // Nullopt when the document is unknown.
  virtual absl::StatusOr<std::optional<std::vector<Version>>> ListVersions(
      std::string_view organization, std::string_view document, int64_t skip, int limit) = 0;
  virtual absl::StatusOr<std::optional<Version>> NameVersion(
      std::string_view organization, std::string_view document, std::string_view version,
      std::string_view name, const std::optional<std::string>& description) = 0;
};

}  // namespace solvent
