// The models of an organization: listings of the catalog that it activated, and private ones.
//
//   absl::StatusOr<OrgModel> model = engine.models().Activate(caller, "mdl_…");
//   ModelRun run;
//   run.input = *ParseJson(R"({"warehouses": […], "products": […]})");
//   absl::StatusOr<Submitted> done =
//       engine.models().ExecuteAndWait(caller, model->id, std::move(run),
//       std::chrono::seconds(60));
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "solvent/execution_store.h"
#include "solvent/identity.h"
#include "solvent/json.h"
#include "solvent/model_catalog.h"
#include "solvent/page.h"
#include "solvent/precondition.h"
#include "solvent/problem.h"
#include "solvent/repeatable.h"

namespace solvent {

struct OrgModel {
  std::string id;          // "mdl_…"
  std::string catalog_id;  // "" when private
  std::string organization_id;
  std::string name;          // the machine name
  std::string display_name;  // custom_name, else the listing's, else the private model's
  std::optional<std::string> custom_name;
  std::string description;
  std::string category;
  std::vector<std::string> tags;
  std::string generator_type;
  int64_t credits_per_execution = 1;  // of an activated listing; a private model's runs are priced
                                      // by their size (solvent/credits.h)
  bool is_active = true;
  bool is_favorite = false;
  bool is_official = false;

  // Of runs that have ended, whatever their end.
  int64_t total_executions = 0;
  int64_t total_credits_used = 0;
  int64_t last_executed_at = 0;  // 0: never; microseconds since 1970 UTC, here and below
  int64_t created_at = 0;
  int64_t updated_at = 0;       // grows with every change; what its runs count is none
  int64_t listing_version = 0;  // of the activated listing; 0 for a private model

  // These are only filled by single reads. An activated model follows its listing: definition is
  // the listing's current one. custom_config is the organization's own; its members outweigh
  // definition.custom_config's.
  ModelDefinition definition;
  Json custom_config;  // object, or null when unset
};

// What a Precondition compares: another one after every change of the model or of its listing. The
// counters of its runs do not change it.
inline std::string Revision(const OrgModel& model) {
  return std::to_string(model.updated_at) + "." + std::to_string(model.listing_version);
}

struct OrgModelFilter {
  std::string category;  // "" matches all, here and below
  std::string search;    // in name, display name, custom name, description and tags
  std::optional<bool> is_active;
  std::optional<bool> is_favorite;
};

// A private model.
struct NewOrgModel {
  std::string name;          // 1..255 characters
  std::string display_name;  // "": the name
  std::string description;
  std::string category = "general";
  std::vector<std::string> tags;
  int64_t credits_per_execution = 1;
  ModelDefinition definition;  // its custom_config becomes the model's own
};

// Reads a private model from a JSON object with the members of a template document: name,
// generator_type (both required), display_name, description, category, tags,
// credits_per_execution, input_schema, input_fields, example_input, custom_config, and language,
// model and data, at the top or below "template". ValidationError for members of wrong types.
absl::StatusOr<NewOrgModel> ReadNewModel(const Json& json);

// What to change: an unset member stays as it is. Setting one to an inner nullopt clears it.
struct OrgModelPatch {
  std::optional<std::optional<std::string>> custom_name;
  std::optional<std::optional<Json>> custom_config;
  std::optional<bool> is_active;
  std::optional<bool> is_favorite;
};

// One execution of a model.
struct ModelRun {
  Json input;    // an object
  Json options;  // object as in a flat problem's "options", or null; wins over the model's own
  std::string solver_name;  // "" for the model's own, then the engine's default
  std::string name;
  std::string origin = "manual";  // as in Submission
  int priority = 0;
  std::string warm_start_execution_id;
  std::string idempotency_route;  // as in Submission
  std::string idempotency_key;
  std::string request_hash;
  NotifyEnd notify = NotifyEnd::kAlways;
};

// What an input becomes, without solving it.
struct ModelPreview {
  Problem problem;
  SolveOptions options;
  std::string solver_name;
  Json stats;           // sizes and times; null unless the model is MathProg
  Json warnings;        // array
  int64_t credits = 0;  // what running it would cost
};

// Thread-safe. Made and owned by an Engine.
//
// NotFound covers "does not exist" and "is not yours" alike. Where a model id is asked for, the
// catalog id of a listing that the organization has activated will do.
class OrganizationModel {
 public:
  virtual ~OrganizationModel() = default;

  // Idempotent: a model that is active already is returned as it is, one that was deactivated
  // comes back with its id and counters. NotFound unless the listing is published. PermissionDenied
  // (forbidden) for the organization's own listing.
  virtual absl::StatusOr<OrgModel> Activate(const Caller& caller, std::string_view catalog_id,
                                            std::optional<std::string> custom_name = {}) = 0;
  // A template with a model text is compiled and tried on its example. ValidationError, with every
  // fault in extra "errors", when something is wrong with it.
  virtual absl::StatusOr<OrgModel> Create(const Caller& caller, NewOrgModel model,
                                          Repeatable* repeatable = nullptr) = 0;

  virtual absl::StatusOr<OrgModel> Get(std::string_view organization, std::string_view id) = 0;
  // Last executed first, then newest.
  virtual absl::StatusOr<Page<OrgModel>> List(std::string_view organization,
                                              const OrgModelFilter& filter,
                                              const PageRequest& page) = 0;
  // The model afterwards, as lists give it.
  virtual absl::StatusOr<OrgModel> Patch(std::string_view organization, std::string_view id,
                                         OrgModelPatch patch,
                                         const Precondition& precondition = {}) = 0;
  // Executions, name and favorite mark stay. Idempotent.
  virtual absl::Status Deactivate(std::string_view organization, std::string_view id,
                                  const Precondition& precondition = {}) = 0;

  // Input becomes a problem (the model's defaults, its schema and fields, then its generator) and
  // is submitted. The result carries the modeler's view beside the flat one: families, constraints,
  // objectives, tables, output, stats. NotFound also for an inactive model. BadRequest, with every
  // fault in extra "errors", for input that the model cannot use: nothing is recorded then.
  virtual absl::StatusOr<Submitted> Execute(const Caller& caller, std::string_view id,
                                            ModelRun run) = 0;
  // The same, then waits for the run's time limit and five seconds, but not longer than `most`.
  virtual absl::StatusOr<Submitted> ExecuteAndWait(const Caller& caller, std::string_view id,
                                                   ModelRun run,
                                                   std::chrono::milliseconds most) = 0;
  virtual absl::StatusOr<ModelPreview> Preview(std::string_view organization, std::string_view id,
                                               ModelRun run) = 0;

  // The same three for a definition that is kept nowhere, such as a text that somebody is trying:
  // the execution has no model. ValidationError, with every fault in extra "errors", for a
  // definition that cannot work.
  virtual absl::StatusOr<Submitted> ExecuteDefinition(const Caller& caller,
                                                      ModelDefinition definition, ModelRun run) = 0;
  virtual absl::StatusOr<Submitted> ExecuteDefinitionAndWait(const Caller& caller,
                                                             ModelDefinition definition,
                                                             ModelRun run,
                                                             std::chrono::milliseconds most) = 0;
  virtual absl::StatusOr<ModelPreview> PreviewDefinition(ModelDefinition definition,
                                                         ModelRun run) = 0;
};

}  // namespace solvent
