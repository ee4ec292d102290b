#include "support/output.h"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>

#include <fcntl.h>
#include <unistd.h>

#include "support/error.h"

namespace lamina {
namespace {

/// The reason of the first write to standard output that failed, 0 without one.
int outputError = 0;

/// A handler instead of SIG_IGN: programs that are started do not inherit it.
void ignore(int signal) {
  struct sigaction action = {};
  action.sa_handler = [](int) {};
  action.sa_flags = SA_RESTART;
  sigaction(signal, &action, nullptr);
}

} // namespace

void prepareStandardStreams() {
  for (int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (fcntl(stream, F_GETFD) >= 0 || errno != EBADF)
      continue;
    // The lowest number that is free: this stream's. The direction that nobody wants keeps reading
    // and writing an error.
    int direction = stream == STDIN_FILENO ? O_WRONLY : O_RDONLY;
    if (open("/dev/null", direction) < 0)
      open("/", O_RDONLY | O_DIRECTORY);
  }
  ignore(SIGPIPE);
  ignore(SIGXFSZ);
}

void writeNote(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stderr);
  std::fflush(stderr);
}

void writeOutput(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() && !outputError)
    outputError = errno;
}

void finishOutput() {
  if (std::fflush(stdout) != 0 && !outputError)
    outputError = errno;
  if (outputError)
    fail("cannot write standard output: {}", std::strerror(outputError));
}

} // namespace lamina
