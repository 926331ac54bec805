#include "writer.h"

#include <algorithm>
#include <chrono>
#include <exception>
#include <new>
#include <string>
#include <system_error>

#include "absl/strings/cord.h"
#include "clock.h"
#include "status_macros.h"

namespace solvent {
namespace {

constexpr double kSoonSeconds = 0.005;
// Callers of one commit come back together. Waiting a moment for the last of them saves a sync.
constexpr double kCompanySeconds = 0.0005;
// Bounds the time that the first of a long queue waits for its commit.
constexpr size_t kLargestBatch = 2000;

std::chrono::steady_clock::time_point After(double seconds) {
  return std::chrono::steady_clock::now() +
         std::chrono::duration_cast<std::chrono::steady_clock::duration>(
             std::chrono::duration<double>(seconds));
}

// A status of one's own. Copies share their parts, counted inside Abseil: where that is an
// uninstrumented library, ThreadSanitizer takes the last of them in another thread for a race.
absl::Status Separate(const absl::Status& status) {
  absl::Status copy(status.code(), status.message());
  status.ForEachPayload([&copy](absl::string_view type, const absl::Cord& payload) {
    copy.SetPayload(type, absl::Cord(std::string(payload)));
  });
  return copy;
}

}  // namespace

Writer::Writer(std::unique_ptr<Db> db, std::vector<BatchListener*> listeners)
    : db_(std::move(db)), listeners_(std::move(listeners)) {}

Writer::~Writer() { Stop(); }

void Writer::Stop() {
  {
    Lock lock(mutex_);
    stopping_ = true;
  }
  submitted_.Signal();
  if (thread_.joinable()) thread_.join();
}

absl::Status Writer::Run(Work work) {
  struct Waiter {
    Mutex mutex;
    CondVar ready;
    bool done ABSL_GUARDED_BY(mutex) = false;
    absl::Status status ABSL_GUARDED_BY(mutex);
  } waiter;
  Submit(Haste::kNow, std::move(work), [&waiter](absl::Status status) {
    Lock lock(waiter.mutex);
    waiter.status = std::move(status);
    waiter.done = true;
    // Under the lock: once it is released, the waiter may be gone.
    waiter.ready.Signal();
  });
  Lock lock(waiter.mutex);
  while (!waiter.done) waiter.ready.Wait(waiter.mutex);
  return waiter.status;
}

std::future<absl::Status> Writer::SubmitSoon(Work work,
                                             std::function<void(const absl::Status&)> failed) {
  auto promise = std::make_shared<std::promise<absl::Status>>();
  std::future<absl::Status> future = promise->get_future();
  Submit(Haste::kSoon, std::move(work), [promise, failed = std::move(failed)](absl::Status status) {
    if (!status.ok() && failed) failed(status);
    promise->set_value(std::move(status));
  });
  return future;
}

void Writer::PostSoon(Work work) {
  Submit(Haste::kSoon, std::move(work), [](absl::Status) {});
}

void Writer::OnArrival(Arrival arrival, std::function<void()> callback) {
  Lock lock(arrivals_mutex_);
  on_arrival_[static_cast<size_t>(arrival)] = std::move(callback);
}

void Writer::TellArrivals() {
  std::array<bool, kArrivals> arrived = db_->TakeArrivals();
  Lock lock(arrivals_mutex_);
  for (size_t i = 0; i < arrived.size(); ++i) {
    if (arrived[i] && on_arrival_[i]) on_arrival_[i]();
  }
}

absl::Status Writer::EnsureThread() {
  Lock lock(mutex_);
  if (started_) return absl::OkStatus();
  try {
    thread_ = std::thread([this] { Loop(); });
  } catch (const std::system_error& e) {
    return absl::UnavailableError(std::string("cannot start a thread: ") + e.what());
  }
  started_ = true;
  return absl::OkStatus();
}

void Writer::Submit(Haste haste, Work work, std::function<void(absl::Status)> done) {
  bool wake;
  if (absl::Status status = EnsureThread(); !status.ok()) return done(std::move(status));
  {
    Lock lock(mutex_);
    if (queue_.empty()) first_soon_ = SteadySeconds();
    queue_.push_back({std::move(work), std::move(done), absl::OkStatus()});
    // A sleeping thread must hear of the first work, of the first in haste, and of enough.
    wake = queue_.size() == 1 || queue_.size() == wanted_ || (haste == Haste::kNow && !urgent_);
    urgent_ |= haste == Haste::kNow;
  }
  if (wake) submitted_.Signal();
}

void Writer::Loop() {
  while (true) {
    std::vector<Task> batch = TakeBatch();
    if (batch.empty()) return;
    absl::Status committed = Execute(batch);
    last_batch_ = batch.size();
    if (committed.ok()) TellArrivals();
    for (Task& task : batch) {
      task.done(committed.ok() ? std::move(task.status) : Separate(committed));
    }
  }
}

std::vector<Writer::Task> Writer::TakeBatch() {
  Lock lock(mutex_);
  while (!stopping_) {
    if (queue_.empty()) {
      submitted_.Wait(mutex_);
    } else if (!urgent_) {
      double left = first_soon_ + kSoonSeconds - SteadySeconds();
      if (left <= 0) break;
      submitted_.WaitUntil(mutex_, After(left));
    } else {
      wanted_ = last_batch_;
      auto deadline = After(kCompanySeconds);
      while (!stopping_ && queue_.size() < wanted_ && submitted_.WaitUntil(mutex_, deadline)) {
      }
      wanted_ = 0;
      break;
    }
  }
  std::vector<Task> batch;
  if (queue_.size() <= kLargestBatch) {
    batch.swap(queue_);
    urgent_ = false;
  } else {
    auto end = queue_.begin() + kLargestBatch;
    batch.assign(std::make_move_iterator(queue_.begin()), std::make_move_iterator(end));
    queue_.erase(queue_.begin(), end);
    // What stays may hold work in haste: it has waited for this batch, and waits no longer.
    urgent_ = true;
  }
  return batch;
}

absl::Status Writer::Execute(std::vector<Task>& batch) {
  for (BatchListener* listener : listeners_) listener->Begin();
  RETURN_IF_ERROR(db_->Run("BEGIN IMMEDIATE"));
  absl::Status status;
  for (Task& task : batch) {
    status = RunTask(task);
    if (!status.ok()) break;
  }
  for (BatchListener* listener : listeners_) {
    if (status.ok()) status = listener->BeforeCommit(*db_);
  }
  if (status.ok()) status = db_->Run("COMMIT");
  if (status.ok()) {
    for (BatchListener* listener : listeners_) listener->Committed();
  }
  if (!status.ok() && db_->in_transaction()) {
    // The first error is the one to tell; if even this fails, the next BEGIN will say so.
    (void)db_->Run("ROLLBACK");
  }
  return status;
}

// Fails only when the whole transaction is lost.
absl::Status Writer::RunTask(Task& task) {
  RETURN_IF_ERROR(db_->Run("SAVEPOINT work"));
  try {
    task.status = task.work(*db_);
  } catch (const std::bad_alloc&) {
    task.status = absl::ResourceExhaustedError("out of memory");
  } catch (const std::exception& e) {
    task.status = absl::InternalError(e.what());
  }
  // Some errors (disk full, I/O) make SQLite roll back everything at once.
  if (!db_->in_transaction()) {
    return task.status.ok() ? absl::InternalError("the transaction was lost") : task.status;
  }
  if (!task.status.ok()) RETURN_IF_ERROR(db_->Run("ROLLBACK TO work"));
  for (BatchListener* listener : listeners_) listener->WorkDone(task.status.ok());
  return db_->Run("RELEASE work");
}

}  // namespace solvent
