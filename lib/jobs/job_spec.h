// What a job's definition and a start's request may say, and how a definition is kept.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "request_faults.h"
#include "solvent/job_runner.h"
#include "solvent/json.h"

namespace solvent {

using NamedValues = std::vector<std::pair<std::string, std::string>>;

// Sets what is left open (the task limit). BadRequest naming each fault.
absl::Status CheckDefinition(JobDefinition& definition);
// What a start may say of a job that is defined like this; neither env nor the model's schema is
// looked at. Names the tasks, and lowers limits to the execution's. What was found before is not
// said again.
void CheckStart(const JobDefinition& job, const JobOptions& limits, JobStart& start,
                RequestFaults& faults);

// The solver options that envs stand for, and the solver's name ("" when none is named).
struct SolverSettings {
  Json options;  // object as in a flat problem's "options"
  std::string solver_name;
};
absl::StatusOr<SolverSettings> ReadEnvs(const NamedValues& envs, std::string_view pointer);
// `over` wins.
NamedValues LayOver(const NamedValues& base, const NamedValues& over);

// Without the secret.
std::string EncodeDefinition(const JobDefinition& definition);
absl::StatusOr<JobDefinition> DecodeDefinition(std::string_view name, std::string_view text);

}  // namespace solvent
