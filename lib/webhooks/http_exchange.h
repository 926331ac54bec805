// The little of HTTP/1.1 that a webhook needs: one POST, and the head of the answer.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "signature.h"
#include "solvent/webhook.h"
#include "transport.h"
#include "webhook_url.h"

namespace solvent {

inline constexpr size_t kMaxAnswerHead = 16 * 1024;
inline constexpr size_t kMaxAnswer = 64 * 1024;  // head and body

struct AnswerHead {
  WebhookResponse response;
  std::optional<uint64_t> content_length;
  bool chunked = false;
};

// Reads the head of an answer, the text before the empty line. `now_seconds` (since 1970) turns a
// Retry-After date into seconds.
absl::StatusOr<AnswerHead> ParseAnswerHead(std::string_view head, int64_t now_seconds);

// Sends the request and reads the answer: head and body of at most 64 KB. The body is dropped, and
// waited for no longer than a moment once the head is there.
absl::StatusOr<WebhookResponse> Exchange(Connection& connection, const WebhookUrl& url,
                                         const HeaderList& headers, std::string_view body,
                                         Deadline deadline);

}  // namespace solvent
