#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>

#include "commands.h"
#include "solvent/error.h"

namespace solvent::cli {

std::vector<std::string> WorkerCommand() { return {"/proc/self/exe", kWorkerArgument}; }

int Complain(const absl::Status& status) {
  std::string text = "solvent: " + std::string(Message(status)) + "\n";
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
  return text;
}

}  // namespace solvent::cli
