// What the cells have in common: keras/src/layers/rnn/dropout_rnn_cell.py
#include "frontend/keras/layers/recurrent/cell.h"

#include "frontend/keras/config/registry.h"
#include "frontend/keras/initializer.h"
#include "frontend/keras/model/inner_layer.h"

using namespace mlir;

namespace lamina::frontend::keras {

using nlohmann::json;

namespace {

/// A rate as Keras takes it: clipped to [0, 1].
double readRate(Config &config, const char *key) {
  double rate = config.number(key, 0);
  if (std::isnan(rate))
    config.fail(fmt::format("'{}' must be a number between 0 and 1", key));
  return std::clamp(rate, 0.0, 1.0);
}

} // namespace

CellDropout::CellDropout(Config &config, size_t gates, bool isAlwaysApart)
    : inputRate(readRate(config, "dropout")), stateRate(readRate(config, "recurrent_dropout")) {
  config.ignore({"seed"}); // the random numbers are the model's own
  bool isApart = config.integer("implementation", 2) == 1 || stateRate != 0 || isAlwaysApart;
  count = isApart ? gates : 1;
}

void CellDropout::draw(CellCall &call, ArrayRef<int64_t> input, ArrayRef<int64_t> state) const {
  if (!call.layer.isTraining())
    return;
  call.inputFactors = drawFactors(call.layer, inputRate, input);
  call.stateFactors = drawFactors(call.layer, stateRate, state);
}

Tensors CellDropout::drawFactors(LayerCall &layer, double rate, ArrayRef<int64_t> shape) const {
  Tensors factors;
  if (rate == 0 || (rate == 1 && !dropsAll))
    return factors;
  for (size_t i = 0; i < count; ++i) {
    if (rate == 1) {
      factors.push_back(layer.emit().constant(0).broadcastTo(shape));
      continue;
    }
    Tensor keep = layer.uniform(shape) >= rate;
    factors.push_back(where(keep, layer.emit().constant(1 / (1 - rate)), 0.0));
  }
  return factors;
}

Activation readActivation(Config &config, const char *key, const char *fallback) {
  const json &value = config.raw(key);
  return createActivation(config.where(), config.contains(key) ? value : json(fallback));
}

VariableDeclaration readGateBias(Config &config, int64_t units) {
  VariableDeclaration bias = readVariable(config, "bias", "zeros");
  bias.shape = {4 * units};
  if (!config.boolean("unit_forget_bias", true) || !config.boolean("use_bias", true))
    return bias;
  Initializer own = readInitializer(config.where(), bias.initializer);
  InitializerParts parts{{{units, own}, {units, ConstantInitializer{{1}}}, {2 * units, own}}};
  bias.firstValue =
      ConcatenatedInitializer{std::make_shared<const InitializerParts>(std::move(parts))};
  return bias;
}

Tensor takeGate(Tensor x, int64_t i, int64_t count) {
  int64_t extent = x.shape().back() / count;
  return count == 1 ? x : x.slice(x.rank() - 1, i * extent, (i + 1) * extent);
}

std::unique_ptr<Cell> createCell(const Place &place, const json &value,
                                 const std::string &outerClass, ElementType type) {
  using Create = std::unique_ptr<Cell> (*)(Config &);
  static constexpr std::pair<const char *, Create> kCells[] = {
      {"SimpleRNNCell", createSimpleRnnCell},
      {"LSTMCell", createLstmCell},
      {"GRUCell", createGruCell},
      {"StackedRNNCells", createStackedCells},
      {"lamina>Cell", createTracedCell}};
  ObjectConfig object = ObjectConfig::read(place, "the cell", value);
  for (auto [className, create] : kCells) {
    if (object.className != className)
      continue;
    bool isTrainable = readInnerTraits(place, outerClass, object, type);
    Config config(object.config, place);
    config.ignore({"name", "trainable", "dtype", "autocast"});
    std::unique_ptr<Cell> cell = create(config);
    config.finish(object.className);
    cell->isTrainable = isTrainable;
    return cell;
  }
  place.fail(fmt::format("class {} is no cell: it has no sizes of states; use SimpleRNNCell, "
                         "LSTMCell, GRUCell or StackedRNNCells",
                         printable(object.className)));
}

} // namespace lamina::frontend::keras
