// Deep recursion without deep machine stacks: a call continued on a thread of its own, whose stack
// is ample, while the caller waits. Several in a row go deeper still. No stack is larger than 64
// MB: after an exception AddressSanitizer forgets the frames left behind on stacks up to that size,
// and reports false errors on larger ones.
#pragma once

#include <pthread.h>

#include <exception>
#include <optional>
#include <type_traits>

namespace solvent::mathprog {

// Bytes of stack that a recursion may use before it is continued elsewhere.
inline constexpr long kStackShare = 160 << 10;
inline constexpr size_t kBigStackBytes = size_t{40} << 20;
inline constexpr long kBigStackShare = long{28} << 20;
inline constexpr int kMaxBigStacks = 3;

// False when no thread could be started; then `f` was not called.
template <typename F>
bool CallOnBigStack(F& f) {
  struct Call {
    F* f;
    std::exception_ptr error;
  } call{&f, nullptr};
  pthread_attr_t attributes;
  if (pthread_attr_init(&attributes) != 0) return false;
  bool started = false;
  if (pthread_attr_setstacksize(&attributes, kBigStackBytes) == 0) {
    pthread_t thread;
    started = pthread_create(
                  &thread, &attributes,
                  [](void* data) -> void* {
                    Call* c = static_cast<Call*>(data);
                    try {
                      (*c->f)();
                    } catch (...) {
                      c->error = std::current_exception();
                    }
                    return nullptr;
                  },
                  &call) == 0;
    if (started) pthread_join(thread, nullptr);
  }
  pthread_attr_destroy(&attributes);
  if (call.error) std::rethrow_exception(call.error);
  return started;
}

}  // namespace solvent::mathprog
