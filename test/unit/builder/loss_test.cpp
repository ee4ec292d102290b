// Losses made from settings: values of single elements, masks, reductions.
#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "frontend/builder/training/loss.h"
#include "written_function.h"

namespace lamina::frontend::test {
namespace {

using namespace builder;
using testing::ElementsAre;
using testing::FloatNear;

const Place kLossPlace{"model.onnx", "the loss"};

/// The values of a loss, one for each row.
std::vector<float> lossOf(const LossFormulaSettings &settings, ir::HostTensor target,
                          ir::HostTensor prediction) {
  Loss loss(kLossPlace, settings, LossReduction::MeanOverElements);
  return values(evaluate([&](auto x) { return loss.compute(x[0], x[1], {}, {}).values; },
                         {std::move(target), std::move(prediction)}));
}

const ir::HostTensor kTarget = floats({2, 2}, {0, 1, 1, 0});
const ir::HostTensor kPrediction = floats({2, 2}, {0.5, 0.5, 0.25, 0.75});

TEST(Loss, errorsAreMeansOverTheLastDimension) {
  EXPECT_THAT(lossOf(PlainLoss::MeanSquaredError, kTarget, kPrediction), ElementsAre(0.25, 0.5625));
  EXPECT_THAT(lossOf(PlainLoss::MeanAbsoluteError, kTarget, kPrediction), ElementsAre(0.5, 0.75));
  EXPECT_THAT(lossOf(HuberSettings{0.5}, kTarget, kPrediction), ElementsAre(0.125, 0.25));
}

TEST(Loss, crossEntropiesTakeProbabilitiesOrLogits) {
  float ln2 = std::log(2.0f);
  EXPECT_THAT(lossOf(CategoricalCrossentropySettings{}, kTarget, kPrediction),
              ElementsAre(FloatNear(ln2, 1e-6), FloatNear(2 * ln2, 1e-6)));
  EXPECT_THAT(lossOf(BinaryCrossentropySettings{true}, kTarget, floats({2, 2}, {0, 0, 0, 0})),
              ElementsAre(FloatNear(ln2, 1e-6), FloatNear(ln2, 1e-6)));
}

TEST(Loss, sparseTargetsAreClassIndices) {
  Loss loss(kLossPlace, SparseCategoricalCrossentropySettings{}, LossReduction::Sum);
  mlir::MLIRContext context;
  auto type = mlir::RankedTensorType::get({mlir::ShapedType::kDynamic, 10},
                                          mlir::Float32Type::get(&context));
  TargetType target = loss.getTargetType(type);
  EXPECT_EQ(target.type, ElementType::I32);
  EXPECT_EQ(target.classes, 10);
  EXPECT_THAT(target.shape, ElementsAre(mlir::ShapedType::kDynamic));
}

TEST(Loss, masksLeaveStepsOutOfSumAndCount) {
  Loss loss(kLossPlace, PlainLoss::MeanSquaredError, LossReduction::MeanOverElements);
  auto reduced =
      evaluate([&](auto x) { return loss.reduce(loss.compute(x[0], x[1], {}, x[2] > 0.0), {}); },
               {kTarget, kPrediction, floats({2}, {1, 0})});
  EXPECT_THAT(values(reduced), ElementsAre(0.25));
}

TEST(Loss, reductionsSumOrDivideByWeights) {
  auto reduce = [](LossReduction reduction) {
    Loss loss(kLossPlace, PlainLoss::MeanSquaredError, reduction);
    return values(
        evaluate([&](auto x) { return loss.reduce(loss.compute(x[0], x[1], {}, {}), x[2]); },
                 {kTarget, kPrediction, floats({2}, {3, 0})}))[0];
  };
  EXPECT_EQ(reduce(LossReduction::Sum), 0.75);
  EXPECT_EQ(reduce(LossReduction::MeanOverElements), 0.375);
  EXPECT_EQ(reduce(LossReduction::MeanOverWeights), 0.25);
}

TEST(Loss, refusesMasksOfOtherShapes) {
  EXPECT_EQ(errorOf([] {
              Loss loss(kLossPlace, TverskySettings{}, LossReduction::Sum);
              evaluate([&](auto x) { return loss.compute(x[0], x[1], {}, x[2] > 0.0).values; },
                       {kTarget, kPrediction, floats({2}, {1, 0})});
            }),
            "model.onnx: the loss: gives values of shape (), but the mask of the output has shape "
            "(2,); use a loss that gives one value per step");
}

TEST(Loss, refusesOneWeightTooManyForTheClasses) {
  CategoricalFocalCrossentropySettings settings;
  settings.alpha = {1, 2, 3};
  settings.alphaShape = {3};
  EXPECT_EQ(errorOf([&] { lossOf(settings, kTarget, kPrediction); }),
            "model.onnx: the loss: 'alpha' must be a number or one for each of the 2 classes");
}

} // namespace
} // namespace lamina::frontend::test
