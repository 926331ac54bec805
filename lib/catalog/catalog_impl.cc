#include "catalog_impl.h"

#include <algorithm>
#include <string>
#include <utility>

#include "crypto.h"
#include "embedded_templates.h"
#include "ids.h"
#include "model_definition.h"
#include "model_faults.h"
#include "solvent/error.h"
#include "status_macros.h"
#include "template_document.h"

namespace solvent {
namespace {

constexpr std::string_view kStatuses[] = {"published", "draft", "deprecated", "archived"};

absl::Status ListingNotFound() { return NotFound("Model not found in the catalog"); }

// The same for the same name and author on every machine.
std::string ListingId(std::string_view author, std::string_view name) {
  std::string hash = Sha256(std::string(author) + "/" + std::string(name));
  std::string id = "mdl_";
  for (size_t i = 0; i < 16; ++i) {
    id += "0123456789abcdefghijklmnopqrstuvwxyz"[static_cast<unsigned char>(hash[i]) % 36];
  }
  return id;
}

bool IsStatus(std::string_view status) {
  return std::find(std::begin(kStatuses), std::end(kStatuses), status) != std::end(kStatuses);
}

}  // namespace

absl::Status CatalogImpl::Seed() {
  for (size_t i = 0; i < kEmbeddedTemplateCount; ++i) {
    std::string_view document = kEmbeddedTemplates[i];
    ASSIGN_OR_RETURN(CatalogModel listing, ReadTemplateDocument(document));
    listing.id = ListingId("", listing.name);
    listing.is_official = true;
    RETURN_IF_ERROR(port_.SaveListing(listing, Sha256(document), SystemNow()).status());
  }
  return absl::OkStatus();
}

absl::StatusOr<Page<CatalogModel>> CatalogImpl::List(const CatalogFilter& filter,
                                                     const PageRequest& page) {
  return port_.ListCatalog(filter, page);
}

absl::StatusOr<CatalogModel> CatalogImpl::Get(std::string_view id) {
  if (!IsPlausibleId(id)) return ListingNotFound();
  ASSIGN_OR_RETURN(std::optional<CatalogModel> listing, port_.FindListing(id));
  if (!listing.has_value() || listing->status != "published") return ListingNotFound();
  return *std::move(listing);
}

absl::StatusOr<std::string> CatalogImpl::Publish(std::string_view document,
                                                 std::string_view author) {
  ASSIGN_OR_RETURN(CatalogModel listing, ReadTemplateDocument(document));
  if (!IsStatus(listing.status)) return ValidationError("/status", "is no status");
  return Publish(std::move(listing), author, document);
}

absl::StatusOr<std::string> CatalogImpl::PublishModel(std::string_view organization,
                                                      std::string_view model_id) {
  std::optional<OrgModel> model;
  if (IsPlausibleId(model_id)) {
    ASSIGN_OR_RETURN(model, port_.FindModel(organization, model_id));
  }
  if (!model.has_value()) return NotFound("Model not found");
  if (!model->catalog_id.empty()) {
    return ValidationError("/model_id", "the model comes from the catalog itself");
  }
  if (!IsMachineName(model->name)) {
    return ValidationError("/name", "must be 1 to 64 characters of a-z, 0-9 and _");
  }
  CatalogModel listing;
  listing.name = model->name;
  listing.display_name = model->display_name;
  listing.description = model->description;
  listing.category = model->category;
  listing.tags = model->tags;
  listing.status = "published";
  listing.credits_per_execution = model->credits_per_execution;
  listing.definition = EffectiveDefinition(model->definition, model->custom_config);
  Json content = DefinitionToJson(listing.definition);
  content.Set("display_name", std::string_view(listing.display_name))
      .Set("description", std::string_view(listing.description))
      .Set("category", std::string_view(listing.category))
      .Set("tags", Json::Array(listing.tags.begin(), listing.tags.end()))
      .Set("credits_per_execution", listing.credits_per_execution);
  return Publish(std::move(listing), organization, content.Dump());
}

absl::StatusOr<std::string> CatalogImpl::Publish(CatalogModel listing, std::string_view author,
                                                 std::string_view content) {
  listing.id = ListingId(author, listing.name);
  listing.author_organization_id = author;
  ASSIGN_OR_RETURN(std::shared_ptr<const PreparedModel> model,
                   prepared_.Get(EffectiveDefinition(listing.definition, Json())));
  if (model->has_text()) {
    const Json& example = listing.definition.example_input;
    absl::StatusOr<GeneratedRun> run = model->Generate(
        example.is_object() ? example : Json(Json::Object{}), {}, SystemNow() / 1'000'000);
    if (!run.ok()) return AsDefinitionFault(run.status(), "/example_input");
  }
  RETURN_IF_ERROR(port_.SaveListing(listing, Sha256(content), SystemNow()).status());
  return listing.id;
}

absl::Status CatalogImpl::SetStatus(std::string_view id, std::string_view status) {
  if (!IsStatus(status)) {
    return ValidationError("/status", "must be published, draft, deprecated or archived");
  }
  if (!IsPlausibleId(id)) return ListingNotFound();
  ASSIGN_OR_RETURN(bool found, port_.SetListingStatus(id, status, SystemNow()));
  return found ? absl::OkStatus() : ListingNotFound();
}

}  // namespace solvent
