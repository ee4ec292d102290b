// keras.optimizers.schedules: keras/src/optimizers/schedules/learning_rate_schedule.py
#include "frontend/keras/schedule.h"

#include <numbers>

namespace lamina::frontend::keras {
namespace {

struct ScheduleEntry {
  const char *className;
  Tensor (*create)(Config &config, Tensor iteration);
};

double positiveSteps(Config &config, const char *key) {
  double steps = config.number(key, 0);
  if (!(steps > 0))
    config.fail(fmt::format("'{}' must be positive", key));
  return steps;
}

Tensor exponentialDecay(Config &config, Tensor iteration) {
  Tensor p = iteration / positiveSteps(config, "decay_steps");
  if (config.boolean("staircase", false))
    p = floor(p);
  Tensor decay = power(p.like(config.number("decay_rate", 1)), p);
  return config.number("initial_learning_rate", 0) * decay;
}

Tensor inverseTimeDecay(Config &config, Tensor iteration) {
  Tensor p = iteration / positiveSteps(config, "decay_steps");
  if (config.boolean("staircase", false))
    p = floor(p);
  return config.number("initial_learning_rate", 0) / (1.0 + config.number("decay_rate", 1) * p);
}

Tensor polynomialDecay(Config &config, Tensor iteration) {
  double initial = config.number("initial_learning_rate", 0);
  double end = config.number("end_learning_rate", 0.0001);
  double steps = positiveSteps(config, "decay_steps");
  Tensor p;
  if (config.boolean("cycle", false)) {
    Tensor whole = (iteration / steps).apply<ir::CeilOp>();
    p = iteration / (steps * where(equal(iteration, iteration.like(0)), iteration.like(1), whole));
  } else {
    p = minimum(iteration, steps) / steps;
  }
  Tensor exponent = p.like(config.number("power", 1));
  return (initial - end) * power(1.0 - p, exponent) + end;
}

Tensor cosine(Tensor fraction, double from, double alpha) {
  Tensor decayed = 0.5 * (1.0 + cosine(std::numbers::pi * fraction));
  return from * ((1 - alpha) * decayed + alpha);
}

Tensor cosineDecay(Config &config, Tensor iteration) {
  double initial = config.number("initial_learning_rate", 0), alpha = config.number("alpha", 0);
  double steps = positiveSteps(config, "decay_steps");
  auto target = config.optionalNumber("warmup_target");
  double warmup = config.number("warmup_steps", 0);
  if (!target)
    return cosine(minimum(iteration, steps) / steps, initial, alpha);
  Tensor done = minimum(iteration, steps + warmup);
  Tensor decayed = cosine((done - warmup) / steps, *target, alpha);
  if (warmup == 0)
    return decayed;
  return where(done < warmup, (*target - initial) * (done / warmup) + initial, decayed);
}

Tensor cosineDecayRestarts(Config &config, Tensor iteration) {
  double initial = config.number("initial_learning_rate", 0), alpha = config.number("alpha", 0);
  double growth = config.number("t_mul", 2), fall = config.number("m_mul", 1);
  Tensor fraction = iteration / positiveSteps(config, "first_decay_steps");
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

/// values[i] up to and with boundaries[i], the last value after the last boundary.
Tensor piecewiseConstantDecay(Config &config, Tensor iteration) {
  std::vector<double> boundaries = config.numbers("boundaries", 0).values;
  std::vector<double> values = config.numbers("values", 0).values;
  if (values.size() != boundaries.size() + 1)
    config.fail("PiecewiseConstantDecay needs one value more than boundaries");
  Tensor rate = iteration.like(values.back());
  for (size_t i = boundaries.size(); i-- > 0;)
    rate = where(iteration <= boundaries[i], iteration.like(values[i]), rate);
  return rate;
}

const ScheduleEntry kSchedules[] = {
    {"ExponentialDecay", exponentialDecay},
    {"InverseTimeDecay", inverseTimeDecay},
    {"PolynomialDecay", polynomialDecay},
    {"CosineDecay", cosineDecay},
    {"CosineDecayRestarts", cosineDecayRestarts},
    {"PiecewiseConstantDecay", piecewiseConstantDecay},
};

} // namespace

Tensor scheduledLearningRate(const Place &place, const nlohmann::json &schedule, Tensor iteration) {
  ObjectConfig object = ObjectConfig::read(place, "the learning rate schedule", schedule);
  std::vector<std::string> names;
  for (const ScheduleEntry &entry : kSchedules) {
    names.push_back(entry.className);
    if (object.className != entry.className)
      continue;
    Config config(object.config, place);
    config.ignore({"name"});
    Tensor rate = entry.create(config, iteration);
    config.finish(object.className);
    return rate;
  }
  place.fail(notSupported("learning rate schedule " + printable(object.className), object.className,
                          names));
}

} // namespace lamina::frontend::keras
