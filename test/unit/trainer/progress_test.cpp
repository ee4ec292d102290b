#include "trainer/callbacks/progress.h"

#include <gmock/gmock.h>

#include "test/unit/trainer/fixtures.h"

using namespace lamina::trainer;
using namespace lamina::trainer::test;
using lamina::codegen::LogSpec;
using testing::EndsWith;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::StartsWith;

namespace {

/// What a training run of two epochs writes.
std::string output(Verbosity verbosity, bool breakOff = false) {
  std::FILE *stream = std::tmpfile();
  {
    Progress progress(stream, verbosity);
    FitPosition start;
    progress.onTrainBegin({2, 3, &start});
    LinearModel model;
    ModelRunner runner("m", model, oneThread());
    std::vector<LogSpec> specs = {{"loss"}};
    RunningLogs logs(runner, specs);
    logs.add({{0.5f}, {}}, 4);
    for (int64_t epoch = 0; epoch < 2; ++epoch) {
      progress.onEpochBegin(epoch);
      for (int64_t step = 1; step <= 3; ++step) {
        if (epoch == 0 && step == 3)
          usleep(60000);
        progress.onStepEnd(epoch, step, logs);
        if (breakOff && step == 3)
          break;
      }
      if (breakOff)
        break;
      progress.onEpochEnd(epoch, {{"loss", 0.5}, {"accuracy", 0.0001}, {"val_accuracy", 0.25}});
    }
  }
  std::string text(static_cast<size_t>(std::ftell(stream)), '\0');
  std::rewind(stream);
  text.resize(std::fread(text.data(), 1, text.size(), stream));
  std::fclose(stream);
  return text;
}

} // namespace

TEST(Progress, SilentWritesNothing) {
  EXPECT_EQ(output(Verbosity::Silent), "");
}

TEST(Progress, LinesAreThoseOfKeras) {
  EXPECT_THAT(output(Verbosity::Lines),
              MatchesRegex("Epoch 1/2\n3/3 - 0s - [0-9]+ms/step - accuracy: 1.0000e-04 - loss: "
                           "0.5000 - val_accuracy: 0.2500\n"
                           "Epoch 2/2\n3/3 - 0s - [0-9]+[mu]s/step - accuracy: 1.0000e-04 - loss: "
                           "0.5000 - val_accuracy: 0.2500\n"));
}

TEST(Progress, TheBarHasTwentyCells) {
  std::string text = output(Verbosity::Bar);
  std::string cells;
  for (int i = 0; i < 20; ++i)
    cells += "━";
  EXPECT_THAT(text, StartsWith("Epoch 1/2\n\r\x1b[1m3/3\x1b[0m \x1b[32m" + cells + "\x1b[0m"));
  EXPECT_THAT(text, HasSubstr("ms/step - accuracy: 1.0000e-04 - loss: 0.5000"));
  EXPECT_THAT(text, EndsWith("val_accuracy: 0.2500\n"));
}

TEST(Progress, AnErrorBeginsALineOfItsOwn) {
  EXPECT_THAT(output(Verbosity::Bar, true), EndsWith("loss: 0.5000\n"));
}

TEST(Progress, StepTimes) {
  EXPECT_EQ(formatStepTime(2), "2s/step");
  EXPECT_EQ(formatStepTime(0.0124), "12ms/step");
  EXPECT_EQ(formatStepTime(0.0000503), "50us/step");
  EXPECT_EQ(formatStepTime(0), "0s/step");
}
