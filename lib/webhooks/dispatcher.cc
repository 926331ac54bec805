#include "dispatcher.h"

#include <algorithm>
#include <cmath>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "clock.h"
#include "crypto.h"
#include "host_call.h"
#include "signature.h"
#include "solvent/error.h"
#include "status_macros.h"
#include "string_bridge.h"
#include "url_guard.h"

namespace solvent {
namespace {

constexpr Micros kSecond = 1'000'000;
// Longer than any attempt of the default sender; a claim of a dead process ends sooner, with it.
constexpr Micros kLease = 60 * kSecond;
// How soon deliveries of other processes on the same database are seen.
constexpr std::chrono::seconds kPoll{1};
constexpr std::chrono::hours kPruneEvery{1};
constexpr int kPruneAtOnce = 500;
constexpr double kJitter = 0.1;   // pauses are up to this share longer
constexpr double kBusyPause = 2;  // seconds; up to twice as long, and longer from try to try
constexpr int kMostBusyPauses = 30;
// A sender that has had no room for so many attempts fails like any other.
constexpr int kMostBusyAttempts = 200;
constexpr double kMaxPause = 30 * 86400;
constexpr int kGone = 410;
constexpr size_t kMaxError = 500;

double Random01() {
  std::string bytes = RandomBytes(4);
  uint32_t bits = 0;
  for (unsigned char byte : bytes) bits = bits << 8 | byte;
  return bits / 4294967296.0;
}

Micros Seconds(double seconds) { return static_cast<Micros>(std::llround(seconds * 1e6)); }

bool IsToken(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  });
}

std::string LaneKey(const std::string& organization, const std::string& lane) {
  return absl::StrCat(organization, " ", lane);
}

bool IsVisible(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
}

}  // namespace

absl::Status CheckWebhookOptions(const WebhookOptions& options) {
  RETURN_IF_ERROR(UrlGuard::Create(options.policy).status());
  if (!IsToken(options.header_prefix)) {
    return absl::InvalidArgumentError("webhooks.header_prefix must be letters, digits and '-'");
  }
  if (options.user_agent.empty() || !IsVisible(options.user_agent)) {
    return absl::InvalidArgumentError("webhooks.user_agent must be visible ASCII");
  }
  for (double pause : options.retry_seconds) {
    if (!(pause >= 0 && pause <= kMaxPause)) {
      return absl::InvalidArgumentError("webhooks.retry_seconds must be 0 to 30 days each");
    }
  }
  if (!(options.max_retry_after_seconds >= 0 && options.max_retry_after_seconds <= kMaxPause)) {
    return absl::InvalidArgumentError("webhooks.max_retry_after_seconds must be 0 to 30 days");
  }
  if (options.max_parallel < 1 || options.max_parallel > 1024 ||
      options.max_parallel_per_host < 1) {
    return absl::InvalidArgumentError(
        "webhooks.max_parallel must be 1 to 1024, per host 1 or more");
  }
  if (!(options.retention_days > 0 && options.retention_days <= 36500)) {
    return absl::InvalidArgumentError("webhooks.retention_days must be more than 0");
  }
  return absl::OkStatus();
}

WebhookDispatcher::WebhookDispatcher(WebhookPort& port, WebhookOptions options, std::string owner,
                                     OpenSecret open_secret, LogSink log)
    : port_(port),
      options_([&] {
        if (!options.sender) options.sender = MakeWebhookSender(options.policy);
        return std::move(options);
      }()),
      owner_(std::move(owner)),
      open_secret_(std::move(open_secret)),
      log_(log ? std::move(log) : NoLog()),
      next_prune_(std::chrono::steady_clock::now()) {}

WebhookDispatcher::~WebhookDispatcher() { Stop(); }

void WebhookDispatcher::Start() {
  {
    Lock lock(mutex_);
    if (started_ || stopping_) return;
    started_ = true;
  }
  port_.Listen([this] {
    Lock lock(mutex_);
    rung_ = true;
    schedule_.Signal();
  });
  scheduler_ = std::thread([this] { ScheduleLoop(); });
}

void WebhookDispatcher::Stop() {
  {
    Lock lock(mutex_);
    if (stopping_) return;
    stopping_ = true;
    if (!started_) return;
  }
  port_.Listen({});
  stop_.request_stop();
  schedule_.SignalAll();
  scheduler_.join();  // from here on no worker is added
  work_.SignalAll();
  std::vector<std::thread> workers;
  std::deque<WebhookJob> ready;
  {
    Lock lock(mutex_);
    workers.swap(workers_);
    ready.swap(ready_);
  }
  for (std::thread& worker : workers) worker.join();
  for (const WebhookJob& job : ready) {
    WebhookOutcome outcome;
    outcome.verdict = WebhookOutcome::Verdict::kInterrupted;
    outcome.now = outcome.due = SystemNow();
    outcome.error = "not begun: the server was stopped";
    Record(job, outcome);
  }
}

absl::Status WebhookDispatcher::CheckUrl(std::string_view url) const {
  return CheckWebhookUrl(url, options_.policy);
}

absl::StatusOr<std::vector<WebhookDelivery>> WebhookDispatcher::List(std::string_view organization,
                                                                     std::string_view trigger,
                                                                     std::string_view run) const {
  return port_.List(organization, trigger, run);
}

absl::StatusOr<WebhookDelivery> WebhookDispatcher::Redeliver(std::string_view organization,
                                                             std::string_view trigger,
                                                             std::string_view run,
                                                             std::string_view delivery) {
  return port_.Redeliver(organization, trigger, run, delivery, SystemNow());
}

absl::StatusOr<WebhookStatus> WebhookDispatcher::Status() const {
  ASSIGN_OR_RETURN(WebhookPort::Stats stats, port_.Count());
  WebhookStatus status;
  status.open = stats.open;
  auto since = [](int64_t time) {
    return time == 0 ? 0.0 : std::max(0.0, static_cast<double>(SystemNow() - time) / 1e6);
  };
  status.oldest_due_seconds = since(stats.oldest_due);
  status.oldest_seconds = since(stats.oldest_created);
  Lock lock(mutex_);
  status.in_flight = load_.all;
  status.delivered = delivered_;
  status.failed = failed_;
  status.given_up = given_up_;
  return status;
}

void WebhookDispatcher::ScheduleLoop() {
  SteadyTime next_poll = std::chrono::steady_clock::now();
  while (true) {
    enum class Next { kStop, kClaim, kLook, kWait } next = Next::kWait;
    auto now = std::chrono::steady_clock::now();
    {
      Lock lock(mutex_);
      const bool has_room = load_.all < options_.max_parallel;
      if (next_due_ != 0 && next_due_ <= SystemNow()) {
        next_due_ = 0;
        rung_ = true;
      }
      if (stopping_) {
        next = Next::kStop;
      } else if (rung_ && has_room) {
        rung_ = false;
        next = Next::kClaim;
      } else if (look_ || now >= next_poll) {
        look_ = false;
        next = Next::kLook;
      } else {
        SteadyTime until = next_poll;
        if (next_due_ != 0) {
          until = std::min(until, now + std::chrono::microseconds(next_due_ - SystemNow()));
        }
        schedule_.WaitUntil(mutex_, until);
      }
    }
    switch (next) {
      case Next::kStop: return;
      case Next::kClaim: ClaimDue(); break;
      case Next::kLook:
        next_poll = now + kPoll;
        Look();
        if (now >= next_prune_) PruneLog();
        break;
      case Next::kWait: break;
    }
  }
}

void WebhookDispatcher::Look() {
  absl::StatusOr<int64_t> due = port_.NextDue();
  Lock lock(mutex_);
  // What cannot be read now is looked for again with the next poll.
  if (!due.ok() || *due == 0) return;
  if (*due <= SystemNow()) {
    rung_ = true;
  } else {
    next_due_ = *due;
  }
}

WebhookClaim WebhookDispatcher::NewClaim() const {
  WebhookClaim claim;
  claim.owner = owner_;
  claim.now = SystemNow();
  claim.lease_until = claim.now + kLease;
  claim.load = [this](const std::string& organization) {
    Lock lock(mutex_);
    auto found = organizations_.find(organization);
    return found == organizations_.end() ? WebhookLoad{} : found->second;
  };
  claim.load_at = [this](const std::string& organization, const std::string& lane) {
    Lock lock(mutex_);
    auto found = lanes_.find(LaneKey(organization, lane));
    return found == lanes_.end() ? 0 : found->second;
  };
  claim.most_per_lane = options_.max_parallel_per_host;
  Lock lock(mutex_);
  claim.most = options_.max_parallel - load_.all;
  // Receivers that do not answer keep their threads longest: together they get half of them, and
  // with those that nothing is known of three quarters, so that however many of those there are
  // the ones that answer have theirs.
  claim.most_silent = std::max(1, options_.max_parallel / 2) - load_.silent;
  claim.most_unproven = std::max(1, options_.max_parallel * 3 / 4) - load_.unproven;
  return claim;
}

void WebhookDispatcher::Count(const WebhookJob& job, int change) {
  load_.Count(job.kind, change);
  auto organization = organizations_.try_emplace(job.organization_id).first;
  organization->second.Count(job.kind, change);
  if (organization->second.all == 0) organizations_.erase(organization);
  auto lane = lanes_.try_emplace(LaneKey(job.organization_id, job.lane), 0).first;
  lane->second += change;
  if (lane->second == 0) lanes_.erase(lane);
}

void WebhookDispatcher::ClaimDue() {
  absl::StatusOr<ClaimedWebhooks> claimed = port_.Claim(NewClaim());
  if (claimed.ok()) {
    Accept(*std::move(claimed));
    return;
  }
  Json fields;
  fields.Set("error", Message(claimed.status()));
  log_(LogLevel::kError, "webhook.claim_failed", fields);
}

void WebhookDispatcher::Accept(ClaimedWebhooks claimed) {
  Lock lock(mutex_);
  next_due_ = claimed.next_due;
  if (claimed.again) rung_ = true;
  for (WebhookJob& job : claimed.jobs) {
    Count(job, 1);
    ready_.push_back(std::move(job));
  }
  while (idle_ < static_cast<int>(ready_.size()) &&
         static_cast<int>(workers_.size()) < options_.max_parallel) {
    try {
      workers_.emplace_back([this] { WorkLoop(); });
    } catch (const std::system_error&) {
      break;  // those that there are do what they can
    }
    ++idle_;  // until it takes its first job
  }
  work_.SignalAll();
}

void WebhookDispatcher::PruneLog() {
  next_prune_ = std::chrono::steady_clock::now() + kPruneEvery;
  const Micros before = SystemNow() - Seconds(options_.retention_days * 86400);
  absl::StatusOr<int64_t> removed = port_.Prune(before, kPruneAtOnce);
  // In small pieces, so that nobody waits for the writer.
  if (removed.ok() && *removed == kPruneAtOnce) next_prune_ = std::chrono::steady_clock::now();
}

void WebhookDispatcher::WorkLoop() {
  while (true) {
    WebhookJob job;
    {
      Lock lock(mutex_);
      while (ready_.empty() && !stopping_) work_.Wait(mutex_);
      --idle_;
      if (stopping_) return;
      job = std::move(ready_.front());
      ready_.pop_front();
    }
    std::optional<WebhookOutcome> outcome = Attempt(job);
    if (outcome.has_value()) Record(job, *outcome);
    Settle(job, outcome);
  }
}

std::optional<WebhookOutcome> WebhookDispatcher::Attempt(const WebhookJob& job) {
  const double begin = SteadySeconds();
  absl::StatusOr<std::string> body = port_.Payload(job.id);
  if (absl::IsNotFound(body.status())) return std::nullopt;  // its trigger was deleted
  absl::StatusOr<WebhookResponse> response =
      body.ok() ? Send(job, *std::move(body)) : absl::StatusOr<WebhookResponse>(body.status());
  WebhookOutcome outcome;
  outcome.now = SystemNow();
  outcome.duration_micros = Seconds(SteadySeconds() - begin);
  Judge(job, response, outcome);
  return outcome;
}

absl::StatusOr<WebhookResponse> WebhookDispatcher::Send(const WebhookJob& job, std::string body) {
  std::string secret;
  if (job.sealed_secret.has_value()) {
    ASSIGN_OR_RETURN(secret, open_secret_(*job.sealed_secret));
  }
  const int64_t timestamp = SystemNow() / kSecond;
  WebhookRequest request;
  request.url = job.url;
  request.headers = {
      {"Content-Type", "application/json"},
      {"User-Agent", options_.user_agent},
      {options_.header_prefix + "Event", job.event},
      {options_.header_prefix + "Delivery", job.id},
      {options_.header_prefix + "Delivery-Timestamp", std::to_string(timestamp)},
  };
  for (auto& header : SignatureHeaders(options_.header_prefix, secret, job.id, timestamp, body)) {
    request.headers.push_back(std::move(header));
  }
  request.body = std::move(body);
  absl::StatusOr<WebhookResponse> response = absl::UnknownError("");
  RETURN_IF_ERROR(
      HostCall("the sender", [&] { response = options_.sender(request, stop_.get_token()); }));
  return response;
}

void WebhookDispatcher::Judge(const WebhookJob& job,
                              const absl::StatusOr<WebhookResponse>& response,
                              WebhookOutcome& outcome) {
  using Verdict = WebhookOutcome::Verdict;
  std::optional<double> retry_after;
  if (response.ok()) {
    outcome.status = response->status;
    retry_after = response->retry_after_seconds;
    if (outcome.status >= 200 && outcome.status < 300) {
      outcome.verdict = Verdict::kDelivered;
      return;
    }
    outcome.error = absl::StrCat("the receiver answered ", outcome.status);
    if (outcome.status == kGone) {
      outcome.verdict = Verdict::kGone;
      return;
    }
  } else {
    outcome.error = std::string(Message(response.status()).substr(0, kMaxError));
    if (absl::IsCancelled(response.status()) && stop_.stop_requested()) {
      outcome.verdict = Verdict::kInterrupted;
      outcome.due = outcome.now;
      return;
    }
    if (absl::IsResourceExhausted(response.status()) && job.attempt < kMostBusyAttempts) {
      const double pause = kBusyPause * std::clamp(job.attempt, 1, kMostBusyPauses);
      outcome.verdict = Verdict::kInterrupted;
      outcome.due = outcome.now + Seconds(pause * (1 + Random01()));
      return;
    }
  }
  const size_t failures = static_cast<size_t>(job.failures);
  if (failures >= options_.retry_seconds.size()) {
    outcome.verdict = Verdict::kFailed;
    return;
  }
  double pause = options_.retry_seconds[failures];
  if (retry_after.has_value()) {
    pause = std::max(pause, std::min(*retry_after, options_.max_retry_after_seconds));
  }
  outcome.verdict = Verdict::kRetry;
  outcome.due = outcome.now + Seconds(pause * (1 + kJitter * Random01()));
}

void WebhookDispatcher::Record(const WebhookJob& job, const WebhookOutcome& judged) {
  WebhookOutcome outcome = judged;
  outcome.id = job.id;
  outcome.attempt = job.attempt;
  outcome.url = job.url;
  absl::Status status = port_.Finish(outcome);
  Json fields;
  fields.Set("delivery", job.id)
      .Set("trigger", job.trigger_id)
      .Set("run", job.run_id)
      .Set("attempt", job.attempt)
      .Set("status", outcome.status)
      .Set("duration_ms", static_cast<double>(outcome.duration_micros) / 1e3);
  if (!status.ok()) {
    // The claim runs out, and it is tried again.
    fields.Set("error", Message(status));
    log_(LogLevel::kError, "webhook.not_recorded", fields);
    return;
  }
  switch (outcome.verdict) {
    case WebhookOutcome::Verdict::kDelivered:
      log_(LogLevel::kDebug, "webhook.delivered", fields);
      break;
    case WebhookOutcome::Verdict::kInterrupted: break;
    case WebhookOutcome::Verdict::kRetry:
      fields.Set("error", outcome.error);
      log_(LogLevel::kInfo, "webhook.attempt_failed", fields);
      break;
    case WebhookOutcome::Verdict::kFailed:
    case WebhookOutcome::Verdict::kGone:
      fields.Set("error", outcome.error);
      log_(LogLevel::kWarning, "webhook.failed", fields);
      break;
  }
}

void WebhookDispatcher::Settle(const WebhookJob& job,
                               const std::optional<WebhookOutcome>& outcome) {
  Lock lock(mutex_);
  Count(job, -1);
  if (outcome.has_value() && outcome->verdict != WebhookOutcome::Verdict::kInterrupted) {
    ++(outcome->verdict == WebhookOutcome::Verdict::kDelivered ? delivered_ : failed_);
    given_up_ += outcome->verdict == WebhookOutcome::Verdict::kFailed ||
                 outcome->verdict == WebhookOutcome::Verdict::kGone;
  }
  ++idle_;
  look_ = true;
  schedule_.Signal();
}

}  // namespace solvent
