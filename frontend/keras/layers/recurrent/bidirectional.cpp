// keras.layers.Bidirectional: keras/src/layers/rnn/bidirectional.py (Schuster and Paliwal 1997)
#include "frontend/keras/layers/layers.h"
#include "frontend/keras/layers/recurrent/recurrent.h"
#include "frontend/keras/model/inner_layer.h"

using namespace mlir;

namespace lamina::frontend::keras {
namespace {

using nlohmann::json;

/// A sequence from both ends by two layers, whose outputs are merged.
class Bidirectional : public LayerMeaning {
public:
  explicit Bidirectional(Config &config) : mergeMode(config.text("merge_mode", "")) {
    if (!llvm::is_contained({"sum", "mul", "ave", "concat", ""}, mergeMode))
      config.fail(fmt::format("'merge_mode' must be sum, mul, concat, ave or null, not {}",
                              printable(mergeMode)));
    if (!config.contains("merge_mode"))
      mergeMode = "concat";
    const json forward = config.raw("layer");
    json backward = config.raw("backward_layer");
    if (backward.is_null() && forward.is_object()) {
      backward = forward;
      backward["config"]["go_backwards"] = true;
    }
    sides[0] = readSide(config, "forward_layer", forward);
    sides[1] = readSide(config, "backward_layer", backward);
    checkSides(config);
  }

  std::vector<VariableDeclaration> build(const Place &,
                                         ArrayRef<RankedTensorType> inputs) const override {
    std::vector<VariableDeclaration> all;
    for (const Side &side : sides)
      for (VariableDeclaration &variable : side.layer.build(inputs, side.attribute)) {
        variable.name = side.attribute + "/" + variable.name;
        all.push_back(std::move(variable));
      }
    return all;
  }

  Tensors call(LayerCall &call, ArrayRef<Tensor> inputs) const override {
    ArrayRef<Tensor> states = inputs.drop_front();
    if (states.size() % 2 != 0)
      call.fail(fmt::format("is called with {} initial state{}; both of its layers need as many",
                            states.size(), states.size() == 1 ? "" : "s"));
    size_t half = states.size() / 2;
    Tensor mask = maskOfSequence(call, inputs);
    Tensors first = goThrough(call, 0, inputs[0], states.take_front(half), mask);
    Tensors second = goThrough(call, 1, inputs[0], states.drop_front(half), mask);
    Tensors outputs = merge(call, first[0], second[0]);
    if (returnsSequences())
      call.setMask(call.mask(0), outputs.size());
    outputs.append(first.begin() + 1, first.end());
    outputs.append(second.begin() + 1, second.end());
    return outputs;
  }

private:
  struct Side {
    std::string attribute; ///< in Keras and in the file
    InnerLayer layer;
    Recurrent *recurrent = nullptr;
  };

  static Side readSide(Config &config, const char *attribute, const json &object) {
    ElementType type = readPolicy(config.where(), config.raw("dtype"));
    Side side = {attribute,
                 InnerLayer::read(config.where(), "Bidirectional", attribute, object, type)};
    side.recurrent = dynamic_cast<Recurrent *>(side.layer.meaning.get());
    if (!side.recurrent)
      side.layer.place.fail(fmt::format("class {} is no recurrent layer; use LSTM, GRU, SimpleRNN, "
                                        "RNN or ConvLSTM1D to 3D",
                                        printable(side.layer.className)));
    return side;
  }

  void checkSides(const Config &config) {
    const RecurrentSettings &first = sides[0].recurrent->settings;
    const RecurrentSettings &second = sides[1].recurrent->settings;
    if (first.goesBackwards == second.goesBackwards)
      config.fail("its two layers need different values of 'go_backwards'");
    if (first.returnsSequences != second.returnsSequences ||
        first.returnsState != second.returnsState || first.isStateful != second.isStateful)
      config.fail("its two layers need the same values of 'return_sequences', 'return_state' and "
                  "'stateful'");
    for (Side &side : sides) // whatever the layer's own setting is
      side.recurrent->settings.zeroesMasked = first.returnsSequences;
  }

  bool returnsSequences() const { return sides[0].recurrent->settings.returnsSequences; }

  /// One side's output, a sequence in the order in which both are merged, then its states.
  Tensors goThrough(LayerCall &call, size_t i, Tensor x, ArrayRef<Tensor> states,
                    Tensor mask) const {
    const Side &side = sides[i];
    Tensors inputs = {x};
    inputs.append(states.begin(), states.end());
    size_t firstVariable = i == 0 ? 0 : sides[0].layer.build({x.type()}, "").size();
    InnerCall inner(call, firstVariable);
    Sequence sequence = side.recurrent->run(inner, inputs, mask);
    Tensors outputs = {sequence.last};
    if (returnsSequences()) // Keras turns the second one's around
      outputs[0] =
          inOrderOfProcessing(sequence.outputs, side.recurrent->settings.goesBackwards != (i == 1));
    if (side.recurrent->settings.returnsState)
      outputs.append(sequence.states.begin(), sequence.states.end());
    for (Tensor output : outputs)
      call.penalize(side.layer.activityRegularizer, output);
    return outputs;
  }

  Tensors merge(const LayerCall &call, Tensor a, Tensor b) const {
    if (mergeMode.empty())
      return {a, b};
    bool fits = mergeMode == "concat" ? a.shape().drop_back() == b.shape().drop_back()
                                      : a.shape() == b.shape();
    if (!fits)
      call.fail(fmt::format("outputs of shapes {} and {} cannot be merged by '{}'",
                            describeShape(a.shape()), describeShape(b.shape()), mergeMode));
    if (mergeMode == "concat")
      return {concatenate({a, b}, a.rank() - 1)};
    if (mergeMode == "mul")
      return {a * b};
    return {mergeMode == "sum" ? a + b : (a + b) / 2.0};
  }

  std::string mergeMode; ///< empty for Keras' None
  Side sides[2];
};

} // namespace

const LayerEntry bidirectionalLayer = {
    "Bidirectional", createFromConfig<Bidirectional>, MaskUse::Drops, {"initial_state"}};

} // namespace lamina::frontend::keras
