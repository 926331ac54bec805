#include "request_faults.h"

#include <utility>

namespace solvent {
namespace {

constexpr size_t kMostBadTasks = 20;
constexpr size_t kMostOfTask = 5;
// So that of every bad task some fault is told, whatever else is wrong.
constexpr size_t kMostOthers = 100;
constexpr size_t kMost = kMostOthers + kMostBadTasks * kMostOfTask;
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

}  // namespace

void RequestFaults::Add(std::string pointer, std::string_view message, std::string_view type) {
  if (faults_.size() >= kMost || (!in_task_ && others_ >= kMostOthers)) {
    ++left_out_;
    return;
  }
  if (!in_task_) ++others_;
  Shorten(pointer);
  faults_.push_back({std::move(pointer), std::string(message), std::string(type)});
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

void RequestFaults::BeginTask() {
  in_task_ = true;
  task_begin_ = faults_.size();
}

bool RequestFaults::EndTask() {
  in_task_ = false;
  if (faults_.size() == task_begin_) return true;
  if (faults_.size() > task_begin_ + kMostOfTask) {
    left_out_ += faults_.size() - task_begin_ - kMostOfTask;
    faults_.resize(task_begin_ + kMostOfTask);
  }
  return ++bad_tasks_ < kMostBadTasks;
}

absl::Status RequestFaults::ToStatus() && {
  if (faults_.empty()) return absl::OkStatus();
  const FieldError& first = faults_.front();
  std::string message =
      first.pointer.empty() ? first.message : first.pointer + ": " + first.message;
  const size_t more = faults_.size() - 1 + left_out_;
  if (more > 0) message += " (and " + std::to_string(more) + " more)";
  return BadRequest(message, std::move(faults_));
}

absl::Status RequestFault(std::string pointer, std::string_view message) {
  RequestFaults faults;
  faults.Add(std::move(pointer), message);
  return std::move(faults).ToStatus();
}

}  // namespace solvent
