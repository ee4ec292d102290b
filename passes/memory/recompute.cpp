// Computes values a second time instead of keeping them, until the arena is small enough.
//
// What the backward pass needs of the forward pass waits in memory for most of a step. At the wave
// where most is in use, every value that waits there is a candidate: the kernel that made it could
// run again right before its next reader. That gains the value's bytes, less those of operands
// which would have to wait in its place; the price is the kernel's cycles. The best ratio is taken,
// the waves are assigned anew, and so on. A kernel computes the same bits again.
#include <algorithm>

#include "passes/memory/arena_buffers.h"
#include "passes/memory/loop_memory.h"
#include "passes/memory/waves.h"
#include "passes/passes.h"
#include "passes/schedule/cost.h"
#include "llvm/ADT/SmallPtrSet.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;

namespace lamina::passes {
#define GEN_PASS_DEF_RECOMPUTE
#include "passes/passes.h.inc"

namespace {

/// Bytes in use in every wave, and where they are most.
struct Usage {
  explicit Usage(const ArenaBuffers &arena) : bytes(arena.timeline().waveCount()) {
    for (const LiveBuffer &buffer : arena.buffers())
      for (int64_t wave = buffer.firstWave; wave <= buffer.lastWave; ++wave)
        bytes[wave] += buffer.bytes;
    peakWave = std::ranges::max_element(bytes) - bytes.begin();
  }

  int64_t peak() const { return bytes.empty() ? 0 : bytes[peakWave]; }

  std::vector<int64_t> bytes;
  int64_t peakWave = 0;
};

/// A function with waves, read for the memory that it takes.
struct Reading {
  Reading(Sequence sequence, int64_t batchSize)
      : program(std::move(sequence)), arena(program, batchSize), usage(arena) {}

  int64_t arenaBytes() const {
    std::vector<LiveBuffer> buffers = arena.buffers();
    return assignOffsets(buffers);
  }

  Sequence program;
  ArenaBuffers arena;
  Usage usage;
};

struct Candidate {
  OpResult value;
  double gain = 0; ///< bytes for each cycle
};

class Recomputer {
public:
  Recomputer(func::FuncOp function, int64_t limit, int64_t lanes)
      : function(function), limit(limit), lanes(lanes),
        batchSize(ir::getBatchSize(function->getParentOfType<ModuleOp>())) {}

  LogicalResult run() {
    auto reading = read();
    while (reading && reading->arenaBytes() > limit) {
      Candidate best = findBest(*reading);
      if (!best.value)
        return fail(*reading);
      ir::KernelOp copy = computeAgain(best.value, *reading);
      if (failed(assignWaves(function)))
        return failure();
      auto next = read();
      if (next && !isBetter(*next, *reading)) {
        undo(copy, best.value);
        if (failed(assignWaves(function)))
          return failure();
        next = read();
      }
      reading = std::move(next);
    }
    return success(reading != nullptr);
  }

private:
  std::unique_ptr<Reading> read() const {
    FailureOr<Sequence> program = readProgram(function);
    return failed(program) ? nullptr : std::make_unique<Reading>(std::move(*program), batchSize);
  }

  LogicalResult fail(const Reading &reading) {
    constexpr double kMiB = 1 << 20;
    return emitError(UnknownLoc::get(function.getContext()))
           << "'" << function.getSymName() << "' needs at least "
           << llvm::formatv("{0:F3}", reading.arenaBytes() / kMiB)
           << " MiB beside the state, more than the memory limit of "
           << llvm::formatv("{0:F3}", limit / kMiB)
           << " MiB; a smaller batch, or one in parts, takes less";
  }

  Candidate findBest(const Reading &reading) {
    Candidate best;
    for (const auto &node : reading.program) {
      auto *wave = std::get_if<Wave>(&node);
      if (!wave || reading.arena.timeline().waveOf(wave->kernels.front()) >= reading.usage.peakWave)
        continue;
      for (ir::KernelOp kernel : wave->kernels)
        for (OpResult value : kernel->getOpResults())
          if (double gain = gainOf(value, reading); gain > best.gain)
            best = {value, gain};
    }
    return best;
  }

  /// The wave of the next reader after the peak; nothing where the value is needed at the peak
  /// itself or right after it, or by nobody later. A reader at the peak may write over a value that
  /// nobody needs later.
  std::optional<int64_t> nextReader(OpResult value, const Reading &reading) const {
    int64_t next = std::numeric_limits<int64_t>::max();
    for (Operation *user : value.getUsers()) {
      auto kernel = dyn_cast<ir::KernelOp>(user);
      if (!kernel || !reading.arena.timeline().runTogether(kernel, value.getOwner()))
        return std::nullopt; // a loop, or the end of the function
      int64_t wave = reading.arena.timeline().waveOf(kernel);
      if (wave == reading.usage.peakWave && !hasResultLike(kernel, value))
        return std::nullopt;
      if (wave > reading.usage.peakWave)
        next = std::min(next, wave);
    }
    bool waits = next != std::numeric_limits<int64_t>::max() && next > reading.usage.peakWave + 1;
    return waits ? std::optional(next) : std::nullopt;
  }

  static bool hasResultLike(ir::KernelOp kernel, Value value) {
    return llvm::is_contained(kernel.getResultTypes(), value.getType());
  }

  /// Bytes at the peak for each cycle of computing the value again; 0 where it cannot be.
  double gainOf(OpResult value, const Reading &reading) {
    auto kernel = cast<ir::KernelOp>(value.getOwner());
    if (tried.contains(value.getAsOpaquePointer()) || !nextReader(value, reading) ||
        llvm::any_of(kernel->getResults(),
                     [](Value result) { return findReturn(result) || findLoopUse(result); }))
      return 0;
    int64_t gain = bytesOf(value, reading);
    llvm::SmallPtrSet<void *, 8> counted;
    for (Value operand : kernel.getInputs())
      if (Value source = sourceOf(operand); counted.insert(source.getAsOpaquePointer()).second)
        gain -= bytesToKeep(source, reading);
    return gain > 0 ? static_cast<double>(gain) / cyclesOf(kernel) : 0;
  }

  int64_t bytesOf(Value value, const Reading &reading) const {
    std::optional<size_t> buffer = reading.arena.find(value);
    return buffer ? reading.arena.buffers()[*buffer].bytes : 0;
  }

  /// Bytes that the value would need at the peak, and does not need yet, to be there after it.
  int64_t bytesToKeep(Value value, const Reading &reading) const {
    auto result = dyn_cast<OpResult>(value);
    if (!result || !reading.arena.find(value))
      return 0; // memory of the caller, or a variable
    auto [first, last] = reading.arena.timeline().lifetimeOf(result);
    int64_t peak = reading.usage.peakWave;
    return last < peak && first <= peak ? bytesOf(value, reading) : 0;
  }

  double cyclesOf(ir::KernelOp kernel) {
    constexpr double kMultiplyAddsPerCycle = 2, kBytesPerCycle = 8;
    auto [entry, isNew] = cycles.try_emplace(kernel, 0);
    if (isNew) {
      Cost cost = costOf(kernel, batchSize, lanes);
      entry->second = 1 + cost.multiplyAdds / (kMultiplyAddsPerCycle * static_cast<double>(lanes)) +
                      static_cast<double>(cost.arithmeticCycles) +
                      static_cast<double>(countMovedBytes(kernel, batchSize)) / kBytesPerCycle;
    }
    return entry->second;
  }

  /// What stands for an operand after the peak: where it is computed again, that.
  Value sourceOf(Value operand) const {
    auto copy = latest.find(operand);
    return copy == latest.end() ? operand : copy->second;
  }

  ir::KernelOp computeAgain(OpResult value, const Reading &reading) {
    auto kernel = cast<ir::KernelOp>(value.getOwner());
    OpBuilder builder(function.getContext());
    builder.setInsertionPointAfter(kernel);
    auto copy = cast<ir::KernelOp>(builder.clone(*kernel));
    for (OpOperand &operand : copy->getOpOperands())
      operand.set(sourceOf(operand.get()));
    copy->setAttr(kRecomputedAttr, builder.getUnitAttr());
    for (OpResult result : kernel->getOpResults()) {
      Value again = copy->getResult(result.getResultNumber());
      result.replaceUsesWithIf(again, [&](OpOperand &use) {
        auto reader = dyn_cast<ir::KernelOp>(use.getOwner());
        return reader && reader != copy &&
               reading.arena.timeline().waveOf(reader) > reading.usage.peakWave &&
               nextReader(result, reading);
      });
      if (!again.use_empty())
        latest[result] = again;
    }
    tried.insert(value.getAsOpaquePointer());
    return copy;
  }

  void undo(ir::KernelOp copy, OpResult value) {
    for (OpResult result : copy->getOpResults()) {
      Value original = value.getOwner()->getResult(result.getResultNumber());
      if (latest.lookup(original) == result)
        latest.erase(original);
      result.replaceAllUsesWith(original);
    }
    cycles.erase(copy);
    copy.erase();
  }

  /// Whether less is needed at the peak, or in fewer waves as much.
  static bool isBetter(const Reading &now, const Reading &before) {
    if (now.usage.peak() != before.usage.peak())
      return now.usage.peak() < before.usage.peak();
    auto wavesAtPeak = [&](const Usage &usage) {
      return std::ranges::count(usage.bytes, before.usage.peak());
    };
    return wavesAtPeak(now.usage) < wavesAtPeak(before.usage);
  }

  func::FuncOp function;
  int64_t limit, lanes, batchSize;
  /// Values that are computed again, and the values that take their place after a peak.
  llvm::DenseMap<Value, Value> latest;
  llvm::DenseSet<void *> tried;
  llvm::DenseMap<ir::KernelOp, double> cycles;
};

struct RecomputePass : impl::RecomputeBase<RecomputePass> {
  using RecomputeBase::RecomputeBase;

  void runOnOperation() override {
    if (!getOperation().isExternal() && failed(Recomputer(getOperation(), limit, lanes).run()))
      signalPassFailure();
  }
};

} // namespace
} // namespace lamina::passes
