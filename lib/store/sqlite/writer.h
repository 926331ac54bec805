// The one thread that writes. It runs what callers hand it in order, as many at a time as are
// waiting, in one transaction with one sync, and tells them only once that is on disk.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "db.h"
#include "mutex.h"

namespace solvent {

// Takes part in each transaction; called on the writing thread.
class BatchListener {
 public:
  virtual ~BatchListener() = default;
  virtual void Begin() = 0;
  virtual void WorkDone(bool kept) = 0;  // after each piece of work: kept, or rolled back
  virtual absl::Status BeforeCommit(Db&) { return absl::OkStatus(); }
  virtual void Committed() {}  // before anybody is told; not called when the commit has failed
};

class Writer {
 public:
  // What to do inside the transaction. When it fails, its own changes alone are rolled back.
  using Work = std::function<absl::Status(Db&)>;

  // `soon` work may wait a few milliseconds for company; `now` work takes it along.
  enum class Haste { kNow, kSoon };

  Writer(std::unique_ptr<Db> db, std::vector<BatchListener*> listeners);
  ~Writer();
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  // Finishes what was submitted; nothing may be submitted afterwards.
  void Stop();

  // Returns once the work is on disk, or has failed.
  absl::Status Run(Work work);
  // The same with a value.
  template <typename T>
  absl::StatusOr<T> Get(std::function<absl::StatusOr<T>(Db&)> work) {
    absl::StatusOr<T> result = absl::UnknownError("");
    absl::Status status = Run([&](Db& db) {
      result = work(db);
      return result.status();
    });
    if (!status.ok()) return status;
    return result;
  }

  std::future<absl::Status> SubmitSoon(Work work);
  // Soon; `done` is called on the writing thread once the work is on disk, or has failed. It must
  // be quick.
  void Post(Work work, std::function<void(absl::Status)> done) {
    Submit(Haste::kSoon, std::move(work), std::move(done));
  }
  // `failed`, if any, hears of a failure on the writing thread, just before the future is ready.
  std::future<absl::Status> SubmitSoon(Work work,
                                       std::function<void(const absl::Status&)> failed = {});
  // For work whose failure nobody waits for.
  void PostSoon(Work work);

  // `callback` is called on the writing thread after each commit that brought such an arrival,
  // before those who wait for that commit go on, and must be quick. Replaces the one before, which
  // is not running any more when this returns; null: none.
  void OnArrival(Arrival arrival, std::function<void()> callback);

 private:
  struct Task {
    Work work;
    std::function<void(absl::Status)> done;
    absl::Status status;
  };

  void Submit(Haste haste, Work work, std::function<void(absl::Status)> done);
  // The thread starts with the first work.
  absl::Status EnsureThread();
  void Loop();
  // Waits for work; empty when there is none and the writer is to stop.
  std::vector<Task> TakeBatch();
  absl::Status Execute(std::vector<Task>& batch);
  absl::Status RunTask(Task& task);
  void TellArrivals();

  const std::unique_ptr<Db> db_;  // used by the thread only
  const std::vector<BatchListener*> listeners_;

  Mutex mutex_;
  CondVar submitted_;
  std::vector<Task> queue_ ABSL_GUARDED_BY(mutex_);
  double first_soon_ ABSL_GUARDED_BY(mutex_) = 0;  // when the oldest waiting work came
  bool urgent_ ABSL_GUARDED_BY(mutex_) = false;    // `now` work is waiting
  size_t wanted_ ABSL_GUARDED_BY(mutex_) = 1;      // the thread is to be woken at this many
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  bool started_ ABSL_GUARDED_BY(mutex_) = false;
  size_t last_batch_ = 1;  // used by the thread only

  Mutex arrivals_mutex_;
  std::array<std::function<void()>, kArrivals> on_arrival_ ABSL_GUARDED_BY(arrivals_mutex_);

  std::thread thread_;
};

}  // namespace solvent
