// Regularizers and constraints made from settings.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "frontend/builder/training/constraint.h"
#include "frontend/builder/training/regularizer.h"
#include "written_function.h"

namespace lamina::frontend::test {
namespace {

using namespace builder;
using testing::ElementsAre;
using testing::FloatNear;

const Place kWeightPlace{"model.onnx", "the weight"};

float penaltyOf(const Regularizer &regularizer, ir::HostTensor weight) {
  return values(evaluate([&](auto x) { return regularize(regularizer, kWeightPlace, x[0]); },
                         {std::move(weight)}))[0];
}

std::vector<float> constrained(const Constraint &constraint, ir::HostTensor weight) {
  return values(evaluate([&](auto x) { return constrain(constraint, kWeightPlace, x[0]); },
                         {std::move(weight)}));
}

TEST(Regularizer, normsAddUp) {
  EXPECT_EQ(penaltyOf(NormRegularizer{0.5, 0.25}, floats({3}, {1, -2, 3})), 6.5);
  EXPECT_EQ(penaltyOf(NormRegularizer{}, floats({3}, {1, -2, 3})), 0);
}

TEST(Regularizer, orthogonalLooksAtPairsOfRowsOrColumns) {
  // Three rows, of which the first and the last are parallel; the columns are orthogonal.
  ir::HostTensor weight = floats({3, 2}, {1, 0, 0, 1, 2, 0});
  EXPECT_NEAR(penaltyOf(OrthogonalRegularizer{3}, weight), 1, 1e-6);
  EXPECT_NEAR(penaltyOf(OrthogonalRegularizer{3, true}, weight), 0, 1e-6);
  EXPECT_EQ(errorOf([] { penaltyOf(OrthogonalRegularizer{}, floats({2}, {1, 2})); }),
            "model.onnx: the weight: an OrthogonalRegularizer needs a matrix of weights");
}

TEST(Constraint, projectionsKeepWhatFits) {
  ir::HostTensor weight = floats({2, 2}, {3, 0.5, -4, 0});
  EXPECT_THAT(constrained(NonNegativeConstraint{}, weight), ElementsAre(3, 0.5, 0, 0));
  auto near = [](float value) { return FloatNear(value, 1e-5); };
  EXPECT_THAT(constrained(UnitNormConstraint{}, weight),
              ElementsAre(near(0.6), near(1), near(-0.8), near(0)));
  EXPECT_THAT(constrained(MaxNormConstraint{2.5}, weight),
              ElementsAre(near(1.5), near(0.5), near(-2), near(0)));
  EXPECT_THAT(constrained(MaxNormConstraint{2, {-1}}, weight),
              ElementsAre(near(3 * 2 / 3.0413813f), near(0.5 * 2 / 3.0413813f), near(-2), near(0)));
}

TEST(Constraint, normsMoveTowardsARangeByTheRate) {
  ir::HostTensor weight = floats({2, 2}, {3, 0.5, -4, 0});
  auto near = [](float value) { return FloatNear(value, 1e-5); };
  EXPECT_THAT(constrained(MinMaxNormConstraint{1, 2.5, 0.5}, weight),
              ElementsAre(near(2.25), near(0.75), near(-3), near(0)));
}

TEST(Constraint, axesThatAreNotThereAreRefused) {
  EXPECT_EQ(errorOf([] { constrained(UnitNormConstraint{{2}}, floats({2, 1}, {1, 2})); }),
            "model.onnx: the weight: constraint axis 2 is not one of a weight of rank 2");
}

} // namespace
} // namespace lamina::frontend::test
