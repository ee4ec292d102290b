#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "codegen/compiled_model.h"
#include "frontend/files/arrays/array.h"
#include "trainer/aligned_buffer.h"
#include "trainer/data/batches.h"

namespace lamina::trainer {

/// Mean logs of some rows, by name.
using Logs = std::map<std::string, double>;

/// Logs of a compiled function for one batch.
struct BatchLogs {
  std::vector<float> logs; ///< of the batch alone, in the signature's order
  std::vector<float> sums; ///< these add up over batches, for the logs that follow from sums
};

/// First values of the variables of a state, by the variables' names.
struct InitialValues {
  std::map<std::string, frontend::Array> arrays;
  std::map<std::string, double> numbers; ///< of all elements
};

/// A compiled model with a state of its own. Turns status codes into errors.
class ModelRunner {
public:
  /// `name` is for messages. `model` and the pool behind `env` must live longer.
  ModelRunner(std::string name, const codegen::CompiledModel &model, const lamina_env &env);

  const codegen::CompiledModel &model() const { return model_; }
  const codegen::Signature &signature() const { return model_.signature(); }
  const std::string &name() const { return name_; }

  /// Fills the state from the initializers.
  void initialize(uint64_t seed);
  /// Fills the state: variables whose name is in `values` from there, the others from the
  /// initializers, which are run only where some are left. Each array is given back as soon as it
  /// is in the state. Throws UserError when a shape does not fit; types are cast.
  void start(uint64_t seed, InitialValues values);
  /// All variables that have a path in the model file, by path.
  std::map<std::string, frontend::Array> save() const;
  /// All variables in the signature's order, and back: for checkpoints.
  std::vector<frontend::Array> saveAll() const;
  void loadAll(const std::vector<frontend::Array> &values);

  /// Copies the values of variables, by the signature's order, to or from memory of their types and
  /// shapes, dense and row-major; a null pointer leaves a variable out.
  void copyTo(const std::vector<void *> &variables) const;
  void copyFrom(const std::vector<const void *> &variables);

  /// Gives the variables of another runner of the same model the values of those of this one.
  void giveState(ModelRunner &other) const;
  /// The same for what layers hand from batch to batch, which is in no model file.
  void giveLayerStates(ModelRunner &other) const;
  /// The whole state as it lies in memory, and back: for going back to it.
  std::span<const std::byte> state() const { return {state_.data(), state_.size()}; }
  void setState(std::span<const std::byte> state);

  /// As loadAll for the model's weights in Keras' sense: not the optimizer's state.
  void loadModel(const std::vector<frontend::Array> &values);

  /// Whether the optimizer's learning rate is a variable; it is none where it follows a schedule.
  bool hasLearningRate() const { return learningRateIndex() >= 0; }
  double learningRate() const;
  void setLearningRate(double rate);

  /// Whether the optimizer keeps moving averages of variables.
  bool hasAverages() const { return !averages_.empty(); }
  /// Gives variables the values of their moving averages, as Keras' optimizers do when training
  /// ends.
  void finalizeAverages();
  /// Exchanges the values of variables and their moving averages.
  void swapAverages();
  /// Gives moving averages the values of their variables.
  void resetAverages();

  /// Room for the signature's logs and sums of a batch.
  BatchLogs makeBatchLogs(const std::vector<codegen::LogSpec> &logs) const;
  /// One step. `logs` has room for signature().trainLogs.
  void trainStep(const Batch &batch, BatchLogs &logs);
  /// Logs of signature().evaluateLogs for one batch.
  void evaluateStep(const Batch &batch, BatchLogs &logs);
  /// The logs that follow from sums over batches (LogMean::Sums), in the signature's order.
  void results(const double *sums, double *logs);
  /// Rows of every output, written to `outputs`.
  void predictStep(const Batch &batch, void *const *outputs);

private:
  void give(ModelRunner &other, bool onlyLayerStates) const;
  /// Puts the value into the state, as the type of the variable.
  void load(size_t variable, frontend::Array value);
  void require(int status, const char *function) const;
  /// The index of the learning rate's variable, -1 for none.
  int64_t learningRateIndex() const;

  std::string name_;
  const codegen::CompiledModel &model_;
  lamina_env env_;
  AlignedBuffer state_, workspace_;
  std::vector<std::pair<size_t, size_t>> averages_; ///< variables, and those of their averages
};

/// The CPU pool of this process as an environment for compiled functions.
class ThreadPool {
public:
  explicit ThreadPool(uint32_t threads) : pool_(lamina_pool_create(threads)) {}
  ~ThreadPool() { lamina_pool_destroy(pool_); }
  ThreadPool(const ThreadPool &) = delete;
  ThreadPool &operator=(const ThreadPool &) = delete;
  lamina_env env() const { return lamina_pool_env(pool_); }
  uint32_t threads() const { return lamina_pool_threads(pool_); }

private:
  lamina_pool *pool_;
};

} // namespace lamina::trainer
