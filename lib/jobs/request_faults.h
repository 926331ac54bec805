// What is wrong with a request, in an answer that stays small however much is wrong.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "solvent/error.h"

namespace solvent {

// Of tasks ("/tasks/3/…"), the first twenty bad ones are told, whatever order they are found in.
class RequestFaults {
 public:
  // Pointers are cut to a length that people read.
  void Add(std::string pointer, std::string_view message, std::string_view type = "value_error");
  void Check(bool good, std::string pointer, std::string_view message);
  void InRange(int64_t value, int64_t least, int64_t most, std::string pointer);
  // What `status` says is wrong, below `pointer`.
  void Take(const absl::Status& status, std::string_view pointer);

  // Whether something is wrong there already.
  bool Has(std::string_view pointer) const;
  // Whether faults of this task would be told. Where they would not, neither would later ones'.
  bool WantsTask(size_t index) const;

  // BadRequest with a message made from the first fault; OK without faults.
  absl::Status ToStatus() &&;

 private:
  // Of one task, or of all that is no task's.
  std::vector<FieldError>* PlaceFor(std::string_view pointer);

  std::vector<FieldError> others_;
  std::map<size_t, std::vector<FieldError>> tasks_;
  bool left_out_ = false;
};

// BadRequest that names one fault.
absl::Status RequestFault(std::string pointer, std::string_view message);

}  // namespace solvent
