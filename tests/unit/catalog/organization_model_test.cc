#include <doctest/doctest.h>

#include <thread>

#include "catalog_impl.h"
#include "embedded_templates.h"
#include "organization_model_impl.h"
#include "solvent/error.h"
#include "test_engine.h"

namespace solvent {
namespace {

using std::chrono::seconds;

Json Parse(std::string_view text) {
  auto json = ParseJson(text);
  REQUIRE_MESSAGE(json.ok(), json.status().ToString());
  return *std::move(json);
}

// An engine's rooms over one database, with a scripted solver.
struct Rooms {
  explicit Rooms(const std::string& database) {
    auto opened = OpenSqliteStore(database);
    REQUIRE_MESSAGE(opened.ok(), opened.status().ToString());
    store = *std::move(opened);
    identity = std::make_unique<Identity>(*store, IdentityOptions{});
    caller = Member("Test");
    ModelPort& port = *store->ports().models;
    RunQueueOptions options;
    options.default_solver = "scripted";
    options.restore_reporter = [this, &port](const Execution& execution, const std::string& key) {
      return RestoreReporter(port, prepared, execution, key);
    };
    queue =
        std::make_unique<RunQueue>(store->ports(), std::vector<SolveBackend*>{&backend}, options);
    catalog = std::make_unique<CatalogImpl>(port, prepared);
    models = std::make_unique<OrganizationModelImpl>(port, *queue, prepared);
    REQUIRE(catalog->Seed().ok());
  }

  Caller Member(const std::string& organization) {
    auto member = identity->EnsureMember(organization, "tester");
    REQUIRE(member.ok());
    return {member->organization_id, member->user_id, "", false};
  }
  std::string CatalogId(std::string_view name) {
    CatalogFilter filter;
    filter.search = name;
    auto list = catalog->List(filter, {});
    REQUIRE_MESSAGE(list.ok(), list.status().ToString());
    REQUIRE(list->items.size() == 1);
    return list->items[0].id;
  }
  OrgModel MustCreate(std::string_view body) {
    auto wanted = ReadNewModel(Parse(body));
    REQUIRE_MESSAGE(wanted.ok(), wanted.status().ToString());
    auto model = models->Create(caller, *std::move(wanted));
    REQUIRE_MESSAGE(model.ok(), model.status().ToString());
    return *std::move(model);
  }
  OrgModel MustGet(std::string_view id) {
    auto model = models->Get(caller.organization_id, id);
    REQUIRE_MESSAGE(model.ok(), model.status().ToString());
    return *std::move(model);
  }

  ScriptedBackend backend;
  std::unique_ptr<Store> store;
  std::unique_ptr<Identity> identity;
  Caller caller;
  PreparedModels prepared;
  std::unique_ptr<RunQueue> queue;
  std::unique_ptr<CatalogImpl> catalog;
  std::unique_ptr<OrganizationModelImpl> models;
};

constexpr char kBoxes[] = R"({"name": "boxes", "generator_type": "template", "tags": ["b"],
  "description": "fills boxes", "model":
    "set B; param least{B}; table t IN \"JSON\" \"boxes\": B <- [name], least; var x{b in B} >= least[b]; minimize total: sum{b in B} x[b]; s.t. all: sum{b in B} x[b] >= 1; solve; table out{b in B} OUT \"JSON\" \"out\": b, x[b]~value; end;",
  "example_input": {"boxes": [{"name": "a", "least": 2}]}})";

ModelRun BoxRun(int least) {
  ModelRun run;
  run.input = Parse("{\"boxes\": [{\"name\": \"a\", \"least\": " + std::to_string(least) +
                    "}, {\"name\": \"b c\", \"least\": 3}]}");
  return run;
}

TEST_CASE("the catalog is seeded once and lists by category, search and page") {
  TemporaryFolder folder;
  Rooms rooms(folder.File("t.db"));
  auto all = rooms.catalog->List({}, {});
  REQUIRE(all.ok());
  CHECK(all->total >= 4);
  CatalogModel before = *rooms.catalog->Get(rooms.CatalogId("warehouse_allocation"));
  CHECK(before.version == 1);
  CHECK(before.is_official);
  CHECK(before.definition.model.find("WAREHOUSES") != std::string::npos);
  REQUIRE(rooms.catalog->Seed().ok());
  CHECK(rooms.catalog->List({}, {})->total == all->total);
  CHECK(rooms.catalog->Get(before.id)->version == 1);

  auto total = [&rooms](CatalogFilter filter) {
    auto list = rooms.catalog->List(filter, {});
    REQUIRE_MESSAGE(list.ok(), list.status().ToString());
    return list->total;
  };
  CHECK(total({.category = "logistics"}) >= 1);
  CHECK(total({.category = "nowhere"}) == 0);
  CHECK(total({.search = "WAREHOUSE Alloc"}) == 1);
  CHECK(total({.search = "wa"}) >= 1);
  CHECK(total({.search = "%"}) == 0);
  CHECK(total({.search = "a\"b OR c"}) == 0);
  CHECK(total({.category = "hr", .search = "warehouse"}) == 0);
  // What means something to a full-text index, or to nobody.
  for (std::string odd : {"\"\"", "warehouse\"", "name:warehouse", "ware*", "NEAR(a b)",
                          "-warehouse", "^ware", "{a b}:c", "ware OR feed", "\\", "'; --"}) {
    CAPTURE(odd);
    CHECK(total({.search = odd}) == 0);
  }
  CHECK(total({.search = std::string("ware\0house", 10)}) == 0);
  CHECK(total({.search = "\xff\xfe\x80"}) == 0);
  CHECK(total({.search = std::string(100'000, 'w')}) == 0);
  auto second = rooms.catalog->List({}, {2, 3});
  REQUIRE(second.ok());
  CHECK(second->items[0].id == all->items[3].id);
}

TEST_CASE("publishing checks a document, and a change makes a new version") {
  TemporaryFolder folder;
  Rooms rooms(folder.File("t.db"));
  std::string document = kBoxes;
  auto id = rooms.catalog->Publish(document, "org_author");
  REQUIRE_MESSAGE(id.ok(), id.status().ToString());
  CHECK(*rooms.catalog->Publish(document, "org_author") == *id);
  CHECK(rooms.catalog->Get(*id)->version == 1);
  document.replace(document.find("fills"), 5, "packs");
  CHECK(*rooms.catalog->Publish(document, "org_author") == *id);
  CHECK(rooms.catalog->Get(*id)->version == 2);
  CatalogFilter filter;
  filter.search = "packs box";
  CHECK(rooms.catalog->List(filter, {})->total == 1);
  filter.search = "fills box";
  CHECK(rooms.catalog->List(filter, {})->total == 0);

  document.replace(document.find("\"least\": 2"), 10, "\"lost\": 2");
  absl::Status status = rooms.catalog->Publish(document, "org_author").status();
  CHECK(GetErrorInfo(status).code == "validation_error");
  CHECK(Message(status).starts_with("/example_input"));
  CHECK(absl::IsInvalidArgument(rooms.catalog->Publish("{\"name\": \"A b\"}", "").status()));
  CHECK(absl::IsPermissionDenied(
      rooms.models->Activate({"org_author", "usr_1", "", false}, *id, {}).status()));
}

TEST_CASE("an upgrade adds and updates listings and touches no organization's model") {
  TemporaryFolder folder;
  Rooms rooms(folder.File("t.db"));
  const std::string id = rooms.CatalogId("feed_blend");
  const CatalogModel shipped = *rooms.catalog->Get(id);
  // As an earlier release had it: another text, another example, another price.
  std::string earlier;
  for (size_t i = 0; i < kEmbeddedTemplateCount; ++i) {
    Json document = Parse(kEmbeddedTemplates[i]);
    if (document["name"].as_string() != "feed_blend") continue;
    document.Set("description", "how it was").Set("credits_per_execution", 9);
    earlier = document.Dump();
  }
  REQUIRE(*rooms.catalog->Publish(earlier, "") == id);
  REQUIRE(rooms.catalog->Get(id)->description == "how it was");
  OrgModel mine = *rooms.models->Activate(rooms.caller, id, "Our feed");
  OrgModelPatch patch;
  patch.is_favorite = true;
  patch.custom_config = Parse("{\"options\": {\"time_limit\": 7}}");
  REQUIRE(rooms.models->Patch(rooms.caller.organization_id, mine.id, patch).ok());
  const OrgModel own = rooms.MustCreate(kBoxes);
  const int64_t listings = rooms.catalog->List({}, {})->total;

  REQUIRE(rooms.catalog->Seed().ok());
  const CatalogModel upgraded = *rooms.catalog->Get(id);
  CHECK(upgraded.version == 3);
  CHECK(upgraded.description == shipped.description);
  CHECK(upgraded.credits_per_execution == shipped.credits_per_execution);
  CHECK(upgraded.total_activations == 1);
  CHECK(rooms.catalog->List({}, {})->total == listings);
  mine = rooms.MustGet(mine.id);
  CHECK(mine.display_name == "Our feed");
  CHECK(mine.is_favorite);
  CHECK(mine.is_active);
  CHECK(mine.custom_config["options"]["time_limit"].as_int() == 7);
  CHECK(mine.definition.model == shipped.definition.model);
  CHECK(rooms.MustGet(own.id).updated_at == own.updated_at);
}

TEST_CASE("an organization's own model can be published, again after a change") {
  TemporaryFolder folder;
  Rooms rooms(folder.File("t.db"));
  OrgModel mine = rooms.MustCreate(kBoxes);
  const std::string& organization = rooms.caller.organization_id;
  absl::StatusOr<std::string> id = rooms.catalog->PublishModel(organization, mine.id);
  REQUIRE_MESSAGE(id.ok(), id.status().ToString());
  CatalogModel listing = *rooms.catalog->Get(*id);
  CHECK(listing.name == "boxes");
  CHECK(listing.author_organization_id == organization);
  CHECK_FALSE(listing.is_official);
  CHECK(*rooms.catalog->PublishModel(organization, mine.id) == *id);
  CHECK(rooms.catalog->Get(*id)->version == 1);

  const Caller other = rooms.Member("Another");
  const OrgModel theirs = *rooms.models->Activate(other, *id, {});
  CHECK(theirs.definition.model == mine.definition.model);
  OrgModelPatch patch;
  patch.custom_config = Parse("{\"options\": {\"time_limit\": 7}}");
  REQUIRE(rooms.models->Patch(organization, mine.id, patch).ok());
  CHECK(*rooms.catalog->PublishModel(organization, mine.id) == *id);
  CHECK(rooms.catalog->Get(*id)->version == 2);
  CHECK(rooms.catalog->Get(*id)->definition.custom_config["options"]["time_limit"].as_int() == 7);
  REQUIRE(rooms.models->Deactivate(organization, mine.id).ok());
  CHECK(rooms.models->Get(other.organization_id, theirs.id).ok());

  CHECK(absl::IsNotFound(rooms.catalog->PublishModel(other.organization_id, mine.id).status()));
  CHECK(absl::IsNotFound(rooms.catalog->PublishModel(organization, "mdl_no").status()));
  CHECK(GetErrorInfo(rooms.catalog->PublishModel(other.organization_id, theirs.id).status()).code ==
        "validation_error");
  auto unnamed =
      ReadNewModel(Parse(R"({"name": "Not a machine's name", "generator_type": "generic"})"));
  const OrgModel generic = *rooms.models->Create(rooms.caller, *unnamed);
  CHECK(GetErrorInfo(rooms.catalog->PublishModel(organization, generic.id).status()).code ==
        "validation_error");
}

TEST_CASE("activation is idempotent, also from many threads, and survives deactivation") {
  TemporaryFolder folder;
  Rooms rooms(folder.File("t.db"));
  std::string catalog_id = rooms.CatalogId("feed_blend");
  std::vector<std::string> ids(8);
  std::vector<std::thread> threads;
  for (std::string& id : ids) {
    threads.emplace_back([&rooms, &id, &catalog_id] {
      auto model = rooms.models->Activate(rooms.caller, catalog_id, {});
      if (model.ok()) id = model->id;
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::string& id : ids) CHECK(id == ids[0]);
  CHECK(ids[0].starts_with("mdl_"));
  CHECK(rooms.catalog->Get(catalog_id)->total_activations == 1);

  CHECK(rooms.MustGet(catalog_id).id == ids[0]);
  REQUIRE(rooms.models->Deactivate(rooms.caller.organization_id, catalog_id).ok());
  REQUIRE(rooms.models->Deactivate(rooms.caller.organization_id, ids[0]).ok());
  CHECK(!rooms.MustGet(ids[0]).is_active);
  auto again = rooms.models->Activate(rooms.caller, catalog_id, "Pigs");
  REQUIRE(again.ok());
  CHECK(again->id == ids[0]);
  CHECK(again->is_active);
  CHECK(again->display_name == "Pigs");
  CHECK(rooms.catalog->Get(catalog_id)->total_activations == 2);

  REQUIRE(rooms.catalog->SetStatus(catalog_id, "archived").ok());
  CHECK(absl::IsNotFound(rooms.catalog->Get(catalog_id).status()));
  CHECK(absl::IsNotFound(rooms.models->Activate(rooms.Member("Other"), catalog_id, {}).status()));
  CHECK(rooms.MustGet(ids[0]).definition.model.find("FOODS") != std::string::npos);
}

TEST_CASE("models are found by their organization only") {
  TemporaryFolder folder;
  Rooms rooms(folder.File("t.db"));
  OrgModel model = rooms.MustCreate(kBoxes);
  std::string other = rooms.Member("Other").organization_id;
  CHECK(absl::IsNotFound(rooms.models->Get(other, model.id).status()));
  CHECK(absl::IsNotFound(rooms.models->Patch(other, model.id, {}).status()));
  CHECK(absl::IsNotFound(rooms.models->Deactivate(other, model.id)));
  CHECK(rooms.models->List(other, {}, {})->total == 0);
  CHECK(absl::IsNotFound(rooms.models->Get(rooms.caller.organization_id, "").status()));
}

TEST_CASE("a patch changes what it names, and clears what it sets to nothing") {
  TemporaryFolder folder;
  Rooms rooms(folder.File("t.db"));
  OrgModel model = rooms.MustCreate(kBoxes);
  const std::string& organization = rooms.caller.organization_id;
  OrgModelPatch patch;
  patch.custom_name.emplace("Crates");
  patch.custom_config.emplace(Parse(R"({"options": {"threads": 2}})"));
  patch.is_favorite = true;
  REQUIRE(rooms.models->Patch(organization, model.id, patch).ok());
  OrgModel now = rooms.MustGet(model.id);
  CHECK(now.display_name == "Crates");
  CHECK(now.name == "boxes");
  CHECK(now.is_favorite);
  CHECK(now.is_active);
  CHECK(now.custom_config.Dump() == R"({"options":{"threads":2}})");
  OrgModelFilter filter;
  filter.search = "crat";
  filter.is_favorite = true;
  CHECK(rooms.models->List(organization, filter, {})->total == 1);

  OrgModelPatch clear;
  clear.custom_name.emplace();
  clear.custom_config.emplace();
  REQUIRE(rooms.models->Patch(organization, model.id, clear).ok());
  now = rooms.MustGet(model.id);
  CHECK(now.display_name == "boxes");
  CHECK(!now.custom_name.has_value());
  CHECK(now.custom_config.is_null());
  CHECK(now.is_favorite);

  OrgModelPatch bad;
  bad.custom_config.emplace(Parse(R"({"limits": {"rows": "many"}})"));
  CHECK(GetErrorInfo(rooms.models->Patch(organization, model.id, bad).status()).code ==
        "validation_error");
  CHECK(rooms.MustGet(model.id).custom_config.is_null());
}

TEST_CASE("an execution carries the model's view and counts for the model") {
  TemporaryFolder folder;
  Rooms rooms(folder.File("t.db"));
  REQUIRE(rooms.queue->Start().ok());
  OrgModel model = rooms.MustCreate(kBoxes);
  CHECK(model.total_executions == 0);
  auto done = rooms.models->ExecuteAndWait(rooms.caller, model.id, BoxRun(2), seconds(30));
  REQUIRE_MESSAGE(done.ok(), done.status().ToString());
  CHECK(done->execution.state == RunState::kCompleted);
  CHECK(done->execution.model_id == model.id);
  Json result = Parse(done->execution.result_json);
  CHECK(result["objective_value"].as_double() == 5);
  CHECK(result["variables"].array()[1]["name"].as_string() == "x[b c]");
  CHECK(result["solution"]["x[a]"].as_double() == 2);
  CHECK(result["families"]["x"]["rows"].array().size() == 2);
  CHECK(result["families"]["x"]["rows"].array()[1].Dump() == R"(["b c",3])");
  CHECK(result["objective_name"].as_string() == "total");
  CHECK(result["tables"]["out"].array().size() == 2);

  OrgModel after = rooms.MustGet(model.id);
  CHECK(after.total_executions == 1);
  CHECK(after.total_credits_used == done->execution.credits_used);
  CHECK(after.last_executed_at > 0);

  int misses = static_cast<int>(rooms.prepared.stats().misses);
  REQUIRE(rooms.models->ExecuteAndWait(rooms.caller, model.id, BoxRun(1), seconds(30)).ok());
  CHECK(rooms.prepared.stats().misses == misses);
  CHECK(rooms.MustGet(model.id).total_executions == 2);

  absl::Status bad =
      rooms.models->ExecuteAndWait(rooms.caller, model.id, {.input = Parse("{}")}, seconds(30))
          .status();
  CHECK(GetErrorInfo(bad).code == "bad_request");
  REQUIRE(rooms.models->Preview(rooms.caller.organization_id, model.id, BoxRun(2)).ok());
  CHECK(rooms.MustGet(model.id).total_executions == 2);
  CHECK(rooms.queue->List(rooms.caller.organization_id, {}, {})->total == 2);

  REQUIRE(rooms.models->Deactivate(rooms.caller.organization_id, model.id).ok());
  CHECK(absl::IsNotFound(rooms.models->Execute(rooms.caller, model.id, BoxRun(2)).status()));
}

TEST_CASE("executions of an activated model count for its listing too") {
  TemporaryFolder folder;
  Rooms rooms(folder.File("t.db"));
  REQUIRE(rooms.queue->Start().ok());
  std::string catalog_id = rooms.CatalogId("warehouse_allocation");
  REQUIRE(rooms.models->Activate(rooms.caller, catalog_id, {}).ok());
  ModelRun run;
  run.input = rooms.catalog->Get(catalog_id)->definition.example_input;
  auto done = rooms.models->ExecuteAndWait(rooms.caller, catalog_id, std::move(run), seconds(30));
  REQUIRE_MESSAGE(done.ok(), done.status().ToString());
  CHECK(done->execution.catalog_id == catalog_id);
  CHECK(done->execution.model_name == "Warehouse Allocation Optimizer");
  CHECK(rooms.catalog->Get(catalog_id)->total_executions == 1);
}

TEST_CASE("a run that waits for a restart is reported by the model as it was then") {
  TemporaryFolder folder;
  std::string id;
  std::string organization;
  {
    Rooms rooms(folder.File("t.db"));
    OrgModel model = rooms.MustCreate(kBoxes);
    auto submitted = rooms.models->Execute(rooms.caller, model.id, BoxRun(2));
    REQUIRE_MESSAGE(submitted.ok(), submitted.status().ToString());
    CHECK(submitted->execution.state == RunState::kPending);
    id = submitted->execution.id;
    organization = rooms.caller.organization_id;
    OrgModelPatch patch;
    patch.custom_config.emplace(Parse(R"({"result": {"include": "none"}})"));
    REQUIRE(rooms.models->Patch(organization, model.id, patch).ok());
  }
  Rooms rooms(folder.File("t.db"));
  REQUIRE(rooms.queue->Start().ok());
  auto done = rooms.queue->Wait(organization, id, seconds(30));
  REQUIRE(done.ok());
  CHECK(done->state == RunState::kCompleted);
  Json result = Parse(done->result_json);
  CHECK(result["families"]["x"]["rows"].array().size() == 2);
  CHECK(result["tables"]["out"].array().size() == 2);
}

TEST_CASE("an answer whose report fails stands with a warning") {
  TemporaryFolder folder;
  Rooms rooms(folder.File("t.db"));
  Submission submission = SmallSubmission();
  submission.reporter_key = R"({"definition": "of no model", "now": 0})";
  auto waiting = rooms.queue->Submit(rooms.caller, std::move(submission));
  REQUIRE_MESSAGE(waiting.ok(), waiting.status().ToString());
  REQUIRE(rooms.queue->Start().ok());
  auto done = rooms.queue->Wait(rooms.caller.organization_id, waiting->execution.id, seconds(30));
  REQUIRE(done.ok());
  CHECK(done->state == RunState::kCompleted);
  Json result = Parse(done->result_json);
  CHECK(result["objective_value"].as_double() == 6);
  REQUIRE(result["warnings"].array().size() == 1);
  CHECK(result["warnings"].array()[0]["message"].as_string().find("definition is gone") !=
        std::string::npos);
}

}  // namespace
}  // namespace solvent
