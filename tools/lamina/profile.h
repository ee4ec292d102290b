#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "session/stepper.h"
#include "tools/lamina/usage/options.h"

namespace lamina::tools {

/// The work and the time of one kernel of a step.
struct KernelProfile {
  std::string layer, family, anchor; ///< anchor: its contraction or window operation, or empty
  int64_t tasks = 0;                 ///< of one step
  double milliseconds = 0;           ///< median over the steps
  double flops = 0, bytes = 0;       ///< countFlops, countBytes
};

/// A step kernel by kernel, beside what the machine can do with as many threads.
struct StepProfile {
  std::vector<KernelProfile> kernels; ///< slowest first
  double stepMs = 0;                  ///< median of the steps
  double kernelsMs = 0; ///< median of what all kernels of a step take; not above stepMs
  double peakFlops = 0, bandwidth = 0;

  /// The least time that the roofline allows over the time taken, 0 to 1; above 1 where operands
  /// come from a faster cache than the whole step's. NaN for a kernel that took no time.
  double rooflineShare(const KernelProfile &kernel) const;
};

/// Compiles `function` of the session again, with clocks around its kernels, and runs `steps`
/// steps. `tracePath`, unless empty, names a file that gets the tasks of one more step in Chrome's
/// trace format.
StepProfile profileStep(Session &session, const std::string &function, const trainer::Dataset &data,
                        int64_t steps, const std::string &tracePath);

nlohmann::ordered_json toJson(const StepProfile &profile);
/// A table of the slowest `rows` kernels, the others summed up, and one of all kernels by family.
void print(const StepProfile &profile, size_t rows);

} // namespace lamina::tools
