#include "trainer/callbacks/csv_log.h"

#include "test/unit/trainer/fixtures.h"

using namespace lamina::trainer;
using namespace lamina::trainer::test;

namespace {

std::string logOf(const History &history, const History &before = {}) {
  TemporaryFolder folder;
  FitPosition start;
  start.history = before;
  CsvLog log(folder / "log.csv");
  log.onTrainBegin({10, 1, &start});
  for (size_t i = 0; i < history.size(); ++i)
    log.onEpochEnd(static_cast<int64_t>(before.size() + i), history[i]);
  return readText(folder / "log.csv");
}

} // namespace

TEST(CsvLog, SortedColumnsAndAllDigits) {
  EXPECT_EQ(logOf({{{"loss", 1.0 / 3}, {"accuracy", 0.5}, {"val_loss", 2}, {"val_accuracy", 1}},
                   {{"loss", 1e-10}, {"accuracy", 1}, {"val_loss", NAN}, {"val_accuracy", 0}}}),
            "epoch,accuracy,loss,val_accuracy,val_loss\n"
            "0,0.5,0.3333333333333333,1,2\n"
            "1,1,1e-10,0,nan\n");
}

TEST(CsvLog, WithoutValidationThereAreNoColumnsForIt) {
  EXPECT_EQ(logOf({{{"loss", 0.25}, {"mae", 0.75}}}), "epoch,loss,mae\n0,0.25,0.75\n");
}

TEST(CsvLog, AResumedRunWritesTheEpochsBeforeAgain) {
  EXPECT_EQ(logOf({{{"loss", 1}, {"val_loss", 2}}}, {{{"loss", 3}, {"val_loss", 4}}}),
            "epoch,loss,val_loss\n0,3,4\n1,1,2\n");
}

TEST(CsvLog, NamesWithCommasAreQuoted) {
  EXPECT_EQ(logOf({{{"a,b", 1}}}), "epoch,\"a,b\"\n0,1\n");
}

TEST(CsvLog, UnwritablePath) {
  EXPECT_EQ(errorOf([] { CsvLog log("/nonexistent/log.csv"); }),
            "cannot write /nonexistent/log.csv: No such file or directory");
}
