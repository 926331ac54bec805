// Who is calling: organizations, their users, API keys and access tokens.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "solvent/page.h"
#include "solvent/repeatable.h"

namespace solvent {

class Store;

// On whose behalf a call is made.
struct Caller {
  std::string organization_id;
  std::string user_id;
  std::string key_id;  // "" when a token was used
  bool admin = false;  // an operator: may act on all organizations where a route says so
};

struct Membership {
  std::string organization_id;
  std::string organization_name;
  std::string user_id;
  std::string user_name;
  bool active = true;  // both of them
};

struct ApiKey {
  std::string id;  // "key_…"
  std::string organization_id;
  std::string user_id;
  std::string name;
  std::string description;
  std::string prefix;  // the first characters of the key, for people to tell keys apart
  bool is_active = true;
  bool is_admin = false;     // its calls are an operator's
  int64_t created_at = 0;    // microseconds since 1970 UTC
  int64_t last_used_at = 0;  // 0: never
  int64_t expires_at = 0;    // 0: never
};

struct NewApiKey {
  // "ok_live_" and 64 hex digits; this is the only time it is seen. "" for a repeated call.
  std::string secret;
  ApiKey key;
};

struct KeyRequest {
  std::string name;                 // 1..100 characters, UTF-8 without control characters
  std::string description;          // at most 500
  std::optional<int> expires_days;  // 1..365
  bool is_admin = false;            // an operator's key; for the operator to ask for, nobody else
};

struct KeyFilter {
  std::string organization_id;
  std::string user_id;  // "" for all users of the organization
  std::string search;   // in name and description, case-insensitive; "" for all
  std::optional<bool> is_active;
};

struct IdentityOptions {
  std::string jwt_secret;         // "": tokens are neither issued nor accepted
  int max_keys_per_user = 25;     // live ones
  bool accept_test_keys = false;  // "ok_test_…"
};

// Thread-safe. Borrows the store, which must outlive it.
class Identity {
 public:
  Identity(Store& store, IdentityOptions options);
  ~Identity();

  // The caller behind a bearer credential: an API key ("ok_…") or an HS256 token. Unauthenticated
  // for anything unknown, expired, revoked, or of a deactivated user or organization, without
  // saying which.
  absl::StatusOr<Caller> Authenticate(std::string_view bearer);

  // Finds or makes an organization and a user in it, by name (1..255 characters, as a key's name).
  absl::StatusOr<Membership> EnsureMember(std::string_view organization, std::string_view user);
  absl::StatusOr<bool> AnyOrganization();
  // The id of the organization of that name; NotFound.
  absl::StatusOr<std::string> FindOrganization(std::string_view name);
  absl::Status SetOrganizationActive(std::string_view organization_id, bool active);
  absl::Status SetUserActive(std::string_view user_id, bool active);

  // ValidationError: bad request. NotFound: no such member. AlreadyExists (conflict): above the key
  // limit. Repeated by the same user only: another's with the same `repeatable` is another call.
  absl::StatusOr<NewApiKey> CreateKey(std::string_view organization_id, std::string_view user_id,
                                      const KeyRequest& request, Repeatable* repeatable = nullptr);
  // Stores a key that the operator chose ("ok_live_…", 32 to 1000 characters); for bootstrapping.
  // Nothing happens when it is known already.
  absl::Status ImportKey(std::string_view organization_id, std::string_view user_id,
                         std::string_view secret, std::string_view name);
  absl::StatusOr<Page<ApiKey>> ListKeys(const KeyFilter& filter, const PageRequest& page);
  // The key stops working at once. NotFound when the organization (and user, unless "") has none.
  absl::Status RevokeKey(std::string_view organization_id, std::string_view user_id,
                         std::string_view key_id);

  // A signed access token (JWT: sub, org, admin, type, iat, exp). FailedPrecondition without a
  // configured secret; ValidationError unless it is to be valid for 1 s to ten years.
  absl::StatusOr<std::string> IssueToken(const Caller& caller, int64_t valid_seconds);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace solvent
