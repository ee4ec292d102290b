#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "frontend/files/models/keras_file.h"
#include "frontend/lookups/lookup.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

namespace lamina::frontend {

/// The caller's wishes beyond the file's settings.
struct ImportOptions {
  int64_t batchSize = 32; ///< the most rows of one batch, or of a part of one
  /// A batch is taken in parts, whose losses and gradients are averaged: losses that are sums over
  /// the batch are refused.
  bool inParts = false;
  bool training = true; ///< false: no @loss and no @optimizer
  /// Names as Keras takes them ("adam", "mse", "accuracy"); empty: from the file's compile_config.
  std::string optimizer;
  std::optional<double> learningRate;
  std::string loss;
  std::vector<std::string> metrics;
  /// Whether @loss and @evaluate take weights of samples: one for each value of an output's loss.
  bool sampleWeights = false;
  /// The model alone is wanted: compile settings of the file that are not understood, or do not
  /// fit, are left out. Metrics of the file are left out like that wherever `loss` is given.
  bool forwardOnly = false;
  /// Gets a line for what was left out, without the file's name; null: nobody wants to know.
  std::vector<std::string> *notes = nullptr;
  /// Gets how the inputs of the module follow from data; null: nobody wants to know.
  LookupPlan *lookups = nullptr;
  /// Shapes of one row by input name, for axes that the file leaves open.
  std::map<std::string, std::vector<int64_t>> inputShapes;
  /// Shapes of one row of targets by output name, for losses that leave them open.
  std::map<std::string, std::vector<int64_t>> targetShapes;
};

/// The module of the import stage: the variables, then
/// - `@init(seed) -> variables`
/// - `@predict(variables, inputs) -> outputs`
/// - `@loss(variables, inputs, targets, weights) -> logs, sums, variables that the forward pass
/// assigns`
/// - `@evaluate(variables, inputs, targets, weights) -> logs, sums`
/// - `@results(sums) -> logs`, when there are logs that follow from sums over batches
/// - `@optimizer(variables, gradients) -> variables`
/// `@loss`, `@evaluate` and `@optimizer` are there when the model has a loss (the latter an
/// optimizer too). Logs are f32 and of the batch alone: "loss" (with penalties), with several
/// losses each one's `<output>_loss`, then the metrics under Keras' names. Operations have the
/// names of their layers as locations.
///
/// Throws UserError `FILE: layer 'x': reason` for everything that is not supported or does not fit.
mlir::OwningOpRef<mlir::ModuleOp> importModel(mlir::MLIRContext &context, const KerasFile &file,
                                              const ImportOptions &options);

/// Every reason why the model cannot be imported, as lines that importModel would throw; empty when
/// it can be.
std::vector<std::string> findProblems(mlir::MLIRContext &context, const KerasFile &file,
                                      const ImportOptions &options);

} // namespace lamina::frontend
