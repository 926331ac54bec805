// Tools for agents: the catalog, and running what is in it.
#include <iterator>
#include <optional>
#include <string>
#include <utility>

#include "mcp_tools.h"
#include "solvent/error.h"

namespace solvent::api {
namespace {

constexpr size_t kMostSummary = 300;
constexpr size_t kMostDescription = 3000;
constexpr size_t kMostSchema = 16'000;
constexpr size_t kMostExample = 12'000;
constexpr int kNamePage = 100;
constexpr int64_t kMostNamePages = 20;  // of models whose names contain the one that is sought

absl::StatusOr<Json> SearchTemplates(const ToolCall& call) {
  CatalogFilter filter;
  filter.search = call.Text("query");
  filter.category = call.Text("category");
  PageRequest page{call.Int("page", 1), static_cast<int>(call.Int("limit", 10))};
  absl::StatusOr<Page<CatalogModel>> found = call.context.engine.catalog().List(filter, page);
  if (!found.ok()) return found.status();
  Json::Array list;
  for (const CatalogModel& model : found->items) {
    Json one;
    one.Set("id", model.id).Set("name", model.name).Set("title", model.display_name);
    one.Set("category", model.category);
    one.Set("summary",
            Shortened(model.short_description.empty() ? model.description : model.short_description,
                      kMostSummary));
    one.Set("credits", model.credits_per_execution);
    list.push_back(std::move(one));
  }
  auto shown = static_cast<int64_t>(list.size());
  int64_t before = (page.page - 1) * page.page_size;
  Json answer;
  answer.Set("templates", std::move(list)).Set("total", found->total);
  if (before + shown < found->total) {
    answer.Set("next_step", std::to_string(found->total - before - shown) + " more: ask for page " +
                                std::to_string(page.page + 1) + ", or narrow the query");
  } else if (found->total == 0) {
    answer.Set("next_step", "Nothing matches all of the query; try a single word of it.");
  }
  return answer;
}

// A listing by its id or its machine name.
absl::StatusOr<CatalogModel> FindListing(const ToolCall& call, std::string_view id) {
  ModelCatalog& catalog = call.context.engine.catalog();
  if (id.starts_with("mdl_")) return catalog.Get(id);
  CatalogFilter filter;
  filter.search = std::string(id);
  absl::StatusOr<Page<CatalogModel>> found = catalog.List(filter, PageRequest{1, 100});
  if (!found.ok()) return found.status();
  for (const CatalogModel& model : found->items) {
    if (model.name == id) return catalog.Get(model.id);
  }
  return NotFound("There is no template and no model \"" + Shortened(id, 100) +
                  "\"; search_templates finds them");
}

// The value, or a note that it is too large to be shown.
void SetCapped(Json& answer, const char* name, const Json& value, size_t most,
               std::string_view where) {
  if (value.is_null()) return;
  size_t size = value.Dump().size();
  if (size <= most) {
    answer.Set(name, value);
  } else {
    answer.Set(std::string(name) + "_left_out",
               std::to_string(size) + " bytes; GET " + std::string(where) + "/schema shows it");
  }
}

Json Description(const std::string& id, const std::string& name, const std::string& title,
                 const std::string& description, const ModelDefinition& definition,
                 const std::string& where) {
  Json answer;
  answer.Set("id", id).Set("name", name).Set("title", title);
  answer.Set("description", Shortened(description, kMostDescription));
  SetCapped(answer, "input_schema", definition.input_schema, kMostSchema, where);
  if (definition.input_schema.is_null()) {
    SetCapped(answer, "input_fields", definition.input_fields, kMostSchema, where);
  }
  SetCapped(answer, "example_input", definition.example_input, kMostExample, where);
  answer.Set("next_step", "Call execute_model with this id and an input of this shape.");
  return answer;
}

// The organization's own model of that name: its custom, machine or displayed one. Models in use
// come before those that are switched off; nothing when there is none.
absl::StatusOr<std::optional<OrgModel>> FindByName(const ToolCall& call, const std::string& name) {
  OrganizationModel& models = call.context.engine.models();
  const std::string& organization = call.caller.organization_id;
  OrgModelFilter filter;
  filter.search = name;
  std::optional<OrgModel> found;
  std::string also;
  for (int64_t number = 1; number <= kMostNamePages; ++number) {
    absl::StatusOr<Page<OrgModel>> page = models.List(organization, filter, {number, kNamePage});
    if (!page.ok()) return page.status();
    for (OrgModel& model : page->items) {
      if (model.custom_name != name && model.name != name && model.display_name != name) continue;
      if (!found.has_value() || (model.is_active && !found->is_active)) {
        found = std::move(model);
        also.clear();
      } else if (model.is_active == found->is_active) {
        also += (also.empty() ? "" : ", ") + model.id;
      }
    }
    if (std::ssize(page->items) < kNamePage) break;
  }
  if (!found.has_value()) return found;
  if (!also.empty() && found->is_active) {
    return BadRequest("Several models have the name \"" + Shortened(name, 100) +
                      "\"; name one of them by its id: " + found->id + ", " + Shortened(also, 500));
  }
  absl::StatusOr<OrgModel> whole = models.Get(organization, found->id);
  if (!whole.ok()) return whole.status();
  return *std::move(whole);
}

// What the organization has under that id, catalog id or name, switched off or not.
absl::StatusOr<std::optional<OrgModel>> FindOwn(const ToolCall& call, const std::string& id) {
  OrganizationModel& models = call.context.engine.models();
  absl::StatusOr<OrgModel> own = models.Get(call.caller.organization_id, id);
  if (own.ok()) return *std::move(own);
  if (!absl::IsNotFound(own.status())) return own.status();
  absl::StatusOr<std::optional<OrgModel>> named = FindByName(call, id);
  if (!named.ok() || !named->has_value() || (*named)->is_active || !(*named)->catalog_id.empty()) {
    return named;
  }
  // A private model that was deleted does not stand before a template of its name.
  absl::StatusOr<CatalogModel> listing = FindListing(call, id);
  if (listing.ok()) return std::optional<OrgModel>();
  if (!absl::IsNotFound(listing.status())) return listing.status();
  return named;
}

absl::Status SwitchedOff(const OrgModel& model) {
  return MakeError(absl::StatusCode::kFailedPrecondition, error_code::kConflict,
                   "The model \"" + Shortened(model.display_name, 100) + "\" (" + model.id +
                       ") is switched off in this organization. People switch it on in the "
                       "console, or by PATCH " +
                       std::string(kBase) + "/models/" + model.id + " with {\"is_active\": true}");
}

absl::StatusOr<Json> DescribeTemplate(const ToolCall& call) {
  std::string id = call.Text("id");
  absl::StatusOr<std::optional<OrgModel>> found = FindOwn(call, id);
  if (!found.ok()) return found.status();
  if (found->has_value()) {
    const OrgModel& own = **found;
    Json answer = Description(own.id, own.name, own.display_name, own.description, own.definition,
                              std::string(kBase) + "/models/" + own.id);
    if (!own.is_active) answer.Set("next_step", std::string(Message(SwitchedOff(own))));
    return answer;
  }
  absl::StatusOr<CatalogModel> model = FindListing(call, id);
  if (!model.ok()) return model.status();
  return Description(model->id, model->name, model->display_name, model->description,
                     model->definition, std::string(kBase) + "/models/catalog/" + model->id);
}

absl::StatusOr<Submitted> StartModel(const ToolCall& call, ModelRun run, std::string_view id,
                                     std::chrono::milliseconds wait) {
  OrganizationModel& models = call.context.engine.models();
  absl::StatusOr<std::optional<OrgModel>> own = FindOwn(call, std::string(id));
  if (!own.ok()) return own.status();
  std::string to_run;
  if (own->has_value()) {
    if (!(*own)->is_active) return SwitchedOff(**own);
    to_run = (*own)->id;
  } else {
    absl::StatusOr<CatalogModel> listing = FindListing(call, id);
    if (!listing.ok()) return listing.status();
    // Costs nothing. What the organization has of this listing was found by its name.
    absl::StatusOr<OrgModel> active = models.Activate(call.caller, listing->id);
    if (!active.ok()) return active.status();
    to_run = active->id;
  }
  return models.ExecuteAndWait(call.caller, to_run, std::move(run), wait);
}

absl::StatusOr<Json> ExecuteModel(const ToolCall& call) {
  return RunAndWait(call, StartModel, call.Text("id"));
}

constexpr Tool kTools[] = {
    {"search_templates", "Search the catalog",
     "Finds ready optimization models (routing, scheduling, packing, planning, networks, finance "
     "and others) in the catalog. Each solves a kind of problem from input data alone. Without a "
     "query it lists all, most used first.",
     R"({"type":"object","additionalProperties":false,"properties":{
       "query":{"type":"string","description":"A word or phrase that name, description or tags contain"},
       "category":{"type":"string","description":"Only this category"},
       "limit":{"type":"integer","minimum":1,"maximum":50,"description":"Templates a page, 10 unless given"},
       "page":{"type":"integer","minimum":1,"maximum":10000}}})",
     true, "", SearchTemplates},
    {"describe_template", "Describe a template",
     "What a template or one of the organization's models solves, the JSON Schema of its input, "
     "and "
     "an example input to start from.",
     R"({"type":"object","additionalProperties":false,"required":["id"],"properties":{
       "id":{"type":"string","minLength":1,"description":"Id (mdl_…) or name of a template, or of one of the organization's models"}}})",
     true, "", DescribeTemplate},
    {"execute_model", "Execute a model",
     "Solves a template or one of the organization's models with an input, and waits for the "
     "answer. Costs credits. The answer shows the variables that are not zero, the first 50 of "
     "them.",
     R"({"type":"object","additionalProperties":false,"required":["id","input"],"properties":{
       "id":{"type":"string","minLength":1,"description":"Id (mdl_…) or name of a template, or of one of the organization's models"},
       "input":{"type":"object","description":"Data of the shape that describe_template shows"},
       "name":{"type":"string","description":"What to call this run"},
       "time_limit_seconds":{"type":"number","minimum":1,"maximum":10000000,"description":"For the solver; the model's own unless given"},
       "wait_seconds":{"type":"integer","minimum":0,"maximum":120,"description":"How long to wait for the answer, 60 unless given"}}})",
     false, "solve", ExecuteModel},
};

}  // namespace

std::span<const Tool> CatalogTools() { return kTools; }

}  // namespace solvent::api
