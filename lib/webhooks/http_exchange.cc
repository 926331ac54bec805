#include "http_exchange.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "clock.h"
#include "status_macros.h"
#include "string_bridge.h"

namespace solvent {
namespace {

// The body tells nothing that is kept; it is read so that receivers do not see a broken pipe.
constexpr std::chrono::seconds kBodyPatience{2};
constexpr double kMicrosPerSecond = 1e6;

absl::Status NotHttp() { return absl::UnavailableError("the receiver's answer is not HTTP"); }

std::string_view Trim(std::string_view text) { return V(absl::StripAsciiWhitespace(A(text))); }

template <typename Number>
std::optional<Number> ReadNumber(std::string_view text) {
  Number number{};
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<double> RetryAfter(std::string_view value, int64_t now_seconds) {
  if (auto seconds = ReadNumber<uint32_t>(value)) return *seconds;
  absl::Time date;
  std::string error;
  if (!absl::ParseTime("%a, %d %b %Y %H:%M:%S GMT", A(value), &date, &error)) return std::nullopt;
  return std::max<double>(0, static_cast<double>(absl::ToUnixSeconds(date) - now_seconds));
}

// "HTTP/1.1 200 OK"
absl::StatusOr<int> ReadStatusLine(std::string_view line) {
  if (line.size() < 12 || line.substr(0, 7) != "HTTP/1." || line[8] != ' ') return NotHttp();
  std::optional<int> status = ReadNumber<int>(line.substr(9, 3));
  if (!status.has_value() || *status < 100 || *status > 599) return NotHttp();
  if (line.size() > 12 && line[12] != ' ') return NotHttp();
  return *status;
}

// Where the head ends and where the body begins; npos while the head is not complete.
struct HeadEnd {
  size_t head = std::string_view::npos;
  size_t body = std::string_view::npos;
};
HeadEnd FindHeadEnd(std::string_view text) {
  size_t crlf = text.find("\r\n\r\n");
  size_t lf = text.find("\n\n");
  if (crlf != std::string_view::npos && (lf == std::string_view::npos || crlf < lf)) {
    return {crlf, crlf + 4};
  }
  if (lf != std::string_view::npos) return {lf, lf + 2};
  return {};
}

// Reads on until the head of a final answer is there; leaves what follows it in `text`.
absl::StatusOr<AnswerHead> ReadHead(Connection& connection, std::string& text, Deadline deadline) {
  while (true) {
    HeadEnd end = FindHeadEnd(text);
    if (end.head != std::string_view::npos) {
      ASSIGN_OR_RETURN(AnswerHead head,
                       ParseAnswerHead(std::string_view(text).substr(0, end.head),
                                       SystemNow() / static_cast<int64_t>(kMicrosPerSecond)));
      text.erase(0, end.body);
      if (head.response.status >= 200) return head;
      continue;  // an interim answer
    }
    if (text.size() > kMaxAnswerHead) {
      return absl::UnavailableError("the head of the receiver's answer is too long");
    }
    ASSIGN_OR_RETURN(bool more, connection.Read(text, deadline));
    if (!more) {
      return absl::UnavailableError(text.empty() ? "the receiver closed without an answer"
                                                 : "the receiver's answer was cut short");
    }
  }
}

bool IsWhole(const AnswerHead& head, std::string_view body) {
  if (head.response.status == 204 || head.response.status == 304) return true;
  if (head.chunked) return absl::EndsWith(A(body), "0\r\n\r\n");
  return head.content_length.has_value() && body.size() >= *head.content_length;
}

void DropBody(Connection& connection, const AnswerHead& head, std::string body, Deadline deadline) {
  Deadline end = std::min(deadline, std::chrono::steady_clock::now() + kBodyPatience);
  while (!IsWhole(head, body) && body.size() < kMaxAnswer) {
    // The answer has been given; how its body ends does not change it.
    absl::StatusOr<bool> more = connection.Read(body, end);
    if (!more.ok() || !*more) return;
  }
}

}  // namespace

absl::StatusOr<AnswerHead> ParseAnswerHead(std::string_view text, int64_t now_seconds) {
  AnswerHead head;
  size_t end = text.find('\n');
  ASSIGN_OR_RETURN(head.response.status, ReadStatusLine(Trim(text.substr(0, end))));
  while (end != std::string_view::npos) {
    text.remove_prefix(end + 1);
    end = text.find('\n');
    std::string_view line = text.substr(0, end);
    size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    std::string_view name = Trim(line.substr(0, colon));
    std::string_view value = Trim(line.substr(colon + 1));
    if (absl::EqualsIgnoreCase(A(name), "retry-after")) {
      head.response.retry_after_seconds = RetryAfter(value, now_seconds);
    } else if (absl::EqualsIgnoreCase(A(name), "content-length")) {
      head.content_length = ReadNumber<uint64_t>(value);
    } else if (absl::EqualsIgnoreCase(A(name), "transfer-encoding")) {
      head.chunked = absl::EndsWithIgnoreCase(A(value), "chunked");
    }
  }
  return head;
}

absl::StatusOr<WebhookResponse> Exchange(Connection& connection, const WebhookUrl& url,
                                         const HeaderList& headers, std::string_view body,
                                         Deadline deadline) {
  std::string request =
      absl::StrCat("POST ", url.target, " HTTP/1.1\r\nHost: ", url.HostHeader(),
                   "\r\nContent-Length: ", body.size(), "\r\nConnection: close\r\n");
  for (const auto& [name, value] : headers) {
    if (absl::StrContains(name + value, '\r') || absl::StrContains(name + value, '\n')) {
      return absl::InvalidArgumentError("a header has a line break");
    }
    absl::StrAppend(&request, name, ": ", value, "\r\n");
  }
  request += "\r\n";
  request += body;
  absl::Status written = connection.Write(request, deadline);
  // A receiver that has seen enough may answer and close while there is more to send.
  if (!written.ok() && !absl::IsUnavailable(written)) return written;
  std::string text;
  absl::StatusOr<AnswerHead> head = ReadHead(connection, text, deadline);
  if (!head.ok()) return written.ok() ? head.status() : written;
  DropBody(connection, *head, std::move(text), deadline);
  return head->response;
}

}  // namespace solvent
