#include "content_hash.h"

#include "solvent/execution_store.h"

namespace solvent {

std::string ContentHash(std::string_view canvas_json, std::string_view model_json) {
  return HashRequest(canvas_json) + HashRequest(model_json);
}

}  // namespace solvent
