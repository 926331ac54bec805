#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <future>
#include <string>
#include <thread>

#include "http_exchange.h"
#include "receiver.h"
#include "solvent/webhook.h"

namespace solvent {
namespace {

const WebhookPolicy kLoopback{{"127.0.0.0/8", "::1"}};
// Longer than any test may last: what returns has not waited for it.
const WebhookTimeouts kPatient{600, 600};

absl::StatusOr<WebhookResponse> Post(const std::string& url,
                                     const WebhookTimeouts& timeouts = kPatient,
                                     const std::string& certificates = "",
                                     const std::string& body = "{}") {
  WebhookSender sender = MakeWebhookSender(kLoopback, timeouts, certificates);
  return sender({url, {{"Content-Type", "application/json"}, {"X-Test", "1"}}, body}, {});
}

bool Mentions(const absl::Status& status, const char* text) {
  return status.ToString().find(text) != std::string::npos;
}

struct Folder {
  Folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "solvent-XXXXXX").string();
    path = ::mkdtemp(pattern.data());
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string path;
};

TEST_CASE("a webhook arrives as it was written, and any answer is an answer") {
  for (int status : {200, 204, 302, 410, 500, 599}) {
    Receiver receiver([&](const ReceivedRequest&, std::stop_token) {
      return Reply(status, "Location: http://127.0.0.1:1/\r\n");
    });
    auto response = Post(receiver.Url("/a/b?c=%20"), kPatient, "", "{\"x\":\"\xc3\xa9\"}");
    REQUIRE_MESSAGE(response.ok(), response.status().ToString());
    CHECK(response->status == status);
    CHECK(!response->retry_after_seconds.has_value());
    REQUIRE(receiver.requests().size() == 1);
    ReceivedRequest request = receiver.requests()[0];
    CHECK(request.head.rfind("POST /a/b?c=%20 HTTP/1.1\r\n", 0) == 0);
    CHECK(request.Header("host") == "127.0.0.1:" + std::to_string(receiver.port()));
    CHECK(request.Header("content-type") == "application/json");
    CHECK(request.Header("x-test") == "1");
    CHECK(request.body == "{\"x\":\"\xc3\xa9\"}");
  }
}

TEST_CASE("a large body arrives whole") {
  Receiver receiver([](const ReceivedRequest&, std::stop_token) { return Reply(200); });
  std::string body(5'000'000, 'x');
  auto response = Post(receiver.Url(), kPatient, "", body);
  REQUIRE_MESSAGE(response.ok(), response.status().ToString());
  CHECK(receiver.requests()[0].body == body);
}

TEST_CASE("of a huge answer only the head matters") {
  Receiver receiver([](const ReceivedRequest&, std::stop_token) {
    return "HTTP/1.1 200 OK\r\nContent-Length: 900000000\r\n\r\n" + std::string(1'000'000, 'y');
  });
  auto response = Post(receiver.Url());
  REQUIRE_MESSAGE(response.ok(), response.status().ToString());
  CHECK(response->status == 200);
}

TEST_CASE("an endless or senseless head is no answer") {
  for (std::string answer :
       {std::string("HTTP/1.1 200 OK\r\nX: ") + std::string(200'000, 'z'),
        std::string("SSH-2.0-OpenSSH_9.2\r\n\r\n"), std::string("HTTP/2 200\r\n\r\n"),
        std::string("HTTP/1.1 99 No\r\n\r\n"), std::string("HTTP/1.1 2000 No\r\n\r\n"),
        std::string("HTTP/1.1 200 OK\r\nX: 1"), std::string(), std::string("\r\n\r\n"),
        std::string(50'000, '\0')}) {
    Receiver receiver([&](const ReceivedRequest&, std::stop_token) { return answer; });
    auto response = Post(receiver.Url());
    CHECK_MESSAGE(response.status().code() == absl::StatusCode::kUnavailable, answer.substr(0, 40));
  }
}

TEST_CASE("interim answers are passed over") {
  Receiver receiver([](const ReceivedRequest&, std::stop_token) {
    return "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + Reply(202);
  });
  auto response = Post(receiver.Url());
  REQUIRE(response.ok());
  CHECK(response->status == 202);
}

TEST_CASE("Retry-After is read as seconds or as a date") {
  const int64_t now = 1'445'412'480;  // Wed, 21 Oct 2015 07:28:00 GMT
  auto retry = [&](const std::string& value) {
    auto head = ParseAnswerHead("HTTP/1.1 503 Busy\r\nRetry-After: " + value, now);
    REQUIRE(head.ok());
    return head->response.retry_after_seconds;
  };
  CHECK(retry("120") == 120);
  CHECK(retry("0") == 0);
  CHECK(retry(" 7 ") == 7);
  CHECK(retry("Wed, 21 Oct 2015 07:29:30 GMT") == 90);
  CHECK(retry("Wed, 21 Oct 2015 07:20:00 GMT") == 0);
  for (const char* bad : {"", "-1", "1.5", "soon", "99999999999999", "2015-10-21"}) {
    CHECK(!retry(bad).has_value());
  }
}

TEST_CASE("a receiver that never answers costs the time limit, not more") {
  Receiver receiver(Never);
  auto response = Post(receiver.Url(), {600, 0.2});
  CHECK(response.status().code() == absl::StatusCode::kDeadlineExceeded);
}

// Sends `head` at once, then single bytes for as long as anybody listens.
class Trickler {
 public:
  explicit Trickler(std::string head) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    REQUIRE(::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) == 0);
    REQUIRE(::listen(listener_, 1) == 0);
    REQUIRE(::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    url = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port)) + "/";
    thread_ = std::thread([this, head = std::move(head)] {
      int connection = ::accept(listener_, nullptr, nullptr);
      std::string text = head;
      while (::send(connection, text.data(), text.size(), MSG_NOSIGNAL) >= 0) {
        text = "x";
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
      }
      ::close(connection);
    });
  }
  ~Trickler() {
    thread_.join();
    ::close(listener_);
  }
  std::string url;

 private:
  int listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
  std::thread thread_;
};

TEST_CASE("a receiver that trickles costs the time limit, not more") {
  SUBCASE("its body, after an answer that counts") {
    // On a busy machine the head alone may take that long.
    absl::StatusOr<WebhookResponse> response = absl::UnknownError("");
    for (int tries = 0; tries < 20 && !response.ok(); ++tries) {
      Trickler trickler("HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\n");
      response = Post(trickler.url, {600, 0.2});
    }
    REQUIRE_MESSAGE(response.ok(), response.status().ToString());
    CHECK(response->status == 200);
  }
  SUBCASE("its body, for no longer than a moment") {
    Trickler trickler("HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\n");
    CHECK(Post(trickler.url).ok());
  }
  SUBCASE("its head") {
    Trickler trickler("HTTP/1.1 200 OK\r\nX-Endless: ");
    auto response = Post(trickler.url, {600, 0.2});
    CHECK(response.status().code() == absl::StatusCode::kDeadlineExceeded);
  }
}

TEST_CASE("a receiver that does not take connections costs the limit for connecting") {
  // A full backlog: the system does not answer further connections.
  int listener = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  REQUIRE(::bind(listener, reinterpret_cast<sockaddr*>(&address), size) == 0);
  REQUIRE(::listen(listener, 0) == 0);
  ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
  std::vector<int> fillers;
  for (int i = 0; i < 4; ++i) {
    fillers.push_back(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
    ::connect(fillers.back(), reinterpret_cast<sockaddr*>(&address), size);
  }
  auto response =
      Post("http://127.0.0.1:" + std::to_string(ntohs(address.sin_port)) + "/", {0.2, 600});
  CHECK(response.status().code() == absl::StatusCode::kDeadlineExceeded);
  CHECK(Mentions(response.status(), "not connected in time"));
  for (int filler : fillers) ::close(filler);
  ::close(listener);
}

TEST_CASE("a port that nobody listens on is refused at once") {
  int port;
  {
    Receiver gone([](const ReceivedRequest&, std::stop_token) { return Reply(200); });
    port = gone.port();
  }
  auto response = Post("http://127.0.0.1:" + std::to_string(port) + "/");
  CHECK(response.status().code() == absl::StatusCode::kUnavailable);
}

TEST_CASE("a stop ends an attempt under way") {
  Receiver receiver(Never);
  WebhookSender sender = MakeWebhookSender(kLoopback, kPatient);
  std::stop_source stop;
  auto attempt = std::async(std::launch::async, [&] {
    return sender({receiver.Url(), {}, "{}"}, stop.get_token()).status();
  });
  receiver.WaitForRequests(1);
  stop.request_stop();
  CHECK(attempt.get().code() == absl::StatusCode::kCancelled);
}

TEST_CASE("the policy is asked at every attempt, for names and addresses") {
  Receiver receiver([](const ReceivedRequest&, std::stop_token) { return Reply(200); });
  WebhookSender closed = MakeWebhookSender({}, kPatient);
  std::string port = std::to_string(receiver.port());
  for (std::string host : {"127.0.0.1", "localhost", "[::ffff:127.0.0.1]"}) {
    auto response = closed({"http://" + host + ":" + port + "/", {}, "{}"}, {});
    CHECK(response.status().code() == absl::StatusCode::kPermissionDenied);
  }
  CHECK(receiver.requests().empty());
  CHECK(Post("http://localhost:" + port + "/").ok());
}

TEST_CASE("a policy that cannot be read sends nothing") {
  WebhookSender sender = MakeWebhookSender({{"nonsense"}});
  CHECK(sender({"http://127.0.0.1/", {}, "{}"}, {}).status().code() ==
        absl::StatusCode::kInvalidArgument);
}

TEST_CASE("line breaks do not get into the request") {
  Receiver receiver([](const ReceivedRequest&, std::stop_token) { return Reply(200); });
  WebhookSender sender = MakeWebhookSender(kLoopback, kPatient);
  CHECK(!sender({receiver.Url(), {{"X-A", "1\r\nX-B: 2"}}, "{}"}, {}).ok());
  CHECK(receiver.requests().empty());
}

TEST_CASE("TLS is accepted from those whose certificate names them and is trusted") {
  Folder folder;
  Certificates made = MakeCertificates(folder.path, "IP:127.0.0.1,DNS:localhost");
  Receiver receiver([](const ReceivedRequest&, std::stop_token) { return Reply(201); }, &made);
  std::string body(300'000, 'b');
  auto response = Post(receiver.Url(), kPatient, made.authority, body);
  REQUIRE_MESSAGE(response.ok(), response.status().ToString());
  CHECK(response->status == 201);
  CHECK(receiver.requests()[0].body == body);
  CHECK(Post("https://localhost:" + std::to_string(receiver.port()) + "/", kPatient, made.authority)
            .ok());

  SUBCASE("not by the system's certificates") {
    auto refused = Post(receiver.Url());
    CHECK(refused.status().code() == absl::StatusCode::kUnavailable);
    CHECK(Mentions(refused.status(), "certificate is not accepted"));
  }
  SUBCASE("not when the authority's file is missing") {
    CHECK(!Post(receiver.Url(), kPatient, folder.path + "/none.pem").ok());
  }
  SUBCASE("not where there is no TLS") {
    CHECK(!Post("http://127.0.0.1:" + std::to_string(receiver.port()) + "/").ok());
    Receiver plain([](const ReceivedRequest&, std::stop_token) { return Reply(200); });
    auto refused =
        Post("https://127.0.0.1:" + std::to_string(plain.port()) + "/", {0.5, 1}, made.authority);
    CHECK(!refused.ok());
  }
}

TEST_CASE("a certificate for another name is refused") {
  Folder folder;
  Certificates made = MakeCertificates(folder.path, "IP:127.0.0.2,DNS:example.com,DNS:*.localhost");
  Receiver receiver([](const ReceivedRequest&, std::stop_token) { return Reply(200); }, &made);
  for (const char* host : {"127.0.0.1", "localhost"}) {
    auto refused =
        Post("https://" + std::string(host) + ":" + std::to_string(receiver.port()) + "/", kPatient,
             made.authority);
    CHECK(Mentions(refused.status(), "mismatch"));
  }
  CHECK(receiver.requests().empty());
}

TEST_CASE("a TLS receiver that hangs costs the time limit") {
  Folder folder;
  Certificates made = MakeCertificates(folder.path, "IP:127.0.0.1");
  Receiver receiver(Never, &made);
  auto response = Post(receiver.Url(), {600, 0.5}, made.authority);
  CHECK(response.status().code() == absl::StatusCode::kDeadlineExceeded);
}

}  // namespace
}  // namespace solvent
