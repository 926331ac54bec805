#include "solvent/identity.h"

#include <doctest/doctest.h>

#include <limits>

#include "solvent/error.h"
#include "solvent/sqlite_store.h"
#include "test_engine.h"

using namespace solvent;

namespace {

struct Fixture {
  TemporaryFolder folder;
  std::unique_ptr<Store> store = *OpenSqliteStore(folder.File("i.db"));
  Identity identity{*store, {.jwt_secret = "s", .max_keys_per_user = 3}};
  Membership member = *identity.EnsureMember("Acme", "ann");
};

}  // namespace

TEST_CASE("a key acts for its user until it is revoked") {
  Fixture f;
  auto made = f.identity.CreateKey(f.member.organization_id, f.member.user_id, {"ci", "", {}});
  REQUIRE(made.ok());
  CHECK(made->secret.size() == 8 + 64);
  auto caller = f.identity.Authenticate(made->secret);
  REQUIRE(caller.ok());
  CHECK(caller->organization_id == f.member.organization_id);
  CHECK(caller->user_id == f.member.user_id);
  std::string flipped = made->secret;
  flipped.back() = flipped.back() == '0' ? '1' : '0';
  CHECK(absl::IsUnauthenticated(f.identity.Authenticate(flipped).status()));
  CHECK(absl::IsNotFound(f.identity.RevokeKey("org_other", "", made->key.id)));
  CHECK(f.identity.Authenticate(made->secret).ok());
  REQUIRE(f.identity.RevokeKey(f.member.organization_id, "", made->key.id).ok());
  CHECK(absl::IsUnauthenticated(f.identity.Authenticate(made->secret).status()));
}

TEST_CASE("deactivated users and organizations are locked out") {
  Fixture f;
  std::string key =
      f.identity.CreateKey(f.member.organization_id, f.member.user_id, {"ci", "", {}})->secret;
  std::string token =
      *f.identity.IssueToken({f.member.organization_id, f.member.user_id, "", false}, 60);
  REQUIRE(f.identity.Authenticate(token).ok());
  REQUIRE(f.identity.SetUserActive(f.member.user_id, false).ok());
  CHECK_FALSE(f.identity.Authenticate(key).ok());
  CHECK_FALSE(f.identity.Authenticate(token).ok());
  REQUIRE(f.identity.SetUserActive(f.member.user_id, true).ok());
  REQUIRE(f.identity.SetOrganizationActive(f.member.organization_id, false).ok());
  CHECK_FALSE(f.identity.Authenticate(key).ok());
  CHECK_FALSE(f.identity.Authenticate(token).ok());
}

TEST_CASE("the number of live keys is bounded and freed by revoking") {
  Fixture f;
  std::string first;
  for (int i = 0; i < 3; ++i) {
    auto made = f.identity.CreateKey(f.member.organization_id, f.member.user_id, {"k", "", {}});
    REQUIRE(made.ok());
    first = made->key.id;
  }
  auto refused = f.identity.CreateKey(f.member.organization_id, f.member.user_id, {"k", "", {}});
  CHECK(GetErrorInfo(refused.status()).code == "conflict");
  REQUIRE(f.identity.RevokeKey(f.member.organization_id, f.member.user_id, first).ok());
  CHECK(f.identity.CreateKey(f.member.organization_id, f.member.user_id, {"k", "", {}}).ok());
}

TEST_CASE("members are made once and found again") {
  Fixture f;
  auto again = f.identity.EnsureMember("Acme", "ann");
  CHECK(again->organization_id == f.member.organization_id);
  CHECK(again->user_id == f.member.user_id);
  auto bob = f.identity.EnsureMember("Acme", "bob");
  CHECK(bob->organization_id == f.member.organization_id);
  CHECK(bob->user_id != f.member.user_id);
  CHECK(*f.identity.FindOrganization("Acme") == f.member.organization_id);
  CHECK(absl::IsNotFound(f.identity.FindOrganization("acme").status()));
  CHECK_FALSE(f.identity.EnsureMember("", "x").ok());
  CHECK_FALSE(f.identity.EnsureMember(std::string(256, 'a'), "x").ok());
}

TEST_CASE("names are text without control characters") {
  Fixture f;
  for (std::string_view bad : {"b\xff\xfe", "n\n", "\x1b[2J", "\x7f",
                               "\xc2\x9b"
                               "2J",
                               "\xc0\xaf", "\xed\xa0\x80", "cut \xe2\x82"}) {
    CAPTURE(bad);
    CHECK(GetErrorInfo(f.identity.EnsureMember(bad, "ann").status()).fields.at(0).pointer ==
          "/organization");
    CHECK(GetErrorInfo(f.identity.EnsureMember("Acme", bad).status()).fields.at(0).pointer ==
          "/user");
    KeyRequest request;
    request.name = bad;
    auto made = f.identity.CreateKey(f.member.organization_id, f.member.user_id, request);
    CHECK(GetErrorInfo(made.status()).fields.at(0).pointer == "/name");
  }
  CHECK(f.identity.EnsureMember("New", "n\n").status().code() ==
        absl::StatusCode::kInvalidArgument);
  CHECK(absl::IsNotFound(f.identity.FindOrganization("New").status()));
  CHECK(f.identity.EnsureMember("Größe 東京 \xc2\xa0 \xf0\x9f\x9a\x80", "ann").ok());
}

TEST_CASE("a chosen key is taken once and must be strong enough") {
  Fixture f;
  std::string key = "ok_live_0123456789abcdefghijklmnop";
  REQUIRE(f.identity.ImportKey(f.member.organization_id, f.member.user_id, key, "boot").ok());
  REQUIRE(f.identity.ImportKey(f.member.organization_id, f.member.user_id, key, "boot").ok());
  CHECK(f.identity.ListKeys({f.member.organization_id, "", "", {}}, {})->total == 1);
  CHECK(f.identity.Authenticate(key).ok());
  for (const char* bad : {"ok_live_short", "secret_0123456789abcdefghijklmnop",
                          "ok_live_0123456789 abcdefghijklmnopq"}) {
    CHECK_FALSE(f.identity.ImportKey(f.member.organization_id, f.member.user_id, bad, "boot").ok());
  }
  CHECK_FALSE(f.identity.Authenticate("ok_test_0123456789abcdefghijklmnop").ok());
}

TEST_CASE("keys and tokens are made for members and sensible times only") {
  Fixture f;
  CHECK(absl::IsNotFound(f.identity.CreateKey("org_x", f.member.user_id, {"k", "", {}}).status()));
  CHECK(absl::IsNotFound(
      f.identity.ImportKey("org_x", "usr_x", "ok_live_" + std::string(64, 'a'), "n")));
  const Caller caller{f.member.organization_id, f.member.user_id, "", false};
  for (int64_t seconds : {int64_t{0}, int64_t{-1}, std::numeric_limits<int64_t>::max()}) {
    CHECK(absl::IsInvalidArgument(f.identity.IssueToken(caller, seconds).status()));
  }
}
