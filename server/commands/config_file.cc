#include "config_file.h"

#include <utility>

namespace solvent::cli {
namespace {

bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\r'; }
bool IsNameCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
}

// Reads one line; the first fault is kept.
class LineReader {
 public:
  explicit LineReader(std::string_view line) : rest_(line) {}

  // False for an empty line or a comment.
  bool Read(ConfigEntry& entry) {
    SkipSpace();
    if (AtEnd()) return false;
    if (rest_.front() == '[') return Fail("sections are not used: give the flags alone");
    while (!rest_.empty() && IsNameCharacter(rest_.front())) entry.name += Next();
    SkipSpace();
    if (entry.name.empty() || !Take('=')) return Fail("expected: name = value");
    SkipSpace();
    if (Take('[')) {
      ReadList(entry.values);
    } else {
      entry.values.push_back(ReadValue());
    }
    SkipSpace();
    if (fault_.empty() && !AtEnd()) {
      return Fail("unexpected text after the value; put values with spaces in double quotes");
    }
    return fault_.empty();
  }
  const std::string& fault() const { return fault_; }

 private:
  bool AtEnd() const { return rest_.empty() || rest_.front() == '#'; }
  char Next() {
    char c = rest_.front();
    rest_.remove_prefix(1);
    return c;
  }
  bool Take(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void SkipSpace() {
    while (!rest_.empty() && IsSpace(rest_.front())) rest_.remove_prefix(1);
  }
  bool Fail(std::string fault) {
    if (fault_.empty()) fault_ = std::move(fault);
    return false;
  }

  std::string ReadValue() {
    std::string value;
    if (Take('"')) {
      while (!Take('"')) {
        if (rest_.empty()) {
          Fail("a string is not closed");
          return value;
        }
        char c = Next();
        if (c == '\\') {
          if (rest_.empty() || (rest_.front() != '"' && rest_.front() != '\\')) {
            Fail("a backslash in a string stands before \" or \\ only");
            return value;
          }
          c = Next();
        }
        value += c;
      }
      return value;
    }
    while (!rest_.empty() && !IsSpace(rest_.front()) && rest_.front() != ',' &&
           rest_.front() != ']' && rest_.front() != '#' && rest_.front() != '"') {
      value += Next();
    }
    if (value.empty()) Fail("a value is missing");
    return value;
  }

  void ReadList(std::vector<std::string>& values) {
    SkipSpace();
    while (fault_.empty() && !Take(']')) {
      if (AtEnd()) {
        Fail("a list is not closed on its line");
        return;
      }
      values.push_back(ReadValue());
      SkipSpace();
      if (!Take(',') && !AtEnd() && rest_.front() != ']') {
        Fail("the values of a list are parted by commas");
      }
      SkipSpace();
    }
    if (values.empty()) Fail("a list is empty");
  }

  std::string_view rest_;
  std::string fault_;
};

absl::Status Fault(int line, const std::string& what) {
  return absl::InvalidArgumentError("line " + std::to_string(line) + ": " + what);
}

}  // namespace

absl::StatusOr<std::vector<ConfigEntry>> ParseConfig(std::string_view text) {
  std::vector<ConfigEntry> entries;
  int number = 0;
  while (!text.empty()) {
    ++number;
    const size_t end = text.find('\n');
    LineReader reader(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    ConfigEntry entry;
    entry.line = number;
    if (!reader.Read(entry)) {
      if (!reader.fault().empty()) return Fault(number, reader.fault());
      continue;
    }
    entries.push_back(std::move(entry));
  }
  return entries;
}

}  // namespace solvent::cli
