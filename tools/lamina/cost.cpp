#include "tools/lamina/cost.h"

#include "ir/module.h"
#include "passes/plan.h"

using namespace mlir;

namespace lamina::tools {

namespace {

/// Elements along dimensions of a tensor when the batch is full.
double extentOf(RankedTensorType type, ArrayRef<int64_t> dimensions, int64_t batchSize) {
  double extent = 1;
  for (int64_t dimension : dimensions)
    extent *=
        static_cast<double>(type.isDynamicDim(dimension) ? batchSize : type.getDimSize(dimension));
  return extent;
}

RankedTensorType typeOf(Value value) {
  return cast<RankedTensorType>(value.getType());
}

/// Pairs of output and tap that meet an element, not padding, over all spatial dimensions.
template <typename WindowOp> double meetings(WindowOp op, size_t spatialRank) {
  double pairs = 1;
  for (size_t i = 0; i < spatialRank; ++i) {
    int64_t along = 0;
    for (const ir::WindowPhase &phase : op.getAxis(i).phases())
      for (const ir::WindowTap &tap : phase.taps)
        along += tap.end - tap.begin;
    pairs *= static_cast<double>(along);
  }
  return pairs;
}

double flopsOf(ir::DotGeneralOp op, int64_t batchSize) {
  return 2 * extentOf(typeOf(op.getLhs()), op.getLhsContractingDimensions(), batchSize) *
         static_cast<double>(ir::getCapacityElements(typeOf(op.getOutput()), batchSize));
}

/// A convolution or its gradient by the filter: images N x S... x C, filters K... x C / groups x O.
template <typename Op>
double convolutionFlops(Op op, RankedTensorType images, RankedTensorType filter,
                        int64_t batchSize) {
  int64_t rank = filter.getRank();
  double channels = extentOf(filter, {rank - 2, rank - 1}, batchSize);
  return 2 * extentOf(images, {0}, batchSize) * meetings(op, rank - 2) * channels;
}

/// Those of the convolution that it stands for.
double flopsOf(ir::WinogradConvolutionOp op, int64_t batchSize) {
  RankedTensorType images = typeOf(op.getLhs());
  double products = extentOf(images, {0, 3}, batchSize) * static_cast<double>(op.getFilters());
  return 2 * products * meetings(op, 2);
}

/// One operation for every element that a window meets.
double flopsOf(ir::ReduceWindowOp op, int64_t batchSize) {
  RankedTensorType images = typeOf(op.getOperand());
  return extentOf(images, {0, images.getRank() - 1}, batchSize) *
         meetings(op, op.getWindow().size());
}

} // namespace

double countFlops(Operation *operation, int64_t batchSize) {
  if (auto dot = dyn_cast<ir::DotGeneralOp>(operation))
    return flopsOf(dot, batchSize);
  if (auto convolution = dyn_cast<ir::ConvolutionOp>(operation))
    return convolutionFlops(convolution, typeOf(convolution.getLhs()), typeOf(convolution.getRhs()),
                            batchSize);
  if (auto gradient = dyn_cast<ir::FilterGradientOp>(operation))
    return convolutionFlops(gradient, typeOf(gradient.getLhs()), gradient.getFilterType(),
                            batchSize);
  if (auto convolution = dyn_cast<ir::WinogradConvolutionOp>(operation))
    return flopsOf(convolution, batchSize);
  if (auto window = dyn_cast<ir::ReduceWindowOp>(operation))
    return flopsOf(window, batchSize);
  return 0;
}

double countFlopsWithin(Operation *region) {
  int64_t batchSize = ir::getBatchSize(region->getParentOfType<ModuleOp>());
  double flops = 0;
  region->walk([&](Operation *operation) { flops += countFlops(operation, batchSize); });
  return flops;
}

int64_t countBytes(ir::KernelOp kernel) {
  auto function = kernel->getParentOfType<func::FuncOp>();
  int64_t batchSize = ir::getBatchSize(function->getParentOfType<ModuleOp>());
  int64_t bytes = 0;
  auto add = [&](Value value) {
    bytes += passes::getBufferBytes(typeOf(value), batchSize,
                                    passes::locationOf(value, function).layout);
  };
  llvm::for_each(kernel.getInputs(), add);
  llvm::for_each(kernel.getOutputs(), add);
  return bytes;
}

} // namespace lamina::tools
