// Operations that combine many elements into one.
#include <cmath>

#include "ir/interpreter/interpreter_combine.h"
#include "ir/interpreter/interpreter_table.h"

using namespace mlir;

namespace lamina::ir {
namespace {

/// Positions of the kept dimensions' indices, in order.
llvm::SmallVector<int64_t> keptDimensions(int64_t rank, ArrayRef<int64_t> dimensions) {
  llvm::SmallVector<int64_t> kept;
  for (int64_t i = 0; i < rank; ++i)
    if (!llvm::is_contained(dimensions, i))
      kept.push_back(i);
  return kept;
}

int64_t offsetOf(ArrayRef<int64_t> index, ArrayRef<int64_t> dimensions, ArrayRef<int64_t> strides) {
  int64_t offset = 0;
  for (auto [dimension, stride] : llvm::zip(dimensions, strides))
    offset += index[dimension] * stride;
  return offset;
}

llvm::Expected<HostTensor> evaluateReduce(ReduceOp op, ArrayRef<HostTensor> operands,
                                          int64_t rows) {
  const HostTensor &operand = operands[0];
  HostTensor result(operand.type(), concreteShape(op.getType(), rows));
  if (operand.size() == 0)
    return llvm::createStringError("reduce: the operand has no elements");
  llvm::SmallVector<int64_t> kept = keptDimensions(operand.rank(), op.getDimensions());
  llvm::SmallVector<int64_t> strides = rowMajorStrides(result.shape());
  visitElementType(operand.type(), [&]<typename T>(std::type_identity<T>) {
    llvm::SmallVector<bool> started(result.size(), false);
    int64_t source = 0;
    forEachIndex(operand.shape(), [&](ArrayRef<int64_t> index) {
      int64_t target = offsetOf(index, kept, strides);
      T value = operand.elements<T>()[source++];
      T &combined = result.elements<T>()[target];
      combined = started[target] ? combine(op.getKind(), combined, value) : value;
      started[target] = true;
    });
  });
  return result;
}

llvm::Expected<HostTensor> evaluateArgmax(ArgmaxOp op, ArrayRef<HostTensor> operands,
                                          int64_t rows) {
  const HostTensor &operand = operands[0];
  auto dimension = static_cast<int64_t>(op.getDimension());
  int64_t extent = operand.shape()[dimension];
  int64_t stride = rowMajorStrides(operand.shape())[dimension];
  HostTensor result(ElementType::I32, concreteShape(op.getType(), rows));
  if (extent == 0)
    return llvm::createStringError("argmax: the operand has no elements");
  visitElementType(operand.type(), [&]<typename T>(std::type_identity<T>) {
    ArrayRef<T> elements = operand.elements<T>();
    for (int64_t target = 0; target < result.size(); ++target) {
      int64_t first = target / stride * stride * extent + target % stride;
      int64_t best = 0;
      for (int64_t i = 1; i < extent; ++i)
        if (isBetter(elements[first + i * stride], elements[first + best * stride], true))
          best = i;
      result.elements<int32_t>()[target] = static_cast<int32_t>(best);
    }
  });
  return result;
}

/// The order of an operand's elements: strides of its batching, contracting and free dimensions.
struct OperandStrides {
  llvm::SmallVector<int64_t> batching, contracting, free;

  OperandStrides(const HostTensor &operand, ArrayRef<int64_t> batchingDimensions,
                 ArrayRef<int64_t> contractingDimensions, ArrayRef<int64_t> freeDimensions) {
    llvm::SmallVector<int64_t> strides = rowMajorStrides(operand.shape());
    auto select = [&](ArrayRef<int64_t> dimensions, llvm::SmallVector<int64_t> &selected) {
      for (int64_t dimension : dimensions)
        selected.push_back(strides[dimension]);
    };
    select(batchingDimensions, batching);
    select(contractingDimensions, contracting);
    select(freeDimensions, free);
  }

  /// Offset of the first element that contributes to the result's element at `index`.
  int64_t offset(ArrayRef<int64_t> index, size_t firstFree) const {
    int64_t offset = 0;
    for (auto [i, stride] : llvm::enumerate(batching))
      offset += index[i] * stride;
    for (auto [i, stride] : llvm::enumerate(free))
      offset += index[firstFree + i] * stride;
    return offset;
  }
};

HostTensor evaluateDotGeneral(DotGeneralOp op, ArrayRef<HostTensor> operands, int64_t rows) {
  const HostTensor &lhs = operands[0], &rhs = operands[1];
  OperandStrides left(lhs, op.getLhsBatchingDimensions(), op.getLhsContractingDimensions(),
                      op.getLhsFreeDimensions());
  OperandStrides right(rhs, op.getRhsBatchingDimensions(), op.getRhsContractingDimensions(),
                       op.getRhsFreeDimensions());
  llvm::SmallVector<int64_t> contracting;
  for (int64_t dimension : op.getLhsContractingDimensions())
    contracting.push_back(lhs.shape()[dimension]);
  size_t batching = left.batching.size();
  HostTensor result(lhs.type(), concreteShape(op.getType(), rows));
  auto contract = [&]<typename T>(std::type_identity<T>) {
    int64_t target = 0;
    forEachIndex(result.shape(), [&](ArrayRef<int64_t> index) {
      int64_t l = left.offset(index, batching);
      int64_t r = right.offset(index, batching + left.free.size());
      T sum = 0;
      forEachIndex(contracting, [&](ArrayRef<int64_t> k) {
        int64_t lk = l, rk = r;
        for (size_t i = 0; i < k.size(); ++i) {
          lk += k[i] * left.contracting[i];
          rk += k[i] * right.contracting[i];
        }
        sum = std::fma(lhs.elements<T>()[lk], rhs.elements<T>()[rk], sum);
      });
      result.elements<T>()[target++] = sum;
    });
  };
  visitFloatType(lhs.type(), contract);
  return result;
}

} // namespace

void addReductionEvaluators(EvaluatorTable &table) {
  table.add<ReduceOp>(evaluateReduce);
  table.add<ArgmaxOp>(evaluateArgmax);
  table.add<DotGeneralOp>(evaluateDotGeneral);
}

} // namespace lamina::ir
