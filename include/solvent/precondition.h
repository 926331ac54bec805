// Changing something only while it is what the caller has seen, so that of two who change the same
// thing from the same state one learns of the other instead of undoing the other's work.
//
//   Document seen = *documents.Get(org, id);
//   Precondition unchanged{.match = {{Revision(seen)}}};
//   documents.Update(org, id, patch, unchanged);  // precondition_failed when it has changed since
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

namespace solvent {

// Which revisions a change may start from. It is looked at in the transaction that makes the
// change. Revisions are texts that are compared byte for byte, see Revision() of what is changed.
struct Precondition {
  std::optional<std::vector<std::string>> match;  // one of these; unset: any
  std::vector<std::string> none_match;            // none of these; "*" stands for all there are

  bool empty() const { return !match.has_value() && none_match.empty(); }
  // OK, or FailedPrecondition with the code precondition_failed.
  absl::Status Check(std::string_view revision) const;
};

}  // namespace solvent
