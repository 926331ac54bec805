#include "run_options.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "solvent/json.h"
#include "status_macros.h"

namespace solvent {
namespace {

bool IsFinite(double v) { return std::isfinite(v); }

template <typename T, typename Write>
void WriteNumbers(JsonWriter& w, std::string_view key, const std::vector<T>& list,
                  const Write& write) {
  if (list.empty()) return;
  w.Key(key).BeginArray();
  for (const T& item : list) write(item);
  w.EndArray();
}

std::vector<BasisStatus> ReadBasis(const Json& list) {
  std::vector<BasisStatus> basis;
  for (const Json& b : list.array()) basis.push_back(static_cast<BasisStatus>(b.as_int()));
  return basis;
}

}  // namespace

std::string EncodeOptions(const RunOptions& options) {
  const SolveOptions& s = options.solve;
  std::string text;
  JsonWriter w(text);
  w.BeginObject();
  w.Key("time_limit_seconds").Double(s.time_limit_seconds);
  w.Key("gap_tolerance").Double(s.gap_tolerance);
  w.Key("absolute_gap").Double(s.absolute_gap);
  if (s.node_limit) w.Key("node_limit").Int(*s.node_limit);
  w.Key("threads").Int(s.threads);
  w.Key("seed").Uint(s.seed);
  w.Key("want_duals").Bool(s.want_duals);
  w.Key("verify").Bool(s.verify);
  if (s.memory_limit_bytes > 0) w.Key("memory_limit_bytes").Int(s.memory_limit_bytes);
  if (s.grace_seconds) w.Key("grace_seconds").Double(*s.grace_seconds);
  // One that is not finite is a bad one, and would not come back as it was.
  if (std::all_of(s.warm_start.begin(), s.warm_start.end(), [](double v) { return IsFinite(v); })) {
    WriteNumbers(w, "warm_start", s.warm_start, [&w](double v) { w.Double(v); });
  }
  auto status = [&w](BasisStatus b) { w.Int(static_cast<int>(b)); };
  WriteNumbers(w, "start_columns", s.start_columns, status);
  WriteNumbers(w, "start_rows", s.start_rows, status);
  if (!options.warm_start_execution_id.empty()) {
    w.Key("warm_start_execution_id").String(options.warm_start_execution_id);
  }
  if (!options.reporter_key.empty()) w.Key("reporter_key").String(options.reporter_key);
  if (!options.failure.empty()) w.Key("failure").String(options.failure);
  w.EndObject();
  return text;
}

absl::StatusOr<RunOptions> DecodeOptions(std::string_view text) {
  ASSIGN_OR_RETURN(Json json, ParseJson(text));
  RunOptions options;
  SolveOptions& s = options.solve;
  s.time_limit_seconds = json["time_limit_seconds"].as_double();
  s.gap_tolerance = json["gap_tolerance"].as_double();
  s.absolute_gap = json["absolute_gap"].as_double();
  if (const Json* limit = json.Find("node_limit")) s.node_limit = limit->as_int();
  s.threads = static_cast<int>(json["threads"].as_int());
  s.seed = static_cast<uint32_t>(json["seed"].as_int());
  s.want_duals = json["want_duals"].as_bool();
  s.verify = json["verify"].as_bool();
  s.memory_limit_bytes = json["memory_limit_bytes"].as_int();
  if (const Json* grace = json.Find("grace_seconds")) s.grace_seconds = grace->as_double();
  for (const Json& v : json["warm_start"].array()) s.warm_start.push_back(v.as_double());
  s.start_columns = ReadBasis(json["start_columns"]);
  s.start_rows = ReadBasis(json["start_rows"]);
  options.warm_start_execution_id = json["warm_start_execution_id"].as_string();
  options.reporter_key = json["reporter_key"].as_string();
  options.failure = json["failure"].as_string();
  if (!(s.time_limit_seconds > 0)) return absl::DataLossError("stored options are damaged");
  return options;
}

}  // namespace solvent
