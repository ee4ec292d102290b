#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "codegen/compiled_model.h"
#include "frontend/files/array.h"
#include "trainer/aligned_buffer.h"
#include "trainer/batches.h"

namespace lamina::trainer {

/// Mean logs of some rows, by name.
using Logs = std::map<std::string, double>;

/// What a compiled function tells about one batch.
struct BatchLogs {
  std::vector<float> logs; ///< of the batch alone, in the signature's order
  std::vector<float> sums; ///< what adds up over batches, for the logs that follow from sums
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
  /// initializers, which are run only where some are left. Throws UserError when a shape does not
  /// fit; types are cast.
  void start(uint64_t seed, const std::map<std::string, frontend::Array> &values);
  /// All variables that have a path in the model file, by path.
  std::map<std::string, frontend::Array> save() const;
  /// All variables in the signature's order, and back: for checkpoints.
  std::vector<frontend::Array> saveAll() const;
  void loadAll(const std::vector<frontend::Array> &values);

  /// Room for what `logs` of the signature and its sums say about a batch.
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
  void load(const std::map<std::string, frontend::Array> &values);
  void require(int status, const char *function) const;

  std::string name_;
  const codegen::CompiledModel &model_;
  lamina_env env_;
  AlignedBuffer state_, workspace_;
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
