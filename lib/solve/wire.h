// What a backend and its worker process say to each other: length-framed messages of plain bytes,
// in this machine's byte order since both ends run on it. Neither end trusts the other: every size
// is checked against the bytes at hand.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "solvent/infeasible_core.h"
#include "solvent/problem.h"
#include "solvent/progress.h"
#include "solvent/solution.h"
#include "solvent/solve_backend.h"

namespace solvent {

enum class MessageType : uint8_t {
  kHello = 1,        // worker: ready; body: kWireVersion
  kSolve = 2,        // backend: request
  kCancel = 3,       // backend: stop what you are doing
  kProgress = 4,     // worker
  kPreliminary = 5,  // worker: the answer, should I not come to send a better one
  kResult = 6,       // worker: the answer
  kFailure = 7,      // worker: a status instead of an answer
  kFindCore = 8,     // backend: request
  kCore = 9,         // worker: the answer to it
  kIncumbent = 10,   // worker: what is known of the best point, as MipRun::on_incumbent has it
};
inline constexpr uint32_t kWireVersion = 5;

struct FrameHeader {
  uint64_t size;     // of the body
  uint32_t request;  // which request it belongs to
  MessageType type;
};
inline constexpr size_t kFrameHeaderSize = 16;

std::string EncodeHeader(const FrameHeader& header);
// Nothing when the bytes are no header.
std::optional<FrameHeader> DecodeHeader(std::string_view bytes);

// `careful` as in CheckedSolveHooks.
std::string EncodeSolve(const Problem& problem, const SolveOptions& options, bool careful = false);
struct SolveRequest {
  Problem problem;
  SolveOptions options;
  bool careful = false;
};
absl::StatusOr<SolveRequest> DecodeSolve(std::string_view bytes);

std::string EncodeFindCore(const Problem& problem, std::span<const CorePart> parts,
                           const SolveOptions& options);
struct FindCoreRequest {
  Problem problem;
  std::vector<CorePart> parts;
  SolveOptions options;
};
absl::StatusOr<FindCoreRequest> DecodeFindCore(std::string_view bytes);

std::string EncodeProgress(const Progress& progress);
absl::StatusOr<Progress> DecodeProgress(std::string_view bytes);

std::string EncodeIncumbent(const std::vector<double>& x);
absl::StatusOr<std::vector<double>> DecodeIncumbent(std::string_view bytes, int32_t columns);

std::string EncodeResult(const SolveResult& result);
// Per-column and per-row lists must fit the problem that was asked about.
absl::StatusOr<SolveResult> DecodeResult(std::string_view bytes, int32_t columns, int32_t rows);

std::string EncodeCore(const InfeasibleCore& core);
// Parts must exist in the problem that was asked about, and the proof must fit it.
absl::StatusOr<InfeasibleCore> DecodeCore(std::string_view bytes, int32_t columns, int32_t rows);

std::string EncodeFailure(const absl::Status& status);
// The status that was sent; when the bytes are no status, Internal.
absl::Status DecodeFailure(std::string_view bytes);

}  // namespace solvent
