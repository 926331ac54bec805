#include "negotiation.h"

#include <doctest/doctest.h>

#include <string>

namespace solvent::http {
namespace {

std::string Read(std::vector<std::string> lines) {
  Request request;
  for (std::string& line : lines) request.headers.push_back({"accept", std::move(line)});
  std::string text;
  for (const Preference& element : ReadPreferences(request, "Accept")) {
    text += std::string(element.name) + "=" + std::to_string(element.weight) + " ";
  }
  return text;
}

TEST_CASE("preferences are read with their weights") {
  CHECK(Read({}).empty());
  CHECK(Read({""}).empty());
  CHECK(Read({"a"}) == "a=1000 ");
  CHECK(Read({"a;q=0.5, b ; Q=1.000 ,c;q=0"}) == "a=500 b=1000 c=0 ");
  CHECK(Read({"a", "b;q=0.125"}) == "a=1000 b=125 ");
  CHECK(Read({"text/html;level=1;q=0.4;x"}) == "text/html=400 ");
  CHECK(Read({R"(a;x="1,2;q=0";q=0.3,b)"}) == "a=300 b=1000 ");
  CHECK(Read({",, a ,,"}) == "a=1000 ");
}

TEST_CASE("an element with a weight that is none is left out") {
  for (const char* q : {"2", "1.001", "-1", "0.1234", ".5", "", "0x", "0..1", "nan"}) {
    CAPTURE(q);
    CHECK(Read({"a;q=" + std::string(q)}).find("a=") == std::string::npos);
  }
  CHECK(Read({"a;q=1."}) == "a=1000 ");
}

bool Problem(const char* accept) {
  Request request;
  if (accept != nullptr) request.headers.push_back({"Accept", accept});
  return WantsProblemDetails(request);
}

TEST_CASE("problem details are for who names them") {
  CHECK(Problem("application/problem+json"));
  CHECK(Problem("Application/Problem+JSON; charset=utf-8"));
  CHECK(Problem("application/json, application/problem+json"));
  CHECK(Problem("application/problem+json;q=0.2, */*;q=0.1"));
  CHECK_FALSE(Problem(nullptr));
  CHECK_FALSE(Problem("*/*"));
  CHECK_FALSE(Problem("application/*"));
  CHECK_FALSE(Problem("application/json"));
  CHECK_FALSE(Problem("application/problem+json;q=0"));
  CHECK_FALSE(Problem("application/problem+json;q=0.5, application/json"));
}

bool Gzip(const char* accept) {
  Request request;
  if (accept != nullptr) request.headers.push_back({"Accept-Encoding", accept});
  return WantsGzip(request);
}

TEST_CASE("gzip is for who takes it") {
  CHECK(Gzip("gzip"));
  CHECK(Gzip("gzip, deflate, br, zstd"));
  CHECK(Gzip("br;q=1.0, gzip;q=0.8, *;q=0.1"));
  CHECK(Gzip("GZIP"));
  CHECK(Gzip("x-gzip"));
  CHECK(Gzip("*"));
  CHECK(Gzip("gzip;q=0.001, identity;q=0"));
  CHECK_FALSE(Gzip(nullptr));
  CHECK_FALSE(Gzip(""));
  CHECK_FALSE(Gzip("br, deflate"));
  CHECK_FALSE(Gzip("identity"));
  CHECK_FALSE(Gzip("gzip;q=0"));
  CHECK_FALSE(Gzip("gzip;q=0, *"));
  CHECK_FALSE(Gzip("*;q=0"));
  CHECK_FALSE(Gzip("identity, gzip;q=0.5"));
  CHECK_FALSE(Gzip("gzip;q=nonsense"));
}

}  // namespace
}  // namespace solvent::http
