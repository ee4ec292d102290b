#include "passes/memory/program.h"

using namespace mlir;

namespace lamina::passes {
namespace {

/// The wave of a kernel or a loop within its block.
std::optional<uint64_t> findWave(Operation *op) {
  if (auto kernel = dyn_cast<ir::KernelOp>(op))
    return kernel.getWave();
  return cast<ir::ScanOp>(op).getWave();
}

LogicalResult readBlock(Block &block, Sequence &sequence);

LogicalResult readOperation(Operation *op, bool beginsWave, Sequence &sequence) {
  if (auto scan = dyn_cast<ir::ScanOp>(op)) {
    Loop loop{scan, {}};
    if (failed(readBlock(scan.getBlock(), loop.body)))
      return failure();
    sequence.push_back(std::move(loop));
    return success();
  }
  if (beginsWave || sequence.empty() || std::holds_alternative<Loop>(sequence.back()))
    sequence.push_back(Wave());
  std::get<Wave>(sequence.back()).kernels.push_back(cast<ir::KernelOp>(op));
  return success();
}

LogicalResult readBlock(Block &block, Sequence &sequence) {
  std::optional<uint64_t> current;
  for (Operation &op : block.without_terminator()) {
    if (!isa<ir::KernelOp, ir::ScanOp>(op))
      return op.emitOpError("is outside of a kernel");
    std::optional<uint64_t> wave = findWave(&op);
    if (!wave)
      return op.emitOpError("has no wave; waves are given by assign-waves");
    if (wave < current)
      return op.emitOpError("follows a kernel of a later wave");
    if (failed(readOperation(&op, wave != current, sequence)))
      return failure();
    current = wave;
  }
  return success();
}

} // namespace

FailureOr<Sequence> readProgram(func::FuncOp function) {
  Sequence program;
  if (failed(readBlock(function.getBody().front(), program)))
    return failure();
  return program;
}

llvm::SmallVector<ir::KernelOp> kernelsOf(const Sequence &sequence) {
  llvm::SmallVector<ir::KernelOp> kernels;
  for (const auto &node : sequence)
    if (auto *wave = std::get_if<Wave>(&node))
      llvm::append_range(kernels, wave->kernels);
    else
      llvm::append_range(kernels, kernelsOf(std::get<Loop>(node).body));
  return kernels;
}

llvm::SmallVector<ir::KernelOp> kernelsOf(func::FuncOp function) {
  llvm::SmallVector<ir::KernelOp> kernels;
  function.walk<WalkOrder::PreOrder>([&](ir::KernelOp kernel) { kernels.push_back(kernel); });
  return kernels;
}

llvm::SmallVector<ir::ScanOp> loopsOf(const Sequence &sequence) {
  llvm::SmallVector<ir::ScanOp> loops;
  for (const auto &node : sequence)
    if (auto *loop = std::get_if<Loop>(&node)) {
      loops.push_back(loop->scan);
      llvm::append_range(loops, loopsOf(loop->body));
    }
  return loops;
}

void Timeline::add(const Sequence &sequence, int64_t loop) {
  for (const auto &node : sequence) {
    if (auto *wave = std::get_if<Wave>(&node)) {
      for (ir::KernelOp kernel : wave->kernels)
        moments[kernel] = {waves, loop};
      ++waves;
      continue;
    }
    const Loop &inner = std::get<Loop>(node);
    auto index = static_cast<int64_t>(loops.size());
    loops.push_back({.op = inner.scan, .firstWave = waves, .lastWave = waves});
    add(inner.body, index);
    loops[index].lastWave = waves - 1;
    moments[inner.scan] = {waves - 1, loop};
  }
}

Timeline::Lifetime Timeline::wavesOf(ir::ScanOp loop) const {
  auto span = llvm::find_if(loops, [&](const Span &span) { return span.op == loop; });
  return {span->firstWave, span->lastWave};
}

Timeline::Lifetime Timeline::lifetimeOf(OpResult result) const {
  Moment written = moments.at(result.getOwner());
  Lifetime lifetime{written.wave, written.wave};
  for (Operation *user : result.getUsers())
    if (auto read = moments.find(user); read != moments.end()) // not the end of a body or function
      lifetime.lastWave = std::max(lifetime.lastWave, read->second.wave);
  return lifetime;
}

} // namespace lamina::passes
