// The command line. Flags come from arguments, then from the environment, then from a
// configuration file, then from their defaults.
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

// CLI11: verbs, environment twins, configuration files and readable help in one header.
#include <CLI/CLI.hpp>

#include "commands.h"
#include "completion.h"
#include "config_file.h"
#include "cors.h"
#include "flag_values.h"
#include "solvent/error.h"
#include "solvent/worker_backend.h"
#include "trusted_proxies.h"
#include "version.h"

namespace solvent::cli {
namespace {

constexpr int64_t kMostCredits = 1'000'000'000'000;
constexpr int kMostRequests = 1'000'000'000;  // a minute or a day
constexpr int64_t kMostMemoryMb = int64_t{1} << 24;
constexpr double kMostRetrySeconds = 30 * 86400;

// Gives the verb's options what the file says, except those that flags or environment have given.
absl::Status ApplyConfig(CLI::App& verb, const std::string& file) {
  absl::StatusOr<std::string> text = ReadAll(file);
  if (!text.ok()) return text.status();
  auto fault = [&file](std::string_view what) {
    return absl::InvalidArgumentError(file + ": " + std::string(what));
  };
  absl::StatusOr<std::vector<ConfigEntry>> entries = ParseConfig(*text);
  if (!entries.ok()) return fault(Message(entries.status()));
  std::set<const CLI::Option*> given;  // by what comes before the file
  for (const CLI::Option* option : verb.get_options()) {
    if (option->count() > 0) given.insert(option);
  }
  std::map<const CLI::Option*, int> seen;
  for (const ConfigEntry& entry : *entries) {
    const std::string line = "line " + std::to_string(entry.line) + ": ";
    CLI::Option* option = verb.get_option_no_throw("--" + entry.name);
    if (option == nullptr || entry.name == "config" || entry.name == "help") {
      return fault(line + "there is no flag \"" + entry.name + "\"");
    }
    if (option->get_group().empty()) {
      return fault(line + entry.name + " is a secret: set " + option->get_envname() +
                   " in the environment instead");
    }
    const auto [earlier, is_new] = seen.emplace(option, entry.line);
    const bool repeatable = option->get_expected_max() > 1;
    if (!is_new && !repeatable) {
      return fault(line + entry.name + " was given in line " + std::to_string(earlier->second) +
                   " already");
    }
    if (given.contains(option)) continue;
    try {
      option->add_result(entry.values);
      option->run_callback();
    } catch (const CLI::Error& error) {
      return fault(line + error.what());
    }
  }
  return absl::OkStatus();
}

void AddServe(CLI::App& app, ServeOptions& o, int& exit_status) {
  CLI::App* verb = app.add_subcommand("serve", "Serve the HTTP API over one database file");
  auto config = std::make_shared<std::string>();
  verb->add_option("--config", *config,
                   "Read flags from this file; flags and environment come before it")
      ->envname("SOLVENT_CONFIG");
  auto flag = [verb](const char* names, auto& value, const char* env, const char* help) {
    return verb->add_option(names, value, help)->envname(env)->capture_default_str();
  };
  flag("--host", o.host, "SOLVENT_HOST", "Address to listen on");
  flag("--port", o.port, "SOLVENT_PORT", "Port to listen on; 0 takes a free one")
      ->check(Between(0, 65535));
  flag("--database", o.database, "SOLVENT_DATABASE", "Database file; made when missing");
  flag("--workers", o.workers, "SOLVENT_WORKERS", "Solves that run at once, one process each")
      ->check(Between(1, 256));
  flag("--worker-memory", o.worker_memory_mb, "SOLVENT_WORKER_MEMORY",
       "Memory limit of one worker in MB; 0 for none")
      ->check(Between(int64_t{0}, kMostMemoryMb));
  flag("--max-pending", o.max_pending, "SOLVENT_MAX_PENDING",
       "Runs that may wait; more are refused with 503")
      ->check(Between(int64_t{1}, int64_t{1} << 40));
  flag("--max-time-limit", o.max_time_limit, "SOLVENT_MAX_TIME_LIMIT",
       "Longest time limit of a run in seconds; longer requests are cut to it")
      ->check(Between(1.0, 1e7));
  flag("--sync-wait", o.sync_wait, "SOLVENT_SYNC_WAIT",
       "Seconds that POST /solve waits before it answers 202")
      ->check(Between(0.0, 3600.0));
  const CLI::Validator grant = Between(int64_t{0}, kMostCredits);
  flag("--credits", o.credits, "SOLVENT_CREDITS",
       "Credits that a new organization gets, or \"unlimited\" to charge nothing")
      ->check(CLI::Validator(
          [grant](std::string& text) {
            std::string wrong = text == kUnlimited ? "" : grant(text);
            return wrong.empty() ? wrong : wrong + "; or " + kUnlimited;
          },
          "{" + std::string(kUnlimited) + "} or " + grant.get_description()));
  verb->add_option(
          "--credits-low", o.credits_low,
          "Tell an organization's users when a charge leaves this much or less (default: a\n"
          "tenth of --credits)")
      ->envname("SOLVENT_CREDITS_LOW")
      ->check(Between(int64_t{0}, kMostCredits));
  flag("--notify-sync", o.notify_sync, "SOLVENT_NOTIFY_SYNC",
       "Which runs notify though they were answered at once: none, models or all")
      ->check(CLI::IsMember({"none", "models", "all"}));
  flag("--notification-days", o.notifications.keep_days, "SOLVENT_NOTIFICATION_DAYS",
       "Days for which notifications are kept")
      ->check(Between(1, 36500));
  flag("--notifications-per-user", o.notifications.most_per_user, "SOLVENT_NOTIFICATIONS_PER_USER",
       "Notifications that are kept for a user")
      ->check(Between(int64_t{1}, int64_t{1'000'000}));
  flag("--cluster", o.jobs.cluster, "SOLVENT_CLUSTER", "Name of this instance, shown in batches");
  flag("--max-batch-tasks", o.jobs.max_tasks, "SOLVENT_MAX_BATCH_TASKS",
       "Tasks that one execution of a job may have")
      ->check(Between(int64_t{1}, int64_t{1'000'000}));
  flag("--max-parallel-executions", o.jobs.max_parallel_executions,
       "SOLVENT_MAX_PARALLEL_EXECUTIONS",
       "Executions of jobs that one organization may have under way; more wait")
      ->check(Between(1, 10'000));
  flag("--batch-retention-days", o.batch_retention_days, "SOLVENT_BATCH_RETENTION_DAYS",
       "Days that executions of jobs are kept after their end")
      ->check(Between(int64_t{1}, int64_t{36500}));
  auto limit = [&flag](const char* name, int& value, const char* env, const char* help) {
    flag(name, value, env, help)->check(Between(0, kMostRequests));
  };
  limit("--rate-limit-solve", o.rate_limits.solve.per_minute, "SOLVENT_RATE_LIMIT_SOLVE",
        "Solves a minute per organization; 0 for no limit");
  limit("--rate-limit-solve-day", o.rate_limits.solve.per_day, "SOLVENT_RATE_LIMIT_SOLVE_DAY",
        "The same a day");
  limit("--rate-limit-read", o.rate_limits.read.per_minute, "SOLVENT_RATE_LIMIT_READ",
        "Other requests a minute per organization; 0 for no limit");
  limit("--rate-limit-read-day", o.rate_limits.read.per_day, "SOLVENT_RATE_LIMIT_READ_DAY",
        "The same a day");
  limit("--rate-limit-public", o.rate_limits.public_route.per_minute, "SOLVENT_RATE_LIMIT_PUBLIC",
        "Public requests a minute per address; 0 for no limit");
  limit("--rate-limit-public-day", o.rate_limits.public_route.per_day,
        "SOLVENT_RATE_LIMIT_PUBLIC_DAY", "The same a day");
  limit("--rate-limit-fire", o.rate_limits.fire.per_minute, "SOLVENT_RATE_LIMIT_FIRE",
        "Fires a minute per trigger; 0 for no limit");
  limit("--rate-limit-fire-day", o.rate_limits.fire.per_day, "SOLVENT_RATE_LIMIT_FIRE_DAY",
        "The same a day");
  limit("--rate-limit-fire-failures", o.rate_limits.fire_failures.per_minute,
        "SOLVENT_RATE_LIMIT_FIRE_FAILURES",
        "Fires without the right secret a minute per address; 0 for no limit");
  auto list = [verb](const char* name, const char* env, const char* help,
                     std::function<std::string(std::string)> fault, auto take) {
    return AddList(*verb, name, help, std::move(fault), take)->envname(env);
  };
  list(
      "--cors-origin", "SOLVENT_CORS_ORIGIN",
      "Web origin whose pages may call the API, as https://app.example.com, or * for all\n"
      "(repeatable)",
      [](const std::string& text) {
        return http::IsOriginRule(text) ? std::string()
                                        : "an origin is scheme://host[:port] in lower case, or *";
      },
      [&o](const std::vector<std::string>& origins) { o.allowed_origins = origins; });
  list(
      "--trusted-proxy", "SOLVENT_TRUSTED_PROXY",
      "Address or network of reverse proxies whose X-Forwarded-For is believed, as 127.0.0.1\n"
      "or 10.0.0.0/8 (repeatable)",
      [](const std::string& text) {
        return std::string(http::TrustedProxies::Parse({text}).status().message());
      },
      [&o](const std::vector<std::string>& networks) { o.trusted_proxies = networks; });
  list(
      "--webhook-allow", "SOLVENT_WEBHOOK_ALLOW",
      "Network that webhooks may go to although it is private, as 10.0.0.0/8 (repeatable)",
      [](const std::string&) { return std::string(); },
      [&o](const std::vector<std::string>& networks) {
        o.webhooks.policy.allow_networks = networks;
      });
  const CLI::Validator pause = Between(0.0, kMostRetrySeconds);
  list("--webhook-retry", "SOLVENT_WEBHOOK_RETRY",
       "Seconds between the attempts of a delivery (repeatable)", pause,
       [&o](const std::vector<std::string>& pauses) {
         o.webhooks.retry_seconds.clear();
         for (const std::string& text : pauses) {
           CLI::detail::lexical_cast(text, o.webhooks.retry_seconds.emplace_back());
         }
       })
      ->type_name("FLOAT:" + pause.get_description())
      ->default_str(CLI::detail::to_string(o.webhooks.retry_seconds));
  flag("--log-level", o.log_level, "SOLVENT_LOG_LEVEL", "Least level that is logged")
      ->check(CLI::IsMember({"debug", "info", "warning", "error"}));
  flag("--log-format", o.log_format, "SOLVENT_LOG_FORMAT",
       "How it is written: JSON lines, or text for people")
      ->check(CLI::IsMember({"json", "text"}));
  // Secrets come from the environment only: arguments are visible to every user of the machine.
  verb->add_option("--secret-key-from-environment", o.secret_key)
      ->envname("SOLVENT_SECRET_KEY")
      ->group("");
  verb->add_option("--jwt-secret-from-environment", o.jwt_secret)
      ->envname("SOLVENT_JWT_SECRET")
      ->group("");
  verb->add_option("--bootstrap-key-from-environment", o.bootstrap_key)
      ->envname("SOLVENT_BOOTSTRAP_KEY")
      ->group("");
  verb->footer(
      "Each flag has an environment twin: SOLVENT_ and its name (--max-pending:\n"
      "SOLVENT_MAX_PENDING). Several values of a repeatable flag are parted by spaces or\n"
      "commas, also in the flag itself. From the environment only:\n"
      "  SOLVENT_JWT_SECRET     secret of HS256 access tokens; unset: no tokens\n"
      "  SOLVENT_BOOTSTRAP_KEY  API key of organization \"default\" instead of a new one\n"
      "  SOLVENT_SECRET_KEY     key under which the secrets of webhooks and triggers are kept\n"
      "The first start on an empty database prints an API key once. Logs are JSON lines\n"
      "on standard error. SIGTERM and SIGINT stop the server; runs in progress go back\n"
      "to the queue. Terminate TLS in front of it.\n"
      "A configuration file has lines like: port = 8001. Those of a repeatable flag may\n"
      "be several, or one with a list: webhook-retry = [30, 60]");
  verb->callback([&o, &exit_status, verb, config] {
    if (!config->empty()) {
      if (absl::Status status = ApplyConfig(*verb, *config); !status.ok()) {
        Complain(status);
        exit_status = kUsage;
        return;
      }
    }
    exit_status = Serve(o);
  });
}

void AddRoutes(CLI::App& app, int& exit_status) {
  app.add_subcommand("routes", "List the methods and paths that the server answers")
      ->callback([&exit_status] { exit_status = Routes(); });
}

// One value for each --data, so that it swallows no file that follows.
void AddData(CLI::App* verb, std::vector<std::string>& data, const char* help) {
  verb->add_option("--data", data, help)
      ->expected(1)
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

void AddModelData(CLI::App* verb, ModelDataOptions& o) {
  AddData(verb, o.data, "MathProg data file (repeatable)");
  verb->add_option("--input", o.input, "JSON document for a MathProg model");
  verb->add_option("--dialect", o.dialect, "MathProg dialect")
      ->check(CLI::IsMember({"default", "strict"}))
      ->capture_default_str();
}

void AddCheck(CLI::App& app, CheckOptions& o, int& exit_status) {
  CLI::App* verb = app.add_subcommand("check", "Read a model and show its size, without solving");
  verb->add_option("file", o.file, "The model; - reads standard input")->required();
  verb->add_option("--format", o.format, "mathprog, json, mps or lp; guessed when not given");
  AddModelData(verb, o.model);
  verb->add_flag("--json", o.json, "One JSON object instead of lines");
  verb->callback([&o, &exit_status] { exit_status = Check(o); });
}

void AddSolve(CLI::App& app, SolveFileOptions& o, int& exit_status) {
  CLI::App* verb = app.add_subcommand("solve", "Solve a file: MathProg, flat JSON, MPS or LP");
  verb->add_option("file", o.file, "The problem; - reads standard input")->required();
  verb->add_option("--format", o.format, "mathprog, json, mps or lp; guessed when not given");
  AddModelData(verb, o.model);
  verb->add_option("--time-limit", o.time_limit, "Seconds (default: the file's, else 3600)")
      ->check(Between(0.001, 1e9));
  verb->add_option("--gap", o.gap, "Relative gap at which to stop (default 0.0001)")
      ->check(Between(0.0, 1.0));
  verb->add_option("--seed", o.seed, "Seed of the solver's random choices")
      ->check(Between(uint32_t{0}, std::numeric_limits<uint32_t>::max()));
  verb->add_option("--output", o.output, "Write the answer to this file; - for standard output");
  verb->add_flag("--json", o.json, "Answer in JSON instead of a table");
  verb->add_flag("--all", o.all, "Show variables at zero too");
  verb->add_flag("--quiet", o.quiet, "No progress line");
  verb->add_flag("--no-verify", o.no_verify, "No second opinion on the solver's claims");
  verb->footer(
      "Exit status: 0 optimal, 3 infeasible, 4 unbounded, 5 stopped by a limit or Ctrl-C\n"
      "(the best point found is printed), 1 error, 2 wrong usage.");
  verb->callback([&o, &exit_status] { exit_status = SolveFile(o); });
}

void AddBatch(CLI::App& app, BatchOptions& o, int& exit_status) {
  CLI::App* verb = app.add_subcommand("batch", "Solve one MathProg model over many inputs");
  verb->add_option("model", o.file, "The MathProg model")->required();
  verb->add_option("--inputs", o.inputs, "JSON lines, one input each; - reads standard input")
      ->required();
  verb->add_option("--output", o.output,
                   "Write the results to this file, and go on from what is there");
  verb->add_option("--parallel", o.parallel, "Solves at once, one process each")
      ->check(Between(1, 256))
      ->capture_default_str();
  AddData(verb, o.model.data, "MathProg data file for all inputs (repeatable)");
  verb->add_option("--dialect", o.model.dialect, "MathProg dialect")
      ->check(CLI::IsMember({"default", "strict"}))
      ->capture_default_str();
  verb->add_option("--time-limit", o.time_limit, "Seconds for each solve (default 3600)")
      ->check(Between(0.001, 1e9));
  verb->add_option("--gap", o.gap, "Relative gap at which to stop (default 0.0001)")
      ->check(Between(0.0, 1.0));
  verb->add_flag("--quiet", o.quiet, "No progress");
  verb->footer(
      "Results are JSON lines in the order of the inputs. With --output, a batch that was\n"
      "stopped or killed solves only what is missing when it is started again, also after\n"
      "some of the inputs have changed; failed ones are tried again.\n"
      "\"index\" is the input's line in the file, from 0; blank lines count, and have no\n"
      "result. A failed one has \"error\", its \"line\" from 1, and where known \"code\",\n"
      "\"json_pointer\" and \"hint\".\n"
      "Exit status: 0 all inputs were answered, 1 some failed, 5 stopped by Ctrl-C.");
  verb->callback([&o, &exit_status] { exit_status = Batch(o); });
}

void AddExplain(CLI::App& app, ExplainFileOptions& o, int& exit_status) {
  CLI::App* verb = app.add_subcommand(
      "explain", "Solve a file, and say what contradicts itself or what the answer hangs on");
  verb->add_option("file", o.file, "The problem; - reads standard input")->required();
  verb->add_option("--format", o.format, "mathprog, json, mps or lp; guessed when not given");
  AddModelData(verb, o.model);
  verb->add_option("--time-limit", o.time_limit,
                   "Seconds for the solve, and again for the explanation (default: 20)")
      ->check(Between(0.001, 1e9));
  verb->add_flag("--json", o.json, "One JSON object instead of text");
  verb->footer(
      "Exit status: 0 explained, 5 not settled in time or stopped by Ctrl-C, 1 error,\n"
      "2 wrong usage.");
  verb->callback([&o, &exit_status] { exit_status = Explain(o); });
}

void AddConvert(CLI::App& app, ConvertOptions& o, int& exit_status) {
  CLI::App* verb = app.add_subcommand(
      "convert", "Convert a problem between JSON, MPS and LP, or a model to them");
  verb->add_option("input", o.input, "The problem; - reads standard input")->required();
  verb->add_option("output", o.output, "Where to write; - for standard output")
      ->capture_default_str();
  verb->add_option("--from", o.from, "mathprog, json, mps or lp; guessed when not given");
  AddModelData(verb, o.model);
  verb->add_option("--to", o.to, "json, mps or lp; by the output's ending, mps when it has none");
  o.output = "-";
  verb->callback([&o, &exit_status] { exit_status = Convert(o); });
}

void AddKeys(CLI::App& app, KeysOptions& o, int& exit_status) {
  CLI::App* verb = app.add_subcommand("keys", "Create, list and revoke API keys");
  verb->require_subcommand(1);
  auto common = [&o](CLI::App* sub) {
    sub->add_option("--organization", o.organization, "The organization's name")->required();
    sub->add_option("--database", o.database, "Database file")
        ->envname("SOLVENT_DATABASE")
        ->capture_default_str();
  };
  CLI::App* create =
      verb->add_subcommand("create", "Print a new key; the organization is made when new");
  common(create);
  create->add_option("--user", o.user, "The user's name; made when new")->capture_default_str();
  create->add_option("--name", o.name, "What the key is for")->capture_default_str();
  create->add_option("--expires-days", o.expires_days, "Days until it expires")
      ->check(Between(1, 365));
  create->add_flag("--admin", o.admin, "An operator's key: it may adjust credits");
  create->callback([&o, &exit_status] { exit_status = KeysCreate(o); });
  CLI::App* list = verb->add_subcommand("list", "List an organization's keys");
  common(list);
  list->add_flag("--json", o.json, "One JSON object a line");
  list->callback([&o, &exit_status] { exit_status = KeysList(o); });
  CLI::App* revoke = verb->add_subcommand("revoke", "Revoke a key by its id");
  common(revoke);
  revoke->add_option("key_id", o.key_id, "The key's id (key_…)")->required();
  revoke->callback([&o, &exit_status] { exit_status = KeysRevoke(o); });
  verb->footer("All of these work while a server runs on the same database.");
}

void AddOperate(CLI::App& app, OperateOptions& o, int& exit_status) {
  auto verb = [&](const char* name, const char* help, int (*run)(const OperateOptions&)) {
    CLI::App* added = app.add_subcommand(name, help);
    added->add_option("--database", o.database, "Database file")
        ->envname("SOLVENT_DATABASE")
        ->capture_default_str();
    added->callback([&o, &exit_status, run] { exit_status = run(o); });
    return added;
  };
  CLI::App* backup = verb("backup", "Copy the database, checked, while a server uses it", Backup);
  backup->add_option("file", o.file, "The copy; replaced when it is one already")->required();
  CLI::App* restore = verb("restore", "Put a copy's content into the database", Restore);
  restore->add_option("file", o.file, "The copy")->required();
  restore->footer(
      "What the database held is kept beside it first. A running server goes on with the\n"
      "restored content; what it was solving meanwhile is not recorded.");
  CLI::App* doctor =
      verb("doctor", "Examine database, permissions, workers, limits and clock", Doctor);
  doctor->add_option("--worker-memory", o.worker_memory_mb, "That of the server, in MB")
      ->envname("SOLVENT_WORKER_MEMORY")
      ->check(Between(int64_t{0}, kMostMemoryMb))
      ->capture_default_str();
  doctor->add_flag("--json", o.json, "One JSON object instead of lines");
  doctor->footer("Changes nothing. Exit status: 0 healthy, 1 something is bad.");
}

void AddAnnounce(CLI::App& app, AnnounceOptions& o, int& exit_status) {
  CLI::App* verb = app.add_subcommand("announce", "Notify every active user of an organization");
  CLI::Option* text = verb->add_option("text", o.text, "What to tell them");
  verb->add_option("--organization", o.organization, "The organization's name")->required();
  verb->add_option("--title", o.title, "Title of the notification")->capture_default_str();
  verb->add_option("--link", o.link, "Page that it leads to");
  verb->add_option("--plan", o.plan, "Tell that the plan has changed to this one instead")
      ->excludes(text);
  verb->add_option("--database", o.database, "Database file")
      ->envname("SOLVENT_DATABASE")
      ->capture_default_str();
  verb->footer("Works while a server runs on the same database.");
  verb->callback([&o, &exit_status] { exit_status = Announce(o); });
}

void AddCredits(CLI::App& app, CreditsOptions& o, int& exit_status) {
  CLI::App* verb =
      app.add_subcommand("credits", "Show and change what organizations have to spend");
  verb->require_subcommand(1);
  auto common = [&o](CLI::App* sub) {
    sub->add_option("--organization", o.organization, "The organization's name")->required();
    sub->add_option("--database", o.database, "Database file")
        ->envname("SOLVENT_DATABASE")
        ->capture_default_str();
    sub->add_flag("--json", o.json, "JSON instead of lines");
  };
  CLI::App* show = verb->add_subcommand("show", "Print the balance and the latest entries");
  common(show);
  show->add_option("--entries", o.entries, "Entries to print, newest first")
      ->check(Between(0, 1000))
      ->capture_default_str();
  show->callback([&o, &exit_status] { exit_status = CreditsShow(o); });
  struct Change {
    const char* name;
    const char* help;
    int64_t least;
    int (*run)(const CreditsOptions&);
  };
  for (const Change& change : {Change{"grant", "Add credits", 1, CreditsAdjust},
                               Change{"adjust", "Add credits, or take some away (--amount=-5)",
                                      -kMostCredits, CreditsAdjust},
                               Change{"set", "Make the balance --amount", 0, CreditsSet}}) {
    CLI::App* sub = verb->add_subcommand(change.name, change.help);
    common(sub);
    sub->add_option("--amount", o.amount, "How many")
        ->required()
        ->check(Between(change.least, kMostCredits));
    sub->add_option("--reason", o.reason, "Kept with the entry");
    sub->callback([&o, &exit_status, run = change.run] { exit_status = run(o); });
  }
  verb->footer(
      "All of these work while a server runs on the same database. The server adds its\n"
      "initial grant (--credits) when it first sees an organization, except after \"set\".");
}

void AddCompletion(CLI::App& app) {
  CLI::App* verb =
      app.add_subcommand("completion", "Print a script that completes commands in a shell");
  auto shell = std::make_shared<std::string>();
  verb->add_option("shell", *shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  verb->footer("In bash: source <(solvent completion bash)");
  verb->callback([&app, shell] { std::fputs(CompletionScript(app, *shell).c_str(), stdout); });
}

// How many letters have to be put in, left out or changed to make `b` of `a`.
size_t Distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 0; i < a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i + 1;
    for (size_t j = 0; j < b.size(); ++j) {
      const size_t kept = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({row[j] + 1, row[j + 1] + 1, kept});
    }
  }
  return row[b.size()];
}

// The parser would only say that a verb is missing.
bool IsUnknownVerb(const CLI::App& app, std::string_view word) {
  if (word.starts_with('-')) return false;
  std::string nearest;
  size_t least = 3;
  for (const CLI::App* verb : app.get_subcommands(nullptr)) {
    const size_t distance = Distance(word, verb->get_name());
    if (distance == 0) return false;
    if (distance < least) {
      least = distance;
      nearest = verb->get_name();
    }
  }
  std::fprintf(stderr, "solvent: there is no command \"%s\"%s\nRun with --help for more.\n",
               Printable(word).c_str(),
               nearest.empty() ? "" : ("; did you mean \"" + nearest + "\"?").c_str());
  return true;
}

int Run(int argc, char** argv) {
  CLI::App app("Solvent: an optimization service in one file");
  app.name("solvent");
  app.set_version_flag("--version", std::string("solvent ") + kVersion);
  app.require_subcommand(1);
  int exit_status = kDone;
  ServeOptions serve;
  serve.workers = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  SolveFileOptions solve;
  BatchOptions batch;
  ExplainFileOptions explain;
  ConvertOptions convert;
  CheckOptions check;
  KeysOptions keys;
  CreditsOptions credits;
  AnnounceOptions announce;
  AddServe(app, serve, exit_status);
  AddRoutes(app, exit_status);
  AddSolve(app, solve, exit_status);
  AddBatch(app, batch, exit_status);
  AddExplain(app, explain, exit_status);
  AddCheck(app, check, exit_status);
  AddConvert(app, convert, exit_status);
  AddKeys(app, keys, exit_status);
  AddCredits(app, credits, exit_status);
  OperateOptions operate;
  AddOperate(app, operate, exit_status);
  AddAnnounce(app, announce, exit_status);
  AddCompletion(app);
  if (argc > 1 && IsUnknownVerb(app, argv[1])) return kUsage;
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    std::ostringstream help, complaint;
    const bool is_help = app.exit(error, help, complaint) == 0;
    std::fputs(help.str().c_str(), stdout);
    std::fputs(Printable(complaint.str(), "\n\t").c_str(), stderr);
    return is_help ? kDone : kUsage;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "solvent: %s\n", Printable(error.what()).c_str());
    return kFailed;
  }
  // What was printed counts as done only when it has arrived.
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    std::fprintf(stderr, "solvent: cannot write standard output\n");
    return exit_status == kDone ? kFailed : exit_status;
  }
  return exit_status;
}

}  // namespace
}  // namespace solvent::cli

int main(int argc, char** argv) {
  if (argc == 2 && std::strcmp(argv[1], solvent::cli::kWorkerArgument) == 0) {
    return solvent::RunWorker();
  }
  return solvent::cli::Run(argc, argv);
}
