#include "solvent/identity.h"

#include <algorithm>
#include <string>
#include <unordered_map>
#include <utility>

#include "clock.h"
#include "crypto.h"
#include "ids.h"
#include "jwt.h"
#include "mutex.h"
#include "solvent/error.h"
#include "solvent/store.h"
#include "status_macros.h"
#include "store_ports.h"
#include "text_length.h"

namespace solvent {
namespace {

constexpr std::string_view kLivePrefix = "ok_live_";
constexpr std::string_view kTestPrefix = "ok_test_";
constexpr size_t kShownPrefix = 12;  // "ok_live_" and four digits
constexpr Micros kDay = Micros{86'400} * 1'000'000;
constexpr int64_t kLongestToken = int64_t{10} * 365 * 86'400;  // seconds
constexpr size_t kLongestSecret = 1000;
// last_used_at is for people: a minute's grain spares a write per request.
constexpr Micros kTouchEvery = Micros{60} * 1'000'000;

absl::Status Refused() {
  return MakeError(absl::StatusCode::kUnauthenticated, error_code::kUnauthorized,
                   "missing, invalid or expired credential");
}

}  // namespace

struct Identity::State {
  StorePorts& ports;
  IdentityOptions options;
  Mutex mutex;
  std::unordered_map<std::string, Micros> touched ABSL_GUARDED_BY(mutex);

  void Touch(const std::string& key_id, Micros last_used, Micros now) {
    {
      Lock lock(mutex);
      Micros& last = touched[key_id];
      last = std::max(last, last_used);
      if (now - last < kTouchEvery) return;
      last = now;
    }
    ports.identity->TouchKey(key_id, now);
  }
};

Identity::Identity(Store& store, IdentityOptions options)
    : state_(new State{store.ports(), std::move(options), {}, {}}) {}
Identity::~Identity() = default;

absl::StatusOr<Caller> Identity::Authenticate(std::string_view bearer) {
  if (bearer.empty() || bearer.size() > 8192) return Refused();
  Micros now = SystemNow();
  if (bearer.substr(0, 3) == "ok_") {
    bool known_kind =
        bearer.substr(0, kLivePrefix.size()) == kLivePrefix ||
        (state_->options.accept_test_keys && bearer.substr(0, kTestPrefix.size()) == kTestPrefix);
    if (!known_kind) return Refused();
    std::string hash = Sha256(bearer);
    ASSIGN_OR_RETURN(std::optional<KeyOwner> owner, state_->ports.identity->FindKey(hash));
    if (!owner || !ConstantTimeEquals(owner->hash, hash) || !owner->key.is_active ||
        !owner->user_active || !owner->organization_active ||
        (owner->key.expires_at != 0 && owner->key.expires_at <= now)) {
      return Refused();
    }
    state_->Touch(owner->key.id, owner->key.last_used_at, now);
    return Caller{owner->key.organization_id, owner->key.user_id, owner->key.id,
                  owner->key.is_admin};
  }
  absl::StatusOr<Json> claims = VerifyJwt(bearer, state_->options.jwt_secret, now / 1'000'000);
  if (!claims.ok() || (*claims)["type"].as_string() != "access") return Refused();
  const std::string& user = (*claims)["sub"].as_string();
  const std::string& organization = (*claims)["org"].as_string();
  ASSIGN_OR_RETURN(std::optional<Membership> member,
                   state_->ports.identity->FindMember(organization, user));
  if (!member || !member->active) return Refused();
  return Caller{organization, user, "", (*claims)["admin"].as_bool()};
}

absl::StatusOr<Membership> Identity::EnsureMember(std::string_view organization,
                                                  std::string_view user) {
  return state_->ports.identity->EnsureMember(organization, user, NewId("org"), NewId("usr"),
                                              SystemNow());
}

absl::StatusOr<bool> Identity::AnyOrganization() {
  return state_->ports.identity->AnyOrganization();
}

absl::StatusOr<std::string> Identity::FindOrganization(std::string_view name) {
  ASSIGN_OR_RETURN(std::optional<std::string> id, state_->ports.identity->FindOrganization(name));
  if (!id) return NotFound("no organization is named \"" + std::string(name) + "\"");
  return *std::move(id);
}

absl::Status Identity::SetOrganizationActive(std::string_view organization_id, bool active) {
  ASSIGN_OR_RETURN(bool found,
                   state_->ports.identity->SetOrganizationActive(organization_id, active));
  return found ? absl::OkStatus() : NotFound("Organization not found");
}

absl::Status Identity::SetUserActive(std::string_view user_id, bool active) {
  ASSIGN_OR_RETURN(bool found, state_->ports.identity->SetUserActive(user_id, active));
  return found ? absl::OkStatus() : NotFound("User not found");
}

absl::StatusOr<NewApiKey> Identity::CreateKey(std::string_view organization_id,
                                              std::string_view user_id, const KeyRequest& request,
                                              Repeatable* repeatable) {
  RETURN_IF_ERROR(CheckName("/name", request.name, 1, 100));
  RETURN_IF_ERROR(CheckLength("/description", request.description, 0, 500));
  if (request.expires_days && (*request.expires_days < 1 || *request.expires_days > 365)) {
    return ValidationError("/expires_days", "must be from 1 to 365");
  }
  NewApiKey made;
  made.secret = std::string(kLivePrefix) + HexEncode(RandomBytes(32));
  made.key.id = NewId("key");
  made.key.organization_id = organization_id;
  made.key.user_id = user_id;
  made.key.name = request.name;
  made.key.description = request.description;
  made.key.prefix = made.secret.substr(0, kShownPrefix);
  made.key.is_admin = request.is_admin;
  made.key.created_at = SystemNow();
  if (request.expires_days)
    made.key.expires_at = made.key.created_at + *request.expires_days * kDay;
  Repeatable users = repeatable != nullptr ? *repeatable : Repeatable{};
  users.route += " " + made.key.user_id;
  ASSIGN_OR_RETURN(std::optional<ApiKey> earlier,
                   state_->ports.identity->InsertKey({made.key, Sha256(made.secret)},
                                                     state_->options.max_keys_per_user, &users));
  if (repeatable != nullptr) repeatable->replayed = users.replayed;
  if (earlier.has_value()) return NewApiKey{"", *std::move(earlier)};
  return made;
}

absl::Status Identity::ImportKey(std::string_view organization_id, std::string_view user_id,
                                 std::string_view secret, std::string_view name) {
  bool printable =
      std::all_of(secret.begin(), secret.end(), [](char c) { return c > ' ' && c < 127; });
  if (secret.substr(0, kLivePrefix.size()) != kLivePrefix || secret.size() < 32 || !printable) {
    return ValidationError("/key",
                           "must begin with ok_live_ and have at least 32 printable characters");
  }
  if (secret.size() > kLongestSecret) {
    return ValidationError("/key", "must have at most 1000 characters");
  }
  RETURN_IF_ERROR(CheckName("/name", name, 0, 100));
  std::string hash = Sha256(secret);
  ASSIGN_OR_RETURN(std::optional<KeyOwner> known, state_->ports.identity->FindKey(hash));
  if (known) return absl::OkStatus();
  ApiKey key;
  key.id = NewId("key");
  key.organization_id = organization_id;
  key.user_id = user_id;
  key.name = name;
  key.prefix = secret.substr(0, kShownPrefix);
  key.created_at = SystemNow();
  return state_->ports.identity->InsertKey({key, hash}, state_->options.max_keys_per_user).status();
}

absl::StatusOr<Page<ApiKey>> Identity::ListKeys(const KeyFilter& filter, const PageRequest& page) {
  RETURN_IF_ERROR(CheckLength("query/search", filter.search, 0, 1000));
  return state_->ports.identity->ListKeys(filter, page);
}

absl::Status Identity::RevokeKey(std::string_view organization_id, std::string_view user_id,
                                 std::string_view key_id) {
  ASSIGN_OR_RETURN(
      bool found, state_->ports.identity->RevokeKey(organization_id, user_id, key_id, SystemNow()));
  return found ? absl::OkStatus() : NotFound("API key not found");
}

absl::StatusOr<std::string> Identity::IssueToken(const Caller& caller, int64_t valid_seconds) {
  if (state_->options.jwt_secret.empty()) {
    return absl::FailedPreconditionError("no token secret is configured");
  }
  if (valid_seconds < 1 || valid_seconds > kLongestToken) {
    return ValidationError("/valid_seconds", "must be from 1 to 315360000, ten years");
  }
  int64_t now = SystemNow() / 1'000'000;
  Json claims;
  claims.Set("sub", caller.user_id)
      .Set("org", caller.organization_id)
      .Set("admin", caller.admin)
      .Set("type", "access")
      .Set("iat", now)
      .Set("exp", now + valid_seconds);
  return SignJwt(claims, state_->options.jwt_secret);
}

}  // namespace solvent
