// Places in a pinned model, by path.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "solvent/json.h"

namespace solvent {

// Segments separated by dots: a member's name, a position in a list, or the "name" of an element of
// a list of objects. Members with dots in their names are written ["a.b"], positions [3] too.
class ModelPath {
 public:
  // BadRequest for a text that is no path.
  static absl::StatusOr<ModelPath> Parse(std::string_view text);
  explicit ModelPath(std::vector<std::string> segments) : segments_(std::move(segments)) {}

  // OK when Put would find the place in `model`: everything but a last member must be there.
  absl::Status Check(const Json& model) const;
  // Puts the value in its place. The last segment "rhs" of an object that has an "expression" and
  // no such member replaces the constant side of that relation: there the value must be a number.
  absl::Status Put(Json& model, Json value) const;

  std::string ToString() const;

 private:
  std::vector<std::string> segments_;  // at least one
};

}  // namespace solvent
