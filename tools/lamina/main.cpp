// lamina: trains, runs and compiles networks on the command line. Options and printing only.
//
// Exit status: 0 done; 1 the input or the request is at fault, one line on stderr; 2 wrong usage.
#include <exception>
#include <new>

#include <fmt/format.h>

#include "support/error.h"
#include "support/output.h"
#include "tools/lamina/commands.h"

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
    {"convert", "Write a model in another of Keras' file formats", addConvert},
};

int report(const std::string &reason) {
  lamina::note("error: {}\n", reason);
  return 1;
}

} // namespace

int main(int argc, char **argv) {
  lamina::prepareStandardStreams();
  CLI::App app("Trains, runs and compiles neural networks from Keras files on CPUs.", "lamina");
  app.require_subcommand(1);
  app.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  Action action;
  for (const Command &command : kCommands)
    command.add(*app.add_subcommand(command.name, command.description), action);
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp &) {
    action = [&] { lamina::writeOutput(app.help()); };
  } catch (const CLI::ParseError &error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  try {
    action();
    lamina::finishOutput();
  } catch (const lamina::UserError &error) {
    return report(error.what());
  } catch (const std::bad_alloc &) {
    return report("there is not enough memory for this");
  } catch (const std::exception &error) {
    return report(error.what());
  }
  return 0;
}
