// What requests may say, and how tasks and batches are described.
#include "job_spec.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <tuple>
#include <vector>

#include "outcomes.h"
#include "solvent/error.h"

namespace solvent {
namespace {

Json Parse(std::string_view text) {
  absl::StatusOr<Json> json = ParseJson(text);
  REQUIRE_MESSAGE(json.ok(), json.status().ToString());
  return *std::move(json);
}

std::string FirstFault(const absl::Status& status) {
  ErrorInfo info = GetErrorInfo(status);
  CHECK(info.code == error_code::kBadRequest);
  return info.fields.empty() ? "" : info.fields[0].pointer;
}

TEST_CASE("durations are read strictly and written with the largest units") {
  for (auto [text, seconds] : {std::pair<const char*, int64_t>{"30m", 1800},
                               {"1h30m", 5400},
                               {"45s", 45},
                               {"90m", 5400},
                               {"24h", 86400},
                               {"1h0m1s", 3601},
                               {"86400s", 86400}}) {
    CAPTURE(text);
    CHECK(ParseDuration(text) == seconds);
    CHECK(ParseDuration(FormatDuration(seconds)) == seconds);
  }
  CHECK(FormatDuration(5400) == "1h30m");
  CHECK(FormatDuration(86400) == "24h");
  CHECK(FormatDuration(3601) == "1h1s");
  for (const char* text : {"", "30", "0s", "-1s", "+1s", "1.5m", "1m1h", "1s1s", "1d", "25h", " 1s",
                           "1s ", "m", "86401s", "9999999s", "1h1h"}) {
    CAPTURE(text);
    CHECK_FALSE(ParseDuration(text).has_value());
  }
}

TEST_CASE("a definition is kept as it was read") {
  absl::StatusOr<JobDefinition> d = ReadJobDefinition(Parse(R"({
    "metadata": {"name": "nightly", "displayName": "Nightly", "labels": {"a": "b"}},
    "spec": {"modelId": "mdl_1", "enabled": false, "webhook_url": "https://e.com/x",
      "runtime": {"maxConcurrentTasks": 5, "timeout": 100,
        "envs": [{"name": "MIP_GAP", "value": "0.01"}]}}})"));
  REQUIRE_MESSAGE(d.ok(), d.status().ToString());
  CHECK(d->runtime.task_timeout_seconds == 100);
  absl::StatusOr<JobDefinition> again = DecodeDefinition("nightly", EncodeDefinition(*d));
  REQUIRE(again.ok());
  CHECK(EncodeDefinition(*again) == EncodeDefinition(*d));
  CHECK(again->runtime.envs == d->runtime.envs);
  CHECK(again->labels == d->labels);
  CHECK_FALSE(again->enabled);
}

TEST_CASE("every fault of a request is told at once") {
  absl::Status status = ReadJobDefinition(Parse(R"({"metadata": {"name": 3, "x": 1},
    "spec": {"runtime": {"maxRetries": 11}}})"))
                            .status();
  CHECK(GetErrorInfo(status).fields.size() == 4);
}

TEST_CASE("environment names are solver options") {
  absl::StatusOr<SolverSettings> settings = ReadEnvs(
      {{"MIP_GAP", "0.02"}, {"SEED", "7"}, {"SOLVER", "cbc"}, {"VERIFY", "false"}}, "/env");
  REQUIRE(settings.ok());
  CHECK(settings->solver_name == "cbc");
  CHECK(settings->options.Dump() == R"({"gap_tolerance":0.02,"seed":7,"verify":false})");
  CHECK(FirstFault(ReadEnvs({{"PATH", "x"}}, "/env").status()) == "/env/PATH");
  CHECK(FirstFault(ReadEnvs({{"SEED", "1.5"}}, "/env").status()) == "/env/SEED");
  CHECK(FirstFault(ReadEnvs({{"MIP_GAP", "nan"}}, "/env").status()) == "/env/MIP_GAP");
  // What a task could not be given later is refused now.
  for (auto [name, most, more] :
       {std::tuple("NODE_LIMIT", "9007199254740991", "9007199254740992"),
        std::tuple("THREADS", "8", "9"), std::tuple("TIME_LIMIT", "10000000", "10000001"),
        std::tuple("SEED", "4294967295", "4294967296"), std::tuple("MIP_GAP", "1", "1.1")}) {
    CAPTURE(name);
    CHECK(ReadEnvs({{name, most}}, "/env").ok());
    CHECK(FirstFault(ReadEnvs({{name, more}}, "/env").status()) == std::string("/env/") + name);
  }
  CHECK(LayOver({{"A", "1"}, {"B", "1"}}, {{"A", "2"}}) == NamedValues{{"A", "2"}, {"B", "1"}});
}

TEST_CASE("a task's conditions tell how it came to be where it is") {
  JobTask task;
  auto words = [&task] {
    std::string text;
    TaskConditions conditions = ConditionsOf(task);
    for (size_t i = 0; i < conditions.size; ++i) {
      const TaskCondition& c = conditions.items[i];
      text += std::string(c.type) + ":" + std::string(c.state) + ":" + std::string(c.reason) + ":" +
              std::string(c.severity) + ":" + std::string(c.execution_reason) + " ";
    }
    return text;
  };
  CHECK(words() == "Scheduled:pending:WaitingForSlot:info: ");
  task.state = TaskState::kRunning;
  task.started_at = 5;
  CHECK(words() == "Scheduled:succeeded:Started:info: ");
  task.state = TaskState::kReconciling;
  task.last_reason = TaskReason::kSolverCrashed;
  task.message = std::string(499, 'x') + "ü and more";
  CHECK(words() ==
        "Scheduled:pending:WaitingForRetry:info: "
        "Retry:reconciling:SolverCrashed:warning: ");
  CHECK(ConditionsOf(task).items[1].message.size() == 499);
  task.state = TaskState::kSucceeded;
  task.reason = TaskReason::kSolverInfeasible;
  CHECK(words() ==
        "Scheduled:succeeded:Started:info: Retry:succeeded:SolverCrashed:warning: "
        "Completed:succeeded:SolverInfeasible:info: ");
  task.state = TaskState::kFailed;
  task.reason = TaskReason::kExecutionTimeout;
  task.ended_by = StopCause::kTimeout;
  CHECK(words() ==
        "Scheduled:succeeded:Started:info: Retry:failed:SolverCrashed:error: "
        "Completed:failed:ExecutionTimeout:error:TIMEOUT ");
  task.state = TaskState::kCancelled;
  task.reason = TaskReason::kCancelled;
  task.ended_by = StopCause::kCancel;
  task.last_reason = TaskReason::kServerRestarted;
  CHECK(words() ==
        "Scheduled:succeeded:Started:info: Retry:failed:ServerRestarted:warning: "
        "Completed:cancelled:Cancelled:warning:CANCELLED ");
  task = JobTask();
  task.state = TaskState::kCancelled;
  task.reason = TaskReason::kJobDeleted;
  task.ended_by = StopCause::kCancel;
  CHECK(words() ==
        "Scheduled:pending:WaitingForSlot:info: "
        "Completed:cancelled:JobDeleted:warning:DELETED ");
}

TEST_CASE("a summary has the quartiles of what has an objective") {
  std::vector<JobTaskOutcome> outcomes(6);
  for (size_t i = 0; i < 5; ++i) {
    outcomes[i].objective_value = static_cast<double>(10 * (5 - i));
    outcomes[i].solve_seconds = 0.1 * static_cast<double>(i + 1);
    outcomes[i].solver_status = i < 4 ? "optimal" : "feasible";
  }
  JobExecution execution;
  execution.started_at = 1'000'000;
  JobSummary s = Summarize(execution, outcomes, 3'000'000);
  CHECK(s.objectives == 5);
  CHECK(s.min == 10);
  CHECK(s.lower_quartile == 20);
  CHECK(s.median == 30);
  CHECK(s.upper_quartile == 40);
  CHECK(s.max == 50);
  CHECK(s.mean == doctest::Approx(30));
  CHECK(s.elapsed_seconds == 2);
  CHECK(s.solve_seconds == doctest::Approx(1.5));
  REQUIRE(s.slowest.size() == 5);
  CHECK(s.slowest[0].solve_seconds == 0.5);
  CHECK(s.solver_statuses ==
        std::vector<std::pair<std::string, int64_t>>{{"feasible", 1}, {"optimal", 4}});
  CHECK(Summarize(execution, {}, 0).objectives == 0);
  // Equal values have that mean, and not one beside it by rounding.
  outcomes.resize(37);
  for (JobTaskOutcome& outcome : outcomes) outcome.objective_value = 638;
  CHECK(Summarize(execution, outcomes, 0).mean == 638);
  outcomes.resize(3);
  for (JobTaskOutcome& outcome : outcomes) outcome.objective_value = 1.7e308;
  CHECK(Summarize(execution, outcomes, 0).mean == 1.7e308);
}

TEST_CASE("however much is wrong with a request, the answer stays small and names twenty tasks") {
  auto faults = [](const absl::Status& status) {
    CHECK(GetErrorInfo(status).code == error_code::kBadRequest);
    return GetErrorInfo(status).fields;
  };
  auto many = [](std::string_view begin, std::string_view item, std::string_view end) {
    std::string text(begin);
    for (int i = 0; i < 5000; ++i) text.append(i > 0 ? "," : "").append(item);
    return Parse(text.append(end));
  };
  auto members = [] {
    std::string text;
    for (int i = 0; i < 5000; ++i) text += ",\"m" + std::to_string(i) + "\":0";
    return text;
  };
  for (std::string_view task : {"0", "{}", R"({"name": 1, "timeout": 2, "maxRetries": "", "a": 0,
                                               "b": 1, "c": 2, "d": 3})"}) {
    CAPTURE(task);
    std::vector<FieldError> fields = faults(ReadJobStart(many(R"({"tasks":[)", task, "]}"))->fault);
    REQUIRE(fields.size() >= 20);
    CHECK(fields.size() <= 100);
    CHECK(fields.back().pointer.starts_with("/tasks/19"));
  }
  // However much else is wrong, too.
  std::vector<FieldError> fields =
      faults(ReadJobStart(Parse(R"({"tasks":[{"input_data":{}},{},3])" + members() + "}"))->fault);
  CHECK(fields.size() <= 110);
  CHECK(std::any_of(fields.begin(), fields.end(),
                    [](const FieldError& f) { return f.pointer == "/tasks/2"; }));
  fields = faults(ReadJobStart(Parse(R"({"tasks":[{"input_data":{})" + members() + "}]}"))->fault);
  CHECK(fields.size() <= 5);
  fields = faults(ReadJobDefinition(many(R"({"metadata":{"name":"a"},"spec":{"modelId":"m",
      "runtime":{"envs":[)",
                                         "0", "]}}}"))
                      .status());
  CHECK(fields.size() <= 100);
  std::string pointer =
      faults(ReadJobDefinition(Parse("{\"" + std::string(100'000, 'k') + "\":0}")).status())[0]
          .pointer;
  CHECK(pointer.size() < 300);

  JobDefinition job;
  job.name = "j";
  job.runtime.task_timeout_seconds = 60;
  JobStart start;
  start.tasks.resize(30);
  for (NewTask& task : start.tasks) task.max_retries = -1;
  RequestFaults found;
  CheckStart(job, JobOptions(), start, found);
  fields = faults(std::move(found).ToStatus());
  CHECK(fields.back().pointer.starts_with("/tasks/19/"));
}

TEST_CASE("the first twenty bad tasks are told, in whatever order they are found") {
  auto at = [](int task, const std::string& member) {
    return "/tasks/" + std::to_string(task) + member;
  };
  RequestFaults faults;
  for (int i = 98; i >= 0; i -= 2) faults.Add(at(i, "/name"), "is bad");
  faults.Add("/env", "is bad");
  CHECK(faults.WantsTask(38));
  CHECK_FALSE(faults.WantsTask(39));
  CHECK(faults.Has("/tasks/0/name"));
  CHECK_FALSE(faults.Has("/tasks/0"));
  CHECK_FALSE(faults.Has("/tasks/40/name"));
  faults.Add(at(1, ""), "is bad");  // in the place of task 38
  CHECK_FALSE(faults.WantsTask(38));
  faults.Add(at(38, ""), "is bad");
  for (int i = 0; i < 9; ++i) faults.Add(at(2, "/x" + std::to_string(i)), "is bad");
  absl::Status status = std::move(faults).ToStatus();
  CHECK(Message(status) == "/env: is bad (and more)");
  std::vector<FieldError> fields = GetErrorInfo(status).fields;
  REQUIRE(fields.size() == 1 + 20 + 4);
  CHECK(fields[1].pointer == "/tasks/0/name");
  CHECK(fields[2].pointer == "/tasks/1");
  CHECK(fields.back().pointer == "/tasks/36/name");

  RequestFaults few;
  few.Add("/tasks/7", "is bad");
  few.Add("/tasks/x/name", "is bad");
  CHECK(Message(std::move(few).ToStatus()) == "/tasks/x/name: is bad (and 1 more)");
}

TEST_CASE("a table of results survives commas, quotes and spreadsheets") {
  std::vector<JobTaskOutcome> outcomes(1);
  outcomes[0].task.name = "a-1";
  outcomes[0].task.message = "=1+1, \"x\"";
  outcomes[0].objective_value = 0.1;
  std::string csv = OutcomesToCsv(outcomes);
  CHECK(csv.substr(csv.find("\r\n") + 2) == "0,a-1,pending,,,0.1,0,0,,,,\"'=1+1, \"\"x\"\"\"\r\n");
  for (const char* start : {"=", "+", "-", "@", "\t", "\r", "\n"}) {
    outcomes[0].task.message = std::string(start) + "cmd";
    CHECK(OutcomesToCsv(outcomes).ends_with(",\"'" + outcomes[0].task.message + "\"\r\n"));
  }
  // Numbers stay numbers.
  outcomes[0].task.message = "plain";
  outcomes[0].objective_value = -5;
  CHECK(OutcomesToCsv(outcomes).find(",-5,") != std::string::npos);
}

}  // namespace
}  // namespace solvent
