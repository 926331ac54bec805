// Deliveries of webhooks: written in the transaction of their cause (by the driver itself), claimed
// by processes that share the database, and kept as a log.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "solvent/webhook.h"

namespace solvent {

// What an organization's receiver (a lane: host and port) is known for: nothing yet, that it
// answers, or that it did not last time.
enum class LaneKind { kNew = 0, kAnswers = 1, kSilent = 2 };
inline constexpr LaneKind kLaneKinds[] = {LaneKind::kNew, LaneKind::kAnswers, LaneKind::kSilent};

// Attempts under way.
struct WebhookLoad {
  int all = 0;
  int unproven = 0;  // of those, to lanes that are new or silent
  int silent = 0;    // of those, to silent ones

  void Count(LaneKind kind, int change) {
    all += change;
    if (kind != LaneKind::kAnswers) unproven += change;
    if (kind == LaneKind::kSilent) silent += change;
  }
};

// What a claim may take. An organization gets another attempt only while it has fewer under way
// than senders are free, and of those that it can have so at most three quarters to unproven
// receivers and half to silent ones: one alone gets half of the senders, two a third each, and
// whoever comes next finds some free.
struct WebhookClaim {
  std::string owner;  // a registered one (RunPort); its death ends the claim
  int64_t now = 0;
  int64_t lease_until = 0;  // so does this time
  int most = 0;             // senders that are free
  int most_unproven = 0;    // of those, for lanes that are not known to answer
  int most_silent = 0;      // of those, for silent ones
  int most_per_lane = 0;    // under way at once; half of them at a silent one
  // What is under way already. Asked by the thread that writes.
  std::function<WebhookLoad(const std::string& organization)> load;
  std::function<int(const std::string& organization, const std::string& lane)> load_at;
};

// One attempt that is now this process's to make.
struct WebhookJob {
  std::string id;  // of the delivery
  std::string organization_id;
  std::string trigger_id;
  std::string run_id;
  std::string event;
  std::string lane;
  LaneKind kind = LaneKind::kNew;  // the lane's
  int attempt = 0;                 // 1 for the first one of all
  int failures = 0;                // attempts of this round that failed before
  // In force now.
  std::string url;
  std::optional<std::string> sealed_secret;
};

struct ClaimedWebhooks {
  std::vector<WebhookJob> jobs;
  int64_t next_due = 0;  // of a delivery not yet due; 0 when there is none
  bool again = false;    // there may be more, because something due turned out not to be
};

struct WebhookOutcome {
  enum class Verdict {
    kDelivered,
    kRetry,   // failed; again at `due`
    kFailed,  // given up
    kGone,    // given up; the receiver wants no more: the trigger's or the job's URL is cleared
              // if it still is `url`
    kInterrupted,  // this process could not try, or stops: again at `due`, and no failure
  } verdict = Verdict::kFailed;
  std::string id;
  int attempt = 0;
  std::string url;
  int64_t now = 0;
  int64_t due = 0;
  int status = 0;
  std::string error;
  int64_t duration_micros = 0;
};

class WebhookPort {
 public:
  virtual ~WebhookPort() = default;

  // `listener` is called when a delivery becomes due through this process, from the thread that
  // writes it, before it is on disk: a Claim that follows finds it. It must not block. Once this
  // returns, the former listener is not called any more.
  virtual void Listen(std::function<void()> listener) = 0;

  // Due deliveries, organizations and their lanes by turns. What it costs depends on what it may
  // take and on what is under way, not on how much is due. Those whose trigger has no URL any more
  // end as dropped.
  virtual absl::StatusOr<ClaimedWebhooks> Claim(const WebhookClaim& claim) = 0;
  // When the next delivery is due; 0 when there is none.
  virtual absl::StatusOr<int64_t> NextDue() = 0;
  virtual absl::StatusOr<std::string> Payload(std::string_view delivery) = 0;
  // Ends an attempt, and notes whether its lane answers. A claim that was lost meanwhile changes
  // nothing but the log, unless it was delivered. A delivery that is given up is told to the
  // trigger's creator, or to whoever started the batch. OK for a delivery that is gone.
  virtual absl::Status Finish(const WebhookOutcome& outcome) = 0;

  // NotFound covers foreign ids, and runs that are not the trigger's.
  virtual absl::StatusOr<std::vector<WebhookDelivery>> List(std::string_view organization,
                                                            std::string_view trigger,
                                                            std::string_view run) = 0;
  // FailedPrecondition (conflict) when the trigger has no URL.
  virtual absl::StatusOr<WebhookDelivery> Redeliver(std::string_view organization,
                                                    std::string_view trigger, std::string_view run,
                                                    std::string_view delivery, int64_t now) = 0;

  struct Stats {
    int64_t open = 0;
    int64_t oldest_due = 0;      // 0 when none is open
    int64_t oldest_created = 0;  // of the first made of the open ones; likewise
  };
  virtual absl::StatusOr<Stats> Count() = 0;

  // Removes up to `most` deliveries that ended before then, and as many lanes that were last heard
  // of before then; returns how many deliveries.
  virtual absl::StatusOr<int64_t> Prune(int64_t ended_before, int most) = 0;
};

}  // namespace solvent
