// solvent announce: on the database file, whether or not a server is running.
#include <cstdio>

#include "commands.h"
#include "solvent/engine.h"
#include "solvent/sqlite_store.h"

namespace solvent::cli {

int Announce(const AnnounceOptions& options) {
  auto store = OpenSqliteStore(options.database);
  if (!store.ok()) return Complain(store.status());
  EngineOptions engine_options;
  engine_options.solve_in_process = true;  // nothing is solved: no workers are needed
  auto engine = Engine::Create(*std::move(store), std::move(engine_options));
  if (!engine.ok()) return Complain(engine.status());
  auto organization = (*engine)->identity().FindOrganization(options.organization);
  if (!organization.ok()) return Complain(organization.status());
  NotificationCenter& center = (*engine)->notifications();
  absl::StatusOr<int64_t> told;
  if (!options.plan.empty()) {
    told = center.AnnouncePlan(*organization, options.plan);
  } else {
    Announcement announcement;
    announcement.title = options.title;
    announcement.message = options.text;
    announcement.link = options.link;
    told = center.Announce(*organization, announcement);
  }
  if (!told.ok()) return Complain(told.status());
  std::printf("told %lld users\n", static_cast<long long>(*told));
  return kDone;
}

}  // namespace solvent::cli
