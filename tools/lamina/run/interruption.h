#pragma once

#include <atomic>

#include <csignal>

namespace lamina::tools {

/// While it lives, Ctrl-C (SIGINT) and SIGTERM ask for an end instead of ending the process; the
/// second one ends it. Signals that the process ignores stay ignored. One at a time.
class Interruption {
public:
  Interruption();
  ~Interruption();
  Interruption(const Interruption &) = delete;
  Interruption &operator=(const Interruption &) = delete;

  /// Whether an end was asked for.
  static const std::atomic<bool> &isRequested() { return requested_; }

private:
  static void request(int signal);

  static std::atomic<bool> requested_;
  struct sigaction interrupt_ = {}, terminate_ = {}; ///< actions before
};

} // namespace lamina::tools
