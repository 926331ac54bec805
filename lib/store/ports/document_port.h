// Builder documents and their versions.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "solvent/documents.h"

namespace solvent {

// A version to be kept.
struct NewVersionRow {
  std::string id;
  std::string canvas_json;
  std::string model_json;  // "" for none, here and below
  std::string content_hash;
  std::string change_summary;
  int64_t now = 0;
};

class DocumentPort {
 public:
  virtual ~DocumentPort() = default;

  virtual absl::Status Insert(const Document& document) = 0;
  // Empty for what is unknown, foreign or deleted, here and below.
  virtual absl::StatusOr<std::optional<Document>> Find(std::string_view organization,
                                                       std::string_view id) = 0;
  virtual absl::StatusOr<std::vector<Document>> List(std::string_view organization, int64_t skip,
                                                     int limit) = 0;
  virtual absl::StatusOr<std::optional<Document>> Update(std::string_view organization,
                                                         std::string_view id,
                                                         const DocumentPatch& patch,
                                                         int64_t now) = 0;
  virtual absl::StatusOr<bool> Delete(std::string_view organization, std::string_view id,
                                      int64_t now) = 0;

  // What a version is made from: called with the document and its newest version (empty before the
  // first), inside the transaction, so that neither can change in between.
  using MakeVersion = std::function<NewVersionRow(const Document&, const std::optional<Version>&)>;
  // Adds a version with the next sequence number, unless the newest one has the same content hash:
  // then that is returned. Deletes unnamed versions beyond the newest `keep_unnamed`.
  virtual absl::StatusOr<std::optional<Version>> Checkpoint(std::string_view organization,
                                                            std::string_view document,
                                                            const MakeVersion& make,
                                                            int keep_unnamed) = 0;
  // The same, then puts a version's canvas and model into the document. Empty when either is
  // unknown.
  virtual absl::StatusOr<std::optional<Restored>> Restore(std::string_view organization,
                                                          std::string_view document,
                                                          std::string_view version,
                                                          const MakeVersion& make, int keep_unnamed,
                                                          int64_t now) = 0;
  virtual absl::StatusOr<std::optional<Version>> FindVersion(std::string_view organization,
                                                             std::string_view document,
                                                             std::string_view version) = 0;
  // Nullopt when the document is unknown.
  virtual absl::StatusOr<std::optional<std::vector<Version>>> ListVersions(
      std::string_view organization, std::string_view document, int64_t skip, int limit) = 0;
  virtual absl::StatusOr<std::optional<Version>> NameVersion(
      std::string_view organization, std::string_view document, std::string_view version,
      std::string_view name, const std::optional<std::string>& description) = 0;
  // The model of a version that a trigger pins, whether its document was deleted or not.
  virtual absl::StatusOr<std::optional<std::string>> PinnedModel(std::string_view version) = 0;
};

}  // namespace solvent
