#pragma once

#include <cstdint>
#include <memory>

#include "trainer/model_runner.h"

namespace lamina::session {

/// The thread pool of this process, which all sessions share; it ends with the last of them. The
/// first one decides how many threads it has: `threads`, or as many as CPUs may be used for 0.
///
/// Throws UserError when another number is asked for while there is a pool.
std::shared_ptr<trainer::ThreadPool> sharePool(uint32_t threads);
/// Whether there is one.
bool hasSharedPool();

} // namespace lamina::session
