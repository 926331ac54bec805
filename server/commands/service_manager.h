// Tells the service manager (systemd) how the server stands, by datagrams to the socket that
// $NOTIFY_SOCKET names. Without one, nothing is told.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace solvent::cli {

class ServiceManager {
 public:
  // Takes what concerns it out of the environment; before any thread is started.
  ServiceManager();
  ~ServiceManager();
  ServiceManager(const ServiceManager&) = delete;
  ServiceManager& operator=(const ServiceManager&) = delete;

  bool present() const { return socket_ >= 0; }

  // "READY=1", "STOPPING=1", "WATCHDOG=1". A manager that does not listen is not waited for.
  void Tell(std::string_view state) const;

  // How often "WATCHDOG=1" is due; 0: never.
  std::chrono::microseconds watchdog_interval() const { return watchdog_interval_; }

 private:
  std::string address_;  // of the socket, as in $NOTIFY_SOCKET
  int socket_ = -1;
  std::chrono::microseconds watchdog_interval_{0};
};

}  // namespace solvent::cli
