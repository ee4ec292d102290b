#pragma once

#include "frontend/keras/optimizer.h"

/// The optimizer entries, one per Keras class.
namespace lamina::frontend::keras {

extern const OptimizerEntry sgdOptimizer, adamOptimizer, adamWOptimizer, rmspropOptimizer;

template <typename Meaning> std::unique_ptr<OptimizerMeaning> createOptimizer(Config &config) {
  return std::make_unique<Meaning>(config);
}

} // namespace lamina::frontend::keras
