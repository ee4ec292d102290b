// lamina evaluate
#include "support/error.h"
#include "support/output.h"
#include "tools/lamina/commands/class_report.h"
#include "tools/lamina/commands/commands.h"
#include "tools/lamina/commands/data.h"
#include "trainer/data/cast.h"
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
                          const trainer::Dataset &data, const trainer::BindOptions &binding) {
  trainer::ColumnRecipe recipe = binding.known;
  if (!data.recipe.classes.empty())
    recipe.classes = data.recipe.classes;
  std::vector<OutputClasses> all = outputClasses(session, recipe);
  if (all.empty())
    fail("{}: --report is for classifiers, and no output of the model has classes", session.name());
  std::vector<frontend::Array> outputs = trainer::predict(runner, data);
  std::string text;
  for (const OutputClasses &classes : all) {
    const frontend::Array &labels = data.targets[classes.target];
    std::vector<int64_t> actual;
    for (int64_t row = 0; row < data.rows; ++row) {
      double label = trainer::loadValue(labels, static_cast<size_t>(row));
      if (label != 0 && label != 1 && classes.isBinary)
        fail("{}: {}: --report takes a class, 0 or 1, not {}", data.file, data.describeRow(row),
             label);
      actual.push_back(static_cast<int64_t>(label));
    }
    if (all.size() > 1)
      text +=
          fmt::format("\nOutput '{}'", printable(runner.signature().outputs[classes.output].name));
    text += "\n" + ConfusionMatrix(classes.names, actual,
                                   predictedClasses(classes, outputs[classes.output]))
                       .describe();
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
    output("{}", reportClasses(session, runner, data, binding));
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
