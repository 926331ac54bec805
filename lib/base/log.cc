#include "solvent/log.h"

#include <unistd.h>

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
    // A line that cannot be written is lost: there is nobody left to tell.
    [[maybe_unused]] ssize_t written = ::write(descriptor, line.data(), line.size());
  };
}

LogSink NoLog() {
  return [](LogLevel, std::string_view, const Json&) {};
}

}  // namespace solvent
