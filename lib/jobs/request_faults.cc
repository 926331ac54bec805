#include "request_faults.h"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <optional>
#include <utility>

namespace solvent {
namespace {

constexpr size_t kMostBadTasks = 20;
constexpr size_t kMostOfTask = 5;
constexpr size_t kMostOthers = 100;
constexpr size_t kLongestPointer = 256;

void Shorten(std::string& pointer) {
  if (pointer.size() <= kLongestPointer) return;
  size_t end = kLongestPointer;
  // Neither in the middle of a character nor of an escape.
  while (end > 0 && (static_cast<unsigned char>(pointer[end]) & 0xC0) == 0x80) --end;
  if (pointer[end - 1] == '~') --end;
  pointer.resize(end);
  pointer += "...";
}

std::optional<size_t> TaskOf(std::string_view pointer) {
  constexpr std::string_view kTasks = "/tasks/";
  if (!pointer.starts_with(kTasks)) return std::nullopt;
  pointer.remove_prefix(kTasks.size());
  pointer = pointer.substr(0, pointer.find('/'));
  size_t index = 0;
  auto [end, error] = std::from_chars(pointer.data(), pointer.data() + pointer.size(), index);
  if (error != std::errc() || end != pointer.data() + pointer.size()) return std::nullopt;
  return index;
}

}  // namespace

bool RequestFaults::WantsTask(size_t index) const {
  return tasks_.size() < kMostBadTasks || index <= tasks_.rbegin()->first;
}

bool RequestFaults::Has(std::string_view pointer) const {
  const std::vector<FieldError>* place = &others_;
  if (auto task = TaskOf(pointer)) {
    auto found = tasks_.find(*task);
    if (found == tasks_.end()) return false;
    place = &found->second;
  }
  return std::any_of(place->begin(), place->end(),
                     [&](const FieldError& fault) { return fault.pointer == pointer; });
}

std::vector<FieldError>* RequestFaults::PlaceFor(std::string_view pointer) {
  const std::optional<size_t> task = TaskOf(pointer);
  if (!task) return others_.size() < kMostOthers ? &others_ : nullptr;
  if (!WantsTask(*task)) return nullptr;
  std::vector<FieldError>& faults = tasks_[*task];
  if (tasks_.size() > kMostBadTasks) {
    tasks_.erase(std::prev(tasks_.end()));
    left_out_ = true;
  }
  return faults.size() < kMostOfTask ? &faults : nullptr;
}

void RequestFaults::Add(std::string pointer, std::string_view message, std::string_view type) {
  std::vector<FieldError>* place = PlaceFor(pointer);
  if (place == nullptr) {
    left_out_ = true;
    return;
  }
  Shorten(pointer);
  place->push_back({std::move(pointer), std::string(message), std::string(type)});
}

void RequestFaults::Check(bool good, std::string pointer, std::string_view message) {
  if (!good) Add(std::move(pointer), message);
}

void RequestFaults::InRange(int64_t value, int64_t least, int64_t most, std::string pointer) {
  if (value >= least && value <= most) return;
  Add(std::move(pointer), "must be from " + std::to_string(least) + " to " + std::to_string(most));
}

void RequestFaults::Take(const absl::Status& status, std::string_view pointer) {
  if (status.ok()) return;
  ErrorInfo info = GetErrorInfo(status);
  for (FieldError& field : info.fields) {
    Add(std::string(pointer) + field.pointer, field.message, field.type);
  }
  if (info.fields.empty()) Add(std::string(pointer), std::string(Message(status)));
}

absl::Status RequestFaults::ToStatus() && {
  // Faults that were taken over may be some of more, too.
  bool all = !left_out_ && others_.size() < kMostOthers && tasks_.size() < kMostBadTasks;
  std::vector<FieldError> faults = std::move(others_);
  for (auto& [task, of_task] : tasks_) {
    all = all && of_task.size() < kMostOfTask;
    faults.insert(faults.end(), std::make_move_iterator(of_task.begin()),
                  std::make_move_iterator(of_task.end()));
  }
  if (faults.empty()) return absl::OkStatus();
  const FieldError& first = faults.front();
  std::string message =
      first.pointer.empty() ? first.message : first.pointer + ": " + first.message;
  if (faults.size() > 1) {
    message += " (and " + (all ? std::to_string(faults.size() - 1) + " more)" : "more)");
  }
  return BadRequest(message, std::move(faults));
}

absl::Status RequestFault(std::string pointer, std::string_view message) {
  RequestFaults faults;
  faults.Add(std::move(pointer), message);
  return std::move(faults).ToStatus();
}

}  // namespace solvent
