#pragma once

#include <cstddef>
#include <cstdint>

#include "trainer/model_runner.h"

namespace lamina::statistics {

/// Calls `task(index)` for all indices below `count` on the pool's threads. Tasks do not throw.
template <typename Task> void forEach(trainer::ThreadPool &pool, size_t count, Task task) {
  lamina_env env = pool.env();
  env.parallel_for_slots(
      env.pool,
      [](void *context, uint32_t index, uint32_t) { (*static_cast<Task *>(context))(index); },
      &task, static_cast<uint32_t>(count));
}

} // namespace lamina::statistics
