// URLs that no webhook may be saved with.
#pragma once

#include <string>
#include <vector>

namespace solvent {

// Each is refused whatever the resolver says: malformed, or the literal address of a place that is
// closed, in one of its spellings.
std::vector<std::string> HostileUrls();

}  // namespace solvent
