// One @optimizer call through the reference interpreter against Keras' formulas in double.
#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model_file.h"

namespace lamina::frontend::test {
namespace {

using nlohmann::json;
using testing::ElementsAre;

/// A kernel of two weights, without bias, and its updates.
class Trained {
public:
  Trained(const char *className, json config, json constraint = nullptr)
      : model(makeFile(
            sequential(
                {input("x", {2}),
                 layer("Dense", "d",
                       {{"units", 1}, {"use_bias", false}, {"kernel_constraint", constraint}})}),
            {{"loss", "mse"}, {"optimizer", {{"class_name", className}, {"config", config}}}})) {
    model.initialize(0);
    model.state["d/kernel"] = floats({2, 1}, {1, -2});
  }

  std::vector<float> update(std::vector<float> gradient) {
    model.run("optimizer", {floats({2, 1}, gradient)}, 1);
    return values(model.state.at("d/kernel"));
  }

  Imported model;
};

void expectNear(const std::vector<float> &actual, std::vector<double> expected) {
  for (size_t i = 0; i < expected.size(); ++i)
    EXPECT_NEAR(actual[i], expected[i], 1e-6) << "element " << i;
}

TEST(SGD, plainMomentumAndNesterov) {
  expectNear(Trained("SGD", {{"learning_rate", 0.1}}).update({1, 2}), {0.9, -2.2});
  Trained momentum("SGD", {{"learning_rate", 0.1}, {"momentum", 0.5}});
  momentum.update({1, 2});
  expectNear(momentum.update({1, 2}), {0.9 - 0.15, -2.2 - 0.3});
  Trained nesterov("SGD", {{"learning_rate", 0.1}, {"momentum", 0.5}, {"nesterov", true}});
  expectNear(nesterov.update({1, 2}), {1 - 0.15, -2.3});
}

TEST(Adam, firstAndSecondUpdate) {
  Trained adam("Adam", {{"learning_rate", 0.1}});
  double w = 1, m = 0, v = 0;
  for (int t = 1; t <= 2; ++t) {
    double g = 0.5 * t;
    m += (g - m) * 0.1;
    v += (g * g - v) * 0.001;
    w -= m * (0.1 * std::sqrt(1 - std::pow(0.999, t)) / (1 - std::pow(0.9, t))) /
         (std::sqrt(v) + 1e-7);
    float gradient = static_cast<float>(g);
    EXPECT_NEAR(adam.update({gradient, gradient})[0], w, 2e-5);
  }
  EXPECT_EQ(adam.model.state.at("adam/iteration").at(0), 2);
}

TEST(Adam, amsgradKeepsTheLargestVelocity) {
  Trained adam("Adam", {{"amsgrad", true}});
  EXPECT_THAT(adam.model.variableNames(),
              ElementsAre("d/kernel", "adam/iteration", "adam/learning_rate",
                          "adam/d_kernel_momentum", "adam/d_kernel_velocity",
                          "adam/d_kernel_velocity_hat"));
  adam.update({10, 10});
  double largest = adam.model.state.at("adam/d_kernel_velocity_hat").at(0);
  adam.update({0, 0});
  EXPECT_EQ(adam.model.state.at("adam/d_kernel_velocity_hat").at(0), largest);
}

TEST(RMSprop, centeredWithMomentum) {
  Trained rmsprop("RMSprop", {{"learning_rate", 0.1},
                              {"rho", 0.8},
                              {"momentum", 0.5},
                              {"centered", true},
                              {"epsilon", 1e-3}});
  double w = 1, v = 0, m = 0, a = 0;
  for (double g : {0.5, 1.0}) {
    v = 0.8 * v + 0.2 * g * g;
    a = 0.8 * a + 0.2 * g;
    m = 0.5 * m + 0.1 * g / std::sqrt(v - a * a + 1e-3);
    w -= m;
    EXPECT_NEAR(rmsprop.update({static_cast<float>(g), 0})[0], w, 1e-5);
  }
  EXPECT_THAT(rmsprop.model.variableNames(),
              ElementsAre("d/kernel", "rmsprop/iteration", "rmsprop/learning_rate",
                          "rmsprop/d_kernel_velocity", "rmsprop/d_kernel_momentum",
                          "rmsprop/d_kernel_average_gradient"));
}

TEST(Optimizer, slotsAreStoredInKerasOrder) {
  auto names = [](const char *className, json config) {
    auto all = Trained(className, config).model.variableNames();
    all.erase(all.begin(), all.begin() + 3); // kernel, iteration, learning rate
    return all;
  };
  EXPECT_THAT(names("Nadam", json::object()),
              ElementsAre("nadam/d_kernel_momentum", "nadam/d_kernel_velocity", "nadam/u_product"));
  EXPECT_THAT(names("Adafactor", json::object()),
              ElementsAre("adafactor/d_kernel_row_mean", "adafactor/d_kernel_column_mean",
                          "adafactor/d_kernel_velocity"));
  EXPECT_THAT(names("Muon", json::object()), ElementsAre("muon/d_kernel_momentum"));
  EXPECT_THAT(names("Muon", {{"exclude_layers", {"d"}}}),
              ElementsAre("muon/d_kernel_momentum", "muon/d_kernel_velocity"));
  EXPECT_THAT(
      names("SGD", {{"momentum", 0.5}, {"use_ema", true}, {"gradient_accumulation_steps", 2}}),
      ElementsAre("sgd/d_kernel_average", "sgd/d_kernel_gradient_accumulator",
                  "sgd/d_kernel_momentum"));
}

TEST(Adagrad, beginsWithItsAccumulator) {
  expectNear(Trained("Adagrad", {{"learning_rate", 0.1}, {"initial_accumulator_value", 3.0}})
                 .update({1, 0}),
             {1 - 0.1 / 2, -2});
}

TEST(Lion, stepsBySigns) {
  expectNear(Trained("Lion", {{"learning_rate", 0.1}}).update({5, -0.25}), {0.9, -1.9});
}

TEST(Lamb, stepsAreAsLongAsTheWeights) {
  // The first step of Adam is (1, -1) here, sqrt(2) long; the weights are sqrt(5) long.
  double step = 0.1 * std::sqrt(2.5);
  expectNear(Trained("Lamb", {{"learning_rate", 0.1}, {"epsilon", 0.0}}).update({3, -4}),
             {1 - step, -2 + step});
}

TEST(Muon, stepsAreOrthogonal) {
  // A matrix of one column becomes a unit vector, as the exact cubic step gives it.
  json exact = {{"learning_rate", 0.1}, {"muon_a", 1.5},       {"muon_b", -0.5},
                {"muon_c", 0.0},        {"rms_rate", nullptr}, {"momentum", 0.0},
                {"nesterov", false},    {"weight_decay", 0.0}};
  expectNear(Trained("Muon", exact).update({3, 4}), {1 - 0.06, -2 - 0.08});
}

TEST(Optimizer, averagesFollowTheVariables) {
  Trained sgd("SGD", {{"learning_rate", 1.0}, {"use_ema", true}, {"ema_momentum", 0.75}});
  expectNear(sgd.update({1, 0}), {0, -2});
  expectNear(values(sgd.model.state.at("sgd/d_kernel_average")), {0, -2});
  expectNear(sgd.update({1, 0}), {-1, -2});
  expectNear(values(sgd.model.state.at("sgd/d_kernel_average")), {-0.25, -2});
}

TEST(Optimizer, averagesOverwriteTheVariables) {
  Trained sgd("SGD", {{"learning_rate", 1.0},
                      {"use_ema", true},
                      {"ema_momentum", 0.75},
                      {"ema_overwrite_frequency", 2}});
  expectNear(sgd.update({1, 0}), {0, -2});
  expectNear(sgd.update({1, 0}), {-0.25, -2});
}

TEST(Optimizer, gradientsOfSeveralBatchesMakeOneUpdate) {
  Trained adam("Adam", {{"learning_rate", 0.1}, {"gradient_accumulation_steps", 2}});
  expectNear(adam.update({1, 2}), {1, -2});
  expectNear(values(adam.model.state.at("adam/d_kernel_momentum")), {0, 0});
  adam.update({3, -2});
  expectNear(values(adam.model.state.at("adam/d_kernel_momentum")), {0.2, 0});
  expectNear(values(adam.model.state.at("adam/d_kernel_gradient_accumulator")), {0, 0});
  EXPECT_NEAR(values(adam.model.state.at("d/kernel"))[0], 0.9, 1e-5);
  EXPECT_EQ(adam.model.state.at("adam/iteration").at(0), 2);
}

TEST(Optimizer, weightDecay) {
  expectNear(Trained("SGD", {{"learning_rate", 0.1}, {"weight_decay", 0.5}}).update({0, 0}),
             {0.95, -1.9});
  expectNear(Trained("AdamW", {{"learning_rate", 0.1}}).update({0, 0}),
             {1 - 0.004 * 0.1, -2 * (1 - 0.004 * 0.1)});
}

TEST(Optimizer, clipping) {
  expectNear(Trained("SGD", {{"learning_rate", 1.0}, {"clipnorm", 1.0}}).update({3, 4}),
             {1 - 0.6, -2 - 0.8});
  expectNear(Trained("SGD", {{"learning_rate", 1.0}, {"global_clipnorm", 1.0}}).update({3, 4}),
             {1 - 0.6, -2 - 0.8});
  expectNear(Trained("SGD", {{"learning_rate", 1.0}, {"clipvalue", 0.5}}).update({3, -4}),
             {0.5, -1.5});
  expectNear(Trained("SGD", {{"learning_rate", 1.0}, {"clipnorm", 1.0}}).update({0, 0}), {1, -2});
}

TEST(Optimizer, globalNormOfOneType) {
  json model = sequential({input("x", {3}), layer("Dense", "d", {{"units", 2}}),
                           layer("Dense", "e", {{"units", 2}, {"dtype", "float64"}})});
  json sgd = {{"class_name", "SGD"}, {"config", {{"global_clipnorm", 1.0}}}};
  EXPECT_EQ(importError(makeFile(model, {{"loss", "mse"}, {"optimizer", sgd}})),
            "model.keras: optimizer 'SGD': 'global_clipnorm' over layers of float32 and float64 "
            "together is not supported (nor by Keras on TensorFlow); use 'clipnorm'");
}

TEST(Optimizer, constraintsApplyAfterTheUpdate) {
  expectNear(Trained("SGD", {{"learning_rate", 1.0}},
                     {{"class_name", "NonNeg"}, {"config", json::object()}})
                 .update({0, 0}),
             {1, 0});
  json maxNorm = {{"class_name", "MaxNorm"}, {"config", {{"max_value", 1.0}, {"axis", 0}}}};
  expectNear(Trained("SGD", {{"learning_rate", 1.0}}, maxNorm).update({0, 0}),
             {1 / std::sqrt(5), -2 / std::sqrt(5)});
}

/// The learning rate in the update after `iteration` ones.
double rateAt(const char *className, json config, int64_t iteration) {
  json schedule = {
      {"module", "keras.optimizers.schedules"}, {"class_name", className}, {"config", config}};
  Trained sgd("SGD", {{"learning_rate", schedule}});
  sgd.model.state["sgd/iteration"] = ir::HostTensor::scalar<int64_t>(iteration);
  return 1 - sgd.update({1, 0})[0];
}

TEST(Schedule, followKeras) {
  json exponential = {{"initial_learning_rate", 0.5}, {"decay_steps", 10}, {"decay_rate", 0.25}};
  EXPECT_NEAR(rateAt("ExponentialDecay", exponential, 5), 0.25, 1e-6);
  exponential["staircase"] = true;
  EXPECT_NEAR(rateAt("ExponentialDecay", exponential, 5), 0.5, 1e-6);
  EXPECT_NEAR(rateAt("InverseTimeDecay",
                     {{"initial_learning_rate", 0.5}, {"decay_steps", 2}, {"decay_rate", 0.5}}, 4),
              0.25, 1e-6);
  json polynomial = {{"initial_learning_rate", 0.5},
                     {"decay_steps", 10},
                     {"end_learning_rate", 0.1},
                     {"power", 2.0}};
  EXPECT_NEAR(rateAt("PolynomialDecay", polynomial, 5), 0.2, 1e-6);
  EXPECT_NEAR(rateAt("PolynomialDecay", polynomial, 50), 0.1, 1e-6);
  json cosine = {{"initial_learning_rate", 0.0},
                 {"decay_steps", 10},
                 {"warmup_target", 0.5},
                 {"warmup_steps", 4}};
  EXPECT_NEAR(rateAt("CosineDecay", cosine, 2), 0.25, 1e-6);
  EXPECT_NEAR(rateAt("CosineDecay", cosine, 9), 0.25, 1e-6);
  EXPECT_NEAR(
      rateAt("CosineDecayRestarts", {{"initial_learning_rate", 0.5}, {"first_decay_steps", 4}}, 8),
      0.25, 1e-5);
  json pieces = {{"boundaries", {2, 4}}, {"values", {0.5, 0.25, 0.125}}};
  EXPECT_NEAR(rateAt("PiecewiseConstantDecay", pieces, 2), 0.5, 1e-6);
  EXPECT_NEAR(rateAt("PiecewiseConstantDecay", pieces, 3), 0.25, 1e-6);
  EXPECT_NEAR(rateAt("PiecewiseConstantDecay", pieces, 5), 0.125, 1e-6);
}

TEST(Schedule, takesTheLearningRatesPlace) {
  json schedule = {{"class_name", "CosineDecay"},
                   {"config", {{"initial_learning_rate", 0.1}, {"decay_steps", 10}}}};
  EXPECT_THAT(Trained("SGD", {{"learning_rate", schedule}}).model.variableNames(),
              ElementsAre("d/kernel", "sgd/iteration"));
}

} // namespace
} // namespace lamina::frontend::test
