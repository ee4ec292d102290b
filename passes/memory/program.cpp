#include "passes/memory/program.h"

using namespace mlir;

namespace lamina::passes {

FailureOr<Sequence> readProgram(func::FuncOp function) {
  Sequence program;
  std::optional<uint64_t> current;
  for (Operation &op : function.getBody().front().without_terminator()) {
    auto kernel = dyn_cast<ir::KernelOp>(op);
    if (!kernel)
      return op.emitOpError("is outside of a kernel");
    std::optional<uint64_t> wave = kernel.getWave();
    if (!wave)
      return op.emitOpError("has no wave; waves are given by assign-waves");
    if (wave < current)
      return op.emitOpError("follows a kernel of a later wave");
    if (wave != current)
      program.push_back(Wave());
    current = wave;
    std::get<Wave>(program.back()).kernels.push_back(kernel);
  }
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
    loops.push_back({.op = inner.op, .firstWave = waves, .lastWave = waves, .around = loop});
    add(inner.body, index);
    loops[index].lastWave = waves - 1;
    moments[inner.op] = {waves - 1, loop};
  }
}

Timeline::Lifetime Timeline::lifetimeOf(OpResult result) const {
  Moment written = moments.at(result.getOwner());
  Lifetime lifetime{written.wave, written.wave};
  for (Operation *user : result.getUsers()) {
    auto read = moments.find(user);
    if (read == moments.end()) // the end of a body, or of the function
      read = moments.find(user->getParentOp());
    if (read == moments.end())
      continue;
    if (written.loop != kNoLoop && loops[written.loop].op == user->getParentOp() &&
        user->hasTrait<OpTrait::IsTerminator>()) {
      lifetime = {loops[written.loop].firstWave, loops[written.loop].lastWave};
      break;
    }
    int64_t last = read->second.wave;
    for (int64_t loop = read->second.loop; loop != written.loop; loop = loops[loop].around)
      last = loops[loop].lastWave;
    lifetime.lastWave = std::max(lifetime.lastWave, last);
  }
  return lifetime;
}

} // namespace lamina::passes
