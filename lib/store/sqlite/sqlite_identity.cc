#include "sqlite_identity.h"

#include <algorithm>
#include <utility>

#include "created_keys.h"
#include "solvent/error.h"
#include "status_macros.h"
#include "text_length.h"

namespace solvent {
namespace {

constexpr char kFindOrganization[] = "SELECT id, is_active FROM organizations WHERE name = ?1";
constexpr char kInsertOrganization[] =
    "INSERT INTO organizations (id, name, created_at) VALUES (?1, ?2, ?3)";
constexpr char kFindUser[] =
    "SELECT id, is_active FROM users WHERE organization_id = ?1 AND name = ?2";
constexpr char kInsertUser[] =
    "INSERT INTO users (id, organization_id, name, created_at) VALUES (?1, ?2, ?3, ?4)";
constexpr char kAnyOrganization[] = "SELECT EXISTS (SELECT 1 FROM organizations)";
constexpr char kFindMember[] =
    "SELECT o.id, o.name, u.id, u.name, o.is_active AND u.is_active"
    " FROM users u JOIN organizations o ON o.id = u.organization_id"
    " WHERE u.id = ?2 AND u.organization_id = ?1";
constexpr char kSetOrganizationActive[] = "UPDATE organizations SET is_active = ?2 WHERE id = ?1";
constexpr char kSetUserActive[] = "UPDATE users SET is_active = ?2 WHERE id = ?1";

constexpr char kLiveKeys[] =
    "SELECT count(*) FROM api_keys WHERE organization_id = ?1 AND user_id = ?2"
    " AND revoked_at = 0 AND (expires_at = 0 OR expires_at > ?3)";
constexpr char kIsMember[] = "SELECT 1 FROM users WHERE id = ?2 AND organization_id = ?1";
constexpr char kInsertKey[] =
    "INSERT INTO api_keys (id, organization_id, user_id, name, description, prefix, hash,"
    " created_at, last_used_at, expires_at, revoked_at, is_admin)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";
constexpr char kTouchKey[] =
    "UPDATE api_keys SET last_used_at = ?2 WHERE id = ?1 AND last_used_at < ?2";
constexpr char kRevokeKey[] =
    "UPDATE api_keys SET revoked_at = max(?4, 1)"
    " WHERE id = ?3 AND organization_id = ?1 AND (?2 = '' OR user_id = ?2) AND revoked_at = 0";
constexpr char kKeyExists[] =
    "SELECT 1 FROM api_keys WHERE id = ?3 AND organization_id = ?1 AND (?2 = '' OR user_id = ?2)";

#define KEY_COLUMNS                                                                           \
  "SELECT k.id, k.organization_id, k.user_id, k.name, k.description, k.prefix, k.created_at," \
  " k.last_used_at, k.expires_at, k.revoked_at = 0, k.is_admin"
constexpr char kFindKey[] = KEY_COLUMNS
    ", k.hash, u.is_active, o.is_active FROM api_keys k JOIN users u ON u.id = k.user_id"
    " JOIN organizations o ON o.id = k.organization_id WHERE k.hash = ?1";

constexpr char kGetKey[] =
    KEY_COLUMNS " FROM api_keys k WHERE k.id = ?1 AND k.organization_id = ?2";

// ?1 organization, ?2 user or "", ?3 pattern or "", ?4 active, or -1 for either
#define OF_FILTER                                                                     \
  " FROM api_keys k WHERE k.organization_id = ?1 AND (?2 = '' OR k.user_id = ?2)"     \
  " AND (?3 = '' OR k.name LIKE ?3 ESCAPE '\\' OR k.description LIKE ?3 ESCAPE '\\')" \
  " AND (?4 < 0 OR (k.revoked_at = 0) = ?4)"
constexpr char kCountKeys[] = "SELECT count(*)" OF_FILTER;
constexpr char kListKeys[] =
    KEY_COLUMNS OF_FILTER " ORDER BY k.created_at DESC, k.id DESC LIMIT ?5 OFFSET ?6";
#undef OF_FILTER
#undef KEY_COLUMNS

constexpr int kKeyColumns = 11;

ApiKey ReadKey(const Query& row) {
  ApiKey key;
  key.id = row.Text(0);
  key.organization_id = row.Text(1);
  key.user_id = row.Text(2);
  key.name = row.Text(3);
  key.description = row.Text(4);
  key.prefix = row.Text(5);
  key.created_at = row.Int(6);
  key.last_used_at = row.Int(7);
  key.expires_at = row.Int(8);
  key.is_active = row.Int(9) != 0;
  key.is_admin = row.Int(10) != 0;
  return key;
}

}  // namespace

absl::StatusOr<Membership> SqliteIdentity::EnsureMember(std::string_view organization_name,
                                                        std::string_view user_name,
                                                        std::string_view new_organization_id,
                                                        std::string_view new_user_id, int64_t now) {
  return writer_.Get<Membership>([&](Db& db) -> absl::StatusOr<Membership> {
    Membership member;
    member.organization_name = organization_name;
    member.user_name = user_name;
    {
      Query query(db, kFindOrganization, organization_name);
      if (query.Next()) {
        member.organization_id = query.Text(0);
        member.active = query.Int(1) != 0;
      }
      RETURN_IF_ERROR(query.status());
    }
    if (member.organization_id.empty()) {
      RETURN_IF_ERROR(CheckName("/organization", organization_name, 1, 255));
      member.organization_id = new_organization_id;
      RETURN_IF_ERROR(db.Run(kInsertOrganization, new_organization_id, organization_name, now));
    }
    {
      Query query(db, kFindUser, member.organization_id, user_name);
      if (query.Next()) {
        member.user_id = query.Text(0);
        member.active &= query.Int(1) != 0;
      }
      RETURN_IF_ERROR(query.status());
    }
    if (member.user_id.empty()) {
      RETURN_IF_ERROR(CheckName("/user", user_name, 1, 255));
      member.user_id = new_user_id;
      RETURN_IF_ERROR(db.Run(kInsertUser, new_user_id, member.organization_id, user_name, now));
    }
    return member;
  });
}

absl::StatusOr<bool> SqliteIdentity::AnyOrganization() {
  Readers::Lease db(readers_);
  ASSIGN_OR_RETURN(int64_t any, (*db).QueryInt(kAnyOrganization));
  return any != 0;
}

absl::StatusOr<std::optional<std::string>> SqliteIdentity::FindOrganization(std::string_view name) {
  Readers::Lease db(readers_);
  Query query(*db, kFindOrganization, name);
  if (query.Next()) return std::optional<std::string>(query.Text(0));
  RETURN_IF_ERROR(query.status());
  return std::optional<std::string>();
}

absl::StatusOr<std::optional<Membership>> SqliteIdentity::FindMember(
    std::string_view organization_id, std::string_view user_id) {
  Readers::Lease db(readers_);
  Query query(*db, kFindMember, organization_id, user_id);
  if (query.Next()) {
    return Membership{query.Text(0), query.Text(1), query.Text(2), query.Text(3),
                      query.Int(4) != 0};
  }
  RETURN_IF_ERROR(query.status());
  return std::nullopt;
}

absl::StatusOr<bool> SqliteIdentity::SetOrganizationActive(std::string_view id, bool active) {
  return writer_.Get<bool>([&](Db& db) -> absl::StatusOr<bool> {
    RETURN_IF_ERROR(db.Run(kSetOrganizationActive, id, active));
    return db.changes() == 1;
  });
}

absl::StatusOr<bool> SqliteIdentity::SetUserActive(std::string_view id, bool active) {
  return writer_.Get<bool>([&](Db& db) -> absl::StatusOr<bool> {
    RETURN_IF_ERROR(db.Run(kSetUserActive, id, active));
    return db.changes() == 1;
  });
}

absl::StatusOr<std::optional<ApiKey>> SqliteIdentity::InsertKey(const NewKeyRow& row, int max_live,
                                                                Repeatable* repeatable) {
  using Result = std::optional<ApiKey>;
  return writer_.Get<Result>([&](Db& db) -> absl::StatusOr<Result> {
    const ApiKey& key = row.key;
    ASSIGN_OR_RETURN(std::optional<std::string> earlier,
                     FindCreated(db, key.organization_id, repeatable));
    if (earlier.has_value()) {
      Query query(db, kGetKey, *earlier, key.organization_id);
      if (query.Next()) return Result(ReadKey(query));
      RETURN_IF_ERROR(query.status());
      return NotFound("API key not found");
    }
    {
      Query query(db, kIsMember, key.organization_id, key.user_id);
      const bool member = query.Next();
      RETURN_IF_ERROR(query.status());
      if (!member) return NotFound("Organization or user not found");
    }
    {
      Query query(db, kLiveKeys, key.organization_id, key.user_id, key.created_at);
      int64_t live = query.Next() ? query.Int(0) : 0;
      RETURN_IF_ERROR(query.status());
      if (live >= max_live) {
        return MakeError(
            absl::StatusCode::kAlreadyExists, error_code::kConflict,
            "The user has " + std::to_string(live) + " live API keys already; revoke one first");
      }
    }
    RETURN_IF_ERROR(
        db.Run(kInsertKey, key.id, key.organization_id, key.user_id, key.name, key.description,
               key.prefix, Blob{row.hash}, key.created_at, key.last_used_at, key.expires_at,
               key.is_active ? int64_t{0} : std::max<int64_t>(key.created_at, 1), key.is_admin));
    RETURN_IF_ERROR(KeepCreated(db, key.organization_id, repeatable, key.id, key.created_at));
    return Result();
  });
}

absl::StatusOr<std::optional<KeyOwner>> SqliteIdentity::FindKey(std::string_view hash) {
  Readers::Lease db(readers_);
  Query query(*db, kFindKey, Blob{hash});
  if (query.Next()) {
    return KeyOwner{ReadKey(query), query.Text(kKeyColumns), query.Int(kKeyColumns + 1) != 0,
                    query.Int(kKeyColumns + 2) != 0};
  }
  RETURN_IF_ERROR(query.status());
  return std::nullopt;
}

void SqliteIdentity::TouchKey(std::string id, int64_t now) {
  writer_.PostSoon([id = std::move(id), now](Db& db) { return db.Run(kTouchKey, id, now); });
}

absl::StatusOr<bool> SqliteIdentity::RevokeKey(std::string_view organization_id,
                                               std::string_view user_id, std::string_view key_id,
                                               int64_t now) {
  return writer_.Get<bool>([&](Db& db) -> absl::StatusOr<bool> {
    RETURN_IF_ERROR(db.Run(kRevokeKey, organization_id, user_id, key_id, now));
    if (db.changes() == 1) return true;
    // A key that was revoked before is there all the same.
    Query query(db, kKeyExists, organization_id, user_id, key_id);
    bool exists = query.Next();
    RETURN_IF_ERROR(query.status());
    return exists;
  });
}

absl::StatusOr<Page<ApiKey>> SqliteIdentity::ListKeys(const KeyFilter& filter,
                                                      const PageRequest& request) {
  if (request.page < 1 || request.page_size < 1) {
    return absl::InvalidArgumentError("pages are numbered from 1 and hold at least one row");
  }
  int64_t before = std::min<int64_t>(request.page - 1, INT64_MAX / request.page_size - 1);
  std::string pattern = ContainsPattern(filter.search);
  int active = filter.is_active.has_value() ? *filter.is_active : -1;
  Readers::Lease db(readers_);
  ReadTransaction transaction(*db);
  RETURN_IF_ERROR(transaction.status());
  Page<ApiKey> page;
  page.page = request.page;
  page.page_size = request.page_size;
  {
    Query query(*db, kCountKeys, filter.organization_id, filter.user_id, pattern, active);
    if (query.Next()) page.total = query.Int(0);
    RETURN_IF_ERROR(query.status());
  }
  Query query(*db, kListKeys, filter.organization_id, filter.user_id, pattern, active,
              request.page_size, before * request.page_size);
  while (query.Next()) page.items.push_back(ReadKey(query));
  RETURN_IF_ERROR(query.status());
  return page;
}

}  // namespace solvent
