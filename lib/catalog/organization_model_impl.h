#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "executed_definitions.h"
#include "prepared_models.h"
#include "solvent/organization_model.h"
#include "store_ports.h"

namespace solvent {

class OrganizationModelImpl : public OrganizationModel {
 public:
  // Borrows all three.
  OrganizationModelImpl(ModelPort& port, ExecutionStore& executions, PreparedModels& prepared)
      : port_(port), executions_(executions), prepared_(prepared) {}

  absl::StatusOr<OrgModel> Activate(const Caller& caller, std::string_view catalog_id,
                                    std::optional<std::string> custom_name) override;
  absl::StatusOr<OrgModel> Create(const Caller& caller, NewOrgModel model,
                                  Repeatable* repeatable = nullptr) override;
  absl::StatusOr<OrgModel> Get(std::string_view organization, std::string_view id) override;
  absl::StatusOr<Page<OrgModel>> List(std::string_view organization, const OrgModelFilter& filter,
                                      const PageRequest& page) override;
  absl::StatusOr<OrgModel> Patch(std::string_view organization, std::string_view id,
                                 OrgModelPatch patch,
                                 const Precondition& precondition = {}) override;
  absl::Status Deactivate(std::string_view organization, std::string_view id,
                          const Precondition& precondition = {}) override;
  absl::StatusOr<Submitted> Execute(const Caller& caller, std::string_view id,
                                    ModelRun run) override;
  absl::StatusOr<Submitted> ExecuteAndWait(const Caller& caller, std::string_view id, ModelRun run,
                                           std::chrono::milliseconds most) override;
  absl::StatusOr<ModelPreview> Preview(std::string_view organization, std::string_view id,
                                       ModelRun run) override;
  absl::StatusOr<Submitted> ExecuteDefinition(const Caller& caller, ModelDefinition definition,
                                              ModelRun run) override;
  absl::StatusOr<Submitted> ExecuteDefinitionAndWait(const Caller& caller,
                                                     ModelDefinition definition, ModelRun run,
                                                     std::chrono::milliseconds most) override;
  absl::StatusOr<ModelPreview> PreviewDefinition(ModelDefinition definition, ModelRun run) override;

 private:
  struct Made {
    OrgModel model;  // empty for a definition that is kept nowhere
    std::shared_ptr<const PreparedModel> prepared;
    GeneratedRun run;
    int64_t now_seconds = 0;
  };

  absl::StatusOr<Made> Generate(std::string_view organization, std::string_view id,
                                const ModelRun& run);
  absl::StatusOr<Made> GenerateFrom(OrgModel model, ModelDefinition definition,
                                    const ModelRun& run);
  absl::StatusOr<Submission> MakeSubmission(Made made, ModelRun run);
  absl::StatusOr<Submitted> SubmitAndWait(const Caller& caller, Submission submission,
                                          std::chrono::milliseconds most);
  // Compiles the definition and tries it on its example.
  absl::Status TryDefinition(const ModelDefinition& definition, const Json& own_config);

  ModelPort& port_;
  ExecutionStore& executions_;
  PreparedModels& prepared_;
  ExecutedDefinitions executed_{port_};
};

}  // namespace solvent
