#include "wire.h"

#include <cmath>
#include <string>
#include <vector>

#include "doctest/doctest.h"
#include "random_problem.h"
#include "solvent/error.h"

namespace solvent::testing {
namespace {

SolveResult SampleResult() {
  SolveResult r;
  r.status = SolveStatus::kOptimal;
  r.has_point = true;
  r.objective = -12.5;
  r.bound = -12.75;
  r.gap = 0.02;
  r.x = {1, 2.5, -3};
  r.row_dual = {0.5, 0};
  r.reduced_cost = {0, 1, 2};
  r.column_basis = {BasisStatus::kBasic, BasisStatus::kAtLower, BasisStatus::kFixed};
  r.row_basis = {BasisStatus::kAtUpper, BasisStatus::kBasic};
  r.iterations = 7;
  r.nodes = 9;
  r.seconds = 0.25;
  r.warm_start_used = true;
  r.solver = "cbc";
  r.error = "none";
  r.warning = "some";
  r.verification = {.trust = Trust::kProven,
                    .method = "tree",
                    .point_checked = true,
                    .max_row_violation = 1e-12,
                    .corrected = true,
                    .seconds = 0.01,
                    .note = "a note"};
  Progress p;
  p.phase = SolvePhase::kTree;
  p.incumbent = -12;
  p.nodes = 4;
  p.improved = true;
  r.history = {p, p};
  return r;
}

TEST_CASE("a result arrives as it was sent") {
  const SolveResult sent = SampleResult();
  const absl::StatusOr<SolveResult> got = DecodeResult(EncodeResult(sent), 3, 2);
  REQUIRE(got.ok());
  CHECK(got->status == sent.status);
  CHECK(got->objective == sent.objective);
  CHECK(got->x == sent.x);
  CHECK(got->row_dual == sent.row_dual);
  CHECK(got->row_basis == sent.row_basis);
  CHECK(got->verification.note == "a note");
  CHECK(got->verification.trust == Trust::kProven);
  CHECK(got->history.size() == 2);
  CHECK(got->history[1].improved);
  CHECK(std::isnan(got->history[1].bound));
  CHECK(EncodeResult(*got) == EncodeResult(sent));
}

TEST_CASE("a core and what asks for it arrive as they were sent") {
  InfeasibleCore sent;
  sent.outcome = InfeasibleCore::Outcome::kIrreducible;
  sent.parts = {{CorePart::Kind::kRow, 1}, {CorePart::Kind::kUpperBound, 2}};
  sent.proof = {0, -1.5};
  sent.solves = 4;
  sent.iterations = 9;
  const std::string bytes = EncodeCore(sent);
  const absl::StatusOr<InfeasibleCore> got = DecodeCore(bytes, 3, 2);
  REQUIRE(got.ok());
  CHECK(got->outcome == sent.outcome);
  CHECK(got->parts == sent.parts);
  CHECK(got->proof == sent.proof);
  CHECK(got->solves == 4);
  CHECK(got->iterations == 9);
  CHECK_FALSE(DecodeCore(bytes, 2, 2).ok());  // there is no such column
  CHECK_FALSE(DecodeCore(bytes, 3, 1).ok());
  CHECK_FALSE(DecodeCore(bytes, 3, 3).ok());
  for (size_t size = 0; size < bytes.size(); ++size) {
    CHECK_FALSE(DecodeCore(bytes.substr(0, size), 3, 2).ok());
  }
  const Problem problem = MakeRandomProblem(11).problem;
  SolveOptions options;
  options.seed = 3;
  const std::vector<CorePart> parts = {{CorePart::Kind::kLowerBound, 0}};
  const std::string asked = EncodeFindCore(problem, parts, options);
  const absl::StatusOr<FindCoreRequest> request = DecodeFindCore(asked);
  REQUIRE(request.ok());
  CHECK(request->problem == problem);
  CHECK(request->parts == parts);
  CHECK(request->options.seed == 3);
  CHECK_FALSE(DecodeFindCore(asked.substr(0, asked.size() - 1)).ok());
  CHECK_FALSE(DecodeFindCore(asked + "x").ok());
}

TEST_CASE("a result for another problem's size is refused") {
  const std::string bytes = EncodeResult(SampleResult());
  CHECK_FALSE(DecodeResult(bytes, 4, 2).ok());
  CHECK_FALSE(DecodeResult(bytes, 3, 1).ok());
}

TEST_CASE("a request arrives as it was sent") {
  const Problem problem = MakeRandomProblem(11).problem;
  SolveOptions options;
  options.node_limit = 5;
  options.seed = 3;
  options.verify = false;
  options.warm_start = {1, 2};
  const absl::StatusOr<SolveRequest> got = DecodeSolve(EncodeSolve(problem, options, true));
  REQUIRE(got.ok());
  CHECK(got->careful);
  CHECK_FALSE(DecodeSolve(EncodeSolve(problem, options))->careful);
  CHECK(got->problem == problem);
  CHECK(got->options.node_limit == 5);
  CHECK(got->options.seed == 3);
  CHECK_FALSE(got->options.verify);
  CHECK(got->options.warm_start == options.warm_start);
}

TEST_CASE("bytes that are cut short or altered are refused or decoded, never fatal") {
  const std::string result = EncodeResult(SampleResult());
  for (size_t size = 0; size < result.size(); ++size)
    CHECK_FALSE(DecodeResult(result.substr(0, size), 3, 2).ok());
  const std::string request = EncodeSolve(MakeRandomProblem(12).problem, {});
  for (size_t size = 0; size < request.size(); ++size)
    CHECK_FALSE(DecodeSolve(request.substr(0, size)).ok());
  uint32_t state = 1;
  for (int i = 0; i < 20000; ++i) {
    std::string altered = i % 2 == 0 ? result : request;
    for (int k = 0; k < 3; ++k) {
      state = state * 1664525u + 1013904223u;
      altered[state % altered.size()] = static_cast<char>(state >> 24);
    }
    (void)DecodeResult(altered, 3, 2);
    (void)DecodeSolve(altered);
    (void)DecodeProgress(altered.substr(0, altered.size() % 80));
  }
  CHECK_FALSE(DecodeProgress("").ok());
}

TEST_CASE("a point comes over as it is, and must fit its problem") {
  const std::string bytes = EncodeIncumbent({1, std::nan(""), -2.5});
  const absl::StatusOr<std::vector<double>> got = DecodeIncumbent(bytes, 3);
  REQUIRE(got.ok());
  CHECK((*got)[0] == 1);
  CHECK(std::isnan((*got)[1]));
  CHECK((*got)[2] == -2.5);
  CHECK_FALSE(DecodeIncumbent(bytes, 2).ok());
  CHECK_FALSE(DecodeIncumbent(bytes.substr(1), 3).ok());
  CHECK_FALSE(DecodeIncumbent(bytes.substr(0, 20), 3).ok());
}

TEST_CASE("a failure keeps its code and details") {
  const absl::Status got = DecodeFailure(EncodeFailure(BadRequest("x is odd")));
  CHECK(got.code() == absl::StatusCode::kInvalidArgument);
  CHECK(Message(got) == "x is odd");
  CHECK(GetErrorInfo(got).code == error_code::kBadRequest);
  CHECK(DecodeFailure("nonsense").code() == absl::StatusCode::kInternal);
  CHECK_FALSE(DecodeFailure(EncodeFailure(absl::OkStatus())).ok());
}

TEST_CASE("a frame header is told from noise") {
  const FrameHeader header{.size = 77, .request = 5, .type = MessageType::kProgress};
  const std::string bytes = EncodeHeader(header);
  REQUIRE(bytes.size() == kFrameHeaderSize);
  CHECK(DecodeHeader(bytes)->size == 77);
  CHECK(DecodeHeader(bytes)->request == 5);
  CHECK_FALSE(DecodeHeader(bytes.substr(1)));
  std::string altered = bytes;
  altered[12] = 99;
  CHECK_FALSE(DecodeHeader(altered));
  altered = bytes;
  altered[15] = 'x';
  CHECK_FALSE(DecodeHeader(altered));
}

}  // namespace
}  // namespace solvent::testing
