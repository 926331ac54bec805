#include "sqlite_tools.h"
#include "store_contract.h"
#include "store_tools.h"

namespace solvent {
namespace {

TEST_CASE("the SQLite store keeps the contract for runs") {
  TemporaryDirectory directory;
  CheckRunContract([&] { return MustOpen(directory.File("s.db")); });
}

TEST_CASE("the SQLite store keeps the contract for identities") {
  TemporaryDirectory directory;
  CheckIdentityContract([&] { return MustOpen(directory.File("s.db")); });
}

TEST_CASE("the SQLite store keeps the contract for notifications") {
  TemporaryDirectory directory;
  CheckNotificationContract([&] { return MustOpen(directory.File("s.db")); });
}

TEST_CASE("the SQLite store keeps the contract for credits") {
  TemporaryDirectory directory;
  CheckCreditContract([&] { return MustOpen(directory.File("s.db")); });
  CheckInvariants(directory.File("s.db"));
}

}  // namespace
}  // namespace solvent
