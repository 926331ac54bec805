#include "wire.h"

#include <cstring>
#include <type_traits>
#include <utility>
#include <vector>

#include "problem_codec.h"
#include "solvent/error.h"
#include "status_macros.h"
#include "string_bridge.h"

namespace solvent {
namespace {

class Writer {
 public:
  template <typename T>
  void Put(T v) {
    static_assert(std::is_trivially_copyable_v<T>);
    out_.append(reinterpret_cast<const char*>(&v), sizeof v);
  }
  void PutText(std::string_view text) {
    Put<uint64_t>(text.size());
    out_.append(text);
  }
  template <typename T>
  void PutList(const std::vector<T>& list) {
    static_assert(std::is_trivially_copyable_v<T>);
    Put<uint64_t>(list.size());
    if (!list.empty())
      out_.append(reinterpret_cast<const char*>(list.data()), list.size() * sizeof(T));
  }
  std::string Take() { return std::move(out_); }

 private:
  std::string out_;
};

// Once something does not fit, every further read yields nothing and ok() is false.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : left_(bytes) {}

  template <typename T>
  T Get() {
    static_assert(std::is_trivially_copyable_v<T>);
    T v{};
    if (!ok_ || left_.size() < sizeof v) {
      ok_ = false;
      return v;
    }
    std::memcpy(&v, left_.data(), sizeof v);
    left_.remove_prefix(sizeof v);
    return v;
  }
  bool GetBool() { return Get<uint8_t>() != 0; }
  template <typename E>
  E GetEnum(E last) {
    const auto v = Get<std::underlying_type_t<E>>();
    if (v > static_cast<std::underlying_type_t<E>>(last)) ok_ = false;
    return ok_ ? static_cast<E>(v) : E{};
  }
  std::string_view GetText() {
    const auto size = Get<uint64_t>();
    if (!ok_ || size > left_.size()) {
      ok_ = false;
      return {};
    }
    std::string_view text = left_.substr(0, size);
    left_.remove_prefix(size);
    return text;
  }
  std::string GetString() { return std::string(GetText()); }
  template <typename T>
  std::vector<T> GetList() {
    const auto size = Get<uint64_t>();
    if (!ok_ || size > left_.size() / sizeof(T)) {
      ok_ = false;
      return {};
    }
    std::vector<T> list(size);
    if (size > 0) std::memcpy(list.data(), left_.data(), size * sizeof(T));
    left_.remove_prefix(size * sizeof(T));
    return list;
  }
  size_t left() const { return left_.size(); }
  void Fail() { ok_ = false; }
  bool AtEnd() const { return ok_ && left_.empty(); }
  bool ok() const { return ok_; }

 private:
  std::string_view left_;
  bool ok_ = true;
};

absl::Status Garbled(const char* what) {
  return absl::InternalError(std::string("a garbled ") + what + " came from the other process");
}

void PutOptions(Writer& w, const SolveOptions& o) {
  w.Put(o.time_limit_seconds);
  w.Put(o.gap_tolerance);
  w.Put(o.absolute_gap);
  w.Put<uint8_t>(o.node_limit.has_value());
  w.Put<int64_t>(o.node_limit.value_or(0));
  w.Put<int32_t>(o.threads);
  w.Put(o.seed);
  w.Put<uint8_t>(o.want_duals);
  w.Put<uint8_t>(o.verify);
  w.PutList(o.warm_start);
  w.PutList(o.start_columns);
  w.PutList(o.start_rows);
  w.Put<int64_t>(o.memory_limit_bytes);
}

SolveOptions GetOptions(Reader& r) {
  SolveOptions o;
  o.time_limit_seconds = r.Get<double>();
  o.gap_tolerance = r.Get<double>();
  o.absolute_gap = r.Get<double>();
  const bool has_node_limit = r.GetBool();
  const auto node_limit = r.Get<int64_t>();
  if (has_node_limit) o.node_limit = node_limit;
  o.threads = r.Get<int32_t>();
  o.seed = r.Get<uint32_t>();
  o.want_duals = r.GetBool();
  o.verify = r.GetBool();
  o.warm_start = r.GetList<double>();
  o.start_columns = r.GetList<BasisStatus>();
  o.start_rows = r.GetList<BasisStatus>();
  o.memory_limit_bytes = r.Get<int64_t>();
  return o;
}

void PutProgress(Writer& w, const Progress& p) {
  w.Put(p.phase);
  w.Put(p.incumbent);
  w.Put(p.bound);
  w.Put(p.gap);
  w.Put(p.nodes);
  w.Put(p.iterations);
  w.Put(p.elapsed_seconds);
  w.Put<uint8_t>(p.improved);
}

Progress GetProgress(Reader& r) {
  Progress p;
  p.phase = r.GetEnum(SolvePhase::kDone);
  p.incumbent = r.Get<double>();
  p.bound = r.Get<double>();
  p.gap = r.Get<double>();
  p.nodes = r.Get<int64_t>();
  p.iterations = r.Get<int64_t>();
  p.elapsed_seconds = r.Get<double>();
  p.improved = r.GetBool();
  return p;
}

void PutVerification(Writer& w, const Verification& v) {
  w.Put(v.trust);
  w.PutText(v.method);
  w.Put<uint8_t>(v.point_checked);
  w.Put(v.max_row_violation);
  w.Put(v.max_bound_violation);
  w.Put(v.max_integrality_violation);
  w.Put<uint8_t>(v.corrected);
  w.Put(v.seconds);
  w.PutText(v.note);
}

Verification GetVerification(Reader& r) {
  Verification v;
  v.trust = r.GetEnum(Trust::kProven);
  v.method = r.GetString();
  v.point_checked = r.GetBool();
  v.max_row_violation = r.Get<double>();
  v.max_bound_violation = r.Get<double>();
  v.max_integrality_violation = r.Get<double>();
  v.corrected = r.GetBool();
  v.seconds = r.Get<double>();
  v.note = r.GetString();
  return v;
}

void PutParts(Writer& w, std::span<const CorePart> parts) {
  w.Put<uint64_t>(parts.size());
  for (const CorePart& part : parts) {
    w.Put(part.kind);
    w.Put(part.index);
  }
}

std::vector<CorePart> GetParts(Reader& r, int32_t columns, int32_t rows) {
  const auto size = r.Get<uint64_t>();
  if (size > r.left() / (sizeof(CorePart::Kind) + sizeof(int32_t))) r.Fail();
  std::vector<CorePart> parts;
  for (uint64_t i = 0; i < size && r.ok(); ++i) {
    CorePart part;
    part.kind = r.GetEnum(CorePart::Kind::kUpperBound);
    part.index = r.Get<int32_t>();
    if (part.index < 0 || part.index >= (part.kind == CorePart::Kind::kRow ? rows : columns))
      r.Fail();
    parts.push_back(part);
  }
  return parts;
}

bool BasisFits(const std::vector<BasisStatus>& basis, size_t size) {
  if (!basis.empty() && basis.size() != size) return false;
  for (BasisStatus status : basis) {
    if (status > BasisStatus::kFixed) return false;
  }
  return true;
}

bool ListsFit(const SolveResult& s, size_t columns, size_t rows) {
  auto fits = [](size_t have, size_t want) { return have == 0 || have == want; };
  return s.x.size() == (s.has_point ? columns : 0) && fits(s.reduced_cost.size(), columns) &&
         fits(s.row_dual.size(), rows) && BasisFits(s.column_basis, columns) &&
         BasisFits(s.row_basis, rows);
}

}  // namespace

std::string EncodeHeader(const FrameHeader& header) {
  Writer w;
  w.Put(header.size);
  w.Put(header.request);
  w.Put(header.type);
  for (char c : {'s', 'v', 't'}) w.Put(c);
  return w.Take();
}

std::optional<FrameHeader> DecodeHeader(std::string_view bytes) {
  if (bytes.size() != kFrameHeaderSize || bytes.substr(13) != "svt") return std::nullopt;
  Reader r(bytes);
  FrameHeader header{};
  header.size = r.Get<uint64_t>();
  header.request = r.Get<uint32_t>();
  const auto type = r.Get<uint8_t>();
  if (type < 1 || type > static_cast<uint8_t>(MessageType::kIncumbent)) return std::nullopt;
  header.type = static_cast<MessageType>(type);
  return header;
}

std::string EncodeSolve(const Problem& problem, const SolveOptions& options, bool careful) {
  Writer w;
  PutOptions(w, options);
  w.Put<uint8_t>(careful);
  w.PutText(EncodeProblem(problem));
  return w.Take();
}

absl::StatusOr<SolveRequest> DecodeSolve(std::string_view bytes) {
  Reader r(bytes);
  SolveRequest request;
  request.options = GetOptions(r);
  request.careful = r.GetBool();
  const std::string_view problem = r.GetText();
  if (!r.AtEnd()) return Garbled("request");
  ASSIGN_OR_RETURN(request.problem, DecodeProblem(problem));
  return request;
}

std::string EncodeFindCore(const Problem& problem, std::span<const CorePart> parts,
                           const SolveOptions& options) {
  Writer w;
  PutOptions(w, options);
  w.PutText(EncodeProblem(problem));
  PutParts(w, parts);
  return w.Take();
}

absl::StatusOr<FindCoreRequest> DecodeFindCore(std::string_view bytes) {
  Reader r(bytes);
  FindCoreRequest request;
  request.options = GetOptions(r);
  const std::string_view problem = r.GetText();
  if (!r.ok()) return Garbled("request");
  ASSIGN_OR_RETURN(request.problem, DecodeProblem(problem));
  request.parts = GetParts(r, request.problem.num_columns(), request.problem.num_rows());
  if (!r.AtEnd()) return Garbled("request");
  return request;
}

std::string EncodeProgress(const Progress& progress) {
  Writer w;
  PutProgress(w, progress);
  return w.Take();
}

absl::StatusOr<Progress> DecodeProgress(std::string_view bytes) {
  Reader r(bytes);
  Progress progress = GetProgress(r);
  if (!r.AtEnd()) return Garbled("progress report");
  return progress;
}

std::string EncodeIncumbent(const std::vector<double>& x) {
  Writer w;
  w.PutList(x);
  return w.Take();
}

absl::StatusOr<std::vector<double>> DecodeIncumbent(std::string_view bytes, int32_t columns) {
  Reader r(bytes);
  std::vector<double> x = r.GetList<double>();
  if (!r.AtEnd() || x.size() != static_cast<size_t>(columns)) return Garbled("point");
  return x;
}

std::string EncodeResult(const SolveResult& s) {
  Writer w;
  w.Put(s.status);
  w.Put<uint8_t>(s.has_point);
  w.Put(s.objective);
  w.Put(s.bound);
  w.Put(s.gap);
  w.PutList(s.x);
  w.PutList(s.row_dual);
  w.PutList(s.reduced_cost);
  w.PutList(s.column_basis);
  w.PutList(s.row_basis);
  w.Put(s.iterations);
  w.Put(s.nodes);
  w.Put(s.seconds);
  w.Put<uint8_t>(s.warm_start_used);
  w.PutText(s.solver);
  w.PutText(s.error);
  w.PutText(s.warning);
  PutVerification(w, s.verification);
  w.Put<uint64_t>(s.history.size());
  for (const Progress& p : s.history) PutProgress(w, p);
  return w.Take();
}

absl::StatusOr<SolveResult> DecodeResult(std::string_view bytes, int32_t columns, int32_t rows) {
  Reader r(bytes);
  SolveResult s;
  s.status = r.GetEnum(SolveStatus::kError);
  s.has_point = r.GetBool();
  s.objective = r.Get<double>();
  s.bound = r.Get<double>();
  s.gap = r.Get<double>();
  s.x = r.GetList<double>();
  s.row_dual = r.GetList<double>();
  s.reduced_cost = r.GetList<double>();
  s.column_basis = r.GetList<BasisStatus>();
  s.row_basis = r.GetList<BasisStatus>();
  s.iterations = r.Get<int64_t>();
  s.nodes = r.Get<int64_t>();
  s.seconds = r.Get<double>();
  s.warm_start_used = r.GetBool();
  s.solver = r.GetString();
  s.error = r.GetString();
  s.warning = r.GetString();
  s.verification = GetVerification(r);
  const auto history = r.Get<uint64_t>();
  if (history > r.left()) r.Fail();
  for (uint64_t i = 0; i < history && r.ok(); ++i) s.history.push_back(GetProgress(r));
  if (!r.AtEnd() || !ListsFit(s, static_cast<size_t>(columns), static_cast<size_t>(rows)))
    return Garbled("result");
  return s;
}

std::string EncodeCore(const InfeasibleCore& core) {
  Writer w;
  w.Put(core.outcome);
  PutParts(w, core.parts);
  w.PutList(core.proof);
  w.Put(core.solves);
  w.Put(core.iterations);
  return w.Take();
}

absl::StatusOr<InfeasibleCore> DecodeCore(std::string_view bytes, int32_t columns, int32_t rows) {
  Reader r(bytes);
  InfeasibleCore core;
  core.outcome = r.GetEnum(InfeasibleCore::Outcome::kUnknown);
  core.parts = GetParts(r, columns, rows);
  core.proof = r.GetList<double>();
  core.solves = r.Get<int64_t>();
  core.iterations = r.Get<int64_t>();
  if (!r.AtEnd() || (!core.proof.empty() && core.proof.size() != static_cast<size_t>(rows)))
    return Garbled("result");
  return core;
}

std::string EncodeFailure(const absl::Status& status) {
  Writer w;
  w.Put<int32_t>(static_cast<int32_t>(status.code()));
  w.PutText(Message(status));
  w.PutText(GetErrorInfo(status).code);
  return w.Take();
}

absl::Status DecodeFailure(std::string_view bytes) {
  Reader r(bytes);
  const auto code = r.Get<int32_t>();
  const std::string message = r.GetString();
  const std::string error = r.GetString();
  constexpr int32_t kLastCode = static_cast<int32_t>(absl::StatusCode::kUnauthenticated);
  if (!r.AtEnd() || code <= 0 || code > kLastCode) return Garbled("failure");
  if (!error.empty()) return MakeError(static_cast<absl::StatusCode>(code), error, message);
  return absl::Status(static_cast<absl::StatusCode>(code), A(message));
}

}  // namespace solvent
