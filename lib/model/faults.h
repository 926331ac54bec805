// Collects what is wrong with a document, up to a limit, and makes one status of it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "solvent/error.h"

namespace solvent {

enum class FaultKind {
  kShape,        // wrong type, missing member, value out of range
  kMeaning,      // well formed, but means nothing
  kExpression,   // an expression that does not parse
  kUnsupported,  // parses, but no engine here solves it
};

class FaultList {
 public:
  explicit FaultList(size_t most) : most_(most) {}

  bool empty() const { return faults_.empty(); }
  // True when there is room for more.
  bool Add(FaultKind kind, std::string pointer, std::string message, std::string_view type,
           Json extra = {});
  // The status's code is that of the gravest fault, its fields are all of them.
  absl::Status ToStatus() &&;

 private:
  struct Fault {
    FaultKind kind;
    FieldError field;
    Json extra;
  };
  size_t most_;
  std::vector<Fault> faults_;
};

// A piece of `text` around `position`, short enough for a message.
std::string Excerpt(std::string_view text, size_t position, size_t most = 200);

}  // namespace solvent
