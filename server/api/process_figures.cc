#include "process_figures.h"

#include <dirent.h>
#include <sys/resource.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <limits>
#include <sstream>
#include <string>

namespace solvent::api {
namespace {

// Seconds since 1970 at which the machine came up.
double BootTime() {
  std::ifstream stat("/proc/stat");
  std::string word;
  double seconds = 0;
  while (stat >> word) {
    if (word == "btime" && stat >> seconds) return seconds;
    stat.ignore(std::numeric_limits<std::streamsize>::max(), '\n');
  }
  return 0;
}

int64_t CountDescriptors() {
  DIR* folder = ::opendir("/proc/self/fd");
  if (folder == nullptr) return 0;
  int64_t entries = 0;
  while (::readdir(folder) != nullptr) ++entries;
  ::closedir(folder);
  return entries - 3;  // ".", "..", and the folder itself
}

}  // namespace

ProcessFigures ReadProcess() {
  ProcessFigures figures;
  const auto ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
  std::ifstream file("/proc/self/stat");
  std::string text{std::istreambuf_iterator<char>(file), {}};
  // The program's name is in parentheses and may hold anything; the third field follows.
  if (size_t end = text.rfind(')'); end != std::string::npos) {
    std::istringstream fields(text.substr(end + 1));
    std::string skipped;
    double user = 0, system = 0, start = 0;
    int64_t pages = 0;
    for (int field = 3; field < 14; ++field) fields >> skipped;
    fields >> user >> system;
    for (int field = 16; field < 22; ++field) fields >> skipped;
    fields >> start >> figures.virtual_bytes >> pages;
    figures.cpu_seconds = (user + system) / ticks;
    figures.start_time_seconds = BootTime() + start / ticks;
    figures.resident_bytes = pages * ::sysconf(_SC_PAGESIZE);
  }
  figures.open_descriptors = CountDescriptors();
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    figures.max_descriptors = static_cast<int64_t>(limit.rlim_cur);
  }
  return figures;
}

}  // namespace solvent::api
