// lamina inspect
#include "ir/layer_name.h"
#include "ir/module.h"
#include "passes/memory/plan.h"
#include "support/error.h"
#include "support/output.h"
#include "tools/lamina/commands/commands.h"
#include "tools/lamina/cost.h"
#include "tools/lamina/layer_summary.h"
#include "tools/lamina/model_graph.h"
#include "tools/lamina/statistics.h"

namespace lamina::tools {

namespace {

using codegen::VariableSpec;
using frontend::keras::Layer;
using frontend::keras::Model;

struct InspectOptions {
  ModelOptions model;
  std::string graph;
};

/// FLOPs of one row, with a unit.
std::string formatFlops(double flops) {
  if (flops == 0)
    return "0";
  for (const char *unit : {"", " K", " M"}) {
    if (flops < 1000)
      return fmt::format("{:.{}f}{}", flops, *unit ? 2 : 0, unit);
    flops /= 1000;
  }
  return fmt::format("{:.2f} G", flops);
}

void printLayers(const ModelSummary &summary, const Model &model, double batchSize,
                 const std::string &indent) {
  for (const auto &layer : model.layers) {
    LayerSummary row = summary.describe(*layer);
    std::string name = indent + fmt::format("{} ({})", printable(layer->name, 28 - indent.size()),
                                            layer->className);
    output("{:<44} {:<26} {:>14} {:>12}\n", name,
           fmt::format("{}", fmt::join(row.outputShapes, ", ")), formatCount(row.parameters),
           formatFlops(row.flops / batchSize));
    if (layer->model)
      printLayers(summary, *layer->model, batchSize, indent + "  ");
  }
}

void printModel(const ModelSummary &summary, double batchSize) {
  const Model &model = summary.model();
  output("Model: \"{}\"\n\n{:<44} {:<26} {:>14} {:>12}\n", printable(model.name), "Layer (type)",
         "Output shape", "Param #", "FLOPs a row");
  printLayers(summary, model, batchSize, "");
}

void printParameters(const codegen::Signature &signature) {
  int64_t trainable = 0, fixed = 0, optimizer = 0;
  for (const VariableSpec &variable : signature.variables) {
    if (variable.isOfOptimizer())
      optimizer += countElements(variable);
    else if (variable.path.starts_with("layers/"))
      (variable.trainable ? trainable : fixed) += countElements(variable);
  }
  output("\nTotal params: {}\nTrainable params: {}\nNon-trainable params: {}\nOptimizer params: "
         "{}\n",
         formatCount(trainable + fixed + optimizer), formatCount(trainable), formatCount(fixed),
         formatCount(optimizer));
}

/// A kernel's layer, family, and what it does for a full batch.
std::string describeKernel(ir::KernelOp kernel) {
  std::string layer = ir::layerOf(kernel.getLoc());
  auto operations = kernel.getBlock().without_terminator();
  return fmt::format(
      "  {:<36} {:<12} {:>4} {:>10} {:>12.3f} {:>12}", layer.empty() ? "-" : printable(layer, 32),
      stringifyKernelFamily(kernel.getFamily()).str(), kernel.getWave().value_or(0),
      std::distance(operations.begin(), operations.end()), countFlopsWithin(kernel) / 1e6,
      formatBytes(static_cast<int64_t>(countBytes(kernel))));
}

void printFunction(mlir::func::FuncOp function) {
  passes::MemoryPlan plan = passes::describeArena(function);
  std::vector<std::string> kernels;
  function.walk([&](ir::KernelOp kernel) { kernels.push_back(describeKernel(kernel)); });
  output("\n{}: {} kernels in {} waves, {:.3f} MFLOP\n"
         "  arena {} (live at most {}, without sharing {})\n",
         function.getName().str(), kernels.size(), plan.waves, countFlopsWithin(function) / 1e6,
         formatBytes(plan.arenaBytes), formatBytes(plan.liveBytes), formatBytes(plan.totalBytes));
  if (std::string again = describe(countRecomputed(function)); !again.empty())
    output("  {}\n", again);
  output("  {:<36} {:<12} {:>4} {:>10} {:>12} {:>12}\n", "kernel of layer", "family", "wave",
         "operations", "MFLOP", "moves");
  for (const std::string &kernel : kernels)
    output("{}\n", kernel);
}

/// Lists all that keeps the model from compiling; where it is one thing, that is the error.
void requireCompilable(const frontend::KerasFile &file, const ModelOptions &options) {
  std::vector<std::string> problems = session::findProblems(file, options.forSession());
  // Without the compile settings there is still a model to look at.
  if (problems.empty() ||
      session::findProblems(file, options.forSession(), /*forwardOnly=*/true).empty())
    return;
  if (problems.size() == 1)
    throw UserError(problems.front());
  for (const std::string &problem : problems)
    output("{}\n", problem);
  fail("{}: does not compile for {} reasons, listed above", file.path, problems.size());
}

/// The plan is that of training where the model has a loss.
void requireWholeTraining(Session &session) {
  if (!session.importedSignature().targets.empty() &&
      !session.module().lookupSymbol(ir::kOptimizer))
    fail("{}: the model has a loss but no optimizer; compile it in Keras, or give --optimizer",
         session.name());
}

void inspect(const InspectOptions &options) {
  requireDistinct(options.model.inputs(), {{"--graph", options.graph}});
  if (!options.graph.empty())
    requireDrawable(options.graph);
  frontend::KerasFile file = session::readModel(options.model.forSession());
  requireCompilable(file, options.model);
  Session session(std::move(file), options.model.forSession(), true, /*forwardOnly=*/true);
  requireWholeTraining(session);
  ModelSummary summary(session);
  if (!options.graph.empty())
    drawModel(summary, options.graph);
  printModel(summary, static_cast<double>(options.model.import.batchSize));
  printParameters(session.importedSignature());
  session.lower(passes::Stage::Memory);
  codegen::Signature signature = codegen::makeSignature(session.module());
  output("\nBatch size {}{}: state {}, workspace {}\n", options.model.import.batchSize,
         options.model.accumulate > 1 ? fmt::format(" in parts of {}", signature.batchSize) : "",
         formatBytes(static_cast<int64_t>(signature.stateBytes)),
         formatBytes(static_cast<int64_t>(signature.workspaceBytes)));
  for (llvm::StringRef name : {ir::kAccumulate, ir::kTrainStep, ir::kEvaluate, ir::kPredict})
    if (auto function = session.module().lookupSymbol<mlir::func::FuncOp>(name))
      printFunction(function);
}

} // namespace

void addInspect(CLI::App &command, Action &action) {
  auto options = std::make_shared<InspectOptions>();
  options->model.addModel(command);
  options->model.addBatchSize(command);
  options->model.addAccumulation(command);
  options->model.addFreezing(command);
  options->model.addPasses(command);
  options->model.addOptimizer(command);
  options->model.addLoss(command);
  addPath(command, "--graph", options->graph,
          "File for a drawing of the layers: .svg, .png or .pdf by Graphviz, or .dot");
  command.callback([&action, options] { action = [options] { inspect(*options); }; });
}

} // namespace lamina::tools
