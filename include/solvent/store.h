// Where Solvent keeps what must not be lost. Opaque: open one with a driver's function
// (solvent/sqlite_store.h) and hand it to an Engine.
#pragma once

namespace solvent {

struct StorePorts;

class Store {
 public:
  virtual ~Store() = default;
  // For the library's own use.
  virtual StorePorts& ports() = 0;
};

}  // namespace solvent
