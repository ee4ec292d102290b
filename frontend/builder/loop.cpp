#include "frontend/builder/loop.h"

using namespace mlir;

namespace lamina::frontend::builder {
namespace {

llvm::SmallVector<Value> valuesOf(ArrayRef<Tensor> tensors) {
  return llvm::map_to_vector(tensors, [](Tensor tensor) { return Value(tensor); });
}

template <typename Values> Tensors tensorsOf(Emitter &emitter, Values values) {
  Tensors tensors;
  for (Value value : values)
    tensors.push_back(Tensor(emitter, value));
  return tensors;
}

} // namespace

LoopValues LoopBody::values() {
  return {tensorsOf(emitter, scan.getCarriedArguments()),
          tensorsOf(emitter, scan.getSliceArguments())};
}

Tensor LoopBody::carry(Tensor first) {
  size_t place = scan.getCarried().size();
  scan.getCarriedMutable().append(Value(first));
  Value inside = scan.getBlock().insertArgument(place, first.type(), scan.getLoc());
  Value(first).replaceUsesWithIf(
      inside, [&](OpOperand &use) { return scan->isProperAncestor(use.getOwner()); });
  return Tensor(emitter, inside);
}

Tensor LoopBody::take(Tensor stacked) {
  size_t place = scan.getCarried().size() + scan.getStacked().size();
  scan.getStackedMutable().append(Value(stacked));
  return Tensor(emitter,
                scan.getBlock().insertArgument(place, ir::getSliceType(stacked), scan.getLoc()));
}

Tensor LoopBody::before(llvm::function_ref<Tensor()> write) {
  OpBuilder::InsertionGuard guard(emitter.getBuilder());
  emitter.getBuilder().setInsertionPoint(scan);
  return write();
}

LoopValues runLoop(Emitter &emitter, int64_t trips, bool reverse, const LoopValues &operands,
                   llvm::function_ref<LoopValues(LoopBody &)> writeBody) {
  OpBuilder &builder = emitter.getBuilder();
  auto writeYields = [&](OpBuilder &inside, ir::ScanOp scan) {
    builder.restoreInsertionPoint(inside.saveInsertionPoint());
    LoopBody body(emitter, scan);
    LoopValues yielded = writeBody(body);
    llvm::SmallVector<Value> values = valuesOf(yielded.carried);
    llvm::append_range(values, valuesOf(yielded.stacked));
    builder.setInsertionPoint(scan);
    return values;
  };
  ir::ScanOp scan = ir::buildScan(
      builder, emitter.getLoc(),
      {trips, valuesOf(operands.carried), valuesOf(operands.stacked), {}}, reverse, writeYields);
  return {tensorsOf(emitter, scan.getFinalCarried()), tensorsOf(emitter, scan.getStackedResults())};
}

} // namespace lamina::frontend::builder
