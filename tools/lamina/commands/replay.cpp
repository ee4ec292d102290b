// lamina replay
#include <cmath>
#include <memory>

#include "session/replay/origin.h"
#include "session/replay/replay_file.h"
#include "support/error.h"
#include "support/output.h"
#include "tools/lamina/commands/commands.h"
#include "tools/lamina/usage/options.h"
#include "tools/lamina/usage/version.h"
#include "trainer/finite.h"

namespace lamina::tools {

namespace {

/// What is not finite after the step here; empty where all is.
std::string runStep(const session::Replay &replay) {
  Session session(replay.file, replay.options, /*training=*/true);
  trainer::ModelRunner &runner = session.compile(0);
  runner.loadAll(replay.step.variables);
  trainer::Batches batches(replay.step.batch, runner.signature().batchSize);
  trainer::BatchLogs logs = runner.makeBatchLogs(runner.signature().trainLogs);
  runner.trainStep(batches.get(0, {}), logs);
  if (!std::isfinite(logs.logs[0]))
    return fmt::format("the loss is {}", std::isnan(logs.logs[0]) ? "nan" : "infinite");
  std::optional<size_t> variable = trainer::findNonFiniteVariable(runner);
  return variable ? fmt::format("'{}' has values that are not finite",
                                printable(runner.signature().variables[*variable].name))
                  : "";
}

void replayStep(const std::string &path) {
  session::Replay replay = session::readReplay(path);
  const trainer::NonFiniteStep &step = replay.step;
  output("{}: epoch {}, step {}, {} rows of {}\n", printable(replay.file.path, 4096),
         step.epoch + 1, step.step + 1, step.batch.rows, printable(step.batch.file, 4096));
  output("recorded with {}: {}\n", printable(replay.processor), printable(replay.finding, 4096));
  std::string here = runStep(replay);
  output("run again with {}: {}\n", processorText(),
         here.empty() ? "loss and variables are finite" : here);
  std::optional<session::Origin> origin = session::findOrigin(replay.file, replay.options, step);
  if (!origin)
    return output("in the reference interpreter all values are finite\n");
  output("the first value that is not finite arose {}\n", session::describe(*origin));
  if (origin->row >= 0)
    output("{} of the batch alone leads there\n", step.batch.describeRow(origin->row));
}

} // namespace

void addReplay(CLI::App &command, Action &action) {
  auto path = std::make_shared<std::string>();
  addPath(command, "FILE", *path, "What lamina train --replay has written")->required();
  command.callback([&action, path] { action = [path] { replayStep(*path); }; });
}

} // namespace lamina::tools
