#include "frontend/keras/training/scores.h"

#include "frontend/keras/training/regularizers.h"
#include "ir/logs.h"
#include "support/error.h"

using namespace mlir;

namespace lamina::frontend::keras {

/// Which steps of an output count (null for all): one element of each says it for the step.
static Tensor maskOfSteps(Emitter &emitter, const MaskedTensor &output) {
  if (!output.mask)
    return {};
  Tensor mask(emitter, output.mask);
  bool isOfElements = mask.rank() == output.value.rank() && mask.shape().back() == 1;
  return isOfElements ? mask.reshape(mask.shape().drop_back()) : mask;
}

std::vector<OutputScores> collectScores(ArrayRef<OutputSettings> settings, Forward &forward,
                                        const MaskedTensors &outputs, const Tensors &targets) {
  std::vector<OutputScores> result;
  for (auto [setting, output, target] : llvm::zip_equal(settings, outputs, targets)) {
    if (!setting.loss)
      continue;
    Emitter &emitter = forward.emitterAt("loss");
    Tensor source = forward.findLogits(output.value);
    mlir::Type type = setting.loss->getType() == ElementType::F64
                          ? Float64Type::get(emitter.getContext())
                          : emitter.getFloatType();
    result.push_back({setting, Tensor(emitter, target), Tensor(emitter, output.value).convert(type),
                      source ? Tensor(emitter, source).convert(type) : Tensor(),
                      maskOfSteps(emitter, output)});
  }
  return result;
}

/// Class indices stay what they are.
static Tensor convertFloat(Tensor tensor, mlir::Type type) {
  return tensor && tensor.isFloat() ? tensor.convert(type) : tensor;
}

Tensor addLosses(MutableArrayRef<OutputScores> scores, bool weightsOfSamples, LogWriter &logs,
                 FunctionWriter &writer) {
  Tensor total;
  for (OutputScores &output : scores) {
    const OutputSettings &setting = output.setting;
    mlir::Type type = output.prediction.elementType();
    Tensor target = convertFloat(output.target, type);
    ElementValues values =
        setting.loss->compute(target, output.prediction, output.logits, output.mask);
    if (weightsOfSamples) {
      auto single =
          mlir::RankedTensorType::get(values.values.shape(), output.target.emit().getFloatType());
      output.weights = values.values.with(writer.addArgument(
          single, ir::kWeightAttr, writer.getBuilder().getStringAttr(setting.name)));
    }
    Tensor value = setting.loss->reduce(values, convertFloat(output.weights, type));
    output.losses = values.values;
    logs.addLoss(setting.name, value, setting.loss->isReduced());
    Tensor weighted = setting.lossWeight ? value * *setting.lossWeight : value;
    total = total ? total + weighted.convert(total.elementType()) : weighted;
  }
  return total;
}

void addMetrics(const OutputScores &output, bool isWeighted, LogWriter &logs) {
  const OutputSettings &setting = output.setting;
  mlir::Type type = output.prediction.emit().getFloatType();
  Tensor prediction = convertFloat(output.prediction, type);
  Tensor logits = convertFloat(output.logits, type);
  for (const Metric &metric : isWeighted ? setting.weightedMetrics : setting.metrics)
    logs.addMetric(setting.name, metric,
                   metric.compute(output.target, prediction, logits,
                                  isWeighted ? output.weights : Tensor(), output.mask),
                   isWeighted);
}

std::vector<WeightPenalty> readPenalties(const Model &model) {
  std::vector<WeightPenalty> penalties;
  for (const Layer *layer : model.flattenLayers())
    for (const LayerVariable &variable : layer->variables)
      if (variable.isTrainable && !variable.regularizer.is_null())
        penalties.push_back(
            {layer, &variable, readRegularizer(layer->place, variable.regularizer)});
  return penalties;
}

Tensor addPenalties(ArrayRef<WeightPenalty> penalties, Forward &forward, Tensor loss,
                    FunctionWriter &writer) {
  for (Tensor penalty : forward.getPenalties())
    loss = loss + penalty.convert(loss.elementType());
  for (const auto &[layer, variable, regularizer] : penalties) {
    Tensor value(forward.emitterAt(layer->scope), writer.read(*variable));
    loss = loss + regularize(regularizer, layer->place, value).convert(loss.elementType());
  }
  return loss;
}

Tensor minimizeAll(const std::string &path, ArrayRef<OutputScores> scores, Tensor total) {
  Tensor values;
  for (const OutputScores &output : scores) {
    if (output.setting.loss->isReduced())
      continue;
    if (values && values.shape() != output.losses.shape())
      fail("{}: losses without reduction give values of shapes {} and {}, which cannot be added; "
           "use the reduction sum",
           path, describeShape(values.shape()), describeShape(output.losses.shape()));
    values = output.losses;
  }
  if (!values)
    return total;
  Tensor count = total.like(static_cast<double>(values.elementsPerRow()));
  if (values.type().isDynamicDim(0))
    count = count * values.emit().rows();
  return total + (count - 1.0) * (total - stopGradient(total));
}

} // namespace lamina::frontend::keras
