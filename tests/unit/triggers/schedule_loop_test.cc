#include "schedule_loop.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "mutex.h"

namespace solvent {
namespace {

// Schedules that are due from the beginning, named by organization and number ("a1"), and what
// becomes of them.
class Due {
 public:
  explicit Due(std::vector<std::string> names) : waiting_(std::move(names)) {}

  ScheduleLoop::Work Work() {
    ScheduleLoop::Work work;
    work.find_due = [this](const std::vector<std::string>& but_of) { return Find(but_of); };
    work.fire = [this](const DueSchedule& due) { return Fire(due.row.trigger.id); };
    work.next_due = [this]() -> absl::StatusOr<int64_t> {
      Lock lock(mutex_);
      return waiting_.empty() ? 0 : 1;
    };
    return work;
  }

  // Firing `name` takes until `other` has fired.
  void Hold(const std::string& name, const std::string& other) { held_ = {name, other}; }
  void FailOnce(const std::string& name) { failing_ = name; }

  // Finding out what is due takes until Release().
  void HoldFind() { find_held_ = true; }
  void WaitUntilLooking() {
    Lock lock(mutex_);
    while (looks_ == 0) changed_.Wait(mutex_);
  }
  void Release() {
    Lock lock(mutex_);
    find_held_ = false;
    changed_.SignalAll();
  }
  int looks() {
    Lock lock(mutex_);
    return looks_;
  }

  void WaitUntilFired(const std::string& name) {
    Lock lock(mutex_);
    while (!HasFired(name)) changed_.Wait(mutex_);
  }
  std::vector<std::string> fired() {
    Lock lock(mutex_);
    return fired_;
  }

 private:
  bool HasFired(const std::string& name) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return std::find(fired_.begin(), fired_.end(), name) != fired_.end();
  }
  absl::StatusOr<std::vector<DueSchedule>> Find(const std::vector<std::string>& but_of) {
    Lock lock(mutex_);
    ++looks_;
    changed_.SignalAll();
    while (find_held_) changed_.Wait(mutex_);
    std::vector<DueSchedule> due;
    for (const std::string& name : waiting_) {
      std::string organization = name.substr(0, 1);
      if (std::find(but_of.begin(), but_of.end(), organization) != but_of.end()) continue;
      due.emplace_back();
      due.back().row.trigger.id = name;
      due.back().row.trigger.organization_id = organization;
    }
    return due;
  }
  bool Fire(const std::string& name) {
    Lock lock(mutex_);
    if (name == failing_) {
      failing_.clear();
      return false;
    }
    while (name == held_.first && !HasFired(held_.second)) changed_.Wait(mutex_);
    waiting_.erase(std::find(waiting_.begin(), waiting_.end(), name));
    fired_.push_back(name);
    changed_.SignalAll();
    return true;
  }

  Mutex mutex_;
  CondVar changed_;
  std::vector<std::string> waiting_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::string> fired_ ABSL_GUARDED_BY(mutex_);
  std::pair<std::string, std::string> held_;
  std::string failing_;
  bool find_held_ = false;
  int looks_ ABSL_GUARDED_BY(mutex_) = 0;
};

Clock Fixed() {
  return [] { return int64_t{2}; };
}

TEST_CASE("an organization whose fire takes long keeps nobody else's waiting") {
  Due due({"a1", "a2", "b1", "c1"});
  due.Hold("a1", "c1");
  ScheduleLoop loop(due.Work(), Fixed(), {});
  SUBCASE("with the waiting thread") {
    loop.Start();
    for (const char* name : {"a2", "b1"}) due.WaitUntilFired(name);
    loop.Stop();
  }
  SUBCASE("without") { CHECK(loop.RunDue().value() == 0); }
  std::vector<std::string> fired = due.fired();
  CHECK(fired.size() == 4);
  // Its own come one after the other.
  auto place = [&](const char* name) { return std::find(fired.begin(), fired.end(), name); };
  CHECK(place("c1") < place("a1"));
  CHECK(place("a1") < place("a2"));
}

TEST_CASE("what could not be fired is tried again") {
  Due due({"a1", "a2", "b1"});
  due.FailOnce("a1");
  ScheduleLoop loop(due.Work(), Fixed(), {});
  SUBCASE("by the waiting thread") {
    loop.Start();
    for (const char* name : {"a1", "a2", "b1"}) due.WaitUntilFired(name);
    loop.Stop();
  }
  SUBCASE("by the next call") {
    CHECK(loop.RunDue().value() == 1);
    CHECK(loop.RunDue().value() == 0);
  }
  CHECK(due.fired().size() == 3);
}

TEST_CASE("once a stop has begun nothing is looked for or fired") {
  // Their threads would end without firing, and leave them due to be found again, for ever.
  Due due({"a1", "a2", "b1", "b2"});
  due.HoldFind();
  ScheduleLoop loop(due.Work(), Fixed(), {});
  loop.Start();
  due.WaitUntilLooking();
  loop.BeginStop();
  due.Release();
  loop.Stop();
  CHECK(due.looks() == 1);
  CHECK(due.fired().empty());
}

TEST_CASE("more organizations than there are threads are all served") {
  std::vector<std::string> names;
  for (int i = 0; i < 60; ++i) names.push_back(std::string(1, static_cast<char>('0' + i)) + "x");
  Due due(names);
  ScheduleLoop loop(due.Work(), Fixed(), {});
  loop.Start();
  for (const std::string& name : names) due.WaitUntilFired(name);
  loop.Stop();
  CHECK(due.fired().size() == names.size());
}

}  // namespace
}  // namespace solvent
