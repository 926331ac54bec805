#pragma once

#include <string>
#include <string_view>

#include "clock.h"
#include "prepared_models.h"
#include "solvent/log.h"
#include "solvent/model_catalog.h"
#include "store_ports.h"

namespace solvent {

class CatalogImpl : public ModelCatalog {
 public:
  // Borrows both.
  CatalogImpl(ModelPort& port, PreparedModels& prepared) : port_(port), prepared_(prepared) {}

  // Lists the documents that ship with the library, and updates those that have changed.
  absl::Status Seed();

  absl::StatusOr<Page<CatalogModel>> List(const CatalogFilter& filter,
                                          const PageRequest& page) override;
  absl::StatusOr<CatalogModel> Get(std::string_view id) override;
  absl::StatusOr<std::string> Publish(std::string_view document, std::string_view author) override;
  absl::StatusOr<std::string> PublishModel(std::string_view organization,
                                           std::string_view model_id) override;
  absl::Status SetStatus(std::string_view id, std::string_view status) override;

 private:
  // Compiles the listing, tries it on its example and keeps it.
  absl::StatusOr<std::string> Publish(CatalogModel listing, std::string_view author,
                                      std::string_view content);

  ModelPort& port_;
  PreparedModels& prepared_;
};

}  // namespace solvent
