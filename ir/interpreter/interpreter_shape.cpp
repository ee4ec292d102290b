// Leaves and operations that move elements without computing with them.
#include <cstring>

#include "ir/interpreter/interpreter_table.h"
#include "support/philox.h"

using namespace mlir;

namespace lamina::ir {
namespace {

int64_t offsetOf(ArrayRef<int64_t> index, ArrayRef<int64_t> strides) {
  int64_t offset = 0;
  for (auto [i, stride] : llvm::zip(index, strides))
    offset += i * stride;
  return offset;
}

void copyElement(const HostTensor &from, int64_t source, HostTensor &to, int64_t target) {
  size_t width = byteWidth(from.type());
  std::memcpy(to.raw().data() + target * width, from.raw().data() + source * width, width);
}

/// A tensor of `shape` whose element at an index is the operand's element at `source(index)`.
template <typename Source>
HostTensor gather(const HostTensor &operand, ArrayRef<int64_t> shape, Source source) {
  HostTensor result(operand.type(), shape);
  llvm::SmallVector<int64_t> strides = rowMajorStrides(operand.shape());
  int64_t target = 0;
  forEachIndex(shape, [&](ArrayRef<int64_t> index) {
    copyElement(operand, offsetOf(source(index), strides), result, target++);
  });
  return result;
}

/// Puts the operand's element at an index to `target(index)` of `result`.
template <typename Target>
void scatter(const HostTensor &operand, HostTensor &result, Target target) {
  llvm::SmallVector<int64_t> strides = rowMajorStrides(result.shape());
  int64_t source = 0;
  forEachIndex(operand.shape(), [&](ArrayRef<int64_t> index) {
    copyElement(operand, source++, result, offsetOf(target(index), strides));
  });
}

//===--- Leaves ------------------------------------------------------------------------------===//

llvm::Expected<HostTensor> evaluateConstant(ConstantOp op, ArrayRef<HostTensor>, int64_t) {
  return HostTensor::fromAttribute(op.getValue());
}

HostTensor evaluateRows(RowsOp op, ArrayRef<HostTensor>, int64_t rows) {
  HostTensor result(toElementType(op.getType().getElementType()), {});
  visitElementType(result.type(), [&]<typename T>(std::type_identity<T>) {
    result.elements<T>()[0] = static_cast<T>(rows);
  });
  return result;
}

HostTensor evaluateIota(IotaOp op, ArrayRef<HostTensor>, int64_t rows) {
  HostTensor result(toElementType(op.getType().getElementType()),
                    concreteShape(op.getType(), rows));
  visitElementType(result.type(), [&]<typename T>(std::type_identity<T>) {
    int64_t target = 0;
    forEachIndex(result.shape(), [&](ArrayRef<int64_t> index) {
      result.elements<T>()[target++] = static_cast<T>(index[op.getDimension()]);
    });
  });
  return result;
}

HostTensor evaluateRngBits(RngBitsOp op, ArrayRef<HostTensor> operands, int64_t rows) {
  auto seed = static_cast<uint64_t>(operands[0].elements<int64_t>()[0]);
  auto step = static_cast<uint32_t>(operands[1].elements<int64_t>()[0]);
  uint32_t key = philox2x32({static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32)},
                            static_cast<uint32_t>(op.getStream()))[0];
  HostTensor result(ElementType::I32, concreteShape(op.getType(), rows));
  for (auto [i, bits] : llvm::enumerate(result.elements<int32_t>()))
    bits = static_cast<int32_t>(philox2x32({static_cast<uint32_t>(i), step}, key)[0]);
  return result;
}

//===--- Shape -------------------------------------------------------------------------------===//

HostTensor evaluateBroadcast(BroadcastInDimOp op, ArrayRef<HostTensor> operands, int64_t rows) {
  const HostTensor &operand = operands[0];
  return gather(operand, concreteShape(op.getType(), rows), [&](ArrayRef<int64_t> index) {
    llvm::SmallVector<int64_t> source;
    for (auto [extent, dimension] : llvm::zip(operand.shape(), op.getBroadcastDimensions()))
      source.push_back(extent == 1 ? 0 : index[dimension]);
    return source;
  });
}

HostTensor evaluateReshape(ReshapeOp op, ArrayRef<HostTensor> operands, int64_t rows) {
  return operands[0].reshaped(concreteShape(op.getType(), rows));
}

HostTensor evaluateTranspose(TransposeOp op, ArrayRef<HostTensor> operands, int64_t rows) {
  return gather(operands[0], concreteShape(op.getType(), rows), [&](ArrayRef<int64_t> index) {
    llvm::SmallVector<int64_t> source(index.size());
    for (auto [i, dimension] : llvm::enumerate(op.getPermutation()))
      source[dimension] = index[i];
    return source;
  });
}

HostTensor evaluateSlice(SliceOp op, ArrayRef<HostTensor> operands, int64_t rows) {
  return gather(operands[0], concreteShape(op.getType(), rows), [&](ArrayRef<int64_t> index) {
    llvm::SmallVector<int64_t> source;
    for (auto [i, start, stride] : llvm::zip(index, op.getStartIndices(), op.getStrides()))
      source.push_back(start + i * stride);
    return source;
  });
}

HostTensor evaluatePad(PadOp op, ArrayRef<HostTensor> operands, int64_t rows) {
  HostTensor result = gather(operands[1], concreteShape(op.getType(), rows),
                             [](ArrayRef<int64_t>) { return llvm::SmallVector<int64_t>{}; });
  scatter(operands[0], result, [&](ArrayRef<int64_t> index) {
    llvm::SmallVector<int64_t> target;
    for (auto [i, low, interior] : llvm::zip(index, op.getLow(), op.getInterior()))
      target.push_back(low + i * (interior + 1));
    return target;
  });
  return result;
}

HostTensor evaluateConcatenate(ConcatenateOp op, ArrayRef<HostTensor> operands, int64_t rows) {
  HostTensor result(operands[0].type(), concreteShape(op.getType(), rows));
  int64_t start = 0;
  for (const HostTensor &operand : operands) {
    scatter(operand, result, [&](ArrayRef<int64_t> index) {
      llvm::SmallVector<int64_t> target(index);
      target[op.getDimension()] += start;
      return target;
    });
    start += operand.shape()[op.getDimension()];
  }
  return result;
}

} // namespace

void addShapeEvaluators(EvaluatorTable &table) {
  table.add<ConstantOp>(evaluateConstant);
  table.add<RowsOp>(evaluateRows);
  table.add<IotaOp>(evaluateIota);
  table.add<RngBitsOp>(evaluateRngBits);
  table.add<BroadcastInDimOp>(evaluateBroadcast);
  table.add<ReshapeOp>(evaluateReshape);
  table.add<TransposeOp>(evaluateTranspose);
  table.add<SliceOp>(evaluateSlice);
  table.add<PadOp>(evaluatePad);
  table.add<ConcatenateOp>(evaluateConcatenate);
}

} // namespace lamina::ir
