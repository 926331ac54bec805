#include "secret_box.h"

#include <doctest/doctest.h>

using namespace solvent;

TEST_CASE("a sealed secret opens with the same key only") {
  SecretBox box("a key");
  std::string secret("whsec_\0\xff plain", 14);
  std::string sealed = box.Seal(secret);
  CHECK(sealed.find("whsec") == std::string::npos);
  CHECK(box.Seal(secret) != sealed);
  CHECK(*SecretBox("a key").Open(sealed) == secret);
  CHECK(*box.Open(box.Seal("")) == "");
  CHECK(absl::IsFailedPrecondition(SecretBox("another").Open(sealed).status()));
  CHECK(absl::IsFailedPrecondition(SecretBox().Open(sealed).status()));
}

TEST_CASE("an altered secret does not open") {
  SecretBox box("a key");
  const std::string sealed = box.Seal("secret");
  for (size_t i = 0; i < sealed.size(); ++i) {
    std::string altered = sealed;
    altered[i] ^= 4;
    CHECK_FALSE(box.Open(altered).ok());
    CHECK_FALSE(box.Open(sealed.substr(0, i)).ok());
  }
}

TEST_CASE("without a key secrets are kept as they are, and stay readable once there is a key") {
  std::string kept = SecretBox().Seal("secret");
  CHECK(kept.find("secret") != std::string::npos);
  CHECK(*SecretBox().Open(kept) == "secret");
  CHECK(*SecretBox("a key").Open(kept) == "secret");
}
