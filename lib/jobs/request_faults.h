// What is wrong with a request, in an answer that stays small however much is wrong.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "solvent/error.h"

namespace solvent {

class RequestFaults {
 public:
  // Pointers are cut to a length that people read.
  void Add(std::string pointer, std::string_view message, std::string_view type = "value_error");
  void Check(bool good, std::string pointer, std::string_view message);
  void InRange(int64_t value, int64_t least, int64_t most, std::string pointer);
  // What `status` says is wrong, below `pointer`.
  void Take(const absl::Status& status, std::string_view pointer);

  // What is added between these is wrong with one task. EndTask is false once enough bad tasks are
  // known: the others need no look.
  void BeginTask();
  bool EndTask();

  // BadRequest with a message made from the first fault; OK without faults.
  absl::Status ToStatus() &&;

 private:
  std::vector<FieldError> faults_;
  size_t left_out_ = 0;
  size_t others_ = 0;  // that are no task's
  bool in_task_ = false;
  size_t task_begin_ = 0;
  size_t bad_tasks_ = 0;
};

// BadRequest that names one fault.
absl::Status RequestFault(std::string pointer, std::string_view message);

}  // namespace solvent
