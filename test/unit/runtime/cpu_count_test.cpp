#include "runtime/cpu_count.h"

#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>
#include <sched.h>
#include <unistd.h>

#include "runtime/lamina_runtime.h"

namespace {

namespace fs = std::filesystem;

/// A control-group tree of the test's own.
class QuotaTest : public testing::Test {
protected:
  void SetUp() override {
    root_ = fs::temp_directory_path() / ("lamina_quota_" + std::to_string(getpid()));
    fs::create_directories(root_);
  }
  void TearDown() override { fs::remove_all(root_); }

  void write(const std::string &path, const std::string &text) {
    fs::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path) << text;
  }
  uint32_t quota() {
    return lamina_quota_cpus((root_ / "membership").c_str(), (root_ / "mount").c_str());
  }

  fs::path root_;
};

} // namespace

TEST_F(QuotaTest, NoMembershipMeansNoQuota) {
  EXPECT_EQ(quota(), UINT32_MAX);
}

TEST_F(QuotaTest, VersionTwoRoundsUp) {
  write("membership", "0::/job\n");
  write("mount/job/cpu.max", "150000 100000\n");
  EXPECT_EQ(quota(), 2u);
}

TEST_F(QuotaTest, VersionTwoMaxMeansNoQuota) {
  write("membership", "0::/job\n");
  write("mount/job/cpu.max", "max 100000\n");
  EXPECT_EQ(quota(), UINT32_MAX);
}

TEST_F(QuotaTest, TheLeastQuotaOfTheAncestorsHolds) {
  write("membership", "0::/outer/inner\n");
  write("mount/outer/inner/cpu.max", "max 100000\n");
  write("mount/outer/cpu.max", "300000 100000\n");
  write("mount/cpu.max", "800000 100000\n");
  EXPECT_EQ(quota(), 3u);
}

TEST_F(QuotaTest, APathOfTheHostFallsBackToTheMount) {
  write("membership", "0::/kubepods/pod1/abc\n");
  write("mount/cpu.max", "50000 100000\n");
  EXPECT_EQ(quota(), 1u);
}

TEST_F(QuotaTest, VersionOne) {
  write("membership", "5:cpuset:/job\n4:cpuacct,cpu:/job\n1:name=systemd:/\n");
  write("mount/cpu/job/cpu.cfs_quota_us", "400000\n");
  write("mount/cpu/job/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(quota(), 4u);
}

TEST_F(QuotaTest, VersionOneMinusOneMeansNoQuota) {
  write("membership", "4:cpu,cpuacct:/\n");
  write("mount/cpu/cpu.cfs_quota_us", "-1\n");
  write("mount/cpu/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(quota(), UINT32_MAX);
}

TEST_F(QuotaTest, DamagedFilesMeanNoQuota) {
  write("membership", "garbage\n::\n0:\n0::/job\n");
  write("mount/job/cpu.max", "many\n");
  EXPECT_EQ(quota(), UINT32_MAX);
}

TEST(AvailableCpus, FollowsTheAffinityMask) {
  cpu_set_t before;
  ASSERT_EQ(sched_getaffinity(0, sizeof before, &before), 0);
  EXPECT_EQ(lamina_affinity_cpus(), uint32_t(CPU_COUNT(&before)));
  EXPECT_LE(lamina_available_cpus(), lamina_affinity_cpus());

  int first = 0;
  while (!CPU_ISSET(first, &before))
    ++first;
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(first, &one);
  ASSERT_EQ(sched_setaffinity(0, sizeof one, &one), 0);
  EXPECT_EQ(lamina_available_cpus(), 1u);
  ASSERT_EQ(sched_setaffinity(0, sizeof before, &before), 0);
}
