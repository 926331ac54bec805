// solvent routes: the router's own table.
#include <stdlib.h>

#include <cstdio>
#include <filesystem>
#include <set>
#include <string>

#include "commands.h"
#include "console.h"
#include "http_server.h"
#include "solvent/engine.h"
#include "solvent/sqlite_store.h"

namespace solvent::cli {
namespace {

// Routes are bound to an engine, and an engine to a database: this one lives for a moment.
class ScratchFolder {
 public:
  ScratchFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "solvent-XXXXXX").string();
    if (::mkdtemp(pattern.data()) != nullptr) path_ = pattern;
  }
  ~ScratchFolder() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;  // "" when it could not be made
};

}  // namespace

int Routes() {
  ScratchFolder folder;
  if (folder.path().empty()) {
    return Complain(absl::UnavailableError("cannot make a temporary folder"));
  }
  auto store = OpenSqliteStore(folder.path() + "/routes.db");
  if (!store.ok()) return Complain(store.status());
  EngineOptions options;
  options.worker.command = WorkerCommand();
  auto engine = Engine::Create(*std::move(store), std::move(options));
  if (!engine.ok()) return Complain(engine.status());
  api::Context context{**engine, api::Config(), {}};
  http::HttpServer server((http::Options()));
  absl::Status status = api::AddRoutes(server, context);
  status.Update(console::AddRoutes(server));
  if (!status.ok()) return Complain(status);
  std::set<std::string> lines;
  for (const auto& route : server.router().routes()) {
    lines.insert(route->method + " " + route->pattern);
  }
  for (const std::string& line : lines) std::puts(line.c_str());
  return kDone;
}

}  // namespace solvent::cli
