#pragma once

#include "frontend/builder/tensor.h"
#include "ir/operations/scan.h"

/// Loops with a constant number of iterations (`lamina.scan`), written as formulas over tensors.
namespace lamina::frontend::builder {

/// What goes into a loop, through an iteration, or out of it.
struct LoopValues {
  Tensors carried; ///< from one iteration to the next
  Tensors stacked; ///< along time, the first dimension; within the body one slice of each
};

/// The body of a loop while it is written. Operations go into it, from whichever emitter; it may
/// use any value from outside.
class LoopBody {
public:
  LoopBody(Emitter &emitter, ir::ScanOp scan) : emitter(emitter), scan(scan) {}

  /// The carried values as the iteration finds them, and its slices.
  LoopValues values();
  /// A further carried value, the last one, that begins as `first`; its next value has to be the
  /// last one that the body gives. Returns it as the iteration finds it, which the body has
  /// wherever it has used `first`.
  Tensor carry(Tensor first);
  /// The slice of a further stacked operand.
  Tensor take(Tensor stacked);
  /// Runs `write` with operations going in front of the loop.
  Tensor before(llvm::function_ref<Tensor()> write);

private:
  Emitter &emitter;
  ir::ScanOp scan;
};

/// Runs `writeBody` once to write the body, which gives the next carried values and one slice for
/// each stacked result. With `reverse` the slices, those of results too, are taken from the last
/// one to the first. Returns the carried values after the last iteration and the stacked results.
LoopValues runLoop(Emitter &emitter, int64_t trips, bool reverse, const LoopValues &operands,
                   llvm::function_ref<LoopValues(LoopBody &)> writeBody);

} // namespace lamina::frontend::builder
