// Cells that a model calls by itself, with a step's input and the states before it:
// keras.layers.SimpleRNNCell, LSTMCell, GRUCell and StackedRNNCells
#include "frontend/keras/layers/layers.h"
#include "frontend/keras/layers/recurrent/recurrent.h"

using namespace mlir;

namespace lamina::frontend::keras {
namespace {

/// Gives the output of the step, then the states behind it.
class CellLayer : public LayerMeaning {
public:
  explicit CellLayer(std::unique_ptr<Cell> cell) : cell(std::move(cell)) {}

  std::vector<VariableDeclaration> build(const Place &place,
                                         ArrayRef<RankedTensorType> inputs) const override {
    return cell->build(place, inputs[0].getShape());
  }

  Tensors call(LayerCall &call, ArrayRef<Tensor> inputs) const override {
    Tensor x = inputs[0].toFloat();
    Tensors states = takeStates(call, inputs.drop_front(), cell->stateShapes(x.shape()));
    CellCall cellCall = cell->begin(call, 0, x.shape());
    CellStep step = cell->step(cellCall, cell->project(cellCall, x), states);
    Tensors outputs = {step.output};
    outputs.append(step.states.begin(), step.states.end());
    return outputs;
  }

private:
  std::unique_ptr<Cell> cell;
};

template <std::unique_ptr<Cell> (*createCell)(Config &)>
std::unique_ptr<LayerMeaning> createCellLayer(Config &config) {
  return std::make_unique<CellLayer>(createCell(config));
}

} // namespace

const LayerEntry simpleRnnCellLayer = {
    "SimpleRNNCell", createCellLayer<createSimpleRnnCell>, MaskUse::Drops, {"states"}};
const LayerEntry lstmCellLayer = {
    "LSTMCell", createCellLayer<createLstmCell>, MaskUse::Drops, {"states"}};
const LayerEntry gruCellLayer = {
    "GRUCell", createCellLayer<createGruCell>, MaskUse::Drops, {"states"}};
const LayerEntry stackedCellsLayer = {
    "StackedRNNCells", createCellLayer<createStackedCells>, MaskUse::Drops, {"states"}};

} // namespace lamina::frontend::keras
