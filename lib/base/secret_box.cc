#include "secret_box.h"

#include <openssl/evp.h>

#include <cstdio>
#include <cstdlib>
#include <memory>

#include "absl/status/status.h"
#include "crypto.h"

namespace solvent {
namespace {

constexpr char kPlain = 0;
constexpr char kAes256Gcm = 1;
constexpr size_t kNonce = 12;
constexpr size_t kTag = 16;

using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

const unsigned char* Bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* Bytes(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

absl::Status CannotOpen() {
  return absl::FailedPreconditionError("a stored secret was sealed with another key, or altered");
}

}  // namespace

SecretBox::SecretBox(std::string_view key) {
  if (!key.empty()) key_ = HmacSha256(key, "solvent stored secrets");
}

std::string SecretBox::Seal(std::string_view secret) const {
  if (key_.empty()) return kPlain + std::string(secret);
  std::string nonce = RandomBytes(kNonce);
  std::string cipher(secret.size(), '\0');
  std::string tag(kTag, '\0');
  CipherContext context(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free);
  int written = 0;
  bool sealed = context != nullptr &&
                EVP_EncryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, Bytes(key_),
                                   Bytes(nonce)) == 1 &&
                EVP_EncryptUpdate(context.get(), Bytes(cipher), &written, Bytes(secret),
                                  static_cast<int>(secret.size())) == 1 &&
                EVP_EncryptFinal_ex(context.get(), Bytes(cipher) + written, &written) == 1 &&
                EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG, kTag, tag.data()) == 1;
  if (!sealed) {
    // Only a broken or exhausted crypto library; storing it in clear instead would be worse.
    std::fputs("cannot encrypt\n", stderr);
    std::abort();
  }
  return kAes256Gcm + nonce + cipher + tag;
}

absl::StatusOr<std::string> SecretBox::Open(std::string_view sealed) const {
  if (sealed.empty()) return CannotOpen();
  char kind = sealed.front();
  sealed.remove_prefix(1);
  if (kind == kPlain) return std::string(sealed);
  if (kind != kAes256Gcm || key_.empty() || sealed.size() < kNonce + kTag) return CannotOpen();
  std::string_view nonce = sealed.substr(0, kNonce);
  std::string tag(sealed.substr(sealed.size() - kTag));
  std::string_view cipher = sealed.substr(kNonce, sealed.size() - kNonce - kTag);
  std::string secret(cipher.size(), '\0');
  CipherContext context(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free);
  int written = 0;
  bool opened = context != nullptr &&
                EVP_DecryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, Bytes(key_),
                                   Bytes(nonce)) == 1 &&
                EVP_DecryptUpdate(context.get(), Bytes(secret), &written, Bytes(cipher),
                                  static_cast<int>(cipher.size())) == 1 &&
                EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_TAG, kTag, tag.data()) == 1 &&
                EVP_DecryptFinal_ex(context.get(), Bytes(secret) + written, &written) == 1;
  if (!opened) return CannotOpen();
  return secret;
}

}  // namespace solvent
