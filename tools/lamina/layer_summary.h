#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "frontend/keras/model/model.h"
#include "tools/lamina/usage/options.h"

namespace lamina::tools {

/// A layer of a model as people are shown it.
struct LayerSummary {
  const frontend::keras::Layer *layer;
  std::vector<std::string> outputShapes; ///< "(None, 28, 28)", one per output
  int64_t parameters = 0;                ///< its own or, of a nested model, of all layers within
  double flops = 0;                      ///< of @predict for a full batch, all calls together
};

/// The layers of a session's model, which is still of the import stage.
class ModelSummary {
public:
  explicit ModelSummary(Session &session);

  const frontend::keras::Model &model() const { return *model_; }
  /// The facts about a layer at any depth.
  LayerSummary describe(const frontend::keras::Layer &layer) const;

private:
  using Model = frontend::keras::Model;
  using Layer = frontend::keras::Layer;

  void readOperations(mlir::ModuleOp module);
  std::string shapeOf(const Model &model, const frontend::keras::TensorReference &tensor) const;
  std::string outputShape(const Model &model, const Layer &layer) const;
  void enter(const Model &model);

  std::unique_ptr<Model> model_;
  std::map<const Layer *, const Model *> owners_;
  std::map<std::string, std::string> shapes_; ///< of what the last operation of a layer gives
  std::map<std::string, double> flops_;
  std::vector<codegen::VariableSpec> variables_;
};

/// Elements of a variable.
int64_t countElements(const codegen::VariableSpec &variable);
/// 1234567 as "1,234,567".
std::string formatCount(int64_t number);

} // namespace lamina::tools
