// Sums of the lines that convolutions make: statistics of normalizations and sums of gradients. A
// line that is stored is in the first-level cache still; it is read once for each stage of sums, in
// the order in which reductions over columns take elements in, so that the bits are theirs.
#include "codegen/kernels/accumulator.h"
#include "codegen/kernels/convolution/convolution_emitter.h"
#include "passes/memory/plan.h"

using namespace mlir;

namespace lamina::codegen {

void ConvolutionEmitter::emitLineSums() {
  if (sumStages.empty())
    return;
  size_t imageRank = op.getSpatialRank() + 2;
  for (auto [number, value] : llvm::enumerate(kernel().getYielded()))
    if (hasRank(number, imageRank) && !passes::storesTransposed(kernel(), number))
      expressions->bindStorage(value, outputs[number]);
  expressions->enterScope();
  for (ArrayRef<Operation *> stage : sumStages)
    emitSumStage(stage);
  for (unsigned number = 0; number < outputs.size(); ++number)
    for (size_t v = 0; v < columns.size() && hasRank(number, imageRank - 1); ++v) {
      expressions->setMask(v + 1 == columns.size() ? columnMask : nullptr);
      storeResult(number, linePlace(columns[v]));
      expressions->setMask(nullptr);
    }
  expressions->leaveScope();
  for (Value value : kernel().getYielded())
    expressions->unbindStorage(value);
}

void ConvolutionEmitter::emitSumStage(ArrayRef<Operation *> stage) {
  llvm::SmallVector<Accumulator, 2> accumulators;
  for (Operation *anchor : stage)
    accumulators.emplace_back(b(), anchor, lanes);
  Values initial;
  for (const Accumulator &sum : accumulators)
    for (size_t v = 0; v < columns.size(); ++v)
      initial.append(sum.initial(/*vector=*/true));
  auto takeIn = [&](llvm::Value *position, const Values &carried) {
    expressions->enterScope();
    Values next;
    for (const Accumulator &sum : accumulators)
      for (size_t v = 0; v < columns.size(); ++v) {
        llvm::Value *mask = v + 1 == columns.size() ? columnMask : nullptr;
        expressions->setMask(mask);
        llvm::Value *element =
            expressions->evaluateVector(sum.getOperand(), resultIndices(position, columns[v]));
        next.append(sum.combine({carried[next.size()]}, element, nullptr, mask));
        expressions->setMask(nullptr);
      }
    expressions->leaveScope();
    return next;
  };
  Values sums = emitLoop(b(), i64(0), i64(last.output), 1, initial, takeIn);
  for (const auto &[number, sum] : llvm::enumerate(accumulators))
    for (size_t v = 0; v < columns.size(); ++v)
      expressions->bind(sum.getAnchor()->getResult(0), linePlace(columns[v]),
                        sums[number * columns.size() + v]);
}

Indices ConvolutionEmitter::linePlace(const Index &column) {
  Indices place = resultIndices(i64(0), column);
  place.erase(place.end() - 2);
  return place;
}

} // namespace lamina::codegen
