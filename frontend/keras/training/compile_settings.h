#pragma once

#include "frontend/keras/import.h"
#include "frontend/keras/model/model.h"
#include "frontend/keras/training/loss.h"
#include "frontend/keras/training/metric.h"

namespace lamina::frontend::keras {

/// The loss and the metrics of one output.
struct OutputSettings {
  std::string name;           ///< in logs: the dict key, else the layer's name
  std::unique_ptr<Loss> loss; ///< null: the output has none
  std::optional<double> lossWeight;
  TargetType target; ///< meaningful with a loss
  std::vector<Metric> metrics, weightedMetrics;
};

/// The targets of an output with a loss, before the output's shape is known.
struct DeclaredTarget {
  std::string name;     ///< the output's
  int64_t openRank = 0; ///< dimensions of a row that the data have to say
};

/// A model's `compile` arguments, resolved for its outputs.
struct CompileSettings {
  std::vector<OutputSettings> outputs;
  nlohmann::json optimizer; ///< null for none

  bool hasLoss() const;
};

/// Parts of the file's compile settings that are ignored.
enum class PassedOver { Nothing, Metrics, LossesAndMetrics };

/// Resolves `compile_config` with the options' overrides (keras/src/trainers/compile_utils.py).
/// `predictions` are the types of the outputs in model order. With `problems` given, every loss and
/// metric that is not understood is reported there, and the result is usable only when none was.
/// Where the options give a loss, metrics of the file that are not understood are left out; a line
/// in `notes` says so.
CompileSettings resolveCompileSettings(const KerasFile &file, const ImportOptions &options,
                                       const Model &model,
                                       llvm::ArrayRef<mlir::RankedTensorType> predictions,
                                       PassedOver passedOver, std::vector<std::string> &notes,
                                       std::vector<std::string> *problems = nullptr);

/// The targets of the outputs with a loss, in model order. Losses that are not understood are left
/// out: resolveCompileSettings says so.
std::vector<DeclaredTarget> declareTargets(const KerasFile &file, const ImportOptions &options,
                                           const Model &model);

} // namespace lamina::frontend::keras
