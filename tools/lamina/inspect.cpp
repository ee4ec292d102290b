// lamina inspect
#include <algorithm>
#include <map>

#include "frontend/keras/model.h"
#include "ir/module.h"
#include "passes/plan.h"
#include "support/error.h"
#include "tools/lamina/commands.h"
#include "tools/lamina/cost.h"
#include "tools/lamina/session.h"

namespace lamina::tools {

namespace {

using codegen::VariableSpec;

int64_t elements(const VariableSpec &variable) {
  return variable.byteSize() / static_cast<int64_t>(byteWidth(variable.type));
}

/// "(None, 28, 28)", as Keras writes shapes with the rows' axis.
std::string formatShape(llvm::ArrayRef<int64_t> shape) {
  std::string text;
  for (int64_t extent : shape)
    text += (text.empty() ? "" : ", ") + (extent < 0 ? "None" : std::to_string(extent));
  return "(" + text + ")";
}

std::string formatBytes(int64_t bytes) {
  if (bytes < 1024)
    return fmt::format("{} B", bytes);
  double value = static_cast<double>(bytes) / 1024;
  for (const char *unit : {"KiB", "MiB", "GiB"}) {
    if (value < 1024)
      return fmt::format("{:.2f} {}", value, unit);
    value /= 1024;
  }
  return fmt::format("{:.2f} TiB", value);
}

/// The shape of what each layer gives: that of the last operation that carries its name.
std::map<std::string, std::string> outputShapes(mlir::ModuleOp module) {
  std::map<std::string, std::string> shapes;
  auto predict = module.lookupSymbol<mlir::func::FuncOp>(ir::kPredict);
  predict.walk([&](mlir::Operation *operation) {
    auto name = mlir::dyn_cast<mlir::NameLoc>(operation->getLoc());
    if (!name || operation->getNumResults() != 1)
      return;
    if (auto type = mlir::dyn_cast<mlir::RankedTensorType>(operation->getResult(0).getType()))
      shapes[name.getName().str()] = formatShape(type.getShape());
  });
  return shapes;
}

int64_t parametersBelow(const codegen::Signature &signature, const std::string &layer) {
  int64_t count = 0;
  for (const VariableSpec &variable : signature.variables)
    if (variable.name.starts_with(layer + "/") && variable.path.starts_with("layers/"))
      count += elements(variable);
  return count;
}

void printLayers(Session &session, const ModelOptions &options) {
  auto model = frontend::keras::parseModel(session.file(), options.parsedInputShapes());
  auto shapes = outputShapes(session.module());
  fmt::print("Model: \"{}\"\n\n{:<40} {:<24} {:>12}\n", printable(model->name), "Layer (type)",
             "Output shape", "Param #");
  for (const auto &layer : model->layers) {
    std::string shape = shapes.contains(layer->name) ? shapes[layer->name] : "";
    if (layer->input) {
      std::vector<int64_t> rows = {-1};
      rows.insert(rows.end(), layer->input->rowShape.begin(), layer->input->rowShape.end());
      shape = formatShape(rows);
    }
    fmt::print("{:<40} {:<24} {:>12}\n",
               fmt::format("{} ({})", printable(layer->name, 24), layer->className), shape,
               parametersBelow(session.importedSignature(), layer->name));
  }
}

void printParameters(const codegen::Signature &signature) {
  int64_t trainable = 0, fixed = 0, optimizer = 0;
  for (const VariableSpec &variable : signature.variables) {
    if (variable.path.starts_with("optimizer/"))
      optimizer += elements(variable);
    else if (variable.path.starts_with("layers/"))
      (variable.trainable ? trainable : fixed) += elements(variable);
  }
  fmt::print(
      "\nTotal params: {}\nTrainable params: {}\nNon-trainable params: {}\nOptimizer params: "
      "{}\n",
      trainable + fixed + optimizer, trainable, fixed, optimizer);
}

/// The layer of a kernel, how many operations it fuses, and its contractions.
std::string describeKernel(ir::KernelOp kernel) {
  size_t operations = 0, contractions = 0;
  for (mlir::Operation &operation : kernel.getBlock().without_terminator()) {
    ++operations;
    contractions += mlir::isa<ir::DotGeneralOp>(operation);
  }
  auto name = mlir::dyn_cast<mlir::NameLoc>(kernel.getLoc());
  return fmt::format("  {:<36} {:>3} operations{}",
                     name ? printable(name.getName().str(), 32) : "-", operations,
                     contractions ? " with dot_general" : "");
}

void printFunction(mlir::func::FuncOp function) {
  passes::MemoryPlan plan = passes::describeArena(function);
  std::vector<std::string> kernels;
  function.walk([&](ir::KernelOp kernel) { kernels.push_back(describeKernel(kernel)); });
  fmt::print("\n{}: {} kernels in {} waves, {:.3f} MFLOP in contractions\n"
             "  arena {} (live at most {}, without sharing {})\n",
             function.getName().str(), kernels.size(), plan.waves, countFlops(function) / 1e6,
             formatBytes(plan.arenaBytes), formatBytes(plan.liveBytes),
             formatBytes(plan.totalBytes));
  for (const std::string &kernel : kernels)
    fmt::print("{}\n", kernel);
}

void inspect(const ModelOptions &options) {
  Session session(options, true);
  printLayers(session, options);
  printParameters(session.importedSignature());
  session.lower(passes::Stage::Memory);
  codegen::Signature signature = codegen::makeSignature(session.module());
  fmt::print("\nBatch size {}: state {}, workspace {}\n", signature.batchSize,
             formatBytes(static_cast<int64_t>(signature.stateBytes)),
             formatBytes(static_cast<int64_t>(signature.workspaceBytes)));
  for (llvm::StringRef name : {ir::kTrainStep, ir::kEvaluate, ir::kPredict})
    if (auto function = session.module().lookupSymbol<mlir::func::FuncOp>(name))
      printFunction(function);
}

} // namespace

void addInspect(CLI::App &app, Action &action) {
  CLI::App &command =
      *app.add_subcommand("inspect", "Show layers, parameters, memory plan and kernels");
  auto options = std::make_shared<ModelOptions>();
  options->addModel(command);
  options->addBatchSize(command);
  options->addOptimizer(command);
  options->addLoss(command);
  command.callback([&action, options] { action = [options] { inspect(*options); }; });
}

} // namespace lamina::tools
