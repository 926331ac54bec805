#include "handshake.h"

#include <openssl/evp.h>

#include <algorithm>

#include "error_body.h"

namespace solvent::http {
namespace {

bool IsKey(std::string_view key) {
  // 16 bytes in base64: 22 characters and "==".
  return key.size() == 24 && key.ends_with("==") &&
         std::all_of(key.begin(), key.end() - 2, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '+' || c == '/';
         });
}

}  // namespace

std::optional<Response> CheckHandshake(const Request& request) {
  const std::string& id = request.request_id;
  if (request.FindHeader("Sec-WebSocket-Version").value_or("") != "13") {
    Response response = ErrorResponse(426, "only version 13 of WebSocket is spoken here", id);
    response.Set("Sec-WebSocket-Version", "13");
    return response.Set("Upgrade", "websocket");
  }
  if (!IsKey(request.FindHeader("Sec-WebSocket-Key").value_or(""))) {
    return ErrorResponse(400, "malformed Sec-WebSocket-Key", id);
  }
  if (request.has_body) return ErrorResponse(400, "a WebSocket handshake has no body", id);
  return std::nullopt;
}

std::vector<std::string> OfferedSubprotocols(const Request& request) {
  std::vector<std::string> offered;
  for (const Header& header : request.headers) {
    if (!EqualsIgnoreCase(header.name, "Sec-WebSocket-Protocol")) continue;
    std::string_view rest = header.value;
    while (!rest.empty()) {
      std::string_view item = rest.substr(0, rest.find(','));
      rest.remove_prefix(std::min(rest.size(), item.size() + 1));
      while (!item.empty() && (item.front() == ' ' || item.front() == '\t')) item.remove_prefix(1);
      while (!item.empty() && (item.back() == ' ' || item.back() == '\t')) item.remove_suffix(1);
      if (!item.empty()) offered.emplace_back(item);
    }
  }
  return offered;
}

std::string AcceptKey(std::string_view key) {
  std::string text(key);
  text += "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  if (EVP_Digest(text.data(), text.size(), digest, &size, EVP_sha1(), nullptr) != 1) return {};
  unsigned char encoded[4 * EVP_MAX_MD_SIZE / 3 + 5];
  int length = EVP_EncodeBlock(encoded, digest, static_cast<int>(size));
  return std::string(reinterpret_cast<char*>(encoded), static_cast<size_t>(length));
}

std::string HandshakeAnswer(const Request& request, std::string_view subprotocol) {
  std::string head =
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Accept: ";
  head += AcceptKey(request.FindHeader("Sec-WebSocket-Key").value_or(""));
  head += "\r\nX-Request-ID: " + request.request_id + "\r\n";
  if (!subprotocol.empty()) {
    head += "Sec-WebSocket-Protocol: ";
    head += subprotocol;
    head += "\r\n";
  }
  return head + "\r\n";
}

}  // namespace solvent::http
