// keras.optimizers.schedules: keras/src/optimizers/schedules/learning_rate_schedule.py
#include "frontend/keras/training/schedule.h"

namespace lamina::frontend::keras {
namespace {

struct ScheduleEntry {
  const char *className;
  Schedule (*read)(Config &config);
};

double initialRate(Config &config) {
  return config.number("initial_learning_rate", 0);
}

double positiveSteps(Config &config, const char *key) {
  double steps = config.number(key, 0);
  if (!(steps > 0))
    config.fail(fmt::format("'{}' must be positive", key));
  return steps;
}

/// ExponentialDecay and InverseTimeDecay have the same settings.
template <typename Decay> Schedule rateDecay(Config &config) {
  return Decay{initialRate(config), positiveSteps(config, "decay_steps"),
               config.number("decay_rate", 1), config.boolean("staircase", false)};
}

Schedule polynomialDecay(Config &config) {
  return PolynomialDecay{initialRate(config), config.number("end_learning_rate", 0.0001),
                         positiveSteps(config, "decay_steps"), config.number("power", 1),
                         config.boolean("cycle", false)};
}

Schedule cosineDecay(Config &config) {
  return CosineDecay{initialRate(config), config.number("alpha", 0),
                     positiveSteps(config, "decay_steps"), config.number("warmup_steps", 0),
                     config.optionalNumber("warmup_target")};
}

Schedule cosineDecayRestarts(Config &config) {
  return CosineDecayRestarts{initialRate(config), config.number("alpha", 0),
                             positiveSteps(config, "first_decay_steps"), config.number("t_mul", 2),
                             config.number("m_mul", 1)};
}

Schedule piecewiseConstantDecay(Config &config) {
  PiecewiseConstantDecay decay{config.numbers("boundaries", 0).values,
                               config.numbers("values", 0).values};
  if (decay.values.size() != decay.boundaries.size() + 1)
    config.fail("PiecewiseConstantDecay needs one value more than boundaries");
  return decay;
}

const ScheduleEntry kSchedules[] = {
    {"ExponentialDecay", rateDecay<ExponentialDecay>},
    {"InverseTimeDecay", rateDecay<InverseTimeDecay>},
    {"PolynomialDecay", polynomialDecay},
    {"CosineDecay", cosineDecay},
    {"CosineDecayRestarts", cosineDecayRestarts},
    {"PiecewiseConstantDecay", piecewiseConstantDecay},
};

} // namespace

Schedule readSchedule(const Place &place, const nlohmann::json &schedule) {
  ObjectConfig object = ObjectConfig::read(place, "the learning rate schedule", schedule);
  std::vector<std::string> names;
  for (const ScheduleEntry &entry : kSchedules) {
    names.push_back(entry.className);
    if (object.className != entry.className)
      continue;
    Config config(object.config, place);
    config.ignore({"name"});
    Schedule result = entry.read(config);
    config.finish(object.className);
    return result;
  }
  place.refuse(notSupported("learning rate schedule " + printable(object.className),
                            object.className, names));
}

} // namespace lamina::frontend::keras
