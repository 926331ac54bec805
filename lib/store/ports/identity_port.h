// Organizations, users and API keys.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "solvent/identity.h"
#include "solvent/page.h"

namespace solvent {

struct NewKeyRow {
  ApiKey key;        // id, organization_id, user_id, name, description, prefix, is_admin, times
  std::string hash;  // SHA-256 of the key, 32 raw bytes
};

struct KeyOwner {
  ApiKey key;
  std::string hash;
  bool user_active = false;
  bool organization_active = false;
};

class IdentityPort {
 public:
  virtual ~IdentityPort() = default;

  // Finds the organization and its user by name, making what is missing. What is new gets its id,
  // and a ValidationError at "/organization" or "/user" if its name fails CheckName (1 to 255).
  virtual absl::StatusOr<Membership> EnsureMember(std::string_view organization_name,
                                                  std::string_view user_name,
                                                  std::string_view new_organization_id,
                                                  std::string_view new_user_id, int64_t now) = 0;
  virtual absl::StatusOr<bool> AnyOrganization() = 0;
  // The organization's id, or nothing.
  virtual absl::StatusOr<std::optional<std::string>> FindOrganization(std::string_view name) = 0;
  virtual absl::StatusOr<std::optional<Membership>> FindMember(std::string_view organization_id,
                                                               std::string_view user_id) = 0;
  // False when there is no such organization / user.
  virtual absl::StatusOr<bool> SetOrganizationActive(std::string_view id, bool active) = 0;
  virtual absl::StatusOr<bool> SetUserActive(std::string_view id, bool active) = 0;

  // AlreadyExists (conflict) when the user has `max_live` live keys in the organization already;
  // live: not revoked, not expired at key.created_at. What an earlier call created, as it is now,
  // when `repeatable` says so.
  virtual absl::StatusOr<std::optional<ApiKey>> InsertKey(const NewKeyRow& row, int max_live,
                                                          Repeatable* repeatable = nullptr) = 0;
  virtual absl::StatusOr<std::optional<KeyOwner>> FindKey(std::string_view hash) = 0;
  // Soon.
  virtual void TouchKey(std::string id, int64_t now) = 0;
  // False when there is no such key in the organization; with a user id, of that user.
  virtual absl::StatusOr<bool> RevokeKey(std::string_view organization_id, std::string_view user_id,
                                         std::string_view key_id, int64_t now) = 0;
  virtual absl::StatusOr<Page<ApiKey>> ListKeys(const KeyFilter& filter,
                                                const PageRequest& page) = 0;
};

}  // namespace solvent
