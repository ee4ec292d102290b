// keras.layers.StackedRNNCells: keras/src/layers/rnn/stacked_rnn_cells.py
#include "frontend/keras/layers/recurrent/cell.h"
#include "frontend/keras/model/inner_layer.h"
#include "frontend/keras/model/model.h"

using namespace mlir;

namespace lamina::frontend::keras {
namespace {

/// Each cell's output is the next one's input; the states are those of all cells.
class StackedCells : public Cell {
public:
  explicit StackedCells(Config &config) {
    ElementType type = readPolicy(config.where(), config.raw("dtype"));
    std::map<std::string, int> used;
    for (const nlohmann::json &object : config.raw("cells")) {
      Place place = config.where();
      place.part += fmt::format(": cell {}", cells.size());
      cells.push_back(createCell(place, object, "StackedRNNCells", type));
      std::string name = toSnakeCase(ObjectConfig::read(place, "the cell", object).className);
      int count = used[name]++;
      names.push_back(count ? fmt::format("{}_{}", name, count) : name);
    }
    if (cells.empty())
      config.fail("StackedRNNCells needs at least one cell");
  }

  std::vector<VariableDeclaration> build(const Place &place,
                                         ArrayRef<int64_t> step) const override {
    std::vector<VariableDeclaration> all;
    Shape input(step);
    for (auto [cell, name] : llvm::zip_equal(cells, names)) {
      std::vector<VariableDeclaration> variables = cell->build(place, input);
      placeBelow(variables, "cells/" + name);
      for (VariableDeclaration &variable : variables) {
        variable.name = name + "/" + variable.name;
        all.push_back(variable);
      }
      input = cell->outputShape(input);
    }
    return all;
  }

  std::vector<Shape> stateShapes(ArrayRef<int64_t> step) const override {
    std::vector<Shape> shapes;
    Shape input(step);
    for (const auto &cell : cells) {
      llvm::append_range(shapes, cell->stateShapes(input));
      input = cell->outputShape(input);
    }
    return shapes;
  }

  Shape outputShape(ArrayRef<int64_t> step) const override {
    Shape shape(step);
    for (const auto &cell : cells)
      shape = cell->outputShape(shape);
    return shape;
  }

  CellCall begin(LayerCall &layer, size_t firstVariable, ArrayRef<int64_t> step) const override {
    CellCall call{layer, firstVariable};
    Shape input(step);
    for (const auto &cell : cells) {
      call.inner.push_back(cell->begin(layer, firstVariable, input));
      firstVariable += cell->build(layer.place(), input).size();
      input = cell->outputShape(input);
    }
    return call;
  }

  bool projectsAllSteps() const override { return cells[0]->projectsAllSteps(); }

  Tensor project(CellCall &call, Tensor input) const override {
    return cells[0]->project(call.inner[0], input);
  }

  CellStep step(CellCall &call, Tensor projected, ArrayRef<Tensor> states) const override {
    CellStep all;
    for (auto [i, cell] : llvm::enumerate(cells)) {
      if (i > 0)
        projected = cell->project(call.inner[i], all.output);
      size_t count = cell->stateShapes(projected.shape()).size();
      CellStep step = cell->step(call.inner[i], projected, states.take_front(count));
      states = states.drop_front(count);
      all.output = step.output;
      all.states.append(step.states.begin(), step.states.end());
    }
    return all;
  }

private:
  std::vector<std::unique_ptr<Cell>> cells;
  std::vector<std::string> names; ///< in the file
};

} // namespace

std::unique_ptr<Cell> createStackedCells(Config &config) {
  return std::make_unique<StackedCells>(config);
}

} // namespace lamina::frontend::keras
