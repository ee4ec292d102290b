// The recurrent layers that are made of one cell: keras.layers.RNN, SimpleRNN, LSTM, GRU and
// ConvLSTM1D to 3D in keras/src/layers/rnn/
#include "frontend/keras/layers/layers.h"
#include "frontend/keras/layers/recurrent/recurrent.h"

using namespace mlir;

namespace lamina::frontend::keras {
namespace {

using Create = std::unique_ptr<Cell> (*)(Config &);

template <int64_t spatialRank> std::unique_ptr<Cell> createConvLstm(Config &config) {
  return createConvLstmCell(config, spatialRank);
}

/// A layer whose configuration is also that of its cell. Keras does not freeze the cells of
/// convolutional ones with them.
template <Create createCell, bool freezesCell = true>
std::unique_ptr<LayerMeaning> createLayerOfCell(Config &config) {
  config.ignore({"use_cudnn"}); // how it is computed
  RecurrentSettings settings(config);
  return std::make_unique<Recurrent>(settings, createCell(config), freezesCell);
}

std::unique_ptr<LayerMeaning> createRnn(Config &config) {
  RecurrentSettings settings(config);
  Place place = config.where();
  place.part += ": the cell";
  ElementType type = readPolicy(config.where(), config.raw("dtype"));
  return std::make_unique<Recurrent>(settings, createCell(place, config.raw("cell"), "RNN", type),
                                     false);
}

} // namespace

const LayerEntry rnnLayer = {"RNN", createRnn, MaskUse::Drops, {"initial_state"}};
const LayerEntry simpleRnnLayer = {
    "SimpleRNN", createLayerOfCell<createSimpleRnnCell>, MaskUse::Drops, {"initial_state"}};
const LayerEntry lstmLayer = {
    "LSTM", createLayerOfCell<createLstmCell>, MaskUse::Drops, {"initial_state"}};
const LayerEntry gruLayer = {
    "GRU", createLayerOfCell<createGruCell>, MaskUse::Drops, {"initial_state"}};
const LayerEntry convLstm1dLayer = {
    "ConvLSTM1D", createLayerOfCell<createConvLstm<1>, false>, MaskUse::Drops, {"initial_state"}};
const LayerEntry convLstm2dLayer = {
    "ConvLSTM2D", createLayerOfCell<createConvLstm<2>, false>, MaskUse::Drops, {"initial_state"}};
const LayerEntry convLstm3dLayer = {
    "ConvLSTM3D", createLayerOfCell<createConvLstm<3>, false>, MaskUse::Drops, {"initial_state"}};

} // namespace lamina::frontend::keras
