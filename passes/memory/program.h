#pragma once

#include <variant>
#include <vector>

#include "ir/module.h"

/// What a function runs after assign-waves and when: the one reading of its waves that the memory
/// plan, its verifier, its description and code generation share.
namespace lamina::passes {

/// Kernels that do not depend on each other: they run at the same time.
struct Wave {
  llvm::SmallVector<ir::KernelOp> kernels;
};

struct Loop;

/// Waves and loops that run one after another: a function, or the body of a loop.
using Sequence = std::vector<std::variant<Wave, Loop>>;

/// What the body of `scan` runs in each iteration.
struct Loop {
  ir::ScanOp scan;
  Sequence body;
};

/// The program of `function`. Emits an error where an operation is outside of a kernel and no loop,
/// or has no wave or one that should have run before.
mlir::FailureOr<Sequence> readProgram(mlir::func::FuncOp function);

/// The kernels of `sequence` in the order in which they first run.
llvm::SmallVector<ir::KernelOp> kernelsOf(const Sequence &sequence);

/// The same of a function that has waves or is about to get them: in the order of its text.
llvm::SmallVector<ir::KernelOp> kernelsOf(mlir::func::FuncOp function);

/// The loops of `sequence`, each before those in its body.
llvm::SmallVector<ir::ScanOp> loopsOf(const Sequence &sequence);

/// Waves numbered in the order in which they first run, those of loops among them.
class Timeline {
public:
  explicit Timeline(const Sequence &program) { add(program, kNoLoop); }

  struct Lifetime {
    int64_t firstWave, lastWave; ///< inclusive
  };

  int64_t waveCount() const { return waves; }
  int64_t waveOf(ir::KernelOp kernel) const { return moments.at(kernel).wave; }
  /// The waves of a loop's body.
  Lifetime wavesOf(ir::ScanOp loop) const;
  /// Whether the same loop, or none, is the innermost one around both: they run equally often.
  bool runTogether(mlir::Operation *a, mlir::Operation *b) const {
    return moments.at(a).loop == moments.at(b).loop;
  }

  /// The waves during which the result of a kernel or a loop must stay in memory: from the one that
  /// writes it, of a loop the last one of its body, to the last one that reads it. What a loop
  /// reads from outside lives until its end.
  Lifetime lifetimeOf(mlir::OpResult result) const;

private:
  static constexpr int64_t kNoLoop = -1;

  struct Moment {
    int64_t wave;
    int64_t loop; ///< the innermost one around it
  };
  struct Span {
    mlir::Operation *op;
    int64_t firstWave, lastWave;
  };

  void add(const Sequence &sequence, int64_t loop);

  int64_t waves = 0;
  std::vector<Span> loops;
  /// Of kernels, and of loops their last wave.
  llvm::DenseMap<mlir::Operation *, Moment> moments;
};

} // namespace lamina::passes
