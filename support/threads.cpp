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

void runTeam(uint32_t wanted, const std::function<void(uint32_t member)> &work) {
  std::vector<std::thread> team;
  try {
    for (uint32_t member = 1; member < wanted; ++member)
      team.emplace_back([&work, member] { work(member); });
  } catch (const std::system_error &) {
    // Those that could be started do the work.
  }
  work(0);
  for (std::thread &thread : team)
    thread.join();
}

} // namespace lamina
