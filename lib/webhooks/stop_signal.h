// A stop token that poll(2) can wait for.
#pragma once

#include <optional>
#include <stop_token>

namespace solvent {

class StopSignal {
 public:
  explicit StopSignal(std::stop_token token);
  ~StopSignal();
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;

  // Readable once stop was requested; -1 when the system had none left.
  int descriptor() const { return descriptor_; }
  bool stopped() const { return token_.stop_requested(); }

 private:
  void Raise() const;

  std::stop_token token_;
  int descriptor_;
  struct Raiser {
    StopSignal* signal;
    void operator()() const { signal->Raise(); }
  };
  std::optional<std::stop_callback<Raiser>> callback_;
};

}  // namespace solvent
