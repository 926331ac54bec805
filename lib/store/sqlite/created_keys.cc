#include "created_keys.h"

#include "solvent/error.h"
#include "status_macros.h"

namespace solvent {
namespace {

constexpr char kFind[] =
    "SELECT request_hash, created FROM created_keys"
    " WHERE organization_id = ?1 AND route = ?2 AND key = ?3";
constexpr char kKeep[] =
    "INSERT INTO created_keys (organization_id, route, key, request_hash, created, created_at)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6)";

}  // namespace

absl::Status KeyReused() {
  return MakeError(absl::StatusCode::kInvalidArgument, error_code::kIdempotencyKeyReused,
                   "The idempotency key was used before with a different request");
}

absl::StatusOr<std::optional<std::string>> FindCreated(Db& db, std::string_view organization,
                                                       Repeatable* repeatable) {
  if (repeatable == nullptr || repeatable->key.empty()) return std::nullopt;
  Query query(db, kFind, organization, repeatable->route, repeatable->key);
  if (!query.Next()) {
    RETURN_IF_ERROR(query.status());
    return std::nullopt;
  }
  if (query.Text(0) != repeatable->request_hash) return KeyReused();
  repeatable->replayed = true;
  return std::optional<std::string>(query.Text(1));
}

absl::Status KeepCreated(Db& db, std::string_view organization, const Repeatable* repeatable,
                         std::string_view created, int64_t now) {
  if (repeatable == nullptr || repeatable->key.empty()) return absl::OkStatus();
  return db.Run(kKeep, organization, repeatable->route, repeatable->key,
                Blob{repeatable->request_hash}, created, now);
}

}  // namespace solvent
