#pragma once

#include <memory>
#include <vector>

#include "codegen/compiled_model.h"

namespace lamina::session {

/// Functions for batches of `batchSize` rows over those of `parts`, compiled with
/// PipelineOptions::accumulate for fewer: a batch goes through them in parts of as many rows as
/// they take. A step's update follows from the mean of the parts' gradients and its logs from the
/// mean of theirs, both weighted by rows; with one part every result is that of `parts`.
class MicroBatches final : public codegen::CompiledModel {
public:
  MicroBatches(std::unique_ptr<codegen::CompiledModel> parts, int64_t batchSize);

  int init(void *state, uint64_t seed) const override { return parts_->init(state, seed); }
  int load(void *state, const void *const *variables) const override {
    return parts_->load(state, variables);
  }
  int save(const void *state, void *const *variables) const override {
    return parts_->save(state, variables);
  }
  int accumulate(const lamina_env *env, void *state, void *workspace, uint32_t rows,
                 const codegen::StepArrays &arrays) const override;
  int trainStep(const lamina_env *env, void *state, void *workspace, uint32_t rows,
                const codegen::StepArrays &arrays) const override;
  int evaluate(const lamina_env *env, const void *state, void *workspace, uint32_t rows,
               const codegen::StepArrays &arrays) const override;
  int predict(const lamina_env *env, const void *state, void *workspace, uint32_t rows,
              const void *const *inputs, void *const *outputs) const override;
  int results(void *workspace, const double *sums, double *logs) const override {
    return parts_->results(workspace, sums, logs);
  }
  codegen::FunctionProfile *profile(std::string_view function) const override {
    return parts_->profile(function);
  }

private:
  struct Part {
    uint32_t begin, rows;
    bool isLast;
  };
  /// Calls `run` for the parts of so many rows until one fails; its status.
  template <typename Run> int forEachPart(uint32_t rows, Run run) const;
  /// The same for a call with arrays, whose logs and sums it makes of those of the parts.
  template <typename Run>
  int join(uint32_t rows, size_t logCount, const codegen::StepArrays &arrays, Run run) const;

  std::unique_ptr<codegen::CompiledModel> parts_;
  uint32_t partRows_;
};

} // namespace lamina::session
