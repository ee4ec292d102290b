#include "frontend/builder/training/schedule.h"

#include <numbers>

namespace lamina::frontend::builder {
namespace {

Tensor rateAt(const ExponentialDecay &decay, Tensor iteration) {
  Tensor p = iteration / decay.steps;
  if (decay.isStaircase)
    p = floor(p);
  return decay.initial * power(p.like(decay.rate), p);
}

Tensor rateAt(const InverseTimeDecay &decay, Tensor iteration) {
  Tensor p = iteration / decay.steps;
  if (decay.isStaircase)
    p = floor(p);
  return decay.initial / (1.0 + decay.rate * p);
}

Tensor rateAt(const PolynomialDecay &decay, Tensor iteration) {
  double steps = decay.steps;
  Tensor p;
  if (decay.isCycle) {
    Tensor whole = ceil(iteration / steps);
    p = iteration / (steps * where(equal(iteration, iteration.like(0)), iteration.like(1), whole));
  } else {
    p = minimum(iteration, steps) / steps;
  }
  Tensor exponent = p.like(decay.exponent);
  return (decay.initial - decay.end) * power(1.0 - p, exponent) + decay.end;
}

/// 1 at a fraction of 0, falling to 0 at 1.
Tensor halfCosine(Tensor fraction, double from, double alpha) {
  Tensor decayed = 0.5 * (1.0 + cosine(std::numbers::pi * fraction));
  return from * ((1 - alpha) * decayed + alpha);
}

Tensor rateAt(const CosineDecay &decay, Tensor iteration) {
  const auto &[initial, alpha, steps, warmup, target] = decay;
  if (!target)
    return halfCosine(minimum(iteration, steps) / steps, initial, alpha);
  Tensor done = minimum(iteration, steps + warmup);
  Tensor decayed = halfCosine((done - warmup) / steps, *target, alpha);
  if (warmup == 0)
    return decayed;
  return where(done < warmup, (*target - initial) * (done / warmup) + initial, decayed);
}

Tensor rateAt(const CosineDecayRestarts &decay, Tensor iteration) {
  const auto &[initial, alpha, firstSteps, growth, fall] = decay;
  Tensor fraction = iteration / firstSteps;
  Tensor restart;
  if (growth == 1) {
    restart = floor(fraction);
    fraction = fraction - restart;
  } else {
    Tensor base = fraction.like(growth);
    restart = floor(log(1.0 - fraction * (1 - growth)) / log(base));
    Tensor length = power(base, restart);
    fraction = (fraction - (1.0 - length) / (1 - growth)) / length;
  }
  Tensor factor = power(restart.like(fall), restart);
  Tensor decayed = 0.5 * factor * (1.0 + cosine(std::numbers::pi * fraction));
  return initial * ((1 - alpha) * decayed + alpha);
}

Tensor rateAt(const PiecewiseConstantDecay &decay, Tensor iteration) {
  const auto &[boundaries, values] = decay;
  Tensor rate = iteration.like(values.back());
  for (size_t i = boundaries.size(); i-- > 0;)
    rate = where(iteration <= boundaries[i], iteration.like(values[i]), rate);
  return rate;
}

} // namespace

Tensor scheduledLearningRate(const Schedule &schedule, Tensor iteration) {
  return std::visit([&](const auto &kind) { return rateAt(kind, iteration); }, schedule);
}

} // namespace lamina::frontend::builder
