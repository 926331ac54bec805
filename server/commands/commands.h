// The verbs of the command line. Each returns the process's exit status.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api.h"
#include "model_file.h"

namespace solvent::cli {

// Exit statuses of `solvent solve`; the other verbs use kDone and kFailed.
inline constexpr int kDone = 0;  // an optimal (or, with a limit, a feasible) answer
inline constexpr int kFailed = 1;
inline constexpr int kUsage = 2;
inline constexpr int kInfeasible = 3;
inline constexpr int kUnbounded = 4;
inline constexpr int kLimit = 5;  // stopped by a limit or by Ctrl-C; the best point is printed

// The argument that makes this program a worker process instead.
inline constexpr const char* kWorkerArgument = "--solvent-worker";
std::vector<std::string> WorkerCommand();

inline constexpr const char* kUnlimited = "unlimited";  // of --credits

struct ServeOptions {
  std::string host = "127.0.0.1";
  int port = 8001;
  std::string database = "solvent.db";
  int workers = 2;
  int64_t worker_memory_mb = 4096;
  int64_t max_pending = 100'000;
  double max_time_limit = 3600;
  double sync_wait = 120;
  std::string notify_sync = "models";
  NotificationOptions notifications;
  JobOptions jobs;
  int64_t batch_retention_days = 30;
  api::RateLimits rate_limits;
  std::string jwt_secret;
  std::string secret_key;
  std::string bootstrap_key;
  std::vector<std::string> allowed_origins;
  std::vector<std::string> trusted_proxies;
  WebhookOptions webhooks;
  std::string log_level = "info";
  std::string log_format = "json";  // or "text"
  std::string credits = "1000";     // the grant of a new organization, or "unlimited"
  std::optional<int64_t> credits_low;
};
int Serve(const ServeOptions& options);
// Prints what `solvent serve` answers, a method and a path a line.
int Routes();

struct SolveFileOptions {
  std::string file;        // "-": standard input
  ModelDataOptions model;  // for MathProg models
  std::string format;
  std::optional<double> time_limit;
  std::optional<double> gap;
  uint32_t seed = 0;
  std::string output;
  bool json = false;
  bool all = false;
  bool quiet = false;
  bool no_verify = false;
};
int SolveFile(const SolveFileOptions& options);

struct ExplainFileOptions {
  std::string file;
  std::string format;
  ModelDataOptions model;
  std::optional<double> time_limit;  // of the solve, and of the explanation
  bool json = false;
};
int Explain(const ExplainFileOptions& options);

struct BatchOptions {
  std::string file;  // a MathProg model
  ModelDataOptions model;
  std::string inputs;  // one JSON object a line; "-": standard input
  std::string output;  // "": standard output, and nothing to go on from
  int parallel = 1;
  std::optional<double> time_limit;
  std::optional<double> gap;
  bool quiet = false;
};
int Batch(const BatchOptions& options);

struct CheckOptions {
  std::string file;
  std::string format;
  ModelDataOptions model;
  bool json = false;
};
int Check(const CheckOptions& options);

struct ConvertOptions {
  std::string input;
  ModelDataOptions model;
  std::string output;
  std::string from;
  std::string to;
};
int Convert(const ConvertOptions& options);

struct KeysOptions {
  std::string database = "solvent.db";
  std::string organization;
  std::string user = "owner";
  std::string name = "command line";
  std::optional<int> expires_days;
  std::string key_id;
  bool admin = false;
  bool json = false;
};
int KeysCreate(const KeysOptions& options);
int KeysList(const KeysOptions& options);
int KeysRevoke(const KeysOptions& options);

struct OperateOptions {
  std::string database = "solvent.db";
  int64_t worker_memory_mb = 4096;
  std::string file;  // the copy
  bool json = false;
};
int Backup(const OperateOptions& options);
int Restore(const OperateOptions& options);
int Doctor(const OperateOptions& options);
struct AnnounceOptions {
  std::string database = "solvent.db";
  std::string organization;
  std::string text;
  std::string title = "Announcement";
  std::string link;
  std::string plan;
};
int Announce(const AnnounceOptions& options);

struct CreditsOptions {
  std::string database = "solvent.db";
  std::string organization;
  int64_t amount = 0;
  std::string reason;
  int entries = 10;
  bool json = false;
};
int CreditsShow(const CreditsOptions& options);
// Adds the amount, which may be negative.
int CreditsAdjust(const CreditsOptions& options);
int CreditsSet(const CreditsOptions& options);

// Shared by the verbs: "solvent: <message>" and the fields at fault, on standard error.
int Complain(const absl::Status& status);
// The same about a file, which is named first.
int ComplainAbout(const std::string& file, const absl::Status& status);
// The whole of a text file, or of standard input for "-", without a byte order mark.
absl::StatusOr<std::string> ReadAll(const std::string& file);
// Replaces the file's content; "" and "-" are standard output. The error names the file.
absl::Status WriteAll(const std::string& file, std::string_view text);
// How people call it: "-" is "standard input".
std::string InputName(const std::string& file);
// A text of somebody else's, fit for a terminal: control characters as "\x1b", and what ends lines
// or turns the direction of text as "\u202e". All that a verb prints of names, files and messages
// goes through this. Characters that `kept` holds stay as they are.
std::string Printable(std::string_view text, std::string_view kept = "");
// What a model itself has printed: as it is, or on a terminal without what could command that.
std::string ModelText(std::string_view text);
// NotFound unless the file is there: looking at a database must not make one.
absl::Status DatabaseExists(const std::string& file);

}  // namespace solvent::cli
