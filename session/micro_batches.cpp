#include "session/micro_batches.h"

#include <algorithm>

namespace lamina::session {

using codegen::StepArrays;
using codegen::TensorSpec;

namespace {

/// Addresses of the rows from `begin` on; kept between calls, so that a step allocates nothing.
class RowPointers {
public:
  template <typename Pointer>
  Pointer *from(uint32_t begin, const std::vector<TensorSpec> &specs, Pointer const *arrays) {
    pointers_.clear();
    for (size_t i = 0; arrays && i < specs.size(); ++i) {
      size_t bytes = byteWidth(specs[i].type) * begin;
      for (size_t axis = 1; axis < specs[i].shape.size(); ++axis)
        bytes *= static_cast<size_t>(specs[i].shape[axis]);
      pointers_.push_back(static_cast<std::byte *>(const_cast<void *>(arrays[i])) + bytes);
    }
    return const_cast<Pointer *>(static_cast<void *const *>(pointers_.data()));
  }

private:
  std::vector<void *> pointers_;
};

} // namespace

MicroBatches::MicroBatches(std::unique_ptr<CompiledModel> parts, int64_t batchSize)
    : parts_(std::move(parts)), partRows_(static_cast<uint32_t>(parts_->signature().batchSize)) {
  signature_ = parts_->signature();
  signature_.batchSize = batchSize;
  hasTraining_ = parts_->hasTraining();
}

template <typename Run> int MicroBatches::forEachPart(uint32_t rows, Run run) const {
  for (uint32_t begin = 0; begin < rows; begin += partRows_) {
    uint32_t count = std::min(partRows_, rows - begin);
    if (int status = run(Part{begin, count, begin + count == rows}); status != LAMINA_OK)
      return status;
  }
  return LAMINA_OK;
}

template <typename Run>
int MicroBatches::join(uint32_t rows, size_t logCount, const StepArrays &arrays, Run run) const {
  thread_local RowPointers inputs, targets, weights;
  thread_local std::vector<float> logs, sums;
  thread_local std::vector<double> means, totals;
  logs.resize(logCount);
  sums.resize(static_cast<size_t>(signature_.sums));
  means.assign(logs.size(), 0);
  totals.assign(sums.size(), 0);
  int status = forEachPart(rows, [&](const Part &part) {
    StepArrays given{.inputs = inputs.from(part.begin, signature_.inputs, arrays.inputs),
                     .targets = targets.from(part.begin, signature_.targets, arrays.targets),
                     .weights = weights.from(part.begin, signature_.weights, arrays.weights),
                     .logs = logs.data(),
                     .sums = sums.data()};
    int failure = run(part, given);
    for (size_t i = 0; i < logs.size(); ++i)
      means[i] += static_cast<double>(logs[i]) * part.rows / rows;
    for (size_t i = 0; i < sums.size(); ++i)
      totals[i] += static_cast<double>(sums[i]);
    return failure;
  });
  std::ranges::copy(means, arrays.logs);
  std::ranges::copy(totals, arrays.sums);
  return status;
}

int MicroBatches::accumulate(const lamina_env *env, void *state, void *workspace, uint32_t rows,
                             const StepArrays &arrays) const {
  return join(rows, signature_.trainLogs.size(), arrays,
              [&](const Part &part, const StepArrays &given) {
                return parts_->accumulate(env, state, workspace, part.rows, given);
              });
}

int MicroBatches::trainStep(const lamina_env *env, void *state, void *workspace, uint32_t rows,
                            const StepArrays &arrays) const {
  return join(rows, signature_.trainLogs.size(), arrays,
              [&](const Part &part, const StepArrays &given) {
                return part.isLast ? parts_->trainStep(env, state, workspace, part.rows, given)
                                   : parts_->accumulate(env, state, workspace, part.rows, given);
              });
}

int MicroBatches::evaluate(const lamina_env *env, const void *state, void *workspace, uint32_t rows,
                           const StepArrays &arrays) const {
  return join(rows, signature_.evaluateLogs.size(), arrays,
              [&](const Part &part, const StepArrays &given) {
                return parts_->evaluate(env, state, workspace, part.rows, given);
              });
}

int MicroBatches::predict(const lamina_env *env, const void *state, void *workspace, uint32_t rows,
                          const void *const *inputs, void *const *outputs) const {
  thread_local RowPointers from, to;
  return forEachPart(rows, [&](const Part &part) {
    return parts_->predict(env, state, workspace, part.rows,
                           from.from(part.begin, signature_.inputs, inputs),
                           to.from(part.begin, signature_.outputs, outputs));
  });
}

} // namespace lamina::session
