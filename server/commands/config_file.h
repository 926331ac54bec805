// Configuration files: one flag a line, without its dashes.
//
//   # a comment
//   port = 8001
//   database = "/var/lib/solvent/solvent.db"
//   webhook-retry = [30, 60, 120]
//
// A value is a bare word, a string in double quotes (with \" and \\), or a list of them in
// brackets, on one line. A flag that may be repeated may have several lines.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace solvent::cli {

struct ConfigEntry {
  std::string name;
  std::vector<std::string> values;
  int line = 0;  // from 1
};

// In the order of the file. InvalidArgument naming the line ("line 3: ...") that cannot be read.
absl::StatusOr<std::vector<ConfigEntry>> ParseConfig(std::string_view text);

}  // namespace solvent::cli
