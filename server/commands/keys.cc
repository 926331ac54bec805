// solvent keys create|list|revoke: on the database file, whether or not a server is running.
#include <cstdio>
#include <ctime>

#include "commands.h"
#include "requests.h"
#include "solvent/engine.h"
#include "solvent/sqlite_store.h"

namespace solvent::cli {
namespace {

absl::StatusOr<std::unique_ptr<Store>> Open(const KeysOptions& options) {
  SqliteOptions sqlite;
  sqlite.readers = 1;
  return OpenSqliteStore(options.database, sqlite);
}

std::string Date(int64_t micros) {
  if (micros == 0) return "never";
  std::time_t seconds = static_cast<std::time_t>(micros / 1'000'000);
  std::tm tm{};
  gmtime_r(&seconds, &tm);
  char text[32];
  std::strftime(text, sizeof(text), "%Y-%m-%d %H:%M", &tm);
  return text;
}

// As the HTTP API writes it; null for never.
Json Time(int64_t micros) {
  if (micros == 0) return {};
  std::string text;
  JsonWriter w(text);
  api::WriteTime(w, micros);
  return ParseJson(text).value_or(Json());
}

}  // namespace

int KeysCreate(const KeysOptions& options) {
  auto store = Open(options);
  if (!store.ok()) return Complain(store.status());
  Identity identity(**store, {});
  auto member = identity.EnsureMember(options.organization, options.user);
  if (!member.ok()) return Complain(member.status());
  KeyRequest request;
  request.name = options.name;
  request.expires_days = options.expires_days;
  request.is_admin = options.admin;
  auto made = identity.CreateKey(member->organization_id, member->user_id, request);
  if (!made.ok()) return Complain(made.status());
  std::printf("%s\n", made->secret.c_str());
  return kDone;
}

int KeysList(const KeysOptions& options) {
  if (absl::Status status = DatabaseExists(options.database); !status.ok()) {
    return Complain(status);
  }
  auto store = Open(options);
  if (!store.ok()) return Complain(store.status());
  Identity identity(**store, {});
  auto member = identity.FindOrganization(options.organization);
  if (!member.ok()) return Complain(member.status());
  KeyFilter filter;
  filter.organization_id = *member;
  if (!options.json) {
    std::printf("%-22s %-14s %-8s %-17s %-17s %s\n", "ID", "KEY", "STATE", "LAST USED", "EXPIRES",
                "NAME");
  }
  for (PageRequest page{1, 100};; ++page.page) {
    auto keys = identity.ListKeys(filter, page);
    if (!keys.ok()) return Complain(keys.status());
    for (const ApiKey& key : keys->items) {
      if (options.json) {
        Json line;
        line.Set("id", key.id)
            .Set("key_prefix", key.prefix)
            .Set("name", key.name)
            .Set("user_id", key.user_id)
            .Set("is_active", key.is_active)
            .Set("is_admin", key.is_admin)
            .Set("created_at", Time(key.created_at))
            .Set("last_used_at", Time(key.last_used_at))
            .Set("expires_at", Time(key.expires_at));
        std::printf("%s\n", line.Dump().c_str());
      } else {
        std::printf("%-22s %-14s %-8s %-17s %-17s %s\n", key.id.c_str(), (key.prefix + "…").c_str(),
                    key.is_active ? "active" : "revoked", Date(key.last_used_at).c_str(),
                    Date(key.expires_at).c_str(), Printable(key.name).c_str());
      }
    }
    if (page.page * page.page_size >= keys->total) break;
  }
  return kDone;
}

int KeysRevoke(const KeysOptions& options) {
  if (absl::Status status = DatabaseExists(options.database); !status.ok()) {
    return Complain(status);
  }
  auto store = Open(options);
  if (!store.ok()) return Complain(store.status());
  Identity identity(**store, {});
  auto organization = identity.FindOrganization(options.organization);
  if (!organization.ok()) return Complain(organization.status());
  absl::Status status = identity.RevokeKey(*organization, "", options.key_id);
  if (!status.ok()) return Complain(status);
  std::printf("revoked %s\n", Printable(options.key_id).c_str());
  return kDone;
}

}  // namespace solvent::cli
