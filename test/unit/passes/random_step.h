#pragma once

#include <cstdint>
#include <string>

namespace lamina::passes {

/// A module whose @train_step computes random things from its variables and inputs and assigns the
/// variables in every awkward way: values that were computed before others that need the old ones,
/// transposed ones, one value for several variables, variables that swap values. f32 throughout.
std::string makeRandomStep(uint64_t seed);

inline constexpr int64_t kRandomStepBatchSize = 6;

} // namespace lamina::passes
