// What every store must do. A driver's test hands over a function that opens an empty store.
#pragma once

#include <functional>
#include <memory>

#include "solvent/store.h"

namespace solvent {

using OpenStore = std::function<std::unique_ptr<Store>()>;

// Runs as subcases of the calling test.
void CheckRunContract(const OpenStore& open);
void CheckIdentityContract(const OpenStore& open);
void CheckNotificationContract(const OpenStore& open);
void CheckCreditContract(const OpenStore& open);

}  // namespace solvent
