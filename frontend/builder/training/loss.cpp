#include "frontend/builder/shapes.h"
#include "frontend/builder/training/losses/losses.h"
#include "support/error.h"

using namespace mlir;

namespace lamina::frontend::builder {

int64_t axisBesideRows(const Scores &scores, int64_t axis) {
  int64_t fromFront = normalizeAxis(scores.place, axis, scores.prediction.rank());
  if (fromFront == 0)
    scores.place.fail("'axis' must not be the rows");
  return fromFront;
}

TargetType LossFormula::getTargetType(const Place &place, RankedTensorType prediction) const {
  if (prediction.getRank() < 2)
    place.fail(fmt::format("needs a prediction of rank 2 or more, got shape {}",
                           describeShape(prediction.getShape())));
  return {ElementType::F32, prediction.getShape().vec(), 0};
}

std::unique_ptr<LossFormula> createLossFormula(const LossFormulaSettings &settings) {
  return std::visit([](const auto &kind) { return createFormula(kind); }, settings);
}

ElementValues Loss::compute(Tensor target, Tensor prediction, Tensor logits, Tensor mask) const {
  ElementValues elements = formula->compute({target, prediction, logits, place});
  if (!mask)
    return elements;
  if (mask.shape() != elements.values.shape())
    place.fail(fmt::format("gives values of shape {}, but the mask of the output has shape {}; "
                           "use a loss that gives one value per step",
                           describeShape(elements.values.shape()), describeShape(mask.shape())));
  Tensor counts = elements.mask ? logicalAnd(mask, elements.mask) : mask;
  return {elements.values * mask.convert(elements.values.elementType()), counts};
}

void Loss::requireMeanOverRows(bool isWeighted) const {
  auto refuse = [&](const char *name, const char *reason) {
    place.fail(fmt::format("has the reduction '{}', {}; with batches in parts (--accumulate) use "
                           "'sum_over_batch_size'",
                           name, reason));
  };
  if (!formula->takesWeights())
    place.fail("is the model's own for a whole batch, which does not follow from parts of one; "
               "compile without batches in parts");
  if (reduction == LossReduction::Sum)
    refuse("sum", "which grows with the batch");
  if (reduction == LossReduction::None)
    refuse("none", "whose gradient grows with the batch");
  if (reduction == LossReduction::MeanOverWeights && isWeighted)
    refuse("mean_with_sample_weight", "which divides by the weights of a batch");
}

/// Values that a mask leaves out are 0.
Tensor Loss::reduce(const ElementValues &elements, Tensor weights) const {
  if (weights && !formula->takesWeights())
    place.fail(
        "is the model's own for a whole batch, to which weights of samples cannot be applied; "
        "give none");
  Tensor values = weights ? elements.values * weights : elements.values, mask = elements.mask;
  if (reduction == LossReduction::Sum)
    return sumAll(values);
  if (reduction == LossReduction::None)
    return meanAll(values);
  if (reduction == LossReduction::MeanOverWeights && weights)
    return divideNoNan(sumAll(values), sumAll(mask ? where(mask, weights, 0.0) : weights));
  return mask ? divideNoNan(sumAll(values), sumAll(mask.toFloat())) : meanAll(values);
}

} // namespace lamina::frontend::builder
