// What differs between two models, as their authors would say it.
#pragma once

#include <string>
#include <vector>

#include "solvent/documents.h"
#include "solvent/json.h"

namespace solvent {

// Stops after `most` changes. Either may be null.
struct ModelDiff {
  std::vector<VersionChange> changes;
  bool truncated = false;
};
ModelDiff DiffModels(const Json& older, const Json& newer, size_t most = kMaxVersionChanges);

// The same value, whatever the order of members.
bool SameContent(const Json& a, const Json& b);

}  // namespace solvent
