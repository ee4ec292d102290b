#include "trainer/checkpoint.h"

#include <gmock/gmock.h>

#include "test/unit/trainer/fixtures.h"

using namespace lamina;
using namespace lamina::trainer;
using namespace lamina::trainer::test;

namespace {

constexpr CheckpointIdentity kRun{.seed = 0xfedcba9876543210u, .batchSize = 4, .rows = 23};
const FitOptions kOptions{.epochs = 6, .seed = kRun.seed};

/// Stops a run as a power failure would.
struct PowerFailure : FitObserver {
  int64_t steps;
  explicit PowerFailure(int64_t after) : steps(after) {}
  void onStepEnd(int64_t, int64_t, const RunningLogs &) override {
    if (--steps < 0)
      throw std::runtime_error("power failure");
  }
};

struct Result {
  History history;
  std::vector<std::vector<std::byte>> state;
  bool operator==(const Result &) const = default;
};

Result resultOf(ModelRunner &runner, History history) {
  Result result{std::move(history), {}};
  for (const auto &array : runner.saveAll())
    result.state.push_back(array.bytes);
  return result;
}

Result uninterrupted() {
  LinearModel model;
  ModelRunner runner("m", model, oneThread());
  runner.initialize(3);
  return resultOf(runner, fit(runner, linearData(23), nullptr, kOptions));
}

void trainUntilFailure(Checkpoints &checkpoints, int64_t steps) {
  LinearModel model;
  ModelRunner runner("m", model, oneThread());
  runner.initialize(3);
  PowerFailure failure(steps);
  EXPECT_THROW(fit(runner, linearData(23), nullptr, kOptions, {&failure, &checkpoints}),
               std::runtime_error);
}

Result resumed(Checkpoints &checkpoints) {
  LinearModel model;
  ModelRunner runner("m", model, oneThread());
  runner.initialize(99);
  auto position = checkpoints.restore(runner);
  EXPECT_TRUE(position);
  return resultOf(runner, fit(runner, linearData(23), nullptr, kOptions, {}, *position));
}

} // namespace

TEST(Checkpoint, ResumingGivesTheSameBits) {
  TemporaryFolder folder;
  Checkpoints checkpoints(folder / "state", kRun);
  trainUntilFailure(checkpoints, 15);
  EXPECT_EQ(resumed(checkpoints), uninterrupted());
}

TEST(Checkpoint, AlsoInTheMiddleOfAnEpoch) {
  TemporaryFolder folder;
  Checkpoints checkpoints(folder / "state", kRun, {.everySteps = 2});
  trainUntilFailure(checkpoints, 15);
  LinearModel model;
  ModelRunner runner("m", model, oneThread());
  auto position = checkpoints.restore(runner);
  EXPECT_EQ(position->epoch, 2);
  EXPECT_EQ(position->step, 2);
  EXPECT_EQ(resumed(checkpoints), uninterrupted());
}

TEST(Checkpoint, AFinishedRunHasNothingLeft) {
  TemporaryFolder folder;
  Checkpoints checkpoints(folder / "state", kRun);
  LinearModel model;
  ModelRunner runner("m", model, oneThread());
  runner.initialize(3);
  Result result = resultOf(runner, fit(runner, linearData(23), nullptr, kOptions, {&checkpoints}));
  EXPECT_EQ(resumed(checkpoints), result);
}

TEST(Checkpoint, NoneYet) {
  TemporaryFolder folder;
  LinearModel model;
  ModelRunner runner("m", model, oneThread());
  EXPECT_FALSE(Checkpoints(folder / "new", kRun).restore(runner));
}

TEST(Checkpoint, AnotherRunIsRefused) {
  TemporaryFolder folder;
  {
    Checkpoints checkpoints(folder / "state", kRun);
    trainUntilFailure(checkpoints, 8);
  }
  LinearModel model;
  ModelRunner runner("m", model, oneThread());
  CheckpointIdentity other = kRun;
  other.batchSize = 8;
  EXPECT_EQ(errorOf([&] { Checkpoints(folder / "state", other).restore(runner); }),
            (folder / "state/checkpoint.npz") +
                ": the checkpoint was made with batch_size 4, this run has 8; resume with the same "
                "data and options, or use another folder");
}

TEST(Checkpoint, OtherMetricsInTheMiddleOfAnEpochAreRefused) {
  struct OtherLogs : LinearModel {
    OtherLogs() { signature_.trainLogs[1].name = "mse"; }
  };
  TemporaryFolder folder;
  Checkpoints checkpoints(folder / "state", kRun, {.everySteps = 2});
  trainUntilFailure(checkpoints, 15);
  OtherLogs model;
  ModelRunner runner("m", model, oneThread());
  EXPECT_EQ(errorOf([&] { checkpoints.restore(runner); }),
            checkpoints.path() + ": the checkpoint is from the middle of an epoch with other "
                                 "metrics; resume with the same metrics, or use another folder");
}

TEST(Checkpoint, DamageIsAnError) {
  TemporaryFolder folder;
  Checkpoints checkpoints(folder / "state", kRun);
  trainUntilFailure(checkpoints, 8);
  LinearModel model;
  ModelRunner runner("m", model, oneThread());
  std::string whole = readText(checkpoints.path());
  folder.write("state/checkpoint.npz", whole.substr(0, whole.size() / 2));
  EXPECT_NE(errorOf([&] { checkpoints.restore(runner); }), "(no error)");
  folder.write("state/checkpoint.npz", "");
  EXPECT_NE(errorOf([&] { checkpoints.restore(runner); }), "(no error)");
}

TEST(Checkpoint, AFolderBelongsToOneRunAtATime) {
  TemporaryFolder folder;
  std::string path = folder / "state";
  {
    Checkpoints first(path, kRun);
    EXPECT_EQ(
        errorOf([&] { Checkpoints(path, kRun); }),
        "cannot write " + path +
            ": another training keeps its checkpoints there; wait for its end, or use another "
            "folder");
  }
  EXPECT_EQ(errorOf([&] { Checkpoints(path, kRun); }), "(no error)");
}

TEST(Checkpoint, AnotherLearningRateThanBeforeIsTakenOver) {
  TemporaryFolder folder;
  auto open = [&](std::optional<double> asked) {
    return Checkpoints(folder / "state", kRun, {.learningRate = asked});
  };
  LinearModel model;
  ModelRunner runner("m", model, oneThread());
  runner.initialize(3);
  runner.setLearningRate(0.0625); // as a callback might
  open(0.5).onPosition(runner, {});
  auto rateAfterResuming = [&](std::optional<double> asked) {
    runner.setLearningRate(9);
    Checkpoints checkpoints = open(asked);
    checkpoints.restore(runner);
    checkpoints.onPosition(runner, {});
    return runner.learningRate();
  };
  EXPECT_EQ(rateAfterResuming({}), 0.0625);
  EXPECT_EQ(rateAfterResuming(0.5), 0.0625) << "the same was asked for before";
  EXPECT_EQ(rateAfterResuming(0.25), 0.25);
  runner.setLearningRate(0.125);
  EXPECT_EQ(rateAfterResuming(0.25), 0.25);
}

TEST(Checkpoint, UnwritableFolder) {
  EXPECT_EQ(errorOf([] { Checkpoints("/proc/lamina", kRun); }),
            "cannot write /proc/lamina: No such file or directory");
}
