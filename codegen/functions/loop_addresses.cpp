#include "codegen/functions/loop_addresses.h"

#include "codegen/emit/loops.h"
#include "codegen/kernels/kernel_emitter.h"

namespace lamina::codegen {
namespace {

/// A constant table of a launch's offsets.
llvm::Constant *emitTable(llvm::Module &module, llvm::ArrayRef<int64_t> bindings) {
  llvm::SmallVector<uint64_t> words(bindings.begin(), bindings.end());
  return addConstant(module, llvm::ConstantDataArray::get(module.getContext(), words), "bindings");
}

/// An address's distance from where it is in the first iterations of the loops around it.
llvm::Value *emitDistance(llvm::IRBuilder<> &b, llvm::ArrayRef<AddressStep> steps,
                          llvm::Value *iterations) {
  llvm::Type *word = b.getInt64Ty();
  llvm::Value *distance = b.getInt64(0);
  for (const AddressStep &step : steps) {
    llvm::Value *iteration =
        b.CreateLoad(word, b.CreateConstInBoundsGEP1_64(word, iterations, step.depth));
    if (step.modulus)
      iteration = b.CreateURem(iteration, b.getInt64(step.modulus));
    distance = b.CreateAdd(distance, b.CreateMul(iteration, b.getInt64(step.bytes)));
  }
  return distance;
}

} // namespace

size_t loopDepthOf(ir::ScanOp loop) {
  size_t depth = 0;
  mlir::Operation *op = loop;
  while ((op = op->getParentOfType<ir::ScanOp>()))
    ++depth;
  return depth;
}

AddressSteps addressStepsOf(const passes::MemoryLocation &location) {
  AddressSteps steps;
  for (const passes::MemoryStep &step : location.steps)
    steps.push_back({loopDepthOf(step.loop), step.bytes, step.modulus});
  return steps;
}

llvm::Value *emitBindings(llvm::IRBuilder<> &b, llvm::ArrayRef<int64_t> bindings,
                          llvm::ArrayRef<AddressSteps> steps, llvm::Value *context) {
  if (llvm::all_of(steps, [](const AddressSteps &own) { return own.empty(); }))
    return emitTable(*b.GetInsertBlock()->getModule(), bindings);
  llvm::Type *word = b.getInt64Ty();
  llvm::BasicBlock &first = b.GetInsertBlock()->getParent()->getEntryBlock();
  llvm::IRBuilder<> atEntry(&first, first.begin());
  llvm::Value *table = atEntry.CreateAlloca(word, b.getInt64(bindings.size()));
  llvm::Value *field = b.CreateStructGEP(contextType(b.getContext()), context, kContextIterations);
  llvm::Value *iterations = b.CreateLoad(b.getPtrTy(), field);
  for (auto [index, binding] : llvm::enumerate(bindings)) {
    llvm::Value *distance = emitDistance(b, steps[index], iterations);
    b.CreateStore(b.CreateAdd(b.getInt64(binding), distance),
                  b.CreateConstInBoundsGEP1_64(word, table, index));
  }
  return table;
}

} // namespace lamina::codegen
