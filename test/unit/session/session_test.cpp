// Models from their files to functions that run, as a program without a command line does it.
#include "session/session.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ir/module.h"
#include "session/compile_config.h"
#include "session/stepper.h"
#include "session/tune.h"
#include "support/error.h"

namespace lamina::session {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

/// The digits network; what its user is told goes to `lines`.
Options digits(std::vector<std::string> *lines = nullptr) {
  Options options;
  options.model = LAMINA_EXAMPLES "/digits/digits.keras";
  options.import.batchSize = 16;
  options.threads = 2;
  if (lines)
    options.tell = [lines](const std::string &line) { lines->push_back(line); };
  return options;
}

/// The loss of a batch of random numbers before each of some steps.
std::vector<float> losses(Session &session, size_t steps) {
  trainer::Dataset data = randomBatch(session);
  trainer::ModelRunner &runner = session.compile(1);
  trainer::Batches batches(data, runner.signature().batchSize);
  trainer::BatchLogs logs = runner.makeBatchLogs(runner.signature().trainLogs);
  std::vector<float> result;
  for (size_t step = 0; step < steps; ++step) {
    runner.trainStep(batches.get(0, {}), logs);
    result.push_back(logs.logs[0]);
  }
  return result;
}

TEST(Session, TrainsAModelOfAFile) {
  Session session(digits(), /*training=*/true);
  EXPECT_EQ(session.importedSignature().targets.at(0).bound, 10);
  EXPECT_EQ(session.threads(), 2u);
  std::vector<float> values = losses(session, 30);
  EXPECT_TRUE(std::isfinite(values.back()));
  EXPECT_LT(values.back(), values.front());
  EXPECT_THAT(session.weights(), ::testing::Contains(::testing::Key("optimizer/vars/0")));
}

TEST(Session, SeveralShareTheThreads) {
  Session first(digits(), true), second(digits(), true);
  EXPECT_EQ(losses(first, 3), losses(second, 3));
  Options other = digits();
  other.threads = 3;
  EXPECT_THROW(Session(other, true), UserError);
}

TEST(Session, OptionsReachTheirStages) {
  Options options = digits();
  options.import.optimizer = "sgd";
  options.import.learningRate = 0.5;
  Session session(options, true);
  trainer::ModelRunner &runner = session.compile(0);
  EXPECT_EQ(runner.signature().batchSize, 16);
  EXPECT_EQ(runner.learningRate(), 0.5);
  auto config = changedCompileConfig(session.file(), session.options().import);
  ASSERT_TRUE(config);
  EXPECT_EQ((*config)["optimizer"]["class_name"], "SGD");
  EXPECT_EQ((*config)["optimizer"]["config"]["learning_rate"], 0.5);
  EXPECT_FALSE(changedCompileConfig(session.file(), digits().import));
}

TEST(Session, WithoutTrainingThereIsNoStep) {
  Session session(digits(), false);
  EXPECT_FALSE(session.module().lookupSymbol(ir::kTrainStep));
  EXPECT_FALSE(session.module().lookupSymbol(ir::kOptimizer));
  EXPECT_FALSE(session.compile(0).model().hasTraining());
}

TEST(Session, ReadsAndWritesTheStateWithoutCode) {
  Session session(digits(), true);
  auto saved = session.compile(0).save();
  EXPECT_FALSE(session.module().lookupSymbol(ir::kLoad));
  EXPECT_FALSE(session.module().lookupSymbol(ir::kSave));
  EXPECT_EQ(saved.count("layers/dense/vars/0"), 1u);
}

TEST(Session, TellsWhatTuningDoes) {
  std::vector<std::string> lines;
  Session session(digits(&lines), true);
  tuneAloud(session, ir::kTrainStep.str(), randomBatch(session));
  ASSERT_GE(lines.size(), 2u);
  EXPECT_EQ(lines.front(), "Tuning: measurement 1");
  EXPECT_THAT(lines.back(), StartsWith("Tuned: "));
}

TEST(Session, ErrorsNameTheFile) {
  Options options = digits();
  options.import.loss = "no_such_loss";
  try {
    Session session(options, true);
    FAIL() << "a loss that nobody knows";
  } catch (const UserError &error) {
    EXPECT_THAT(error.what(), StartsWith(options.model + ": "));
    EXPECT_THAT(error.what(), HasSubstr("no_such_loss"));
  }
}

} // namespace
} // namespace lamina::session
