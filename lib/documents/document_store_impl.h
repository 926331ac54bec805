#pragma once

#include "clock.h"
#include "document_port.h"
#include "solvent/documents.h"

namespace solvent {

class DocumentStoreImpl : public DocumentStore {
 public:
  // Borrows the port.
  explicit DocumentStoreImpl(DocumentPort& port, Clock clock = SystemNow)
      : port_(port), clock_(std::move(clock)) {}

  absl::StatusOr<Document> Create(const Caller& caller, NewDocument document,
                                  Repeatable* repeatable = nullptr) override;
  absl::StatusOr<Document> Get(std::string_view organization, std::string_view id) override;
  absl::StatusOr<std::vector<Document>> List(std::string_view organization, int64_t skip,
                                             int limit) override;
  absl::StatusOr<Document> Update(std::string_view organization, std::string_view id,
                                  DocumentPatch patch,
                                  const Precondition& precondition = {}) override;
  absl::Status Delete(std::string_view organization, std::string_view id,
                      const Precondition& precondition = {}) override;
  absl::StatusOr<Version> Checkpoint(std::string_view organization, std::string_view document,
                                     NewVersion version,
                                     const Precondition& precondition = {}) override;
  absl::StatusOr<Version> GetVersion(std::string_view organization, std::string_view document,
                                     std::string_view version) override;
  absl::StatusOr<std::vector<Version>> ListVersions(std::string_view organization,
                                                    std::string_view document, int64_t skip,
                                                    int limit) override;
  absl::StatusOr<Version> NameVersion(std::string_view organization, std::string_view document,
                                      std::string_view version, std::string_view name,
                                      std::optional<std::string> description) override;
  absl::StatusOr<Restored> Restore(std::string_view organization, std::string_view document,
                                   std::string_view version, std::string current_canvas_json,
                                   const Precondition& precondition = {}) override;
  absl::StatusOr<VersionDiff> Diff(std::string_view organization, std::string_view document,
                                   std::string_view older, std::string_view newer) override;

 private:
  // A version of the document with this content, ready to be added.
  absl::StatusOr<NewVersionRow> MakeVersion(std::string_view organization,
                                            std::string_view document, const NewVersion& wanted,
                                            const Precondition& precondition);

  DocumentPort& port_;
  const Clock clock_;
};

}  // namespace solvent
