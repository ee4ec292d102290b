// lamina new
#include <memory>

#include "session/design/design.h"
#include "support/error.h"
#include "support/output.h"
#include "tools/lamina/commands/commands.h"
#include "tools/lamina/model_output.h"
#include "tools/lamina/usage/options.h"

namespace lamina::tools {

namespace {

struct NewOptions {
  std::string data, out, task;
  std::vector<std::string> targets, drop;
  TextFileOptions text;
  bool flagMissing = false;
  uint64_t seed = 0;
};

void requireKerasName(const std::string &path) {
  if (frontend::modelFormatOf(path) != frontend::ModelFormat::Keras)
    fail("cannot write {}: the name must end in .keras, the only format with a place for columns "
         "and classes",
         printable(path, 4096));
  requireWritable(path);
}

/// A word of a command line, in quotes where a shell would not take it as it is.
std::string shellWord(const std::string &text) {
  if (!text.empty() &&
      text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                             "_-./,=:+@%") == std::string::npos)
    return text;
  std::string quoted = "'";
  for (char c : text)
    quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

std::string trainCommand(const NewOptions &options, const session::Problem &problem,
                         const session::Design &design) {
  std::string command = fmt::format("lamina train {} --data {} --epochs {}", shellWord(options.out),
                                    shellWord(options.data), design.epochs);
  if (!options.text.delimiter.empty())
    command += " --delimiter " + shellWord(options.text.delimiter);
  if (options.text.header || options.text.noHeader)
    command += options.text.header ? " --header" : " --no-header";
  if (problem.rowsWithoutTarget)
    command += " --missing drop";
  return command + " -o " +
         shellWord(options.out.substr(0, options.out.size() - 6) + "-trained.keras");
}

void tell(const NewOptions &options, const session::Problem &problem,
          const session::Design &design) {
  output("{}: {} rows\n", printable(problem.file, 4096), problem.rows);
  if (problem.rowsWithoutTarget)
    output("  {} more rows have no target and cannot be trained on\n", problem.rowsWithoutTarget);
  for (const std::string &reason : problem.reasons)
    output("  {}\n", reason);
  output("\n{}:\n", printable(options.out, 4096));
  for (const std::string &layer : design.layers)
    output("  {}\n", layer);
  output("  compiled with {}\n\nnext: {}\n", design.training,
         trainCommand(options, problem, design));
}

void makeModel(const NewOptions &options) {
  requireKerasName(options.out);
  requireDistinct({{"DATA", options.data}}, {{"--output", options.out}});
  trainer::DataFile file = trainer::openDataFile(options.data, options.text.text());
  session::ProblemOptions wanted{session::findTask(options.task), options.targets, options.drop,
                                 options.flagMissing};
  session::Problem problem = session::findProblem(file, wanted);
  session::Design design = session::designModel(problem);
  design.file.path = options.out;
  Session session(design.file, {}, /*training=*/true);
  session.compile(options.seed);
  writeModel(options.out, session.file(), session.module(), session.weights(), std::nullopt);
  tell(options, problem, design);
}

} // namespace

void addNew(CLI::App &command, Action &action) {
  auto options = std::make_shared<NewOptions>();
  addPath(command, "DATA", options->data, "A table or arrays, of any kind that --data takes")
      ->required();
  addPath(command, "-o,--output", options->out, "The model: .keras")->required();
  command
      .add_option("--task", options->task,
                  "What the model is to do (default: by the data, told in words)")
      ->check(CLI::IsMember({"classification", "regression", "image", "series"}));
  addList(command, "--target", options->targets,
          "Target columns of a text file, by name or number (default: the last)");
  addList(command, "--drop", options->drop,
          "Columns of a text file to leave out, by name or number");
  command.add_flag("--flag-missing", options->flagMissing,
                   "Give columns that lack values a further one, 1 where a value is missing");
  options->text.addText(command);
  command.add_option("--seed", options->seed, "Seed of the initial weights")->capture_default_str();
  command.callback([&action, options] { action = [options] { makeModel(*options); }; });
}

} // namespace lamina::tools
