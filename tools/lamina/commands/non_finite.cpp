#include "tools/lamina/commands/non_finite.h"

#include <filesystem>

#include "session/replay/origin.h"
#include "session/replay/replay_file.h"
#include "support/error.h"
#include "support/output.h"
#include "tools/lamina/usage/version.h"
#include "trainer/checkpoint.h"

namespace lamina::tools {

namespace {

/// "; it arose in …" as far as that can be found.
std::string findArising(session::Session &session, const trainer::NonFiniteStep &step) {
  try {
    std::optional<session::Origin> origin =
        session::findOrigin(session.file(), session.options(), step);
    if (!origin)
      return "";
    std::string row =
        origin->row >= 0 ? fmt::format(" ({})", step.batch.describeRow(origin->row)) : "";
    return fmt::format("; it arose in step {} of epoch {}{}, {}", step.step + 1, step.epoch + 1,
                       row, session::describe(*origin));
  } catch (const UserError &) {
    return ""; // the training's own error counts
  }
}

/// "; 'lamina replay FILE' runs the step again".
std::string keepStep(session::Session &session, const trainer::NonFiniteError &error,
                     const std::string &path) {
  session::Replay replay{session.file(), session.options(), *error.step, error.finding,
                         processorText()};
  try {
    session::writeReplay(path, replay, session.compiled().signature());
  } catch (const UserError &failure) {
    note("warning: {}\n", failure.what());
    return "";
  }
  return fmt::format("; 'lamina replay {}' runs the step again", printable(path, 4096));
}

std::string tellCheckpoint(const std::string &folder) {
  std::error_code ignored;
  if (folder.empty() || !std::filesystem::exists(trainer::Checkpoints::pathIn(folder), ignored))
    return "";
  return fmt::format("; {} has the last state that was finite: go on from it with --resume and a "
                     "lower --learning-rate",
                     printable(folder, 4096));
}

} // namespace

void explainNonFinite(session::Session &session, const trainer::NonFiniteError &error,
                      const NonFiniteContext &context) {
  std::string message = error.finding;
  if (!error.step)
    message +=
        "; --check-finite keeps a copy of the state, by which it can be found where this arose";
  if (error.step && !context.isCached) {
    message += findArising(session, *error.step);
    if (!context.replay.empty())
      message += keepStep(session, error, context.replay);
  }
  throw UserError(message + tellCheckpoint(context.checkpoint) + "; " + error.advice);
}

} // namespace lamina::tools
