#include "session/pool.h"

#include <mutex>

#include "support/error.h"

namespace lamina::session {
namespace {

std::mutex mutex;
std::weak_ptr<trainer::ThreadPool> current;

} // namespace

std::shared_ptr<trainer::ThreadPool> sharePool(uint32_t threads) {
  std::lock_guard lock(mutex);
  if (std::shared_ptr<trainer::ThreadPool> pool = current.lock()) {
    if (threads != 0 && threads != pool->threads())
      fail("the sessions of this process share {} threads, but {} are asked for; end the others "
           "first, or ask for as many",
           pool->threads(), threads);
    return pool;
  }
  auto pool = std::make_shared<trainer::ThreadPool>(threads);
  current = pool;
  return pool;
}

bool hasSharedPool() {
  std::lock_guard lock(mutex);
  return !current.expired();
}

} // namespace lamina::session
