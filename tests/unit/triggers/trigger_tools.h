// A trigger engine over a real SQLite file, with a clock and a solver that obey the test.
#pragma once

#include <doctest/doctest.h>

#include <atomic>
#include <memory>
#include <string>

#include "document_store_impl.h"
#include "prepared_models.h"
#include "solvent/error.h"
#include "test_engine.h"
#include "trigger_engine_impl.h"

namespace solvent {

struct TestTriggers : TestEngine {
  explicit TestTriggers(const std::string& database, int64_t start = 1'770'000'000'000'000)
      : TestEngine(database), now(start) {
    documents = std::make_unique<DocumentStoreImpl>(*store->ports().documents, Clock());
    TriggerEngineOptions options;
    options.clock = Clock();
    options.secrets = SecretBox("test key");
    triggers =
        std::make_unique<TriggerEngineImpl>(store->ports(), *queue, prepared, std::move(options));
  }

  solvent::Clock Clock() {
    return [this] { return now.load(); };
  }

  NewTrigger Wanted(const std::string& model) {
    NewDocument document;
    document.model_json = model;
    auto made = documents->Create(caller, std::move(document));
    REQUIRE(made.ok());
    auto version = documents->Checkpoint(caller.organization_id, made->id, {});
    REQUIRE(version.ok());
    NewTrigger wanted;
    wanted.name = "T";
    wanted.document_id = made->id;
    wanted.version_id = version->id;
    return wanted;
  }

  CreatedTrigger Create(const std::string& model = kModel, Json schema = {}) {
    NewTrigger wanted = Wanted(model);
    wanted.override_schema = std::move(schema);
    auto created = triggers->Create(caller, std::move(wanted));
    REQUIRE_MESSAGE(created.ok(), created.status().ToString());
    return *std::move(created);
  }

  absl::StatusOr<Fired> Fire(const CreatedTrigger& trigger, Json data = {}) {
    FireRequest request;
    request.secret = trigger.secret;
    request.override_data = std::move(data);
    return triggers->Fire(trigger.trigger.id, std::move(request));
  }

  TriggerRun Run(const std::string& trigger, const std::string& id) {
    auto run = triggers->GetRun(caller.organization_id, trigger, id);
    REQUIRE_MESSAGE(run.ok(), run.status().ToString());
    return *std::move(run);
  }

  // Newest first.
  std::vector<TriggerRun> Runs(const std::string& trigger) {
    auto runs = triggers->ListRuns(caller.organization_id, trigger, {}, {1, 100});
    REQUIRE_MESSAGE(runs.ok(), runs.status().ToString());
    return runs->items;
  }

  static constexpr char kModel[] = R"({"variables":[{"name":"x","lower_bound":1}],)"
                                   R"("objective":{"sense":"minimize","expression":"2*x"}})";

  std::atomic<int64_t> now;
  PreparedModels prepared;
  std::unique_ptr<DocumentStoreImpl> documents;
  std::unique_ptr<TriggerEngineImpl> triggers;
};

inline Json ParseOrDie(const std::string& text) {
  auto json = ParseJson(text);
  REQUIRE_MESSAGE(json.ok(), json.status().ToString());
  return *std::move(json);
}

}  // namespace solvent
