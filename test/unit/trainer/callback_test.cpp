// Callbacks, called with logs that are made up.
#include <gmock/gmock.h>

#include "test/unit/trainer/fixtures.h"
#include "trainer/callbacks/early_stopping.h"
#include "trainer/callbacks/learning_rate.h"
#include "trainer/callbacks/model_checkpoint.h"
#include "trainer/callbacks/swap_averages.h"

using namespace lamina;
using namespace lamina::trainer;
using namespace lamina::trainer::test;
using testing::ElementsAre;

namespace {

/// Gives a variable of one element, by its index, a new value.
void setVariable(ModelRunner &runner, size_t index, float value) {
  std::vector<frontend::Array> values = runner.saveAll();
  values[index].values<float>()[0] = value;
  runner.loadAll(values);
}

/// A run of made-up epochs over the linear model.
class Training {
public:
  explicit Training(FitCallback &callback, FitPosition start = {}) : callback_(callback) {
    runner.initialize(3);
    callback_.onTrainBegin(control, start);
    epoch_ = start.epoch;
  }

  /// Epochs with these values of "val_loss" until one ends the training; how many there were.
  size_t epochs(const std::vector<double> &losses) {
    for (size_t i = 0; i < losses.size(); ++i) {
      callback_.onEpochBegin(control, epoch_);
      bias(static_cast<float>(epoch_));
      Logs logs = {{"val_loss", losses[i]}};
      callback_.onEpochEnd(control, epoch_++, logs);
      history.push_back(logs);
      if (control.isStopping)
        return i + 1;
    }
    return losses.size();
  }

  void bias(float value) { setVariable(runner, 1, value); }
  float bias() { return runner.save()["layers/dense/vars/1"].values<float>()[0]; }

  LinearModel model;
  ModelRunner runner{"linear.keras", model, oneThread()};
  FitControl control{runner, 100};
  History history;

private:
  FitCallback &callback_;
  int64_t epoch_ = 0;
};

EarlyStoppingOptions stopping(int64_t patience) {
  EarlyStoppingOptions options;
  options.patience = patience;
  return options;
}

TEST(Monitor, modesFollowTheName) {
  auto improves = [](const char *name, MonitorMode mode = MonitorMode::Auto) {
    return Monitor("--option", {.monitor = name, .mode = mode}).isImprovement(2, 1);
  };
  EXPECT_FALSE(improves("val_loss"));
  EXPECT_FALSE(improves("out_mean_squared_error"));
  EXPECT_TRUE(improves("val_accuracy"));
  EXPECT_TRUE(improves("val_loss", MonitorMode::Max));
  EXPECT_FALSE(improves("mine", MonitorMode::Min));
  EXPECT_EQ(errorOf([&] { improves("mine"); }),
            "--option: the name 'mine' does not tell whether it is to become small or large; add "
            "mode=min or mode=max");
}

TEST(Monitor, smallChangesAreNoImprovement) {
  Monitor monitor("--option", {.monitor = "loss", .minDelta = -0.5});
  EXPECT_TRUE(monitor.isImprovement(9, std::nullopt));
  EXPECT_TRUE(monitor.isImprovement(0.4, 1));
  EXPECT_FALSE(monitor.isImprovement(0.5, 1));
}

TEST(EarlyStopping, waitsForItsPatience) {
  EarlyStopping callback(stopping(2));
  EXPECT_EQ(Training(callback).epochs({5, 4, 4, 4, 4}), 4u);
  EarlyStopping impatient(stopping(0));
  EXPECT_EQ(Training(impatient).epochs({5, 4, 4, 3}), 3u);
}

TEST(EarlyStopping, aBaselineHasToBeBeaten) {
  EarlyStoppingOptions options = stopping(3);
  options.baseline = 1;
  EarlyStopping callback(options);
  EXPECT_EQ(Training(callback).epochs({5, 4, 3, 2.5, 3}), 5u);
}

TEST(EarlyStopping, earlyEpochsDoNotCount) {
  EarlyStoppingOptions options = stopping(1);
  options.startFromEpoch = 3;
  EarlyStopping callback(options);
  EXPECT_EQ(Training(callback).epochs({1, 2, 3, 9, 10}), 5u);
}

TEST(EarlyStopping, restoresTheBestWeightsAlone) {
  EarlyStoppingOptions options = stopping(2);
  options.restoreBest = true;
  EarlyStopping callback(options);
  Training run(callback);
  EXPECT_EQ(run.epochs({5, 4, 6, 6}), 4u);
  run.runner.setLearningRate(0.25);
  callback.onTrainEnd(run.control);
  EXPECT_EQ(run.bias(), 1);
  EXPECT_EQ(run.runner.learningRate(), 0.25);
}

TEST(EarlyStopping, goesOnFromTheHistory) {
  FitPosition start;
  start.epoch = 3;
  start.history = {{{"val_loss", 5}}, {{"val_loss", 4}}, {{"val_loss", 4}}};
  EarlyStopping callback(stopping(2));
  EXPECT_EQ(Training(callback, start).epochs({4, 4}), 1u);
}

TEST(ReduceOnPlateau, reducesAndCoolsDown) {
  PlateauOptions options;
  options.factor = 0.5;
  options.patience = 1;
  options.cooldown = 2;
  options.minRate = 0.03;
  ReduceOnPlateau callback(options);
  Training run(callback);
  run.epochs({5, 5, 5, 5, 5, 5, 5, 5});
  std::vector<double> rates;
  for (const Logs &logs : run.history)
    rates.push_back(logs.at("learning_rate"));
  EXPECT_THAT(rates, ElementsAre(0.1f, 0.1f, 0.05f, 0.05f, 0.03f, 0.03f, 0.03f, 0.03f));
}

TEST(RateScheduler, setsOrMultipliesTheRate) {
  RateSchedule steps{.rates = {{1, 0.5}, {3, 0.25}}};
  EXPECT_EQ(steps.at(0, 0.1), 0.1);
  EXPECT_EQ(steps.at(2, 0.1), 0.5);
  EXPECT_EQ(steps.at(7, 0.1), 0.25);
  RateScheduler callback({.rates = {}, .factor = 0.5, .startFromEpoch = 1});
  Training run(callback);
  run.epochs({1, 1, 1});
  EXPECT_EQ(run.history[0]["learning_rate"], 0.1f);
  EXPECT_EQ(run.history[2]["learning_rate"], 0.025f);
}

TEST(ModelCheckpoint, namesFilesByEpochAndLogs) {
  std::vector<std::string> written;
  ModelCheckpointOptions options;
  options.path = "m-{epoch:03d}-{val_loss:.2f}.keras";
  options.savesBestOnly = true;
  options.threshold = 4.5;
  ModelCheckpoint callback(options, [&](const std::string &path) { written.push_back(path); });
  Training(callback).epochs({5, 4, 4.25, 1});
  EXPECT_THAT(written, ElementsAre("m-002-4.00.keras", "m-004-1.00.keras"));
  EXPECT_EQ(errorOf([] { formatPath("{val_acc}.keras", 0, {{"loss", 1}}); }),
            "--model-checkpoint {val_acc}.keras: argument not found; names that can stand in "
            "braces are epoch, loss");
}

/// The linear model with its learning rate for a "moving average" of its bias.
struct AveragedModel : LinearModel {
  AveragedModel() {
    signature_.variables[2].shape = {1};
    signature_.variables[1].average = 2;
  }
};

class Averages : public testing::Test {
protected:
  Averages() {
    runner.initialize(3);
    set(1, 2);
  }
  void set(float bias, float average) {
    setVariable(runner, 1, bias);
    setVariable(runner, 2, average);
  }
  std::pair<float, float> get() {
    auto saved = runner.save();
    return {saved["layers/dense/vars/1"].values<float>()[0],
            saved["optimizer/vars/1"].values<float>()[0]};
  }

  AveragedModel model;
  ModelRunner runner{"linear.keras", model, oneThread()};
  FitControl control{runner, 3};
  Logs logs;
};

TEST_F(Averages, takeTheVariablesPlacesAtTheEnd) {
  runner.finalizeAverages();
  EXPECT_EQ(get(), std::pair(2.0f, 2.0f));
}

TEST_F(Averages, areSwappedForEvaluation) {
  SwapAverages callback(false);
  callback.onTrainBegin(control, {});
  callback.onTestBegin(control);
  EXPECT_EQ(get(), std::pair(2.0f, 1.0f));
  callback.onTestEnd(control);
  callback.onEpochEnd(control, 0, logs);
  EXPECT_EQ(get(), std::pair(1.0f, 2.0f));
}

TEST_F(Averages, areSwappedBetweenEpochs) {
  SwapAverages callback(true);
  callback.onTrainBegin(control, {});
  callback.onEpochEnd(control, 0, logs);
  EXPECT_EQ(get(), std::pair(2.0f, 1.0f));
  EXPECT_TRUE(control.areAveragesSwapped);
  callback.onEpochBegin(control, 1);
  EXPECT_EQ(get(), std::pair(1.0f, 2.0f));
  callback.onEpochEnd(control, 2, logs);
  EXPECT_EQ(get(), std::pair(2.0f, 2.0f));
}

} // namespace
