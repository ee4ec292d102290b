#pragma once

#include <functional>
#include <string>

#include "session/stepper.h"

namespace lamina::session {

/// The result of tuning.
struct TuneResult {
  int64_t kernels = 0, changed = 0; ///< all of the function, those with another schedule now
  double beforeMs = 0, afterMs = 0; ///< of all kernels in one step
};

/// Told before each of `rounds` measurements.
using TuneProgress = std::function<void(int64_t round, int64_t rounds)>;

/// Measures other schedules for the kernels of `function` (passes::equivalentSchedules), in every
/// round another one for all of them at once, and leaves in the session's module those that are
/// faster. Results keep their bits. The session has to be compiled again afterwards.
TuneResult tune(Session &session, const std::string &function, const trainer::Dataset &data,
                const TuneProgress &progress);
/// The same; the session's options.tell is told what goes on and what came out.
void tuneAloud(Session &session, const std::string &function, const trainer::Dataset &data);

} // namespace lamina::session
