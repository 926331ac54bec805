#include "stop_signal.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>
#include <utility>

namespace solvent {

StopSignal::StopSignal(std::stop_token token)
    : token_(std::move(token)), descriptor_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  callback_.emplace(token_, Raiser{this});
}

StopSignal::~StopSignal() {
  callback_.reset();  // waits for the callback, which uses the descriptor
  if (descriptor_ >= 0) ::close(descriptor_);
}

void StopSignal::Raise() const {
  uint64_t one = 1;
  // It cannot fail: a counter of one write is never full.
  if (descriptor_ >= 0) (void)!::write(descriptor_, &one, sizeof one);
}

}  // namespace solvent
