// What a subscriber holds.
#pragma once

namespace solvent {

// Ends the watch when destroyed; after that the callback is not called again. Must not be destroyed
// inside its own callback.
class Watch {
 public:
  virtual ~Watch() = default;
};

}  // namespace solvent
