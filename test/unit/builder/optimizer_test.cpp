// Optimizers made from settings, without any model file: one update, interpreted.
#include <cmath>
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "frontend/builder/init_function.h"
#include "frontend/builder/training/optimizer.h"
#include "ir/module.h"
#include "written_function.h"

namespace lamina::frontend::test {
namespace {

using namespace builder;
using testing::ElementsAre;
using testing::FloatNear;

/// An optimizer of one variable "w" of two elements, and the state that it keeps.
class Training {
public:
  Training(OptimizerSettings settings, std::vector<float> first,
           std::optional<Constraint> constraint = std::nullopt)
      : optimizer(complete(std::move(settings))) {
    weight.symbol = "w";
    weight.shape = {2};
    weight.isTrainable = true;
    weight.initializer = ConstantInitializer{{first.begin(), first.end()}, {2}};
    optimizer.declareVariables({{&weight, constraint}});
    declare();
    FunctionWriter writer(*written.module, ir::kOptimizer);
    optimizer.write(writer);
    writer.finish();
    run(ir::kInit, ir::HostTensor::scalar<int64_t>(0));
  }

  /// One batch with this gradient; the variable's new value.
  std::vector<float> step(std::vector<float> gradient) {
    run(ir::kOptimizer, floats({2}, std::move(gradient)));
    return values(state.at("w"));
  }
  std::vector<float> value(const std::string &symbol) { return values(state.at(symbol)); }

private:
  static OptimizerSettings complete(OptimizerSettings settings) {
    settings.place = {"model.onnx", "the optimizer"};
    settings.name = "opt";
    return settings;
  }

  void declare() {
    std::vector<Variable *> variables = {&weight};
    for (const std::unique_ptr<Variable> &variable : optimizer.getVariables())
      variables.push_back(variable.get());
    for (auto [index, variable] : llvm::enumerate(variables)) {
      variable->index = index;
      declareVariable(*written.module, *variable);
    }
    writeInit(*written.module, variables, "model.onnx");
  }

  /// Runs a function on the state and one other argument, and keeps the state's new values.
  void run(llvm::StringRef name, ir::HostTensor other) {
    auto function = written.module->lookupSymbol<mlir::func::FuncOp>(name);
    std::vector<ir::HostTensor> arguments;
    for (unsigned i = 0; i < function.getNumArguments(); ++i) {
      auto variable = ir::getArgumentVariable(function, i);
      arguments.push_back(variable ? state.at(variable.getValue().str()) : other);
    }
    std::vector<ir::HostTensor> results = written.run(name, arguments);
    for (unsigned i = 0; i < function.getNumResults(); ++i)
      state[ir::getResultVariable(function, i).getValue().str()] = results[i];
  }

  WrittenModule written;
  Variable weight;
  Optimizer optimizer;
  std::map<std::string, ir::HostTensor> state;
};

OptimizerSettings sgd(double learningRate) {
  OptimizerSettings settings;
  settings.update = SgdSettings{};
  settings.learningRate = learningRate;
  return settings;
}

TEST(Optimizer, gradientDescentTakesTheRateTimesTheGradient) {
  Training training(sgd(0.5), {1, 2});
  EXPECT_THAT(training.step({2, -4}), ElementsAre(0, 4));
}

TEST(Optimizer, momentumIsKeptFromStepToStep) {
  OptimizerSettings settings = sgd(1);
  settings.update = SgdSettings{0.5};
  Training training(settings, {0, 0});
  EXPECT_THAT(training.step({1, 2}), ElementsAre(-1, -2));
  EXPECT_THAT(training.value("opt/w_momentum"), ElementsAre(-1, -2));
  EXPECT_THAT(training.step({0, 0}), ElementsAre(-1.5, -3)); // half of the step before
}

TEST(Optimizer, firstStepOfAdamHasTheSizeOfTheRate) {
  OptimizerSettings settings = sgd(0.1);
  settings.update = AdamSettings{};
  Training training(settings, {1, 1});
  EXPECT_THAT(training.step({3, -0.5}), ElementsAre(FloatNear(0.9, 1e-5), FloatNear(1.1, 1e-5)));
}

TEST(Optimizer, gradientsAreClippedByTheirNorm) {
  OptimizerSettings settings = sgd(1);
  settings.clipNorm = 1;
  Training training(settings, {0, 0});
  EXPECT_THAT(training.step({3, 4}), ElementsAre(FloatNear(-0.6, 1e-6), FloatNear(-0.8, 1e-6)));
}

TEST(Optimizer, weightDecayComesBeforeTheUpdate) {
  OptimizerSettings settings = sgd(0.5);
  settings.weightDecay = 0.5;
  Training training(settings, {4, 8});
  EXPECT_THAT(training.step({1, 1}), ElementsAre(2.5, 5.5));
}

TEST(Optimizer, accumulatedGradientsMakeOneUpdateOfTheirMean) {
  OptimizerSettings settings = sgd(1);
  settings.accumulationSteps = 2;
  Training training(settings, {0, 0});
  EXPECT_THAT(training.step({1, 2}), ElementsAre(0, 0));
  EXPECT_THAT(training.step({3, 4}), ElementsAre(-2, -3));
}

TEST(Optimizer, movingAveragesFollowTheValues) {
  OptimizerSettings settings = sgd(1);
  settings.movingAverage = MovingAverageSettings{0.5, std::nullopt};
  Training training(settings, {0, 0});
  training.step({-1, -2});
  EXPECT_THAT(training.value("opt/w_average"), ElementsAre(1, 2)); // the value itself at first
  training.step({-1, -2});
  EXPECT_THAT(training.value("opt/w_average"), ElementsAre(1.5, 3));
}

TEST(Optimizer, constraintsComeLast) {
  Training training(sgd(1), {1, 1}, NonNegativeConstraint{});
  EXPECT_THAT(training.step({3, -1}), ElementsAre(0, 2));
}

TEST(Optimizer, schedulesTakeThePlaceOfTheLearningRate) {
  OptimizerSettings settings = sgd(0);
  settings.schedule = PiecewiseConstantDecay{{0}, {1, 0.5}};
  Training training(settings, {0, 0});
  EXPECT_THAT(training.step({1, 1}), ElementsAre(-1, -1));
  EXPECT_THAT(training.step({1, 1}), ElementsAre(-1.5, -1.5));
}

/// The learning rate of a schedule after so many updates.
float rateAt(const Schedule &schedule, float updates) {
  return values(evaluate([&](auto x) { return scheduledLearningRate(schedule, x[0]); },
                         {floats({}, {updates})}))[0];
}

TEST(Schedule, exponentialDecayFallsByItsRate) {
  EXPECT_FLOAT_EQ(rateAt(ExponentialDecay{8, 10, 0.5}, 15), 8 * std::pow(0.5f, 1.5f));
  EXPECT_FLOAT_EQ(rateAt(ExponentialDecay{8, 10, 0.5, true}, 15), 4);
}

TEST(Schedule, inverseTimeDecayDivides) {
  EXPECT_FLOAT_EQ(rateAt(InverseTimeDecay{6, 10, 2}, 10), 2);
}

TEST(Schedule, polynomialDecayEndsAtItsEnd) {
  EXPECT_FLOAT_EQ(rateAt(PolynomialDecay{3, 1, 10, 1}, 5), 2);
  EXPECT_FLOAT_EQ(rateAt(PolynomialDecay{3, 1, 10, 1}, 50), 1);
  EXPECT_FLOAT_EQ(rateAt(PolynomialDecay{3, 1, 10, 1, true}, 15), 1.5); // 15 of 20 steps
}

TEST(Schedule, cosineDecayWarmsUpToItsTarget) {
  CosineDecay decay{1, 0, 10, 4, 3};
  EXPECT_FLOAT_EQ(rateAt(decay, 2), 2);
  EXPECT_FLOAT_EQ(rateAt(decay, 4), 3);
  EXPECT_NEAR(rateAt(decay, 9), 1.5, 1e-6);
}

TEST(Schedule, restartsBeginLower) {
  CosineDecayRestarts decay{2, 0, 10, 1, 0.5};
  EXPECT_NEAR(rateAt(decay, 5), 1, 1e-6);
  EXPECT_NEAR(rateAt(decay, 10), 1, 1e-6);
}

} // namespace
} // namespace lamina::frontend::test
