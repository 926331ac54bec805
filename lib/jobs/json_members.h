// Reading JSON objects of which every member must be known: faults are gathered, not thrown away.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "request_faults.h"
#include "solvent/json.h"

namespace solvent {

class Members {
 public:
  // `object` may be absent (null); anything but an object is a fault.
  Members(const Json& object, std::string pointer, RequestFaults& faults,
          std::initializer_list<std::string_view> known);

  // Absent and null alike leave the value unset.
  std::optional<std::string> Text(std::string_view name, bool may_be_empty = false);
  std::optional<int64_t> Integer(std::string_view name, int64_t least, int64_t most);
  // Whatever is beyond an int is as far from any range as its ends.
  std::optional<int> Integer(std::string_view name);
  std::optional<bool> Flag(std::string_view name);
  std::optional<int64_t> Duration(std::string_view name);
  // An object of strings; without those that are none.
  std::optional<std::vector<std::pair<std::string, std::string>>> Texts(std::string_view name);
  const Json& At(std::string_view name) const { return object_[name]; }
  std::string Pointer(std::string_view name) const;
  void Require(std::string_view name);
  void Fault(std::string_view name, std::string_view message,
             std::string_view type = "value_error");

 private:
  const Json& object_;
  const std::string pointer_;
  RequestFaults& faults_;
};

}  // namespace solvent
