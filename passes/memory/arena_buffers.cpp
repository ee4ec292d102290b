#include "passes/memory/arena_buffers.h"

#include "passes/memory/loop_memory.h"
#include "passes/memory/plan.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace lamina::passes {
namespace {

/// Elementwise operations and values that are computed from indices or repeated from smaller
/// operands, in one pass over the results.
bool isMap(ir::KernelOp kernel) {
  return llvm::all_of(kernel.getBlock().without_terminator(), [](Operation &op) {
    return op.hasTrait<ir::Elementwise>() ||
           isa<ir::BroadcastInDimOp, ir::ConstantOp, ir::IotaOp, ir::RowsOp, ir::RngBitsOp>(op);
  });
}

bool mayOverwriteAll(ir::KernelOp kernel, Value value, unsigned result) {
  return llvm::all_of(kernel->getOpOperands(), [&](OpOperand &operand) {
    return operand.get() != value || mayOverwrite(kernel, operand.getOperandNumber(), result);
  });
}

int64_t inArena(int64_t bytes) {
  return static_cast<int64_t>(llvm::alignTo(bytes, kBufferAlignment)) + kBufferSlack;
}

} // namespace

OpOperand *findReturn(Value value) {
  for (OpOperand &use : value.getUses())
    if (isa<func::ReturnOp>(use.getOwner()))
      return &use;
  return nullptr;
}

ArenaBuffers::ArenaBuffers(const Sequence &program, int64_t batchSize)
    : program(program), times(program), batchSize(batchSize) {
  addLoops();
  for (ir::KernelOp kernel : kernelsOf(program))
    for (OpResult result : kernel->getOpResults())
      if (!findReturn(result) && !findLoopUse(result))
        add(kernel, result);
}

std::optional<size_t> ArenaBuffers::find(Value value) const {
  auto found = numbers.find(value);
  return found == numbers.end() ? std::nullopt : std::optional(found->second);
}

void ArenaBuffers::addLoops() {
  for (const LoopBuffer &buffer : loopBuffersOf(program, times, batchSize)) {
    Value result = ir::ScanOp(buffer.scan).getResult(buffer.result);
    numbers[result] = liveBuffers.size();
    overwritten.insert(result); // has further slots or slices
    liveBuffers.push_back({.bytes = inArena(buffer.bytes),
                           .firstWave = buffer.lifetime.firstWave,
                           .lastWave = buffer.lifetime.lastWave});
  }
}

void ArenaBuffers::add(ir::KernelOp kernel, OpResult result) {
  auto [first, last] = times.lifetimeOf(result);
  if (Value operand = findDyingOperand(kernel, result)) {
    overwritten.insert(operand);
    size_t index = numbers.at(operand);
    numbers[result] = index;
    liveBuffers[index].lastWave = last;
    return;
  }
  numbers[result] = liveBuffers.size();
  liveBuffers.push_back({.bytes = inArena(bytesOf(result)), .firstWave = first, .lastWave = last});
}

/// An operand that `kernel` alone reads in its wave, nobody reads later, and `result` may be
/// written over; null when there is none.
Value ArenaBuffers::findDyingOperand(ir::KernelOp kernel, OpResult result) {
  if (!isMap(kernel))
    return nullptr;
  for (Value operand : kernel.getInputs())
    if (numbers.contains(operand) && !overwritten.contains(operand) &&
        bytesOf(operand) == bytesOf(result) && isLastReader(kernel, operand) &&
        mayOverwriteAll(kernel, operand, result.getResultNumber()))
      return operand;
  return nullptr;
}

/// What a loop reads from outside, its kernels read again the next time.
bool ArenaBuffers::isLastReader(ir::KernelOp kernel, Value operand) const {
  auto isEarlier = [&](Operation *user) {
    auto reader = dyn_cast<ir::KernelOp>(user);
    return reader && times.waveOf(reader) < times.waveOf(kernel);
  };
  return times.runTogether(operand.getDefiningOp(), kernel) &&
         llvm::all_of(operand.getUsers(),
                      [&](Operation *user) { return user == kernel || isEarlier(user); });
}

int64_t ArenaBuffers::bytesOf(Value value) const {
  return getBufferBytes(cast<RankedTensorType>(value.getType()), batchSize);
}

} // namespace lamina::passes
