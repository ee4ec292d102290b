#include "tools/lamina/run/interruption.h"

namespace lamina::tools {

static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler sets it");

std::atomic<bool> Interruption::requested_ = false;

void Interruption::request(int signal) {
  requested_ = true;
  std::signal(signal, SIG_DFL);
}

Interruption::Interruption() {
  requested_ = false;
  for (auto [number, before] : {std::pair(SIGINT, &interrupt_), {SIGTERM, &terminate_}}) {
    struct sigaction action = {};
    action.sa_handler = &request;
    action.sa_flags = SA_RESTART;
    sigaction(number, nullptr, before);
    if (before->sa_handler != SIG_IGN)
      sigaction(number, &action, nullptr);
  }
}

Interruption::~Interruption() {
  sigaction(SIGINT, &interrupt_, nullptr);
  sigaction(SIGTERM, &terminate_, nullptr);
}

} // namespace lamina::tools
