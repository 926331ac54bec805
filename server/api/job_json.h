// Batches as the HTTP API writes them: names and shapes are those of its jobs page, to the key.
#pragma once

#include <string>

#include "solvent/job_runner.h"
#include "solvent/json.h"

namespace solvent::api {

void WriteJob(JsonWriter& w, const Job& job, std::string_view status);
void AppendJobTask(std::string& out, const JobTask& task);
void AppendJobExecution(std::string& out, const JobExecution& execution, std::string_view cluster);
std::string JobTaskDetailJson(const JobTaskDetail& detail);
std::string JobSummaryJson(const JobSummary& summary);

}  // namespace solvent::api
