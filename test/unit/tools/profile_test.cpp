#include "codegen/functions/profile.h"

#include <gtest/gtest.h>

namespace lamina::codegen {
namespace {

TEST(FunctionProfileTest, SharesAWavesTimeByItsTasks) {
  FunctionProfile profile({0, 1, 1});
  profile.addTask(0, 100, 140);
  profile.addWave(0, 95, 145);
  // Two threads at once: 90 ns of work in 60 ns.
  profile.addTask(1, 150, 180);
  profile.addTask(1, 180, 210);
  profile.addTask(2, 150, 180);
  profile.addWave(1, 150, 210);
  EXPECT_EQ(profile.kernelTimes(), (std::vector<double>{50, 40, 20}));
  EXPECT_EQ(profile.taskCounts(), (std::vector<int64_t>{1, 2, 1}));
  EXPECT_TRUE(profile.events().empty());
}

TEST(FunctionProfileTest, ForgetsAtARestart) {
  FunctionProfile profile({0});
  profile.addTask(0, 0, 10);
  profile.addWave(0, 0, 10);
  profile.restart(/*keepEvents=*/true);
  EXPECT_EQ(profile.kernelTimes(), std::vector<double>{0});
  profile.addTask(0, 20, 30);
  profile.addWave(0, 18, 33);
  EXPECT_EQ(profile.kernelTimes(), std::vector<double>{15});
  ASSERT_EQ(profile.events().size(), 1u);
  EXPECT_EQ(profile.events()[0].begin, 20);
  EXPECT_EQ(profile.events()[0].end, 30);
}

} // namespace
} // namespace lamina::codegen
