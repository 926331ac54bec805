// JSON Schema (draft 7). The only place that knows which validator does the work.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "solvent/json.h"

namespace solvent {

struct SchemaFault {
  std::string pointer;  // into the value
  std::string keyword;  // "type", "required", "maximum", ...; "" when it is not known
  std::string message;
  Json limit;  // the keyword's number, or null
};

// Immutable; any number of threads may check at once.
class JsonSchema {
 public:
  // BadRequest when `schema` is no JSON Schema, or one that is refused for its cost: patterns of
  // more than 200 characters or with nested repetitions, references to other documents.
  static absl::StatusOr<std::shared_ptr<const JsonSchema>> Compile(const Json& schema);

  virtual ~JsonSchema() = default;
  // What is wrong with `value`; nothing when it is valid.
  virtual absl::StatusOr<std::vector<SchemaFault>> Check(const Json& value) const = 0;
};

}  // namespace solvent
