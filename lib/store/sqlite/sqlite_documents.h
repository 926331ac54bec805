#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "document_port.h"
#include "readers.h"
#include "writer.h"

namespace solvent {

class SqliteDocuments : public DocumentPort {
 public:
  SqliteDocuments(Writer& writer, Readers& readers) : writer_(writer), readers_(readers) {}
  absl::StatusOr<std::optional<std::string>> Insert(const Document& document,
                                                    Repeatable* repeatable) override;
  absl::StatusOr<std::optional<Document>> Find(std::string_view organization,
                                               std::string_view id) override;
  absl::StatusOr<std::vector<Document>> List(std::string_view organization, int64_t skip,
                                             int limit) override;
  absl::StatusOr<std::optional<Document>> Update(std::string_view organization, std::string_view id,
                                                 const DocumentPatch& patch,
                                                 const Precondition& precondition,
                                                 int64_t now) override;
  absl::StatusOr<bool> Delete(std::string_view organization, std::string_view id,
                              const Precondition& precondition, int64_t now) override;
  absl::StatusOr<std::optional<VersionBase>> FindBase(std::string_view organization,
                                                      std::string_view document) override;
  absl::StatusOr<Version> AddVersion(std::string_view document, const NewVersionRow& row,
                                     int keep_unnamed) override;
  absl::StatusOr<Restored> Restore(std::string_view document, std::string_view restored,
                                   const NewVersionRow& row, int keep_unnamed) override;
  absl::StatusOr<std::optional<Version>> FindVersion(std::string_view organization,
                                                     std::string_view document,
                                                     std::string_view version) override;
  absl::StatusOr<std::optional<std::vector<Version>>> ListVersions(std::string_view organization,
                                                                   std::string_view document,
                                                                   int64_t skip,
                                                                   int limit) override;
  absl::StatusOr<std::optional<Version>> NameVersion(
      std::string_view organization, std::string_view document, std::string_view version,
      std::string_view name, const std::optional<std::string>& description) override;

 private:
  Writer& writer_;
  Readers& readers_;
};

}  // namespace solvent
