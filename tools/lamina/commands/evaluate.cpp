// lamina evaluate
#include "support/error.h"
#include "support/output.h"
#include "tools/lamina/commands/commands.h"
#include "tools/lamina/commands/data.h"
#include "trainer/fit.h"

namespace lamina::tools {

namespace {

struct EvaluateOptions {
  ModelOptions model;
  DataOptions data;
};

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
  command.callback([&action, options] {
    options->model.import.sampleWeights = options->data.hasWeights();
    action = [options] { evaluate(*options); };
  });
}

} // namespace lamina::tools
