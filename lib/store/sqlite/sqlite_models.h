#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "model_port.h"
#include "readers.h"
#include "writer.h"

namespace solvent {

class SqliteModels : public ModelPort {
 public:
  SqliteModels(Writer& writer, Readers& readers) : writer_(writer), readers_(readers) {}
  absl::StatusOr<bool> SaveListing(const CatalogModel& listing, std::string_view content_hash,
                                   int64_t now) override;
  absl::StatusOr<bool> SetListingStatus(std::string_view id, std::string_view status,
                                        int64_t now) override;
  absl::StatusOr<std::optional<CatalogModel>> FindListing(std::string_view id) override;
  absl::StatusOr<Page<CatalogModel>> ListCatalog(const CatalogFilter& filter,
                                                 const PageRequest& page) override;
  absl::StatusOr<OrgModel> Activate(std::string_view organization, std::string_view catalog_id,
                                    std::string_view new_id,
                                    const std::optional<std::string>& custom_name,
                                    int64_t now) override;
  absl::StatusOr<std::optional<std::string>> InsertModel(const OrgModel& model,
                                                         Repeatable* repeatable) override;
  absl::StatusOr<std::optional<OrgModel>> FindModel(std::string_view organization,
                                                    std::string_view id) override;
  absl::StatusOr<Page<OrgModel>> ListModels(std::string_view organization,
                                            const OrgModelFilter& filter,
                                            const PageRequest& page) override;
  absl::StatusOr<std::optional<OrgModel>> UpdateModel(std::string_view organization,
                                                      std::string_view id,
                                                      const OrgModelPatch& patch,
                                                      const Precondition& precondition,
                                                      int64_t now) override;
  absl::Status KeepDocument(std::string_view hash, std::string_view document) override;
  absl::StatusOr<std::optional<std::string>> FindDocument(std::string_view hash) override;

 private:
  Writer& writer_;
  Readers& readers_;
};

}  // namespace solvent
