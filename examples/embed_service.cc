// A host that keeps its runs: opens a store, submits a problem, watches it, reads the record.
//
//   embed_service [DATABASE] [WORKER]
//
// WORKER is the solvent-worker program; without it the installed one is used.
#include <cmath>
#include <cstdio>
#include <future>
#include <string>

#include "solvent/solvent.h"

namespace {

// Which of four projects to fund with 100, for the most value.
constexpr const char* kProblem = R"json({
  "name": "funding",
  "variables": [
    {"name": "a", "type": "binary"}, {"name": "b", "type": "binary"},
    {"name": "c", "type": "binary"}, {"name": "d", "type": "binary"}],
  "objective": {"sense": "maximize", "expression": "60*a + 50*b + 40*c + 10*d"},
  "constraints": [{"name": "budget", "expression": "50*a + 40*b + 30*c + 10*d <= 100"}]
})json";

int Fail(const absl::Status& status) {
  std::fprintf(stderr, "%s\n", std::string(solvent::Message(status)).c_str());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  auto store = solvent::OpenSqliteStore(argc > 1 ? argv[1] : "example.db");
  if (!store.ok()) return Fail(store.status());
  solvent::EngineOptions options;
  if (argc > 2) options.worker.command = {argv[2]};
  options.credits.unlimited = true;  // this host bills nobody
  auto engine = solvent::Engine::Create(*std::move(store), std::move(options));
  if (!engine.ok()) return Fail(engine.status());
  if (absl::Status status = (*engine)->Start(); !status.ok()) return Fail(status);

  // Whoever embeds Solvent decides on whose behalf it calls.
  auto member = (*engine)->identity().EnsureMember("Example Inc.", "planner");
  if (!member.ok()) return Fail(member.status());
  solvent::Caller caller{member->organization_id, member->user_id, "", false};

  auto flat = solvent::ReadFlatJson(kProblem);
  if (!flat.ok()) return Fail(flat.status());
  solvent::Submission submission;
  submission.problem = std::move(flat->problem);
  submission.name = flat->name;
  auto submitted = (*engine)->executions().Submit(caller, std::move(submission));
  if (!submitted.ok()) return Fail(submitted.status());
  std::printf("submitted %s\n", submitted->execution.id.c_str());

  std::promise<solvent::Execution> ended;
  auto watch = (*engine)->executions().WatchRun(
      caller.organization_id, submitted->execution.id, [&ended](const solvent::RunEvent& event) {
        if (event.kind == solvent::RunEvent::Kind::kProgress) {
          if (!std::isnan(event.progress.incumbent)) {  // a solve begins without one
            std::printf("incumbent %g, gap %g\n", event.progress.incumbent, event.progress.gap);
          }
        } else if (event.kind == solvent::RunEvent::Kind::kEnded) {
          ended.set_value(*event.execution);
        }
      });
  if (!watch.ok()) return Fail(watch.status());
  solvent::Execution execution = ended.get_future().get();
  std::printf("%s: %s, objective %g\n%s\n", execution.id.c_str(),
              std::string(solvent::ToString(execution.state)).c_str(),
              execution.objective_value.value_or(0), execution.result_json.c_str());
  return execution.state == solvent::RunState::kCompleted ? 0 : 1;
}
