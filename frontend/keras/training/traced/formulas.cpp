#include "frontend/keras/training/traced/formulas.h"

#include "frontend/keras/training/traced/program.h"

using namespace mlir;

namespace lamina::frontend::keras {

namespace {

class TracedLossFormula : public LossFormula {
public:
  explicit TracedLossFormula(Config &config)
      : program(config, "program", 2, 2), isWeighted(config.boolean("takes_weights", true)) {}

  bool takesWeights() const override { return isWeighted; }

  TargetType getTargetType(const Place &, RankedTensorType) const override {
    return {program.inputType(0), program.inputShape(0), 0};
  }

  ElementValues compute(const Scores &scores) const override {
    Tensors values =
        program.run({scores.target, scores.prediction}, scores.prediction, scores.logits);
    if (values.size() != 1)
      scores.place.fail("its program does not give one tensor");
    return {values[0].toFloat(), {}};
  }

private:
  TracedProgram program;
  bool isWeighted;
};

class TracedMetricFormula : public MetricFormula {
public:
  TracedMetricFormula(Place place, TracedProgram update, TracedProgram result)
      : place(std::move(place)), update(std::move(update)), results(std::move(result)) {}

  Tensors accumulate(const Scores &scores) const override {
    Tensors inputs = {scores.target, scores.prediction};
    if (update.countInputs() == 3)
      inputs.push_back(weightsOf(scores));
    Tensors sums = update.run(inputs, scores.prediction, scores.logits);
    if (sums.size() != results.countInputs())
      place.fail(fmt::format("its update gives {} sums, but its result takes {}", sums.size(),
                             results.countInputs()));
    for (Tensor &sum : sums) {
      if (!sum.type().hasStaticShape())
        place.fail("its state cannot have a value for each row");
      sum = sum.convert(sum.emit().getFloatType());
    }
    return sums;
  }

  Tensor result(ArrayRef<Tensor> sums) const override {
    Tensors values = results.run(sums);
    if (values.size() != 1 || values[0].rank() > 1 || !values[0].type().hasStaticShape())
      place.fail("its result is no number");
    return values[0].convert(sums[0].elementType());
  }

private:
  static Tensor weightsOf(const Scores &scores) {
    if (scores.weights)
      return scores.weights;
    return scores.target.like(1).toFloat().broadcastTo({scores.prediction.dim(0)});
  }

  Place place;
  TracedProgram update, results;
};

} // namespace

std::unique_ptr<LossFormula> readTracedLoss(Config &config) {
  return std::make_unique<TracedLossFormula>(config);
}

std::unique_ptr<MetricFormula> readTracedMetric(const nlohmann::json &object, const Place &place) {
  Config config(object, place);
  config.ignore({"name", "dtype"});
  TracedProgram update(config, "update", 2, 3);
  TracedProgram result(config, "result", 1, 64);
  config.finish("Metric");
  return std::make_unique<TracedMetricFormula>(place, std::move(update), std::move(result));
}

Constraint readTracedConstraint(const nlohmann::json &object, const Place &place) {
  Config config(object, place);
  TracedProgram program(config, "program", 1, 1);
  config.finish("Constraint");
  return OtherConstraint{[program = std::move(program), place](Tensor weight) {
    Tensors values = program.run({weight});
    if (values.size() != 1 || values[0].shape() != weight.shape())
      place.fail("the program of a constraint does not give one tensor of the weight's shape");
    return values[0].convert(weight.elementType());
  }};
}

} // namespace lamina::frontend::keras
