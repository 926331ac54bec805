#include "sqlite_models.h"

#include <algorithm>
#include <utility>

#include "created_keys.h"
#include "model_definition.h"
#include "solvent/error.h"
#include "status_macros.h"

namespace solvent {
namespace {

// The catalog.
constexpr char kListingHash[] = "SELECT n, content_hash FROM catalog_models WHERE id = ?1";
constexpr char kInsertListing[] =
    "INSERT INTO catalog_models (id, name, display_name, short_description, description,"
    " scenario_description, category, tags, status, is_official, is_featured,"
    " credits_per_execution, author_organization_id, content_hash, created_at, updated_at,"
    " definition)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?15, ?16)";
constexpr char kReplaceListing[] =
    "UPDATE catalog_models SET name = ?2, display_name = ?3, short_description = ?4,"
    " description = ?5, scenario_description = ?6, category = ?7, tags = ?8, is_official = ?9,"
    " is_featured = ?10, credits_per_execution = ?11, content_hash = ?12, updated_at = ?13,"
    " definition = ?14, version = version + 1 WHERE n = ?1";
constexpr char kForgetSearch[] = "DELETE FROM catalog_search WHERE rowid = ?1";
constexpr char kIndexSearch[] =
    "INSERT INTO catalog_search (rowid, name, display_name, description, tags)"
    " VALUES (?1, ?2, ?3, ?4, ?5)";
constexpr char kSetStatus[] =
    "UPDATE catalog_models SET status = ?2, updated_at = ?3 WHERE id = ?1";

#define LISTING_COLUMNS                                                                     \
  "SELECT c.id, c.name, c.display_name, c.short_description, c.description,"                \
  " c.scenario_description, c.category, c.tags, c.status, c.version, c.is_official,"        \
  " c.is_featured, c.credits_per_execution, c.author_organization_id, c.total_activations," \
  " c.total_executions, c.created_at, c.updated_at"
constexpr char kFindListing[] =
    LISTING_COLUMNS ", c.definition FROM catalog_models c WHERE c.id = ?1";
constexpr int kListingColumns = 18;

// A list's statement is put together from these, so that each kind of it has its index. ?1
// category, ?2 and ?3 official and featured or -1, ?4 the search.
constexpr char kFromListings[] =
    " FROM catalog_models c WHERE c.status = 'published'"
    " AND (?2 < 0 OR c.is_official = ?2) AND (?3 < 0 OR c.is_featured = ?3)";
constexpr char kAnyCategory[] = " AND ?1 = ''";
constexpr char kOneCategory[] = " AND c.category = ?1";
constexpr char kNoSearch[] = " AND ?4 = ''";
constexpr char kSearchIndex[] =
    " AND c.n IN (SELECT rowid FROM catalog_search WHERE catalog_search MATCH ?4)";
constexpr char kSearchRows[] =
    " AND c.n IN (SELECT rowid FROM catalog_search WHERE name LIKE ?4 ESCAPE '\\'"
    " OR display_name LIKE ?4 ESCAPE '\\' OR description LIKE ?4 ESCAPE '\\'"
    " OR tags LIKE ?4 ESCAPE '\\')";
constexpr char kByPopularity[] = " ORDER BY c.total_executions DESC, c.created_at DESC, c.id";
constexpr char kByAge[] = " ORDER BY c.created_at DESC, c.id";
constexpr char kPageOfListings[] = " LIMIT ?5 OFFSET ?6";

// Models of organizations.
constexpr char kPublished[] =
    "SELECT author_organization_id FROM catalog_models WHERE id = ?1 AND status = 'published'";
constexpr char kFindActivation[] =
    "SELECT id, is_active FROM organization_models WHERE organization_id = ?1 AND catalog_id = ?2";
constexpr char kInsertActivation[] =
    "INSERT INTO organization_models (id, organization_id, catalog_id, custom_name, created_at,"
    " updated_at) VALUES (?1, ?2, ?3, nullif(?4, ''), ?5, ?5)";
constexpr char kActivateAgain[] =
    "UPDATE organization_models SET is_active = 1, custom_name = iif(?3 <> '', ?3, custom_name),"
    " updated_at = max(?4, updated_at + 1) WHERE organization_id = ?1 AND catalog_id = ?2";
constexpr char kCountActivation[] =
    "UPDATE catalog_models SET total_activations = total_activations + 1 WHERE id = ?1";
constexpr char kInsertModel[] =
    "INSERT INTO organization_models (id, organization_id, name, display_name, description,"
    " category, tags, credits_per_execution, created_at, updated_at, custom_config, definition)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9, nullif(?10, ''), ?11)";
constexpr char kUpdateModel[] =
    "UPDATE organization_models SET custom_name = iif(?3, nullif(?4, ''), custom_name),"
    " custom_config = iif(?5, nullif(?6, ''), custom_config),"
    " is_active = iif(?7 < 0, is_active, ?7), is_favorite = iif(?8 < 0, is_favorite, ?8),"
    " updated_at = max(?9, updated_at + 1) WHERE organization_id = ?1 AND id = ?2";

// A private model has no c.
#define MODEL_COLUMNS                                                                          \
  "SELECT m.id, m.catalog_id, m.organization_id, coalesce(c.name, m.name),"                    \
  " coalesce(m.custom_name, c.display_name, m.display_name), m.custom_name,"                   \
  " coalesce(c.description, m.description), coalesce(c.category, m.category),"                 \
  " coalesce(c.tags, m.tags), coalesce(c.definition, m.definition) ->> 'generator_type',"      \
  " coalesce(c.credits_per_execution, m.credits_per_execution), m.is_active, m.is_favorite,"   \
  " coalesce(c.is_official, 0), m.total_executions, m.total_credits_used, m.last_executed_at," \
  " m.created_at, m.updated_at, coalesce(c.version, 0)"
#define FROM_MODELS " FROM organization_models m LEFT JOIN catalog_models c ON c.id = m.catalog_id"
constexpr char kFindModel[] =
    MODEL_COLUMNS ", m.custom_config, coalesce(c.definition, m.definition)" FROM_MODELS
                  " WHERE m.organization_id = ?1 AND (m.id = ?2 OR m.catalog_id = ?2)";
constexpr char kFindModelRow[] =
    MODEL_COLUMNS FROM_MODELS " WHERE m.organization_id = ?1 AND (m.id = ?2 OR m.catalog_id = ?2)";
constexpr int kModelColumns = 20;
// ?2 category, ?3 and ?4 active and favorite or -1, ?5 a pattern; "" matches all
#define OF_FILTER                                                                        \
  " WHERE m.organization_id = ?1 AND (?2 = '' OR coalesce(c.category, m.category) = ?2)" \
  " AND (?3 < 0 OR m.is_active = ?3) AND (?4 < 0 OR m.is_favorite = ?4)"                 \
  " AND (?5 = '' OR coalesce(c.name, m.name) LIKE ?5 ESCAPE '\\'"                        \
  " OR coalesce(c.display_name, m.display_name) LIKE ?5 ESCAPE '\\'"                     \
  " OR m.custom_name LIKE ?5 ESCAPE '\\'"                                                \
  " OR coalesce(c.description, m.description) LIKE ?5 ESCAPE '\\'"                       \
  " OR coalesce(c.tags, m.tags) LIKE ?5 ESCAPE '\\')"
constexpr char kCountModels[] = "SELECT count(*)" FROM_MODELS OF_FILTER;
constexpr char kListModels[] = MODEL_COLUMNS FROM_MODELS OF_FILTER
    " ORDER BY m.last_executed_at DESC, m.created_at DESC, m.id LIMIT ?6 OFFSET ?7";
#undef OF_FILTER
#undef FROM_MODELS
#undef MODEL_COLUMNS

constexpr char kKeepDocument[] =
    "INSERT INTO model_documents (hash, document) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
constexpr char kHasDocument[] = "SELECT 1 FROM model_documents WHERE hash = ?1";
constexpr char kFindDocument[] = "SELECT document FROM model_documents WHERE hash = ?1";

CatalogModel ReadListing(const Query& row) {
  CatalogModel c;
  c.id = row.Text(0);
  c.name = row.Text(1);
  c.display_name = row.Text(2);
  c.short_description = row.Text(3);
  c.description = row.Text(4);
  c.scenario_description = row.Text(5);
  c.category = row.Text(6);
  c.tags = TagsFromJson(row.Text(7));
  c.status = row.Text(8);
  c.version = row.Int(9);
  c.is_official = row.Int(10) != 0;
  c.is_featured = row.Int(11) != 0;
  c.credits_per_execution = row.Int(12);
  c.author_organization_id = row.Text(13);
  c.total_activations = row.Int(14);
  c.total_executions = row.Int(15);
  c.created_at = row.Int(16);
  c.updated_at = row.Int(17);
  return c;
}

OrgModel ReadModel(const Query& row) {
  OrgModel m;
  m.id = row.Text(0);
  m.catalog_id = row.Text(1);
  m.organization_id = row.Text(2);
  m.name = row.Text(3);
  m.display_name = row.Text(4);
  if (!row.IsNull(5)) m.custom_name = row.Text(5);
  m.description = row.Text(6);
  m.category = row.Text(7);
  m.tags = TagsFromJson(row.Text(8));
  m.generator_type = row.Text(9);
  m.credits_per_execution = row.Int(10);
  m.is_active = row.Int(11) != 0;
  m.is_favorite = row.Int(12) != 0;
  m.is_official = row.Int(13) != 0;
  m.total_executions = row.Int(14);
  m.total_credits_used = row.Int(15);
  m.last_executed_at = row.Int(16);
  m.created_at = row.Int(17);
  m.updated_at = row.Int(18);
  m.listing_version = row.Int(19);
  return m;
}

constexpr size_t kLeastIndexed = 3;  // characters: the full text index holds trigrams

// One phrase of the full text index.
std::string Phrase(std::string_view search) {
  std::string phrase = "\"";
  for (char c : search) {
    if (c == '"') phrase += '"';
    phrase += c == '\0' ? kForNul : c;
  }
  return phrase + "\"";
}

size_t Characters(std::string_view text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

// Each word of the search that the index can find, wherever it stands. Words of one or two
// characters say little beside longer ones; a search of such words alone is one phrase.
std::string AllWords(std::string_view search) {
  constexpr std::string_view kSpace = " \t\r\n";
  std::string words;
  for (size_t at = 0; at < search.size();) {
    const size_t begin = std::min(search.find_first_not_of(kSpace, at), search.size());
    const size_t end = std::min(search.find_first_of(kSpace, begin), search.size());
    const std::string_view word = search.substr(begin, end - begin);
    if (Characters(word) >= kLeastIndexed) words += Phrase(word) + " ";
    at = end;
  }
  return words.empty() ? Phrase(search) : words;
}

int Ternary(const std::optional<bool>& b) { return b.has_value() ? *b : -1; }

absl::Status CheckPage(const PageRequest& request) {
  if (request.page >= 1 && request.page_size >= 1) return absl::OkStatus();
  return absl::InvalidArgumentError("pages are numbered from 1 and hold at least one row");
}

int64_t RowsBefore(const PageRequest& request) {
  return std::min<int64_t>(request.page - 1, INT64_MAX / request.page_size - 1) * request.page_size;
}

absl::Status ListingNotFound() { return NotFound("Model not found in the catalog"); }

absl::StatusOr<std::optional<OrgModel>> LoadModel(Db& db, std::string_view organization,
                                                  std::string_view id) {
  Query query(db, kFindModel, organization, id);
  if (!query.Next()) {
    RETURN_IF_ERROR(query.status());
    return std::nullopt;
  }
  OrgModel model = ReadModel(query);
  if (!query.IsNull(kModelColumns)) {
    ASSIGN_OR_RETURN(model.custom_config, ParseJson(query.Text(kModelColumns)));
  }
  ASSIGN_OR_RETURN(Json definition, ParseJson(query.Text(kModelColumns + 1)));
  model.definition = DefinitionFromJson(definition);
  return model;
}

// Without its definition.
absl::StatusOr<std::optional<OrgModel>> LoadModelRow(Db& db, std::string_view organization,
                                                     std::string_view id) {
  Query query(db, kFindModelRow, organization, id);
  if (query.Next()) return ReadModel(query);
  RETURN_IF_ERROR(query.status());
  return std::nullopt;
}

}  // namespace

absl::StatusOr<bool> SqliteModels::SaveListing(const CatalogModel& c, std::string_view content_hash,
                                               int64_t now) {
  {
    // At every start nearly all listings are as they were: no need for the writer.
    Readers::Lease db(readers_);
    Query query(*db, kListingHash, c.id);
    if (query.Next() && query.Text(1) == content_hash) return false;
    RETURN_IF_ERROR(query.status());
  }
  std::string tags = TagsToJson(c.tags);
  std::string definition = DefinitionToJson(c.definition).Dump();
  return writer_.Get<bool>([&](Db& db) -> absl::StatusOr<bool> {
    int64_t n = 0;
    {
      Query query(db, kListingHash, c.id);
      if (query.Next()) {
        if (query.Text(1) == content_hash) return false;
        n = query.Int(0);
      }
      RETURN_IF_ERROR(query.status());
    }
    if (n == 0) {
      RETURN_IF_ERROR(db.Run(kInsertListing, c.id, c.name, c.display_name, c.short_description,
                             c.description, c.scenario_description, c.category, tags, c.status,
                             c.is_official, c.is_featured, c.credits_per_execution,
                             c.author_organization_id, Blob{content_hash}, now, definition));
      n = db.last_insert_rowid();
    } else {
      RETURN_IF_ERROR(db.Run(kReplaceListing, n, c.name, c.display_name, c.short_description,
                             c.description, c.scenario_description, c.category, tags, c.is_official,
                             c.is_featured, c.credits_per_execution, Blob{content_hash}, now,
                             definition));
      RETURN_IF_ERROR(db.Run(kForgetSearch, n));
    }
    std::string tag_lines;
    for (const std::string& tag : c.tags) tag_lines += tag + "\n";
    RETURN_IF_ERROR(db.Run(kIndexSearch, n, c.name, c.display_name,
                           c.short_description + "\n" + c.description, tag_lines));
    return true;
  });
}

absl::StatusOr<bool> SqliteModels::SetListingStatus(std::string_view id, std::string_view status,
                                                    int64_t now) {
  return writer_.Get<bool>([&](Db& db) -> absl::StatusOr<bool> {
    RETURN_IF_ERROR(db.Run(kSetStatus, id, status, now));
    return db.changes() == 1;
  });
}

absl::StatusOr<std::optional<CatalogModel>> SqliteModels::FindListing(std::string_view id) {
  Readers::Lease db(readers_);
  Query query(*db, kFindListing, id);
  if (!query.Next()) {
    RETURN_IF_ERROR(query.status());
    return std::nullopt;
  }
  CatalogModel listing = ReadListing(query);
  ASSIGN_OR_RETURN(Json definition, ParseJson(query.Text(kListingColumns)));
  listing.definition = DefinitionFromJson(definition);
  return listing;
}

absl::StatusOr<Page<CatalogModel>> SqliteModels::ListCatalog(const CatalogFilter& filter,
                                                             const PageRequest& request) {
  RETURN_IF_ERROR(CheckPage(request));
  std::string from = kFromListings;
  from += filter.category.empty() ? kAnyCategory : kOneCategory;
  std::string search;
  if (filter.search.empty()) {
    from += kNoSearch;
  } else if (Characters(filter.search) >= kLeastIndexed) {
    from += kSearchIndex;
    search = AllWords(filter.search);
  } else {
    from += kSearchRows;
    search = ContainsPattern(filter.search);
  }
  int official = Ternary(filter.is_official);
  int featured = Ternary(filter.is_featured);
  Readers::Lease db(readers_);
  ReadTransaction transaction(*db);
  RETURN_IF_ERROR(transaction.status());
  Page<CatalogModel> page;
  page.page = request.page;
  page.page_size = request.page_size;
  {
    Query query(*db, "SELECT count(*)" + from, filter.category, official, featured, search);
    if (query.Next()) page.total = query.Int(0);
    RETURN_IF_ERROR(query.status());
  }
  const char* order = filter.order == CatalogOrder::kNewest ? kByAge : kByPopularity;
  Query query(*db, LISTING_COLUMNS + from + order + kPageOfListings, filter.category, official,
              featured, search, request.page_size, RowsBefore(request));
  while (query.Next()) page.items.push_back(ReadListing(query));
  RETURN_IF_ERROR(query.status());
  return page;
}

absl::StatusOr<OrgModel> SqliteModels::Activate(std::string_view organization,
                                                std::string_view catalog_id,
                                                std::string_view new_id,
                                                const std::optional<std::string>& custom_name,
                                                int64_t now) {
  return writer_.Get<OrgModel>([&](Db& db) -> absl::StatusOr<OrgModel> {
    {
      Query listing(db, kPublished, catalog_id);
      if (!listing.Next()) {
        RETURN_IF_ERROR(listing.status());
        return ListingNotFound();
      }
      if (listing.Text(0) == organization) {
        return MakeError(absl::StatusCode::kPermissionDenied, error_code::kForbidden,
                         "An organization cannot activate its own listing");
      }
    }
    bool exists = false;
    bool active = false;
    {
      Query query(db, kFindActivation, organization, catalog_id);
      if (query.Next()) {
        exists = true;
        active = query.Int(1) != 0;
      }
      RETURN_IF_ERROR(query.status());
    }
    if (!active) {
      std::string name = custom_name.value_or("");
      if (exists) {
        RETURN_IF_ERROR(db.Run(kActivateAgain, organization, catalog_id, name, now));
      } else {
        RETURN_IF_ERROR(db.Run(kInsertActivation, new_id, organization, catalog_id, name, now));
      }
      RETURN_IF_ERROR(db.Run(kCountActivation, catalog_id));
    }
    ASSIGN_OR_RETURN(std::optional<OrgModel> model, LoadModel(db, organization, catalog_id));
    if (!model.has_value()) return absl::InternalError("the activated model is gone");
    return *std::move(model);
  });
}

absl::StatusOr<std::optional<std::string>> SqliteModels::InsertModel(const OrgModel& m,
                                                                     Repeatable* repeatable) {
  using Result = std::optional<std::string>;
  std::string definition = DefinitionToJson(m.definition).Dump();
  std::string config = m.custom_config.is_null() ? "" : m.custom_config.Dump();
  return writer_.Get<Result>([&](Db& db) -> absl::StatusOr<Result> {
    ASSIGN_OR_RETURN(Result earlier, FindCreated(db, m.organization_id, repeatable));
    if (earlier.has_value()) return earlier;
    RETURN_IF_ERROR(db.Run(kInsertModel, m.id, m.organization_id, m.name, m.display_name,
                           m.description, m.category, TagsToJson(m.tags), m.credits_per_execution,
                           m.created_at, config, definition));
    RETURN_IF_ERROR(KeepCreated(db, m.organization_id, repeatable, m.id, m.created_at));
    return std::nullopt;
  });
}

absl::StatusOr<std::optional<OrgModel>> SqliteModels::FindModel(std::string_view organization,
                                                                std::string_view id) {
  Readers::Lease db(readers_);
  return LoadModel(*db, organization, id);
}

absl::StatusOr<Page<OrgModel>> SqliteModels::ListModels(std::string_view organization,
                                                        const OrgModelFilter& filter,
                                                        const PageRequest& request) {
  RETURN_IF_ERROR(CheckPage(request));
  std::string pattern = ContainsPattern(filter.search);
  int active = Ternary(filter.is_active);
  int favorite = Ternary(filter.is_favorite);
  Readers::Lease db(readers_);
  ReadTransaction transaction(*db);
  RETURN_IF_ERROR(transaction.status());
  Page<OrgModel> page;
  page.page = request.page;
  page.page_size = request.page_size;
  {
    Query query(*db, kCountModels, organization, filter.category, active, favorite, pattern);
    if (query.Next()) page.total = query.Int(0);
    RETURN_IF_ERROR(query.status());
  }
  Query query(*db, kListModels, organization, filter.category, active, favorite, pattern,
              request.page_size, RowsBefore(request));
  while (query.Next()) page.items.push_back(ReadModel(query));
  RETURN_IF_ERROR(query.status());
  return page;
}

absl::StatusOr<std::optional<OrgModel>> SqliteModels::UpdateModel(std::string_view organization,
                                                                  std::string_view id,
                                                                  const OrgModelPatch& patch,
                                                                  const Precondition& precondition,
                                                                  int64_t now) {
  using Result = std::optional<OrgModel>;
  std::string name;
  if (patch.custom_name.has_value()) name = patch.custom_name->value_or("");
  std::string config;
  if (patch.custom_config.has_value() && patch.custom_config->has_value()) {
    config = (*patch.custom_config)->Dump();
  }
  return writer_.Get<Result>([&](Db& db) -> absl::StatusOr<Result> {
    ASSIGN_OR_RETURN(Result found, LoadModelRow(db, organization, id));
    if (!found.has_value()) return found;
    RETURN_IF_ERROR(precondition.Check(Revision(*found)));
    RETURN_IF_ERROR(db.Run(kUpdateModel, organization, found->id, patch.custom_name.has_value(),
                           name, patch.custom_config.has_value(), config, Ternary(patch.is_active),
                           Ternary(patch.is_favorite), now));
    return LoadModelRow(db, organization, found->id);
  });
}

absl::Status SqliteModels::KeepDocument(std::string_view hash, std::string_view document) {
  {
    // A look is cheap, a turn of the writer is not. What was kept once is no proof: a copy without
    // it may have been restored since.
    Readers::Lease db(readers_);
    Query query(*db, kHasDocument, Blob{hash});
    if (query.Next()) return absl::OkStatus();
    RETURN_IF_ERROR(query.status());
  }
  return writer_.Run([&](Db& db) { return db.Run(kKeepDocument, Blob{hash}, document); });
}

absl::StatusOr<std::optional<std::string>> SqliteModels::FindDocument(std::string_view hash) {
  Readers::Lease db(readers_);
  Query query(*db, kFindDocument, Blob{hash});
  if (query.Next()) return std::optional<std::string>(query.Text(0));
  RETURN_IF_ERROR(query.status());
  return std::optional<std::string>();
}

}  // namespace solvent
