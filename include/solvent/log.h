// Where the library's log lines go. The library itself never prints.
#pragma once

#include <functional>
#include <optional>
#include <string_view>

#include "solvent/json.h"

namespace solvent {

enum class LogLevel { kDebug, kInfo, kWarning, kError };
std::string_view ToString(LogLevel level);  // "debug", "info", "warning", "error"
std::optional<LogLevel> ParseLogLevel(std::string_view name);

// Called from any thread, possibly from several at once. `fields` is an object without secrets.
using LogSink = std::function<void(LogLevel, std::string_view event, const Json& fields)>;

// One JSON object a line, one write(2) a line, to `descriptor`; lines below `least` are dropped.
LogSink JsonLinesLog(int descriptor, LogLevel least = LogLevel::kInfo);
// The same for people: "2026-03-01T12:00:00.000000Z info    http.request method=GET status=200".
// Strings that are not plain words are quoted as in JSON, so that a line is always one line.
LogSink TextLog(int descriptor, LogLevel least = LogLevel::kInfo);
// Drops everything.
LogSink NoLog();

}  // namespace solvent
