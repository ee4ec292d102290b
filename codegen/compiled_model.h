#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ir/variable_role.h"
#include "runtime/lamina_runtime.h"
#include "support/element_type.h"

namespace lamina::codegen {

/// An input, target, output or log of a compiled function. A dimension of -1 is the row count.
struct TensorSpec {
  std::string name;
  ElementType type = ElementType::F32;
  std::vector<int64_t> shape;
  /// Values are whole numbers below this: a target's classes, or the entries that an input's values
  /// are indices into. 0: any values.
  int64_t bound = 0;
  /// Of a target: its loss has no lower bound unless the values are from 0 to 1.
  bool isProbability = false;
  /// Of an input of data before lookups: texts, of no type.
  bool isText = false;
};

/// A variable of the state: parameters, optimizer slots, counters. `shape` is the logical
/// (Keras) shape; inside the state the variable may be packed.
struct VariableSpec {
  std::string name; ///< symbol in the IR, unique
  std::string path; ///< place in the model file, e.g. "layers/dense/vars/0", "optimizer/vars/2"
  ElementType type = ElementType::F32;
  std::vector<int64_t> shape;
  bool trainable = false;
  ir::VariableRole role = ir::VariableRole::Model;
  /// The variable that holds the moving average which the training step keeps of this one, by its
  /// number.
  std::optional<size_t> average = std::nullopt;

  int64_t byteSize() const;
  bool isOfOptimizer() const { return role != ir::VariableRole::Model; }
};

/// How a log of several batches follows from their own.
enum class LogMean {
  Rows,    ///< their mean, weighted by rows
  Batches, ///< their plain mean
  Sums,    ///< CompiledModel::results of sums over the batches
};

/// A number that a call tells about its batch. A log of several values is as many entries, named
/// NAME[0], NAME[1], …
struct LogSpec {
  std::string name;
  LogMean mean = LogMean::Rows;
};

/// The arguments and results of the compiled functions, in model order.
struct Signature {
  std::vector<VariableSpec> variables;
  std::vector<TensorSpec> inputs, targets, outputs;
  std::vector<TensorSpec> weights; ///< of samples, by the outputs with a loss; empty for none
  std::vector<LogSpec> trainLogs, evaluateLogs; ///< "loss" first
  int64_t sums = 0;      ///< values that add up over batches, of training and evaluation alike
  int64_t batchSize = 0; ///< capacity: the most rows of one call
  size_t stateBytes = 0, workspaceBytes = 0; ///< aligned to 4096
};

/// The arrays of a training step or an evaluation, dense and row-major, in the signature's order.
struct StepArrays {
  const void *const *inputs = nullptr;
  const void *const *targets = nullptr;
  const void *const *weights = nullptr;
  float *logs = nullptr; ///< receives what the batch alone gives: a value per log
  float *sums = nullptr; ///< receives what the batch adds to the sums
};

class FunctionProfile;

/// Native functions of one model over one state, made by the JIT. All are safe to call from any
/// thread as long as no two use one state or workspace at the same time. Arrays are dense and
/// row-major; status codes are those of lamina_runtime.h.
class CompiledModel {
public:
  virtual ~CompiledModel() = default;
  const Signature &signature() const { return signature_; }
  bool hasTraining() const { return hasTraining_; }

  /// Fills the state from the initializers.
  virtual int init(void *state, uint64_t seed) const = 0;
  /// `variables[i]` points at the logical values of signature().variables[i]; a null pointer leaves
  /// that variable as it is (load) or is skipped (save).
  virtual int load(void *state, const void *const *variables) const = 0;
  virtual int save(const void *state, void *const *variables) const = 0;
  virtual int trainStep(const lamina_env *env, void *state, void *workspace, uint32_t rows,
                        const StepArrays &arrays) const = 0;
  /// Goes through a part of a batch, at most signature().batchSize rows of it, whose gradients the
  /// next training step takes into its mean; there only with PipelineOptions::accumulate.
  virtual int accumulate(const lamina_env *env, void *state, void *workspace, uint32_t rows,
                         const StepArrays &arrays) const = 0;
  virtual int evaluate(const lamina_env *env, const void *state, void *workspace, uint32_t rows,
                       const StepArrays &arrays) const = 0;
  virtual int predict(const lamina_env *env, const void *state, void *workspace, uint32_t rows,
                      const void *const *inputs, void *const *outputs) const = 0;

  /// From sums over batches the logs that follow from them (LogMean::Sums), in the signature's
  /// order.
  virtual int results(void *workspace, const double *sums, double *logs) const = 0;

  /// What the kernels of `function` ("train_step", …) take; null unless compiled with
  /// CompileOptions::profiled and called before.
  virtual FunctionProfile *profile(std::string_view /*function*/) const { return nullptr; }

protected:
  Signature signature_;
  bool hasTraining_ = false;
};

} // namespace lamina::codegen
