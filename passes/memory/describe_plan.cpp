// The memory plan as people look at it.
#include "ir/layer_name.h"
#include "passes/memory/arena.h"
#include "passes/memory/plan.h"

using namespace mlir;

namespace lamina::passes {
namespace {

/// Buffers with what was written over them elementwise as one buffer.
std::vector<LiveBuffer> mergeInPlace(llvm::ArrayRef<PlannedBuffer> buffers) {
  std::vector<LiveBuffer> merged;
  llvm::DenseMap<int64_t, size_t> latestAt;
  for (const PlannedBuffer &buffer : buffers) {
    auto found = latestAt.find(buffer.offset);
    if (found != latestAt.end() && merged[found->second].lastWave == buffer.firstWave) {
      merged[found->second].lastWave = buffer.lastWave;
      continue;
    }
    latestAt[buffer.offset] = merged.size();
    merged.push_back({.bytes = buffer.bytes,
                      .firstWave = buffer.firstWave,
                      .lastWave = buffer.lastWave,
                      .offset = buffer.offset});
  }
  return merged;
}

PlannedBuffer describeResult(OpResult result, int64_t offset, int64_t batchSize,
                             const Timeline &timeline) {
  PlannedBuffer buffer;
  buffer.name = ir::layerOf(result.getLoc());
  if (buffer.name.empty())
    buffer.name = "kernel";
  buffer.offset = offset;
  buffer.bytes = llvm::alignTo(getBufferBytes(cast<RankedTensorType>(result.getType()), batchSize),
                               kBufferAlignment) +
                 kBufferSlack;
  auto [first, last] = timeline.lifetimeOf(result);
  buffer.firstWave = first;
  buffer.lastWave = last;
  return buffer;
}

} // namespace

MemoryPlan describeArena(func::FuncOp function, const Sequence &program) {
  MemoryPlan plan;
  plan.function = function.getSymName().str();
  plan.arenaBytes = function->getAttrOfType<IntegerAttr>(kArenaBytesAttr).getInt();
  int64_t batchSize = ir::getBatchSize(function->getParentOfType<ModuleOp>());
  Timeline timeline(program);
  plan.waves = timeline.waveCount();
  for (ir::KernelOp kernel : kernelsOf(program))
    for (OpResult result : kernel->getOpResults())
      if (MemoryLocation location = locationOf(result, function);
          location.space == ir::MemorySpace::arena) {
        plan.buffers.push_back(describeResult(result, location.offset, batchSize, timeline));
        plan.totalBytes += plan.buffers.back().bytes;
      }
  plan.liveBytes = largestLiveBytes(mergeInPlace(plan.buffers));
  return plan;
}

MemoryPlan describeArena(func::FuncOp function) {
  FailureOr<Sequence> program = readProgram(function);
  assert(succeeded(program) && "the memory stage refuses such a function");
  return describeArena(function, *program);
}

} // namespace lamina::passes
