#include "frontend/files/contained_process.h"

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <new>

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/error.h"
#include "support/sanitizer.h"

namespace lamina::frontend {
namespace {

using Outcome = ContainedResult::Outcome;

constexpr int exitDone = 0;
constexpr int exitUnfinished = 40;
constexpr int exitOutOfMemory = 41;

uint64_t addressSpaceInUse() {
  unsigned long pages = 0;
  if (FILE *file = std::fopen("/proc/self/statm", "re")) {
    if (std::fscanf(file, "%lu", &pages) != 1)
      pages = 0;
    std::fclose(file);
  }
  return uint64_t(pages) * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

void setLimit(int resource, uint64_t value) {
  rlimit limit = {value, value};
  // A hard limit that is lower already stays.
  rlimit current = {};
  if (getrlimit(static_cast<__rlimit_resource>(resource), &current) == 0 &&
      current.rlim_max != RLIM_INFINITY && current.rlim_max < value)
    limit = {current.rlim_max, current.rlim_max};
  setrlimit(static_cast<__rlimit_resource>(resource), &limit);
}

/// The parent's handlers would report a crash as the parent's own, and its mask could hold back
/// the signals that the limits send.
void resetSignals() {
  for (int signal = 1; signal < NSIG; ++signal)
    if (signal != SIGKILL && signal != SIGSTOP)
      std::signal(signal, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

/// Messages about the child from a damaged heap or a sanitizer are of no use to the user.
void silenceStandardStreams() {
  int nowhere = open("/dev/null", O_RDWR);
  for (int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    if (nowhere < 0)
      close(stream);
    else
      dup2(nowhere, stream);
}

void confine(const ContainmentLimits &limits, pid_t parent) {
  resetSignals();
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent)
    _exit(exitUnfinished);
  prctl(PR_SET_DUMPABLE, 0);
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  silenceStandardStreams();
  setLimit(RLIMIT_CPU, limits.cpuSeconds);
  setLimit(RLIMIT_CORE, 0);
  setLimit(RLIMIT_FSIZE, 0);
  if (!isFullyConfined())
    return;
  setLimit(RLIMIT_AS, addressSpaceInUse() + limits.memoryBytes);
  // No descriptor above the ones that exist can be made: nothing is opened any more.
  setLimit(RLIMIT_NOFILE, 0);
}

bool writeAll(int descriptor, const void *data, size_t size) {
  auto *next = static_cast<const char *>(data);
  while (size > 0) {
    ssize_t count = write(descriptor, next, size);
    if (count < 0 && errno == EINTR)
      continue;
    if (count <= 0)
      return false;
    next += count;
    size -= static_cast<size_t>(count);
  }
  return true;
}

[[noreturn]] void runChild(const std::function<bool(const ContainedSink &)> &work,
                           const ContainmentLimits &limits, int output, pid_t parent) {
  int status = exitUnfinished;
  std::set_new_handler(nullptr); // the parent's may end the process with words of its own
  try {
    confine(limits, parent);
    ContainedSink sink = [output](const void *data, size_t size) {
      return writeAll(output, data, size);
    };
    status = work(sink) ? exitDone : exitUnfinished;
  } catch (const std::bad_alloc &) {
    status = exitOutOfMemory;
  } catch (...) {
    status = exitUnfinished;
  }
  // No destructors and no exit handlers: they belong to the parent.
  _exit(status);
}

/// Reads until the child closes its end. Returns Finished also for a child that crashed: its exit
/// status tells.
Outcome readOutput(int input, const ContainmentLimits &limits, std::vector<std::byte> &output) {
  using Clock = std::chrono::steady_clock;
  Clock::time_point deadline = Clock::now() + std::chrono::seconds(limits.wallSeconds);
  while (true) {
    auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
    pollfd wait = {input, POLLIN, 0};
    int ready = left.count() <= 0 ? 0 : poll(&wait, 1, static_cast<int>(left.count()));
    if (ready < 0 && errno == EINTR)
      continue;
    if (ready <= 0)
      return Outcome::OutOfTime;
    std::byte buffer[65536];
    ssize_t count = read(input, buffer, sizeof(buffer));
    if (count < 0 && errno == EINTR)
      continue;
    if (count <= 0)
      return Outcome::Finished;
    if (output.size() + static_cast<size_t>(count) > limits.outputBytes)
      return Outcome::TooMuchOutput;
    output.insert(output.end(), buffer, buffer + count);
  }
}

Outcome judge(int status) {
  if (WIFEXITED(status) && WEXITSTATUS(status) == exitDone)
    return Outcome::Finished;
  if (WIFEXITED(status) && WEXITSTATUS(status) == exitOutOfMemory)
    return Outcome::OutOfMemory;
  if (WIFSIGNALED(status) && (WTERMSIG(status) == SIGXCPU || WTERMSIG(status) == SIGKILL))
    return Outcome::OutOfTime;
  return Outcome::Crashed;
}

} // namespace

bool isFullyConfined() {
#ifdef LAMINA_SANITIZED
  return false;
#else
  return true;
#endif
}

ContainedResult runContained(const std::function<bool(const ContainedSink &)> &work,
                             const ContainmentLimits &limits) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0)
    fail("cannot start a process to read the file in: {}", std::strerror(errno));
  pid_t parent = getpid();
  pid_t child = fork();
  if (child < 0) {
    int error = errno;
    close(ends[0]);
    close(ends[1]);
    fail("cannot start a process to read the file in: {}", std::strerror(error));
  }
  if (child == 0) {
    close(ends[0]);
    runChild(work, limits, ends[1], parent);
  }
  close(ends[1]);
  ContainedResult result;
  result.outcome = readOutput(ends[0], limits, result.output);
  close(ends[0]);
  if (result.outcome != Outcome::Finished)
    kill(child, SIGKILL);
  int status = 0;
  pid_t waited = 0;
  while ((waited = waitpid(child, &status, 0)) < 0 && errno == EINTR)
    ;
  // Where the caller ignores SIGCHLD there is no status; the output's end mark must do.
  if (result.outcome == Outcome::Finished && waited == child)
    result.outcome = judge(status);
  return result;
}

} // namespace lamina::frontend
