// Repeating a call that creates something, without creating it twice: for callers that do not know
// whether their first try got through.
#pragma once

#include <string>

namespace solvent {

// The first call with a key writes the key together with what it creates. A later one of the same
// organization, route and key returns what that one created, as it is now (NotFound once it is
// deleted; a model that was deactivated is returned as such). idempotency_key_reused when it asks
// for something else; a call that failed is forgotten. A secret that the first call showed is not
// kept and not shown again. Keys are kept for good.
struct Repeatable {
  std::string route;         // which call, so that the same key may be used for different ones
  std::string key;           // the caller's name for this call; "": nothing is remembered
  std::string request_hash;  // of what is asked for (HashRequest in execution_store.h)
  bool replayed = false;     // set by the call: an earlier one had created it
};

}  // namespace solvent
