#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>

#include "commands.h"
#include "solvent/error.h"

namespace solvent::cli {

std::vector<std::string> WorkerCommand() { return {"/proc/self/exe", kWorkerArgument}; }

int Complain(const absl::Status& status) { return ComplainAbout("", status); }

int ComplainAbout(const std::string& file, const absl::Status& status) {
  std::string text = "solvent: ";
  if (!file.empty()) text += Printable(InputName(file)) + ": ";
  text += Printable(Message(status)) + "\n";
  ErrorInfo info = GetErrorInfo(status);
  if (info.fields.size() > 1) {
    for (const FieldError& field : info.fields) {
      const std::string where = field.pointer.empty() ? "" : field.pointer + ": ";
      text += "  " + Printable(where + field.message) + "\n";
    }
  }
  std::fputs(text.c_str(), stderr);
  return kFailed;
}

absl::StatusOr<std::string> ReadAll(const std::string& file) {
  std::FILE* stream = file == "-" ? stdin : std::fopen(file.c_str(), "rb");
  if (stream == nullptr) {
    return absl::NotFoundError(file + ": " + std::strerror(errno));
  }
  std::string text;
  char buffer[1 << 16];
  size_t size = 0;
  while ((size = std::fread(buffer, 1, sizeof(buffer), stream)) > 0) text.append(buffer, size);
  bool failed = std::ferror(stream) != 0;
  int error = errno;
  if (stream != stdin) std::fclose(stream);
  if (failed) return absl::UnknownError(file + ": " + std::strerror(error));
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (text.starts_with(kByteOrderMark)) text.erase(0, kByteOrderMark.size());
  return text;
}

absl::Status WriteAll(const std::string& file, std::string_view text) {
  const bool standard = file.empty() || file == "-";
  std::FILE* out = standard ? stdout : std::fopen(file.c_str(), "wb");
  bool ok = out != nullptr && std::fwrite(text.data(), 1, text.size(), out) == text.size();
  ok = ok && std::fflush(out) == 0;
  const int error = errno;
  if (out != nullptr && !standard) ok = std::fclose(out) == 0 && ok;
  if (ok) return absl::OkStatus();
  return absl::UnknownError("cannot write " + (standard ? "standard output" : file) + ": " +
                            std::strerror(error));
}

std::string Printable(std::string_view text, std::string_view kept) {
  const bool plain =
      std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c < '\x7F'; });
  if (plain) return std::string(text);
  // Writing makes U+FFFD of bytes that are no UTF-8.
  const Json whole = ParseJson(Json(text).Dump()).value_or(Json());
  const std::string& bytes = whole.as_string();
  auto at = [&](size_t i) -> unsigned {
    return i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0;
  };
  std::string printable;
  for (size_t i = 0; i < bytes.size();) {
    const unsigned c = at(i), second = at(i + 1), third = at(i + 2);
    const bool late = c == 0xC2 && second < 0xA0;  // U+0080 to U+009F
    const bool turns = c == 0xE2 && ((second == 0x80 && third >= 0xA8 && third <= 0xAE) ||
                                     (second == 0x81 && third >= 0xA6 && third <= 0xA9));
    const bool early = (c < 0x20 || c == 0x7F) && kept.find(bytes[i]) == std::string_view::npos;
    if (!early && !late && !turns) {
      printable += bytes[i++];
      continue;
    }
    char escape[12];
    if (turns) {
      std::snprintf(escape, sizeof(escape), "\\u%04x",
                    0x2000 | (second & 0x3F) << 6 | (third & 0x3F));
    } else {
      std::snprintf(escape, sizeof(escape), "\\x%02x", late ? second : c);
    }
    printable += escape;
    i += turns ? 3 : late ? 2 : 1;
  }
  return printable;
}

std::string ModelText(std::string_view text) {
  return ::isatty(STDOUT_FILENO) == 1 ? Printable(text, "\n\t") : std::string(text);
}

std::string InputName(const std::string& file) { return file == "-" ? "standard input" : file; }

absl::Status DatabaseExists(const std::string& file) {
  if (::access(file.c_str(), F_OK) == 0) return absl::OkStatus();
  return absl::NotFoundError("there is no database " + file + ": " + std::strerror(errno));
}

}  // namespace solvent::cli
