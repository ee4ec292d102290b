#include "tools/lamina/peers/peer_process.h"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "peer_script.h"
#include "support/error.h"

namespace lamina::tools {
namespace {

/// Both ends of a pipe; closed when a program is started.
struct Pipe {
  Pipe() {
    if (pipe2(ends, O_CLOEXEC) != 0)
      fail("no pipe to a process can be made: {}", std::strerror(errno));
  }
  int ends[2];
};

class SpawnActions {
public:
  SpawnActions() { posix_spawn_file_actions_init(&actions_); }
  ~SpawnActions() { posix_spawn_file_actions_destroy(&actions_); }
  void replace(int stream, int with) { posix_spawn_file_actions_adddup2(&actions_, with, stream); }
  void discard(int stream) {
    posix_spawn_file_actions_addopen(&actions_, stream, "/dev/null", O_WRONLY, 0);
  }
  const posix_spawn_file_actions_t *get() const { return &actions_; }

private:
  posix_spawn_file_actions_t actions_;
};

} // namespace

PeerProcess::PeerProcess(const Framework &framework, const PeerTask &task) : framework_(framework) {
  Pipe in, out;
  SpawnActions actions;
  actions.replace(STDIN_FILENO, in.ends[0]);
  actions.replace(STDOUT_FILENO, out.ends[1]);
  actions.discard(STDERR_FILENO);
  std::vector<std::string> words = {
      task.python,   "-c",       kPeerScript, framework.name,
      task.function, task.model, task.data,   std::to_string(task.threads)};
  std::vector<char *> arguments;
  for (std::string &word : words)
    arguments.push_back(word.data());
  arguments.push_back(nullptr);
  int error = posix_spawnp(&process_, task.python.c_str(), actions.get(), nullptr, arguments.data(),
                           environ);
  close(in.ends[0]);
  close(out.ends[1]);
  toPeer_ = in.ends[1];
  fromPeer_ = out.ends[0];
  if (error) {
    close(toPeer_);
    close(fromPeer_);
    fail("{}: cannot be started: {}; --python names the Python that has the peers", task.python,
         std::strerror(error));
  }
}

PeerProcess::~PeerProcess() {
  close(toPeer_);
  close(fromPeer_);
  kill(process_, SIGTERM);
  while (waitpid(process_, nullptr, 0) < 0 && errno == EINTR)
    ;
}

nlohmann::json PeerProcess::run(int64_t calls) {
  std::string line = std::to_string(calls) + "\n";
  if (write(toPeer_, line.data(), line.size()) != static_cast<ssize_t>(line.size()))
    return {{"error", "its process has ended"}};
  return readLine();
}

nlohmann::json PeerProcess::readLine() {
  char block[4096];
  size_t end = 0;
  while ((end = pending_.find('\n')) == std::string::npos) {
    ssize_t count = read(fromPeer_, block, sizeof(block));
    if (count < 0 && errno == EINTR)
      continue;
    if (count <= 0)
      return {{"error", "its process has ended"}};
    pending_.append(block, static_cast<size_t>(count));
  }
  nlohmann::json answer = nlohmann::json::parse(pending_.substr(0, end), nullptr, false);
  pending_.erase(0, end + 1);
  if (!answer.is_object())
    return {{"error", "its answer is no JSON"}};
  return answer;
}

} // namespace lamina::tools
