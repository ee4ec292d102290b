// lamina evaluate
#include "support/error.h"
#include "support/output.h"
#include "tools/lamina/commands/class_report.h"
#include "tools/lamina/commands/commands.h"
#include "tools/lamina/commands/data.h"
#include "trainer/fit.h"

namespace lamina::tools {

namespace {

struct EvaluateOptions {
  ModelOptions model;
  DataOptions data;
  bool report = false;
};

/// The classes of all rows by those that the model takes them for, for each output that has some.
std::string reportClasses(Session &session, trainer::ModelRunner &runner,
                          const trainer::Dataset &data) {
  std::vector<NamedConfusion> all = confusionsOf(session, runner, data);
  if (all.empty())
    fail("{}: --report is for classifiers, and no output of the model has classes", session.name());
  std::string text;
  for (const auto &[output, matrix] : all) {
    if (all.size() > 1)
      text += fmt::format("\nOutput '{}'", printable(output));
    text += "\n" + matrix.describe();
  }
  return text;
}

void evaluate(const EvaluateOptions &options) {
  PendingData pending(options.data.data, options.data);
  Session session = pending.open(options.model.forSession(), false);
  if (session.importedSignature().targets.empty())
    fail("{}: the model has no loss; compile it in Keras, or give --loss", session.name());
  trainer::BindOptions binding = options.data.binding();
  binding.known = session.recipe();
  binding.numbersLabels = false;
  trainer::Dataset data = pending.bindAloud(session, binding);
  trainer::ModelRunner &runner = session.compile(0);
  trainer::Logs logs = trainer::evaluate(runner, data);
  for (const codegen::LogSpec &log : runner.signature().evaluateLogs)
    output("{}: {:#.9g}\n", log.name, logs.at(log.name));
  if (options.report)
    output("{}", reportClasses(session, runner, data));
}

} // namespace

void addEvaluate(CLI::App &command, Action &action) {
  auto options = std::make_shared<EvaluateOptions>();
  options->model.addModel(command);
  options->data.add(command);
  options->data.addSampleWeight(command);
  options->model.addBatchSize(command);
  options->model.addPasses(command);
  options->model.addLoss(command);
  options->model.addThreads(command);
  command.add_flag("--report", options->report,
                   "Tell of each class which ones its rows were taken for, precision and recall");
  command.callback([&action, options] {
    options->model.import.sampleWeights = options->data.hasWeights();
    action = [options] { evaluate(*options); };
  });
}

} // namespace lamina::tools
