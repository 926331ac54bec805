// The WebSocket opening handshake (RFC 6455, section 4).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "message.h"

namespace solvent::http {

// The answer that refuses, or nullopt for a proper handshake. `request` asked for the upgrade.
std::optional<Response> CheckHandshake(const Request& request);
std::vector<std::string> OfferedSubprotocols(const Request& request);
// The head of the 101 answer; `subprotocol` may be empty.
std::string HandshakeAnswer(const Request& request, std::string_view subprotocol);

// base64(SHA-1(key + the protocol's fixed text)).
std::string AcceptKey(std::string_view key);

}  // namespace solvent::http
