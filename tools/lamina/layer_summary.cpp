#include "tools/lamina/layer_summary.h"

#include "ir/layer_name.h"
#include "ir/module.h"
#include "tools/lamina/cost.h"

namespace lamina::tools {

using frontend::keras::describeShape;
using frontend::keras::Layer;
using frontend::keras::Model;
using frontend::keras::TensorReference;

namespace {

/// Whether `name` is `scope` or something within it.
bool isWithin(llvm::StringRef name, llvm::StringRef scope) {
  return name.consume_front(scope) && (name.empty() || name.starts_with("/"));
}

} // namespace

ModelSummary::ModelSummary(Session &session)
    : model_(frontend::keras::parseModel(session.file(), session.options().import.inputShapes)),
      variables_(session.importedSignature().variables) {
  enter(*model_);
  readOperations(session.module());
}

void ModelSummary::enter(const Model &model) {
  for (const auto &layer : model.layers) {
    owners_[layer.get()] = &model;
    if (layer->model)
      enter(*layer->model);
  }
}

void ModelSummary::readOperations(mlir::ModuleOp module) {
  int64_t batchSize = ir::getBatchSize(module);
  auto predict = module.lookupSymbol<mlir::func::FuncOp>(ir::kPredict);
  predict.walk([&](mlir::Operation *operation) {
    std::string layer = ir::layerOf(operation->getLoc());
    if (layer.empty() || operation->getNumResults() != 1)
      return;
    if (auto type = mlir::dyn_cast<mlir::RankedTensorType>(operation->getResult(0).getType()))
      shapes_[layer] = describeShape(type.getShape());
    flops_[layer] += countFlops(operation, batchSize);
  });
}

std::string ModelSummary::shapeOf(const Model &model, const TensorReference &tensor) const {
  const Layer &layer = *model.layers[tensor.layer];
  if (!layer.model)
    return outputShape(model, layer);
  const auto &outputs = layer.model->outputs;
  return tensor.tensor < outputs.size() ? shapeOf(*layer.model, outputs[tensor.tensor].tensor) : "";
}

/// A layer without operations of its own, such as Dropout in a prediction, passes its input on.
std::string ModelSummary::outputShape(const Model &model, const Layer &layer) const {
  if (layer.input) {
    std::vector<int64_t> shape = {mlir::ShapedType::kDynamic};
    llvm::append_range(shape, layer.input->rowShape);
    return describeShape(shape);
  }
  if (auto found = shapes_.find(layer.scope); found != shapes_.end())
    return found->second;
  bool isCalled = !layer.nodes.empty() && !layer.nodes.front().inputs.empty();
  return isCalled ? shapeOf(model, layer.nodes.front().inputs.front()) : "";
}

LayerSummary ModelSummary::describe(const Layer &layer) const {
  LayerSummary summary{&layer, {}, 0, 0};
  if (layer.model)
    for (const auto &output : layer.model->outputs)
      summary.outputShapes.push_back(shapeOf(*layer.model, output.tensor));
  else
    summary.outputShapes.push_back(outputShape(*owners_.at(&layer), layer));
  for (const codegen::VariableSpec &variable : variables_)
    if (variable.path.starts_with("layers/") && isWithin(variable.name, layer.scope))
      summary.parameters += countElements(variable);
  for (const auto &[name, flops] : flops_)
    if (isWithin(name, layer.scope))
      summary.flops += flops;
  return summary;
}

int64_t countElements(const codegen::VariableSpec &variable) {
  return variable.byteSize() / static_cast<int64_t>(byteWidth(variable.type));
}

std::string formatCount(int64_t number) {
  std::string digits = std::to_string(number);
  for (auto place = static_cast<int64_t>(digits.size()) - 3; place > 0; place -= 3)
    digits.insert(static_cast<size_t>(place), ",");
  return digits;
}

} // namespace lamina::tools
