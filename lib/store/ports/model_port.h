// The catalog's listings and the models of organizations.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "solvent/model_catalog.h"
#include "solvent/organization_model.h"
#include "solvent/page.h"

namespace solvent {

class ModelPort {
 public:
  virtual ~ModelPort() = default;

  // Adds a listing, or replaces the texts and the definition of the one with its id when
  // `content_hash` is another; status, counters and created_at of an existing one stay. The version
  // counts the replacements. True when something was written.
  virtual absl::StatusOr<bool> SaveListing(const CatalogModel& listing,
                                           std::string_view content_hash, int64_t now) = 0;
  // False when there is no such listing.
  virtual absl::StatusOr<bool> SetListingStatus(std::string_view id, std::string_view status,
                                                int64_t now) = 0;
  // Whatever its status.
  virtual absl::StatusOr<std::optional<CatalogModel>> FindListing(std::string_view id) = 0;
  // Published ones, without their definitions.
  virtual absl::StatusOr<Page<CatalogModel>> ListCatalog(const CatalogFilter& filter,
                                                         const PageRequest& page) = 0;

  // Makes the organization's row for a published listing, or makes it active again; NotFound when
  // there is no such listing. The listing's total_activations grows unless the row was active.
  virtual absl::StatusOr<OrgModel> Activate(std::string_view organization,
                                            std::string_view catalog_id, std::string_view new_id,
                                            const std::optional<std::string>& custom_name,
                                            int64_t now) = 0;
  // The id of what an earlier call with the same key created, instead of inserting.
  virtual absl::StatusOr<std::optional<std::string>> InsertModel(const OrgModel& model,
                                                                 Repeatable* repeatable) = 0;
  // By its id or its catalog id.
  virtual absl::StatusOr<std::optional<OrgModel>> FindModel(std::string_view organization,
                                                            std::string_view id) = 0;
  // Without definitions.
  virtual absl::StatusOr<Page<OrgModel>> ListModels(std::string_view organization,
                                                    const OrgModelFilter& filter,
                                                    const PageRequest& page) = 0;
  // The model afterwards, without its definition; empty when there is none; `id` as in FindModel.
  virtual absl::StatusOr<std::optional<OrgModel>> UpdateModel(std::string_view organization,
                                                              std::string_view id,
                                                              const OrgModelPatch& patch,
                                                              const Precondition& precondition,
                                                              int64_t now) = 0;

  // Definitions as they were executed, by their hash, so that a run can be explained after its
  // model has changed.
  virtual absl::Status KeepDocument(std::string_view hash, std::string_view document) = 0;
  virtual absl::StatusOr<std::optional<std::string>> FindDocument(std::string_view hash) = 0;
};

}  // namespace solvent
