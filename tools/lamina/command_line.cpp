#include "tools/lamina/command_line.h"

#include <cstdlib>
#include <cstring>
#include <exception>
#include <new>

#include <unistd.h>

#include "support/atomic_file.h"
#include "support/error.h"
#include "support/output.h"
#include "tools/lamina/commands/commands.h"
#include "tools/lamina/usage/usage.h"
#include "tools/lamina/usage/version.h"
#include "llvm/Support/ErrorHandling.h"

namespace {

using namespace lamina::tools;

struct Command {
  const char *name, *description;
  void (*add)(CLI::App &command, Action &action);
};

constexpr Command kCommands[] = {
    {"train", "Train a model on data", addTrain},
    {"predict", "Write the model's outputs for data", addPredict},
    {"evaluate", "Print loss and metrics on data", addEvaluate},
    {"compile", "Write native code with a C header, or a stage on the way", addCompile},
    {"inspect", "Show layers, parameters, memory plan and kernels", addInspect},
    {"bench", "Time the compiled step on random data", addBench},
    {"corr", "Show the correlations between the columns of a table", addCorr},
    {"data", "Describe the content of a data file", addData},
    {"new", "Write a model that suits a data file", addNew},
    {"replay", "Run a recorded step again and say where it stops being finite", addReplay},
    {"report", "Make a page of a run that train --run has kept", addReport},
    {"convert", "Write a model in another of Keras' file formats", addConvert},
    {"cache", "Show or clear the cache of compiled kernels", addCache},
};

/// All commands, of which the command line at hand chooses one.
void addCommands(CLI::App &app, Action &action) {
  app.require_subcommand(1);
  app.set_version_flag("--version", versionText, "Print versions and the processor, and exit");
  app.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  std::vector<std::string> names;
  for (const Command &command : kCommands) {
    command.add(*app.add_subcommand(command.name, command.description), action);
    names.push_back(command.name);
  }
  CLI::App &completion =
      *app.add_subcommand("completion", "Write a script for a shell's completion");
  addCompletion(app, completion, action);
  names.insert(names.end(), {"completion", "help"});
  addHelp(app, *app.add_subcommand("help", "Explain the commands"), action, names);
}

int report(const std::string &reason, int status = 1) {
  lamina::note("error: {}\n", reason);
  return status;
}

constexpr const char *kNoMemory = "there is not enough memory for this";

/// Memory that runs out is an error like others, but the process cannot go on: an exception would
/// pass through frames of LLVM and MLIR, which know none and would leave objects half made that are
/// destroyed afterwards. Files are written whole or not at all, wherever the process ends.
/// Nothing is allocated here.
[[noreturn]] void endWithoutMemory() {
  for (const char *part : {"error: ", kNoMemory, "\n"})
    if (write(STDERR_FILENO, part, std::strlen(part)) < 0)
      break;
  lamina::AtomicFile::removeUnfinished();
  std::_Exit(1);
}

/// Where there is not even memory for an exception, there is none when std::terminate is called.
[[noreturn]] void terminate() {
  try {
    std::exception_ptr current = std::current_exception();
    if (!current)
      endWithoutMemory();
    std::rethrow_exception(current);
  } catch (const std::bad_alloc &) {
    endWithoutMemory();
  } catch (const std::exception &error) {
    lamina::note("fault of the program: {}\n", error.what());
  } catch (...) {
    lamina::note("fault of the program: an exception of no known kind\n");
  }
  std::abort();
}

void prepareForLackOfMemory() {
  std::set_new_handler(endWithoutMemory);
  llvm::install_bad_alloc_error_handler([](void *, const char *, bool) { endWithoutMemory(); });
  std::set_terminate(terminate);
}

int run(const Action &action) {
  try {
    action();
    lamina::finishOutput();
  } catch (const lamina::UserError &error) {
    return report(error.what());
  } catch (const std::bad_alloc &) {
    return report(kNoMemory);
  } catch (const std::exception &error) {
    return report(error.what());
  }
  return 0;
}

} // namespace

int lamina::tools::runCommandLine(int argc, char **argv) {
  lamina::prepareStandardStreams();
  prepareForLackOfMemory();
  CLI::App app("Trains, runs and compiles neural networks from Keras files on CPUs.", "lamina");
  Action action;
  addCommands(app, action);
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp &) {
    action = [&] { lamina::writeOutput(app.help()); };
  } catch (const CLI::CallForVersion &version) {
    action = [text = std::string(version.what())] { lamina::writeOutput(text); };
  } catch (const CLI::ParseError &error) {
    return report(explainUsage(app, error), 2);
  }
  return run(action);
}
