#include "support/threads.h"

#include <latch>
#include <system_error>
#include <thread>
#include <vector>

namespace lamina {

uint32_t countStartableThreads(uint32_t wanted) {
  std::vector<std::thread> team;
  std::latch counted(1);
  try {
    while (team.size() + 1 < wanted)
      team.emplace_back([&] { counted.wait(); });
  } catch (const std::system_error &) {
    // Those that could be started are what there is.
  }
  counted.count_down();
  for (std::thread &thread : team)
    thread.join();
  return static_cast<uint32_t>(team.size()) + 1;
}

} // namespace lamina
