#pragma once

#include <optional>

#include "mlir/Pass/PassManager.h"

/// The named stages between a model's import and code generation.
namespace lamina::passes {

/// In order: a stage includes all those before it. `lamina-opt --pipeline-<stage>` runs them.
enum class Stage { Import, Gradient, Step, Simplify, Layout, Fuse, Schedule, Memory };

struct PipelineOptions {
  /// Off: the step is compiled as the frontend and the gradient rules wrote it.
  bool simplify = true;
  /// Off: products and sums are rounded separately.
  bool contract = true;
  /// Off: parameters stay row-major and are transposed in every step.
  bool layout = true;
  /// Off: the scores of attention are held in memory.
  bool attention = true;
  /// Off: every operation is a kernel of its own.
  bool fuse = true;
  /// Off: all convolutions are computed directly.
  bool winograd = true;
  /// On: a batch may come in parts, whose gradients are summed before one update.
  bool accumulate = false;
  /// Bytes that a function may take beside the state; values are computed a second time, to the
  /// same bits, where they would not have room until they are needed. 0: as many as it takes.
  int64_t memoryLimit = 0;
  /// On: the memory plan is replayed and checked.
  bool verifyMemory = false;
  /// f32 elements of the target's vector registers, and how many registers there are.
  int64_t lanes = 8, registers = 16;
};

/// Adds the passes that turn a module of the import stage into one of stage `upTo`.
void buildPipeline(mlir::OpPassManager &manager, Stage upTo, const PipelineOptions &options = {});

/// The stage called `name` in `--emit=`; nothing when there is none.
std::optional<Stage> parseStage(llvm::StringRef name);

} // namespace lamina::passes
