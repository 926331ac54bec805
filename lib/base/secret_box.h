// Secrets that must be kept in clear because they sign something, encrypted at rest when the host
// has a key for it.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace solvent {

// Immutable; any number of threads may use it at once.
class SecretBox {
 public:
  SecretBox() = default;  // secrets are kept as they are
  // The same with "". Any other text is a key; it should be random.
  explicit SecretBox(std::string_view key);

  // AES-256-GCM with a random nonce.
  std::string Seal(std::string_view secret) const;
  // FailedPrecondition when it was sealed with another key, or altered.
  absl::StatusOr<std::string> Open(std::string_view sealed) const;

 private:
  std::string key_;  // 32 bytes, or ""
};

}  // namespace solvent
