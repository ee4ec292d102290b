#include "trainer/finite.h"
#include "trainer/fit.h"

#include <gmock/gmock.h>

#include "test/unit/trainer/fixtures.h"

using namespace lamina;
using namespace lamina::trainer;
using namespace lamina::trainer::test;

namespace {

ModelRunner newRunner(const LinearModel &model) {
  ModelRunner runner("linear.keras", model, oneThread());
  runner.initialize(3);
  return runner;
}

/// Counts the calls and the rows.
struct Recorder : FitObserver {
  void onTrainBegin(const FitPlan &plan) override { steps = plan.stepsPerEpoch; }
  void onEpochBegin(int64_t) override { events += 'E'; }
  void onStepEnd(int64_t, int64_t, const RunningLogs &logs) override {
    events += 's';
    rows.push_back(logs.rows);
  }
  void onEpochEnd(int64_t, const Logs &) override { events += 'e'; }
  void onTrainEnd() override { events += '.'; }
  int64_t steps = 0;
  std::string events;
  std::vector<double> rows;
};

} // namespace

TEST(Fit, LearnsALine) {
  LinearModel model;
  ModelRunner runner = newRunner(model);
  Dataset data = linearData(40);
  History history = fit(runner, data, nullptr, {.epochs = 200, .seed = 1});
  EXPECT_EQ(history.size(), 200u);
  EXPECT_LT(history.back()["loss"], 1e-4);
  auto weights = runner.save();
  EXPECT_NEAR(weights["layers/dense/vars/0"].values<float>()[0], 2, 0.05);
  EXPECT_EQ(weights["optimizer/vars/0"].values<int64_t>()[0], 200 * 10);
}

TEST(Fit, TheLastBatchIsSmallerAndMeansAreWeightedByRows) {
  LinearModel model(4, 0.0f);
  ModelRunner runner = newRunner(model);
  Dataset data = linearData(11);
  Recorder recorder;
  History history = fit(runner, data, nullptr, {.epochs = 2, .shuffle = false}, {&recorder});
  EXPECT_EQ(recorder.steps, 3);
  EXPECT_EQ(recorder.events, "EssseEssse.");
  EXPECT_THAT(recorder.rows, testing::ElementsAre(4, 8, 11, 4, 8, 11));

  // Without learning the mean over batches is the mean over all rows.
  LinearModel whole(11, 0.0f);
  ModelRunner wholeRunner = newRunner(whole);
  Logs logs = evaluate(wholeRunner, data);
  EXPECT_NEAR(history[0]["loss"], logs["loss"], 1e-6);
  EXPECT_NEAR(history[1]["mae"], logs["mae"], 1e-6);
}

TEST(Fit, ALogOfSumsIsThatOfAllRows) {
  LinearModel model(4, 0.0f), whole(11, 0.0f);
  ModelRunner runner = newRunner(model), wholeRunner = newRunner(whole);
  Dataset data = linearData(11);
  History history = fit(runner, data, nullptr, {.epochs = 2, .shuffle = false});
  Logs logs = evaluate(wholeRunner, data);
  EXPECT_NEAR(logs["rmse"], std::sqrt(logs["loss"]), 1e-6);
  EXPECT_NEAR(history[1]["rmse"], logs["rmse"], 1e-6);
}

TEST(Fit, ValidationLogsAreThoseAfterTheEpoch) {
  LinearModel model;
  ModelRunner runner = newRunner(model);
  Dataset data = linearData(12);
  Dataset validation = splitLast(data, 0.25);
  History history = fit(runner, data, &validation, {.epochs = 3});
  EXPECT_EQ(history[0].size(), 6u);
  EXPECT_EQ(history[2]["val_loss"], evaluate(runner, validation)["loss"]);
}

TEST(Fit, ShufflingDependsOnTheSeedAlone) {
  Dataset data = linearData(23);
  auto lossOf = [&](uint64_t seed, bool shuffle) {
    LinearModel model;
    ModelRunner runner = newRunner(model);
    return fit(runner, data, nullptr, {.epochs = 2, .seed = seed, .shuffle = shuffle});
  };
  EXPECT_EQ(lossOf(1, true), lossOf(1, true));
  EXPECT_NE(lossOf(1, true), lossOf(2, true));
  EXPECT_EQ(lossOf(1, false), lossOf(2, false));
}

TEST(Fit, ALossThatIsNotFiniteEndsTheTraining) {
  LinearModel model(4, 1e20f);
  ModelRunner runner = newRunner(model);
  Dataset data = linearData(11);
  EXPECT_EQ(errorOf([&] { fit(runner, data, nullptr, {.epochs = 5, .shuffle = false}); }),
            "linear.keras: epoch 1, step 2: the loss is infinite (nan would come next); lower the "
            "learning rate, or scale the inputs");
}

TEST(Fit, NonFiniteDataIsNamed) {
  LinearModel model;
  ModelRunner runner = newRunner(model);
  Dataset data = linearData(11);
  data.inputs[0].values<float>()[2 * 5 + 1] = NAN;
  EXPECT_EQ(errorOf([&] { fit(runner, data, nullptr, {.epochs = 1, .shuffle = false}); }),
            "linear.keras: epoch 1, step 2: the loss is nan; linear has values that are not "
            "finite, the first in row 5");
}

TEST(Fit, NonFiniteWeightsAreRefused) {
  EXPECT_EQ(
      errorOf([] { requireFinite("m.keras", {{"layers/dense/vars/0", floats({1}, {NAN})}}); }),
      "m.keras: after the last step 'layers/dense/vars/0' has values that are not finite; "
      "lower the learning rate, or scale the inputs");
  requireFinite("m.keras", {{"a", floats({1}, {1})}});
}

TEST(Predict, DoesNotDependOnTheBatchSize) {
  Dataset data = linearData(11);
  std::vector<std::vector<float>> results;
  for (int64_t batchSize : {1, 4, 11, 64}) {
    LinearModel model(batchSize);
    ModelRunner runner = newRunner(model);
    auto outputs = predict(runner, data);
    EXPECT_THAT(outputs[0].shape, testing::ElementsAre(11, 1));
    results.push_back(valuesOf<float>(outputs[0]));
  }
  for (const auto &result : results)
    EXPECT_EQ(result, results[0]);
}

TEST(ModelRunner, StartsFromGivenValuesAndInitializesTheRest) {
  LinearModel model;
  ModelRunner runner = newRunner(model);
  runner.start(3, {{{"dense_bias", floats({1}, {5})}, {"unknown", floats({1}, {1})}}, {}});
  auto saved = runner.save();
  EXPECT_EQ(saved["layers/dense/vars/1"].values<float>()[0], 5);
  EXPECT_EQ(saved["layers/dense/vars/0"].values<float>()[0], 3.0f / 16);
}

TEST(ModelRunner, RunsNoInitializerWhereAllValuesAreGiven) {
  LinearModel model;
  ModelRunner runner = newRunner(model);
  runner.start(3, {{{"dense_kernel", floats({2, 1}, {1, 2})},
                    {"sgd/iteration", makeArray<int64_t>(ElementType::I64, {}, {7})}},
                   {{"dense_bias", 5}, {"sgd/learning_rate", 0.5}}});
  EXPECT_EQ(model.initCalls(), 1); // by newRunner
  auto saved = runner.save();
  EXPECT_THAT(valuesOf<float>(saved["layers/dense/vars/0"]), testing::ElementsAre(1, 2));
  EXPECT_THAT(valuesOf<float>(saved["layers/dense/vars/1"]), testing::ElementsAre(5));
  EXPECT_EQ(saved["optimizer/vars/0"].values<int64_t>()[0], 7);
}

TEST(ModelRunner, LoadErrors) {
  LinearModel model;
  ModelRunner runner = newRunner(model);
  EXPECT_EQ(errorOf([&] { runner.start(3, {{{"dense_kernel", floats({1, 2}, {1, 2})}}, {}}); }),
            "linear.keras: weights 'dense_kernel' have shape (1, 2), but the model wants "
            "(2, 1)");
}

TEST(ModelRunner, StatusCodesBecomeErrors) {
  LinearModel model;
  ModelRunner runner = newRunner(model);
  BatchLogs logs = runner.makeBatchLogs(runner.signature().trainLogs);
  Batch batch{.rows = 5};
  EXPECT_EQ(errorOf([&] { runner.trainStep(batch, logs); }),
            "linear.keras: a training step failed: the number of rows is 0 or more than the "
            "compiled batch size");
}
