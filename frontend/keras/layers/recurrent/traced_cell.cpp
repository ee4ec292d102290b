// Cells of the user's own as traced programs; python/lamina/_program.py has the class for Keras.
#include "frontend/keras/layers/recurrent/cell.h"
#include "frontend/keras/layers/traced_variable.h"
#include "frontend/keras/training/traced/program.h"

using namespace mlir;

namespace lamina::frontend::keras {
namespace {

/// A program of the step's input, the states and the weights, which gives the output and the next
/// states.
class TracedCell : public Cell {
public:
  explicit TracedCell(Config &config)
      : outputSize(config.integer("output_size", 0)), stateCount(readCount(config)),
        variables(readVariables(config)),
        program(config, "program", 1 + stateCount + variables.size(),
                1 + stateCount + variables.size()),
        where(config.where()) {}

  std::vector<VariableDeclaration> build(const Place &, ArrayRef<int64_t>) const override {
    return variables;
  }

  std::vector<Shape> stateShapes(ArrayRef<int64_t> step) const override {
    std::vector<Shape> shapes;
    for (size_t i = 1; i <= stateCount; ++i) {
      std::vector<int64_t> shape = program.inputShape(i);
      shapes.emplace_back(shape.begin(), shape.end());
      if (shapes.back().empty() || !ShapedType::isDynamic(shapes.back()[0]))
        where.fail(fmt::format("state {} of its program has no rows", i - 1));
      shapes.back()[0] = step[0];
    }
    return shapes;
  }

  Shape outputShape(ArrayRef<int64_t> step) const override { return {step[0], outputSize}; }

  CellCall begin(LayerCall &layer, size_t firstVariable, ArrayRef<int64_t>) const override {
    return {layer, firstVariable};
  }

  bool projectsAllSteps() const override { return false; }
  Tensor project(CellCall &, Tensor input) const override { return input; }

  CellStep step(CellCall &call, Tensor input, ArrayRef<Tensor> states) const override {
    Tensors values = {input};
    llvm::append_range(values, states);
    for (size_t i = 0; i < variables.size(); ++i)
      values.push_back(call.variable(i));
    Tensors results = program.run(values);
    if (results.size() != 1 + stateCount)
      where.fail(fmt::format("its program gives {} tensors, not the output and {} states",
                             results.size(), stateCount));
    checkShape("output", results[0], outputShape(input.shape()));
    std::vector<Shape> shapes = stateShapes(input.shape());
    for (size_t i = 0; i < stateCount; ++i)
      checkShape(fmt::format("state {}", i), results[1 + i], shapes[i]);
    return {results[0].toFloat(),
            llvm::to_vector<2>(
                llvm::map_range(llvm::drop_begin(results), [](Tensor t) { return t.toFloat(); }))};
  }

private:
  static size_t readCount(Config &config) {
    int64_t count = config.integer("state_count", 1);
    if (count < 1 || count > 64)
      config.fail(fmt::format("'state_count' is {}, not from 1 to 64", count));
    return static_cast<size_t>(count);
  }

  static std::vector<VariableDeclaration> readVariables(Config &config) {
    std::vector<VariableDeclaration> variables;
    const nlohmann::json &list = config.raw("variables");
    if (!list.is_array())
      config.fail("'variables' is not a list");
    for (const nlohmann::json &object : list) {
      Config variable(object, config.where());
      variables.push_back(readTracedVariable(variable));
      variables.back().name = variable.text("name", "");
      variable.finish("Cell");
    }
    return variables;
  }

  void checkShape(const std::string &what, Tensor value, ArrayRef<int64_t> wanted) const {
    if (value.shape() != wanted)
      where.fail(fmt::format("its program gives {} the shape {}, not {}", what,
                             describeShape(value.shape()), describeShape(wanted)));
  }

  int64_t outputSize;
  size_t stateCount;
  std::vector<VariableDeclaration> variables;
  TracedProgram program;
  Place where;
};

} // namespace

std::unique_ptr<Cell> createTracedCell(Config &config) {
  return std::make_unique<TracedCell>(config);
}

} // namespace lamina::frontend::keras
