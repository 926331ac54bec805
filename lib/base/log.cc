#include "solvent/log.h"

#include <unistd.h>

#include <algorithm>
#include <string>

#include "clock.h"

namespace solvent {

std::string_view ToString(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug: return "debug";
    case LogLevel::kInfo: return "info";
    case LogLevel::kWarning: return "warning";
    case LogLevel::kError: return "error";
  }
  return "error";
}

std::optional<LogLevel> ParseLogLevel(std::string_view name) {
  for (LogLevel level : {LogLevel::kDebug, LogLevel::kInfo, LogLevel::kWarning, LogLevel::kError}) {
    if (ToString(level) == name) return level;
  }
  return std::nullopt;
}

namespace {

// A line that cannot be written is lost: there is nobody left to tell.
void WriteLine(int descriptor, const std::string& line) {
  [[maybe_unused]] ssize_t written = ::write(descriptor, line.data(), line.size());
}

bool IsPlainWord(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return c > ' ' && c < 0x7f && c != '"' && c != '\\' && c != '=';
  });
}

}  // namespace

LogSink JsonLinesLog(int descriptor, LogLevel least) {
  return [descriptor, least](LogLevel level, std::string_view event, const Json& fields) {
    if (level < least) return;
    std::string line;
    JsonWriter w(line);
    w.BeginObject();
    w.Key("time").String(FormatTime(SystemNow()));
    w.Key("level").String(ToString(level));
    w.Key("event").String(event);
    for (const Json::Member& member : fields.object()) w.Key(member.name).Value(member.value);
    w.EndObject();
    line += '\n';
    WriteLine(descriptor, line);
  };
}

LogSink TextLog(int descriptor, LogLevel least) {
  return [descriptor, least](LogLevel level, std::string_view event, const Json& fields) {
    if (level < least) return;
    constexpr size_t kLevelWidth = 8;
    std::string line = FormatTime(SystemNow()) + ' ';
    std::string name(ToString(level));
    name.resize(kLevelWidth, ' ');
    line += name;
    line += event;
    for (const Json::Member& member : fields.object()) {
      line += ' ' + member.name + '=';
      const bool plain = member.value.is_string() && IsPlainWord(member.value.as_string());
      line += plain ? member.value.as_string() : member.value.Dump();
    }
    line += '\n';
    WriteLine(descriptor, line);
  };
}

LogSink NoLog() {
  return [](LogLevel, std::string_view, const Json&) {};
}

}  // namespace solvent
