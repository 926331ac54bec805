// The public catalog of models: what anybody may browse and an organization may activate.
//
// A listing carries a definition: how input becomes a problem. The definitions that ship with the
// library are template documents; an upgrade adds new listings and updates changed ones, and
// touches nothing of the organizations that use them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "solvent/json.h"
#include "solvent/page.h"

namespace solvent {

// How a model turns input into a problem, and what its forms look like.
struct ModelDefinition {
  // "template": `model` is a text in `language`. "generic", and every name that is not known: the
  // input itself is a flat JSON problem, as a template without a model text takes it too.
  std::string generator_type = "generic";
  Json generator_params;     // object or null
  std::string language;      // "mathprog" (also when empty), "flat", "mps" or "lp"
  std::string model;         // the text; "" when there is none yet
  std::string data;          // MathProg data: the author's own constants
  std::string how_it_works;  // for people: what the formulation is and why; "" when not said

  Json input_schema;   // JSON Schema (draft 7), or {} for none
  Json input_fields;   // array of {"name","label","type","required","default","minimum",…}
  Json example_input;  // object
  // Object or null. "input_defaults" fill missing top-level input; "options" and "solver_name" are
  // used where an execution names none; "result", "limits" and "dialect" are for MathProg;
  // "language", "model" and "data" may stand here instead of above.
  Json custom_config;
};

struct CatalogModel {
  std::string id;    // "mdl_…"
  std::string name;  // [a-z0-9_]+
  std::string display_name;
  std::string short_description;
  std::string description;
  std::string scenario_description;
  std::string category;
  std::vector<std::string> tags;
  std::string status;        // "published", else not visible: "draft", "deprecated", "archived"
  int64_t version = 1;       // grows by one per change of the definition or the texts
  bool is_official = false;  // ships with the library
  bool is_featured = false;
  int64_t credits_per_execution = 1;
  std::string author_organization_id;  // "" for official ones

  int64_t total_activations = 0;
  int64_t total_executions = 0;
  int64_t created_at = 0;  // microseconds since 1970 UTC, here and below
  int64_t updated_at = 0;

  ModelDefinition definition;  // only filled by single reads
};

// Another one after every change of the listing. What counts its use does not change it.
inline std::string Revision(const CatalogModel& listing) {
  return std::to_string(listing.updated_at) + "." + std::to_string(listing.version);
}

enum class CatalogOrder {
  kPopular,  // most executions first, then newest
  kNewest,
};

struct CatalogFilter {
  std::string category;  // "" matches all, here and below
  std::string search;    // in name, display name, description and tags; case does not matter
  std::optional<bool> is_official;
  std::optional<bool> is_featured;
  CatalogOrder order = CatalogOrder::kPopular;
};

// Thread-safe. Made and owned by an Engine. Only published listings are seen here.
class ModelCatalog {
 public:
  virtual ~ModelCatalog() = default;

  virtual absl::StatusOr<Page<CatalogModel>> List(const CatalogFilter& filter,
                                                  const PageRequest& page) = 0;
  // NotFound for what is unknown or not published.
  virtual absl::StatusOr<CatalogModel> Get(std::string_view id) = 0;

  // Lists a template document, or updates the listing of that name; nothing happens when the
  // document is what is listed already. `author` is the publishing organization, "" for the host
  // itself. The document is compiled and tried on its example first: a ValidationError lists what
  // is wrong with it. Returns the listing's id.
  virtual absl::StatusOr<std::string> Publish(std::string_view document,
                                              std::string_view author = {}) = 0;
  // The same for a private model of an organization, which becomes the listing's author. Its name
  // must be of a-z, 0-9 and _. The listing is a copy: the model may change or go, and changes show
  // when it is published again. NotFound for what is unknown or not the organization's, and a
  // ValidationError for a model that was itself activated from the catalog.
  virtual absl::StatusOr<std::string> PublishModel(std::string_view organization,
                                                   std::string_view model_id) = 0;
  // "published", "draft", "deprecated" or "archived". Models activated before keep working.
  virtual absl::Status SetStatus(std::string_view id, std::string_view status) = 0;
};

}  // namespace solvent
