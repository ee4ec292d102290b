#pragma once

#include "frontend/builder/function_writer.h"
#include "frontend/builder/training/regularizer.h"
#include "frontend/keras/model/forward.h"
#include "frontend/keras/training/compile_settings.h"
#include "frontend/keras/training/log_writer.h"

/// The losses, metrics and penalties of a model's outputs, as @loss and @evaluate compute them.
namespace lamina::frontend::keras {

/// An output with a loss, and the operands of its loss and metrics.
struct OutputScores {
  const OutputSettings &setting;
  Tensor target, prediction, logits, mask;
  Tensor weights = {}; ///< null for none
  Tensor losses = {};  ///< the values of the loss before they are reduced
};

/// Those of the outputs that have a loss, in model order.
std::vector<OutputScores> collectScores(llvm::ArrayRef<OutputSettings> settings, Forward &forward,
                                        const MaskedTensors &outputs, const Tensors &targets);

/// The total of the outputs' losses times their weights, a scalar, or a value per row where one is
/// not reduced. `weightsOfSamples`: the function gets weights of samples as further arguments.
Tensor addLosses(llvm::MutableArrayRef<OutputScores> scores, bool weightsOfSamples, LogWriter &logs,
                 FunctionWriter &writer);

/// `total`, which is the mean of losses without reduction, with the gradient of their sum: to the
/// single values of such a loss Keras on TensorFlow adds the other losses, and minimizes the sum
/// over them. `path` is the model's, for messages.
Tensor minimizeAll(const std::string &path, llvm::ArrayRef<OutputScores> scores, Tensor total);

/// The regularizer of a weight.
struct WeightPenalty {
  const Layer *layer;
  const LayerVariable *variable;
  Regularizer regularizer;
};

/// Those of a built model; weights that are not trained have none.
std::vector<WeightPenalty> readPenalties(const Model &model);

/// Adds the penalties of activities and weights to the loss.
Tensor addPenalties(llvm::ArrayRef<WeightPenalty> penalties, Forward &forward, Tensor loss,
                    FunctionWriter &writer);

/// The metrics of an output: those of `metrics`, or of `weighted_metrics`.
void addMetrics(const OutputScores &output, bool isWeighted, LogWriter &logs);

} // namespace lamina::frontend::keras
