// The tools that agents find at /mcp. Their answers are small on purpose: they are read by a
// language model, and say what was left out and how to get it.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "api.h"
#include "message.h"
#include "solvent/json.h"

namespace solvent::api {

struct ToolCall {
  Context& context;
  const Caller& caller;
  const Json& arguments;                             // as the tool's schema says
  std::chrono::steady_clock::time_point wait_until;  // for all calls of a request together

  // Arguments, or what stands for them when they were not given.
  std::string Text(std::string_view name) const {
    std::string text = arguments[name].as_string();
    std::erase(text, '\0');  // as all routes do: the store's texts hold none
    return text;
  }
  int64_t Int(std::string_view name, int64_t fallback) const {
    return arguments[name].is_null() ? fallback : arguments[name].as_int();
  }
  // How long to wait for the end of a run: as asked for, or `fallback` seconds, while there is
  // time.
  std::chrono::milliseconds Wait(int64_t fallback) const;
};

struct Tool {
  std::string_view name;
  std::string_view title;
  std::string_view description;
  // A JSON Schema with the keywords that CheckArguments knows.
  std::string_view input_schema;
  bool read_only = true;
  std::string_view rate_class;  // further limit on its calls; empty: none
  // An object. A failure is told to the agent as a result.
  absl::StatusOr<Json> (*run)(const ToolCall&);
};

std::span<const Tool> CatalogTools();
std::span<const Tool> RunTools();

// BadRequest naming the first fault. Knows type, properties, required, enum, minimum, maximum,
// minLength and additionalProperties (false).
absl::Status CheckArguments(const Json& schema, const Json& arguments);

// A run as agents read it: how it ended, and `count` of the variables that are not zero, from
// `first` on.
Json RunForAgents(const Execution& execution, int64_t first, int64_t count);
// Runs what `start` submits and waits for it as long as the arguments and the server allow.
using StartRun = absl::StatusOr<Submitted> (*)(const ToolCall&, ModelRun, std::string_view id,
                                               std::chrono::milliseconds wait);
absl::StatusOr<Json> RunAndWait(const ToolCall& call, StartRun start, std::string_view id);

// `text`, cut to about `most` bytes at a character's border with a note of how much is missing.
std::string Shortened(std::string_view text, size_t most);

}  // namespace solvent::api
