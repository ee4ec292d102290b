// keras.layers.ConvLSTM1D to 3D: keras/src/layers/rnn/conv_lstm.py (Shi et al. 2015)
#include "frontend/keras/layers/convolutional/convolutions.h"
#include "frontend/keras/layers/recurrent/gates.h"

using namespace mlir;

namespace lamina::frontend::keras {
namespace {

/// Long short-term memory whose contractions are convolutions. The state's has neither strides nor
/// dilations, and keeps its extents.
class ConvLstmCell : public Cell {
public:
  ConvLstmCell(Config &config, int64_t spatialRank)
      : spatialRank(spatialRank), format(config, spatialRank), filters(config.positive("filters")),
        useBias(config.boolean("use_bias", true)),
        activation(readActivation(config, "activation", "tanh")),
        gateActivation(readActivation(config, "recurrent_activation", "sigmoid")),
        dropout(config, kGates, true), kernel(readVariable(config, "kernel", "glorot_uniform")),
        recurrentKernel(readVariable(config, "recurrent_kernel", "orthogonal", "recurrent")),
        bias(readGateBias(config, filters)) {
    windows = Windows::read(config, readSizes(config, "kernel_size", spatialRank), true, false);
    refuseStridesWithDilation(config, windows);
    stateWindows = windows;
    stateWindows.strides.assign(spatialRank, 1);
    stateWindows.dilations.assign(spatialRank, 1);
    stateWindows.padding = Windows::Padding::Same;
  }

  std::vector<VariableDeclaration> build(const Place &place,
                                         ArrayRef<int64_t> step) const override {
    format.require(place, step, [&](const ImageShape &image) {
      return windows.findMisfit("kernel", image.spatial);
    });
    std::vector<VariableDeclaration> variables = {kernel, recurrentKernel};
    for (VariableDeclaration &variable : variables) {
      bool isRecurrent = &variable != variables.data();
      variable.shape.assign(windows.sizes.begin(), windows.sizes.end());
      variable.shape.push_back(isRecurrent ? filters : format.split(place, step).channels);
      variable.shape.push_back(kGates * filters);
    }
    if (useBias)
      variables.push_back(bias);
    for (VariableDeclaration &variable : variables)
      variable.trainable = isTrainable;
    return variables;
  }

  std::vector<Shape> stateShapes(ArrayRef<int64_t> step) const override {
    Shape shape(step);
    for (int64_t i = 0; i < spatialRank; ++i)
      shape[format.getFirstSpatial() + i] = windows.count(i, step[format.getFirstSpatial() + i]);
    shape[format.getChannels()] = filters;
    return {shape, shape};
  }

  CellCall begin(LayerCall &layer, size_t firstVariable, ArrayRef<int64_t> step) const override {
    CellCall call{layer, firstVariable};
    dropout.draw(call, step, stateShapes(step)[0]);
    return call;
  }

  bool projectsAllSteps() const override { return false; }

  Tensor project(CellCall &call, Tensor input) const override {
    Tensor z = convolveGates(input, call.variable(0), windows, call.inputFactors);
    return useBias ? z + call.variable(2) : z;
  }

  CellStep step(CellCall &call, Tensor projected, ArrayRef<Tensor> states) const override {
    Tensor z =
        projected + convolveGates(states[0], call.variable(1), stateWindows, call.stateFactors);
    CellStep step = stepLongShortTerm(call.layer, z, format.toChannelsLast(states[1]), activation,
                                      gateActivation);
    Tensor h = format.fromChannelsLast(step.output);
    return {h, {h, format.fromChannelsLast(step.states[1])}};
  }

private:
  static constexpr int64_t kGates = 4;

  /// The convolution with channels last, where the factors of dropout may be one for each gate.
  Tensor convolveGates(Tensor x, Tensor kernel, const Windows &windows,
                       ArrayRef<Tensor> factors) const {
    if (factors.empty())
      return convolve(format.toChannelsLast(x), kernel, windows);
    Tensors parts;
    for (int64_t gate = 0; gate < kGates; ++gate)
      parts.push_back(convolve(format.toChannelsLast(x * factors[gate]),
                               takeGate(kernel, gate, kGates), windows));
    return concatenate(parts, spatialRank + 1);
  }

  int64_t spatialRank;
  ImageFormat format;
  int64_t filters;
  bool useBias;
  Activation activation, gateActivation;
  CellDropout dropout;
  VariableDeclaration kernel, recurrentKernel, bias;
  Windows windows, stateWindows;
};

} // namespace

std::unique_ptr<Cell> createConvLstmCell(Config &config, int64_t spatialRank) {
  return std::make_unique<ConvLstmCell>(config, spatialRank);
}

} // namespace lamina::frontend::keras
