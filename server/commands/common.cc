#include <unistd.h>

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
  if (!file.empty()) text += InputName(file) + ": ";
  text += std::string(Message(status)) + "\n";
  ErrorInfo info = GetErrorInfo(status);
  if (info.fields.size() > 1) {
    for (const FieldError& field : info.fields) {
      text += "  " + (field.pointer.empty() ? "" : field.pointer + ": ") + field.message + "\n";
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

std::string Printable(std::string_view text) {
  // Writing makes U+FFFD of bytes that are no UTF-8.
  const Json whole = ParseJson(Json(text).Dump()).value_or(Json());
  const std::string& bytes = whole.as_string();
  std::string printable;
  for (size_t i = 0; i < bytes.size(); ++i) {
    const unsigned char c = static_cast<unsigned char>(bytes[i]);
    const unsigned char next = i + 1 < bytes.size() ? static_cast<unsigned char>(bytes[i + 1]) : 0;
    const bool late = c == 0xC2 && next < 0xA0;  // U+0080 to U+009F
    if (c >= 0x20 && c != 0x7F && !late) {
      printable += bytes[i];
      continue;
    }
    char escape[8];
    std::snprintf(escape, sizeof(escape), "\\x%02x", late ? next : c);
    printable += escape;
    if (late) ++i;
  }
  return printable;
}

std::string InputName(const std::string& file) { return file == "-" ? "standard input" : file; }

absl::Status DatabaseExists(const std::string& file) {
  if (::access(file.c_str(), F_OK) == 0) return absl::OkStatus();
  return absl::NotFoundError("there is no database " + file + ": " + std::strerror(errno));
}

}  // namespace solvent::cli
