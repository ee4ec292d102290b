#pragma once

#include "passes/memory/plan.h"

/// Where the values of loops live. A carried value has slots: one, which every iteration writes
/// over; two in turns; or one more than there are iterations, all of which stay. A loop's first
/// slot has the initial value. Where a stacked result consists of carried values, its slices are
/// these slots.
namespace lamina::passes {

/// A stacked result whose slices are the slots of a carried value.
struct SlotAlias {
  unsigned carried;
  bool isNext; ///< the values after each iteration, not those before it
};

/// What stacked result `stacked` of `scan` shares its memory with, as the body yields it; nothing
/// when it has memory of its own.
std::optional<SlotAlias> findSlotAlias(ir::ScanOp scan, unsigned stacked);

/// Whether the carried value keeps all its slots.
bool keepsAllSlots(ir::ScanOp scan, unsigned carried);

/// Memory that a loop takes: the slots of a carried value, or a stacked result.
struct LoopBuffer {
  ir::ScanOp scan;
  unsigned result; ///< of the loop
  int64_t bytes;
  Timeline::Lifetime lifetime;
};

/// The buffers of the loops of `program`, those in bodies among them.
std::vector<LoopBuffer> loopBuffersOf(const Sequence &program, const Timeline &timeline,
                                      int64_t batchSize);

/// Sets the attribute `buffers` of `scan`, given the offset of each of its buffers.
void setLoopBuffers(ir::ScanOp scan, llvm::function_ref<int64_t(unsigned result)> offsetOf,
                    int64_t batchSize);

/// The location of a carried value or a slice in the body of `scan`.
MemoryLocation locationInBody(ir::ScanOp scan, mlir::BlockArgument argument,
                              mlir::func::FuncOp function);

/// The location of a result of a loop.
MemoryLocation locationOfLoopResult(mlir::OpResult result, int64_t batchSize);

/// The use by which `value` is in a loop's memory: the loop begins with it, or its body yields it.
/// Null for other values.
mlir::OpOperand *findLoopUse(mlir::Value value);

/// The location of a value that a loop's body yields or that a loop is given to begin with; nothing
/// for other values.
std::optional<MemoryLocation> locationByLoop(mlir::Value value, mlir::func::FuncOp function);

} // namespace lamina::passes
