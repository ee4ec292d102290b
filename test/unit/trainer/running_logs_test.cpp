#include "trainer/callbacks/running_logs.h"

#include <gmock/gmock.h>

#include "test/unit/trainer/fixtures.h"

using namespace lamina::trainer;
using namespace lamina::trainer::test;
using lamina::codegen::LogMean;
using lamina::codegen::LogSpec;
using testing::ElementsAre;
using testing::Pair;

TEST(RunningLogs, EachLogHasItsMean) {
  LinearModel model;
  ModelRunner runner("m", model, oneThread());
  std::vector<LogSpec> specs = {{"loss"}, {"kind_loss", LogMean::Batches}, {"rmse", LogMean::Sums}};
  RunningLogs logs(runner, specs);
  logs.add({{1, 1, 9}, {12, 3}}, 3);
  logs.add({{5, 5, 9}, {4, 1}}, 1);
  EXPECT_THAT(logs.values(), ElementsAre(Pair("kind_loss", 3), Pair("loss", 2), Pair("rmse", 2)));
}

TEST(RunningLogs, NothingYetIsZero) {
  LinearModel model;
  ModelRunner runner("m", model, oneThread());
  std::vector<LogSpec> specs = {{"loss"}, {"kind_loss", LogMean::Batches}};
  EXPECT_THAT(RunningLogs(runner, specs).values(),
              ElementsAre(Pair("kind_loss", 0), Pair("loss", 0)));
}

TEST(RunningLogs, NotANumberHasNoSign) {
  LinearModel model;
  ModelRunner runner("m", model, oneThread());
  std::vector<LogSpec> specs = {{"loss"}};
  RunningLogs logs(runner, specs);
  logs.add({{-NAN}, {}}, 1);
  EXPECT_TRUE(std::isnan(logs.values()["loss"]));
  EXPECT_FALSE(std::signbit(logs.values()["loss"]));
}
