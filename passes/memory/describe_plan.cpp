// The memory plan as people look at it.
#include <map>

#include "ir/layer_name.h"
#include "passes/memory/arena.h"
#include "passes/memory/loop_memory.h"
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

PlannedBuffer describe(Operation *maker, const char *nameless, int64_t offset, int64_t bytes,
                       Timeline::Lifetime lifetime) {
  PlannedBuffer buffer;
  buffer.name = ir::layerOf(maker->getLoc());
  if (buffer.name.empty())
    buffer.name = nameless;
  buffer.offset = offset;
  buffer.bytes = llvm::alignTo(bytes, kBufferAlignment) + kBufferSlack;
  buffer.firstWave = lifetime.firstWave;
  buffer.lastWave = lifetime.lastWave;
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
  std::multimap<int64_t, PlannedBuffer> byFirstWave;
  auto add = [&](PlannedBuffer buffer) { byFirstWave.emplace(buffer.firstWave, buffer); };
  for (const LoopBuffer &buffer : loopBuffersOf(program, timeline, batchSize)) {
    auto place = cast<ir::BufferAttr>((*ir::ScanOp(buffer.scan).getBuffers())[buffer.result]);
    add(describe(buffer.scan, "loop", place.getOffset(), buffer.bytes, buffer.lifetime));
  }
  for (ir::KernelOp kernel : kernelsOf(program))
    for (OpResult result : kernel->getOpResults())
      if (MemoryLocation location = locationOf(result, function);
          location.space == ir::MemorySpace::arena && !findLoopUse(result))
        add(describe(kernel, "kernel", location.offset,
                     getBufferBytes(cast<RankedTensorType>(result.getType()), batchSize),
                     timeline.lifetimeOf(result)));
  for (const auto &[wave, buffer] : byFirstWave) {
    plan.buffers.push_back(buffer);
    plan.totalBytes += buffer.bytes;
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
