// Hashes, random bytes and encodings, all by OpenSSL's libcrypto.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace solvent {

// `n` bytes from the operating system's secure source. Ends the process if there is none: going
// on with guessable secrets would be worse.
std::string RandomBytes(size_t n);

std::string Sha256(std::string_view data);                           // 32 raw bytes
std::string HmacSha256(std::string_view key, std::string_view data);  // 32 raw bytes
bool ConstantTimeEquals(std::string_view a, std::string_view b);

std::string HexEncode(std::string_view bytes);  // lower case
std::string Base64UrlEncode(std::string_view bytes);  // without padding
// Strict: no padding, no other characters, no stray bits.
std::optional<std::string> Base64UrlDecode(std::string_view text);
std::string Base64Encode(std::string_view bytes);  // standard alphabet, padded
// Takes what common decoders take: padding may be missing and stray bits may be set.
std::optional<std::string> Base64Decode(std::string_view text);
std::string Sha1(std::string_view data);  // for the WebSocket handshake (RFC 6455) only

}  // namespace solvent
