#include "frontend/files/contained_process.h"

#include <csignal>
#include <cstdio>
#include <stdexcept>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test/unit/files/test_files.h"

namespace lamina::frontend {
namespace {

using Outcome = ContainedResult::Outcome;

ContainmentLimits shortLimits() {
  ContainmentLimits limits;
  limits.memoryBytes = 64 << 20;
  limits.outputBytes = 1 << 20;
  return limits;
}

Outcome outcomeOf(const std::function<bool(const ContainedSink &)> &work) {
  return runContained(work, shortLimits()).outcome;
}

TEST(ContainedProcess, HandsOverItsOutput) {
  std::string text(300'000, 'x');
  ContainedResult result = runContained(
      [&](const ContainedSink &sink) { return sink(text.data(), text.size()); }, shortLimits());
  EXPECT_EQ(result.outcome, Outcome::Finished);
  EXPECT_EQ(toText(result.output), text);
}

TEST(ContainedProcess, ContainsCrashes) {
  EXPECT_EQ(outcomeOf([](const ContainedSink &) {
              std::raise(SIGSEGV);
              return true;
            }),
            Outcome::Crashed);
  EXPECT_EQ(outcomeOf([](const ContainedSink &) -> bool { std::abort(); }), Outcome::Crashed);
  EXPECT_EQ(outcomeOf([](const ContainedSink &) -> bool { throw std::runtime_error("no"); }),
            Outcome::Crashed);
  EXPECT_EQ(outcomeOf([](const ContainedSink &) { return false; }), Outcome::Crashed);
}

TEST(ContainedProcess, DoesNotRunTheCallersSignalHandlers) {
  auto previous = std::signal(SIGABRT, [](int) { _exit(0); });
  EXPECT_EQ(outcomeOf([](const ContainedSink &) -> bool { std::abort(); }), Outcome::Crashed);
  std::signal(SIGABRT, previous);
}

TEST(ContainedProcess, EndsEndlessLoops) {
  EXPECT_EQ(outcomeOf([](const ContainedSink &) {
              for (volatile unsigned i = 0;; i = i + 1)
                ;
              return true;
            }),
            Outcome::OutOfTime);
}

TEST(ContainedProcess, EndsWhatWaitsForEver) {
  ContainmentLimits limits;
  limits.wallSeconds = 1;
  ContainedResult result = runContained(
      [](const ContainedSink &) {
        pause();
        return true;
      },
      limits);
  EXPECT_EQ(result.outcome, Outcome::OutOfTime);
}

TEST(ContainedProcess, LimitsOutput) {
  EXPECT_EQ(outcomeOf([](const ContainedSink &sink) {
              std::string block(65536, 'x');
              while (sink(block.data(), block.size()))
                ;
              return true;
            }),
            Outcome::TooMuchOutput);
}

TEST(ContainedProcess, LimitsMemory) {
  if (!isFullyConfined())
    GTEST_SKIP() << "not under sanitizers";
  EXPECT_EQ(outcomeOf([](const ContainedSink &sink) {
              std::vector<std::byte> block(size_t(1) << 30);
              return sink(block.data(), 1);
            }),
            Outcome::OutOfMemory);
}

TEST(ContainedProcess, CannotOpenFiles) {
  if (!isFullyConfined())
    GTEST_SKIP() << "not under sanitizers";
  ContainedResult result = runContained(
      [](const ContainedSink &sink) {
        char opened = open("/dev/null", O_RDONLY) >= 0 ? 'y' : 'n';
        return sink(&opened, 1);
      },
      shortLimits());
  EXPECT_EQ(toText(result.output), "n");
}

TEST(ContainedProcess, WorksWhereChildrenAreReapedElsewhere) {
  auto previous = std::signal(SIGCHLD, SIG_IGN);
  EXPECT_EQ(outcomeOf([](const ContainedSink &sink) { return sink("x", 1); }), Outcome::Finished);
  std::signal(SIGCHLD, previous);
}

} // namespace
} // namespace lamina::frontend
