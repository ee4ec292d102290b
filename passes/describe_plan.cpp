// The memory plan as text for people.
#include "passes/arena.h"
#include "passes/plan.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;

namespace lamina::passes {
namespace {

/// The layer that a kernel belongs to: the first name in its location.
std::string nameOf(Location loc) {
  std::string name;
  loc->walk([&](Location part) {
    auto named = dyn_cast<NameLoc>(part);
    if (!named)
      return WalkResult::advance();
    name = named.getName().str();
    return WalkResult::interrupt();
  });
  return name.empty() ? "kernel" : name;
}

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

PlannedBuffer describeResult(OpResult result, int64_t offset, int64_t batchSize) {
  PlannedBuffer buffer;
  buffer.name = nameOf(result.getLoc());
  buffer.offset = offset;
  buffer.bytes = llvm::alignTo(getBufferBytes(cast<RankedTensorType>(result.getType()), batchSize),
                               kBufferAlignment) +
                 kBufferSlack;
  buffer.firstWave = buffer.lastWave = *cast<ir::KernelOp>(result.getOwner()).getWave();
  for (Operation *user : result.getUsers())
    if (auto reader = dyn_cast<ir::KernelOp>(user))
      buffer.lastWave = std::max<int64_t>(buffer.lastWave, *reader.getWave());
  return buffer;
}

} // namespace

MemoryPlan describeArena(func::FuncOp function) {
  MemoryPlan plan;
  plan.function = function.getSymName().str();
  plan.arenaBytes = function->getAttrOfType<IntegerAttr>(kArenaBytesAttr).getInt();
  int64_t batchSize = ir::getBatchSize(function->getParentOfType<ModuleOp>());
  for (auto kernel : function.getOps<ir::KernelOp>()) {
    plan.waves = std::max<int64_t>(plan.waves, *kernel.getWave() + 1);
    for (OpResult result : kernel->getOpResults())
      if (MemoryLocation location = locationOf(result, function);
          location.space == ir::MemorySpace::arena) {
        plan.buffers.push_back(describeResult(result, location.offset, batchSize));
        plan.totalBytes += plan.buffers.back().bytes;
      }
  }
  plan.liveBytes = largestLiveBytes(mergeInPlace(plan.buffers));
  return plan;
}

std::vector<PlannedBuffer> describeState(ModuleOp module) {
  std::vector<PlannedBuffer> buffers;
  for (auto variable : module.getOps<ir::VariableOp>()) {
    PlannedBuffer buffer;
    buffer.name = variable.getSymName().str();
    buffer.space = ir::MemorySpace::state;
    buffer.offset = variable.getOffset().value_or(0);
    buffer.bytes = getStorageBytes(variable);
    buffers.push_back(std::move(buffer));
  }
  return buffers;
}

void print(const MemoryPlan &plan, llvm::raw_ostream &os) {
  os << "@" << plan.function << ": " << plan.waves << " waves, arena " << plan.arenaBytes
     << " bytes (live at most " << plan.liveBytes << ", without sharing " << plan.totalBytes
     << ")\n";
  os << "    offset      bytes   waves  buffer\n";
  for (const PlannedBuffer &buffer : plan.buffers)
    os << llvm::format("%10lld %10lld %3lld-%-3lld  ", static_cast<long long>(buffer.offset),
                       static_cast<long long>(buffer.bytes),
                       static_cast<long long>(buffer.firstWave),
                       static_cast<long long>(buffer.lastWave))
       << buffer.name << "\n";
}

} // namespace lamina::passes
