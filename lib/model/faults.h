// Collects what is wrong with a document and makes one status of it. All faults are counted, but
// only so many are kept.
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
  // Always true, as readers say that they go on. What is graver than all that is kept has a place
  // in the list even when that is full.
  bool Add(FaultKind kind, std::string pointer, std::string message, std::string_view type,
           Json extra = {});
  // The status's code is that of the gravest fault. Its fields are those that were kept, and one
  // that tells how many there are besides, if there are any.
  absl::Status ToStatus() &&;

 private:
  struct Fault {
    FaultKind kind;
    FieldError field;
    Json extra;
  };
  // The lower, the graver.
  static int Weight(const Fault& fault);
  size_t most_;
  size_t count_ = 0;
  int gravest_ = 0;  // of those kept
  std::vector<Fault> faults_;
};

// "3 more faults are not listed": what closes a list that was cut.
std::string NotListed(size_t count, std::string_view what);

// A piece of `text` around `position`, short enough for a message.
std::string Excerpt(std::string_view text, size_t position, size_t most = 200);

}  // namespace solvent
