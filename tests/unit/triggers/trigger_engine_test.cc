#include <chrono>
#include <fstream>
#include <iterator>

#include "trigger_tools.h"

namespace solvent {
namespace {

using State = TriggerRunStatus;

Execution WaitForEnd(TestTriggers& engine, const std::string& execution) {
  auto ended = engine.queue->Wait(engine.caller.organization_id, execution,
                                  std::chrono::milliseconds(60'000));
  REQUIRE(ended.ok());
  REQUIRE(IsEndState(ended->state));
  return *ended;
}

TEST_CASE("a fire is on disk with its execution before it returns") {
  TemporaryFolder folder;
  const std::string file = folder.File("t.db");
  std::string trigger, run, execution;
  {
    TestTriggers engine(file);  // its queue is not started: nothing runs
    CreatedTrigger made = engine.Create();
    auto fired = engine.Fire(made);
    REQUIRE_MESSAGE(fired.ok(), fired.status().ToString());
    trigger = made.trigger.id;
    run = fired->run.id;
    execution = fired->run.execution_id;
  }
  TestTriggers engine(file);
  CHECK(engine.Run(trigger, run).status == State::kQueued);
  REQUIRE(engine.queue->Start().ok());
  Execution ended = WaitForEnd(engine, execution);
  CHECK(ended.trigger_id == trigger);
  CHECK(ended.run_id == run);
  CHECK(ended.origin == "triggered");
  TriggerRun after = engine.Run(trigger, run);
  CHECK(after.status == State::kCompleted);
  CHECK(after.completed_at == ended.completed_at);
  CHECK(after.result_json == ended.result_json);
}

TEST_CASE("only the right secret fires, and strangers learn nothing else") {
  TemporaryFolder folder;
  TestTriggers engine(folder.File("t.db"));
  CreatedTrigger made = engine.Create();
  CHECK(made.secret.size() == 64);
  CHECK(made.trigger.secret_prefix == made.secret.substr(0, 8));
  int admitted = 0;
  auto fire = [&](const std::string& id, const std::string& secret) {
    FireRequest request;
    request.secret = secret;
    request.override_data = "no object";
    request.admit = [&] {
      ++admitted;
      return absl::OkStatus();
    };
    return engine.triggers->Fire(id, std::move(request)).status();
  };
  CHECK(absl::IsNotFound(fire("trg_unknown", made.secret)));
  CHECK(absl::IsNotFound(fire("", made.secret)));
  CHECK(absl::IsNotFound(fire(std::string(100, 'x'), made.secret)));
  for (const std::string& wrong :
       {std::string(), made.secret + "0", made.secret.substr(0, 63), made.trigger.secret_prefix}) {
    CHECK(absl::IsUnauthenticated(fire(made.trigger.id, wrong)));
  }
  CHECK(admitted == 0);
  CHECK(GetErrorInfo(fire(made.trigger.id, made.secret)).code == error_code::kValidation);
  CHECK(admitted == 1);
  CHECK(engine.Runs(made.trigger.id).empty());

  auto rotated = engine.triggers->RotateSecret(engine.caller.organization_id, made.trigger.id);
  REQUIRE(rotated.ok());
  CHECK(absl::IsUnauthenticated(fire(made.trigger.id, made.secret)));
  CHECK(engine.Fire(*rotated).ok());
}

TEST_CASE("a fire that is not admitted leaves no run") {
  TemporaryFolder folder;
  TestTriggers engine(folder.File("t.db"));
  CreatedTrigger made = engine.Create();
  FireRequest request;
  request.secret = made.secret;
  request.admit = [] { return absl::ResourceExhaustedError("too many"); };
  CHECK(absl::IsResourceExhausted(
      engine.triggers->Fire(made.trigger.id, std::move(request)).status()));
  CHECK(engine.Runs(made.trigger.id).empty());
}

TEST_CASE("a full queue refuses a fire and leaves no run") {
  TemporaryFolder folder;
  TestTriggers engine(folder.File("t.db"));
  RunQueueOptions options;
  options.max_pending = 2;
  options.default_solver = "scripted";
  RunQueue narrow(engine.store->ports(), {&engine.backend}, options);
  TriggerEngineImpl triggers(engine.store->ports(), narrow, engine.prepared, {});
  CreatedTrigger made = engine.Create();
  for (int i = 0; i < 4; ++i) {
    FireRequest request;
    request.secret = made.secret;
    absl::Status status = triggers.Fire(made.trigger.id, std::move(request)).status();
    CHECK(status.ok() == (i < 2));
    if (i >= 2) CHECK(GetErrorInfo(status).code == error_code::kUnavailable);
  }
  CHECK(engine.Runs(made.trigger.id).size() == 2);
  CHECK(engine.triggers->Get(engine.caller.organization_id, made.trigger.id)->total_runs == 2);
}

TEST_CASE("refused data are a run that was over when it was recorded") {
  TemporaryFolder folder;
  TestTriggers engine(folder.File("t.db"));
  CreatedTrigger made = engine.Create(
      TestTriggers::kModel, ParseOrDie(R"([{"name":"low","type":"number","required":true,)"
                                       R"("model_field_path":"variables.x.lower_bound"}])"));
  auto fired = engine.Fire(made, ParseOrDie(R"({"low":"three"})"));
  ErrorInfo info = GetErrorInfo(fired.status());
  CHECK(info.code == error_code::kValidation);
  REQUIRE(info.fields.size() == 1);
  CHECK(info.fields[0].pointer == "/override_data/low");
  TriggerRun run = engine.Run(made.trigger.id, info.extra["run_id"].as_string());
  CHECK(run.status == State::kValidationFailed);
  CHECK(run.execution_id.empty());
  CHECK(run.completed_at == run.created_at);
  CHECK(run.error_message == info.extra["detail"]["error"].as_string());
  CHECK(run.error_message.find("low") != std::string::npos);

  auto good = engine.Fire(made, ParseOrDie(R"({"low":3})"));
  REQUIRE_MESSAGE(good.ok(), good.status().ToString());
  REQUIRE(engine.queue->Start().ok());
  CHECK(WaitForEnd(engine, good->run.execution_id).objective_value == 6);
}

TEST_CASE("a refusal with a key is recorded once, and repeated") {
  TemporaryFolder folder;
  TestTriggers engine(folder.File("t.db"));
  CreatedTrigger made = engine.Create(
      TestTriggers::kModel, ParseOrDie(R"([{"name":"low","type":"number","required":true,)"
                                       R"("model_field_path":"variables.x.lower_bound"}])"));
  auto fire = [&](const std::string& key, const char* low) {
    FireRequest request;
    request.secret = made.secret;
    request.override_data = ParseOrDie(std::string(R"({"low":)") + low + "}");
    request.idempotency_key = key;
    return engine.triggers->Fire(made.trigger.id, std::move(request));
  };
  absl::Status first = fire("k1", "\"three\"").status();
  CHECK(absl::IsInvalidArgument(first));
  CHECK(GetErrorInfo(first).extra["replayed"].is_null());
  absl::Status second = fire("k1", "\"three\"").status();
  CHECK(absl::IsInvalidArgument(second));
  CHECK(Message(second) == Message(first));
  CHECK(GetErrorInfo(second).extra["replayed"].as_bool());
  CHECK(GetErrorInfo(second).extra["run_id"] == GetErrorInfo(first).extra["run_id"]);
  CHECK(engine.Runs(made.trigger.id).size() == 1);
  // The key is taken, by refused data and by others.
  CHECK(GetErrorInfo(fire("k1", "3").status()).code == error_code::kIdempotencyKeyReused);
  CHECK(fire("k2", "3").ok());
  CHECK(GetErrorInfo(fire("k2", "\"three\"").status()).code == error_code::kIdempotencyKeyReused);
  auto replayed = fire("k2", "3");
  REQUIRE(replayed.ok());
  CHECK(replayed->replayed);
  CHECK(engine.Runs(made.trigger.id).size() == 2);
}

TEST_CASE("a solver that fails makes a failed run") {
  TemporaryFolder folder;
  TestTriggers engine(folder.File("t.db"));
  engine.backend.SetScript([](const Problem&, const SolveOptions&, const SolveMonitor&) {
    return absl::InternalError("out of paper");
  });
  CreatedTrigger made = engine.Create();
  auto fired = engine.Fire(made);
  REQUIRE(fired.ok());
  REQUIRE(engine.queue->Start().ok());
  WaitForEnd(engine, fired->run.execution_id);
  TriggerRun run = engine.Run(made.trigger.id, fired->run.id);
  CHECK(run.status == State::kFailed);
  CHECK(run.error_message == "out of paper");
}

TEST_CASE("deleting cancels what waits and what is being solved, and takes the rows along") {
  TemporaryFolder folder;
  const std::string file = folder.File("t.db");
  TestTriggers engine(file);
  engine.backend.SetScript(ScriptedBackend::UntilStopped);
  CreatedTrigger made = engine.Create();
  CreatedTrigger kept = engine.Create();
  REQUIRE(engine.queue->Start().ok());
  auto running = engine.Fire(made);
  REQUIRE(running.ok());
  engine.backend.WaitForSolves(1);
  auto waiting = engine.Fire(made);
  auto others = engine.Fire(kept);
  REQUIRE(engine.triggers->Delete(engine.caller.organization_id, made.trigger.id).ok());
  CHECK(WaitForEnd(engine, running->run.execution_id).state == RunState::kCancelled);
  CHECK(WaitForEnd(engine, waiting->run.execution_id).state == RunState::kCancelled);
  CHECK(absl::IsNotFound(
      engine.triggers->GetRun(engine.caller.organization_id, made.trigger.id, running->run.id)
          .status()));
  CHECK(absl::IsNotFound(engine.triggers->Delete(engine.caller.organization_id, made.trigger.id)));
  engine.backend.WaitForSolves(2);
  CHECK(engine.Run(kept.trigger.id, others->run.id).status == State::kRunning);
}

TEST_CASE("webhook secrets are sealed, and readable with the key") {
  TemporaryFolder folder;
  const std::string file = folder.File("t.db");
  TestTriggers engine(file);
  NewTrigger wanted = engine.Wanted(TestTriggers::kModel);
  wanted.webhook_url = "https://example.com/hook";
  wanted.webhook_secret = "whsec_quite_secret";
  auto made = engine.triggers->Create(engine.caller, std::move(wanted));
  REQUIRE_MESSAGE(made.ok(), made.status().ToString());
  CHECK(made->trigger.has_webhook_secret);
  TriggerPatch patch;
  patch.webhook_secret = std::optional<std::string>("another_secret");
  REQUIRE(engine.triggers->Patch(engine.caller.organization_id, made->trigger.id, patch).ok());
  for (const char* suffix : {"", "-wal"}) {
    std::ifstream stream(file + suffix, std::ios::binary);
    std::string bytes((std::istreambuf_iterator<char>(stream)), {});
    CHECK(bytes.find("quite_secret") == std::string::npos);
    CHECK(bytes.find("another_secret") == std::string::npos);
    CHECK(bytes.find(made->secret) == std::string::npos);
  }
}

TEST_CASE("the host decides where webhooks may go") {
  TemporaryFolder folder;
  TestTriggers engine(folder.File("t.db"));
  TriggerEngineOptions options;
  options.check_webhook_url = [](const std::string& url) {
    return url.find("10.0.0.5") == std::string::npos
               ? absl::OkStatus()
               : ValidationError("/webhook_url", "the address 10.0.0.5 may not be reached");
  };
  TriggerEngineImpl triggers(engine.store->ports(), *engine.queue, engine.prepared, options);
  NewTrigger wanted = engine.Wanted(TestTriggers::kModel);
  wanted.webhook_url = "http://10.0.0.5/hook";
  ErrorInfo info = GetErrorInfo(triggers.Create(engine.caller, wanted).status());
  REQUIRE(info.fields.size() == 1);
  CHECK(info.fields[0].pointer == "/webhook_url");
  CHECK(info.fields[0].message.find("10.0.0.5") != std::string::npos);
  wanted.webhook_url = "https://example.com/hook";
  auto made = triggers.Create(engine.caller, wanted);
  REQUIRE(made.ok());
  TriggerPatch patch;
  patch.webhook_url = std::optional<std::string>("http://10.0.0.5/");
  patch.name = "changed";
  CHECK_FALSE(triggers.Patch(engine.caller.organization_id, made->trigger.id, patch).ok());
  Trigger now = *triggers.Get(engine.caller.organization_id, made->trigger.id);
  CHECK(now.webhook_url == "https://example.com/hook");
  CHECK(now.name == "T");
}

}  // namespace
}  // namespace solvent
