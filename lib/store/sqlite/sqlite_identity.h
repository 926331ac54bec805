#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "identity_port.h"
#include "readers.h"
#include "writer.h"

namespace solvent {

class SqliteIdentity : public IdentityPort {
 public:
  SqliteIdentity(Writer& writer, Readers& readers) : writer_(writer), readers_(readers) {}
  absl::StatusOr<Membership> EnsureMember(std::string_view organization_name,
                                          std::string_view user_name,
                                          std::string_view new_organization_id,
                                          std::string_view new_user_id, int64_t now) override;
  absl::StatusOr<bool> AnyOrganization() override;
  absl::StatusOr<std::optional<std::string>> FindOrganization(std::string_view name) override;
  absl::StatusOr<std::optional<Membership>> FindMember(std::string_view organization_id,
                                                       std::string_view user_id) override;
  absl::StatusOr<bool> SetOrganizationActive(std::string_view id, bool active) override;
  absl::StatusOr<bool> SetUserActive(std::string_view id, bool active) override;
  absl::StatusOr<std::optional<ApiKey>> InsertKey(const NewKeyRow& row, int max_live,
                                                  Repeatable* repeatable = nullptr) override;
  absl::StatusOr<std::optional<KeyOwner>> FindKey(std::string_view hash) override;
  void TouchKey(std::string id, int64_t now) override;
  absl::StatusOr<bool> RevokeKey(std::string_view organization_id, std::string_view user_id,
                                 std::string_view key_id, int64_t now) override;
  absl::StatusOr<Page<ApiKey>> ListKeys(const KeyFilter& filter, const PageRequest& page) override;

 private:
  Writer& writer_;
  Readers& readers_;
};

}  // namespace solvent
