#include "ir/gradients/sums_over_time.h"

using namespace mlir;

namespace lamina::ir {
namespace {

/// The dimensions of a slice as those of the stack, behind that of time, which is the first one
/// `withTime`.
llvm::SmallVector<int64_t> behindTime(ArrayRef<int64_t> dimensions, bool withTime) {
  llvm::SmallVector<int64_t> result;
  if (withTime)
    result.push_back(0);
  for (int64_t dimension : dimensions)
    result.push_back(dimension + 1);
  return result;
}

} // namespace

SumsOverTime::Kind SumsOverTime::kindOf(Value value) const {
  Operation *op = value.getDefiningOp();
  if (!op || isForward(op))
    return Kind::carried;
  if (isa<AddOp>(op))
    return Kind::sum;
  if (isa<TransposeOp>(op))
    return Kind::transposition;
  if (auto reduce = dyn_cast<ReduceOp>(op); reduce && reduce.getKind() == ReductionKind::add)
    return Kind::reduction;
  auto dot = dyn_cast<DotGeneralOp>(op);
  bool varies = dot && !isInvariant(dot.getLhs()) && !isInvariant(dot.getRhs());
  return varies ? Kind::product : Kind::carried;
}

void SumsOverTime::plan(Value value) {
  if (!value)
    return;
  Operation *op = value.getDefiningOp();
  switch (kindOf(value)) {
  case Kind::sum:
    plan(op->getOperand(0));
    return plan(op->getOperand(1));
  case Kind::transposition:
    return plan(op->getOperand(0));
  case Kind::reduction:
    stacked.insert(op->getOperand(0));
    return;
  case Kind::product:
    stacked.insert(op->getOperand(0));
    stacked.insert(op->getOperand(1));
    return;
  case Kind::carried:
    carried.insert(value);
  }
}

Value SumsOverTime::build(OpBuilder &builder, Location loc, Value value,
                          llvm::function_ref<Value(Value)> stackOf,
                          llvm::function_ref<Value(Value)> sumOf) const {
  auto sumOfOperand = [&](unsigned number) {
    return build(builder, loc, value.getDefiningOp()->getOperand(number), stackOf, sumOf);
  };
  switch (kindOf(value)) {
  case Kind::sum: {
    Value lhs = sumOfOperand(0);
    return builder.create<AddOp>(loc, lhs, sumOfOperand(1));
  }
  case Kind::transposition:
    return builder.create<TransposeOp>(loc, sumOfOperand(0),
                                       value.getDefiningOp<TransposeOp>().getPermutation());
  case Kind::reduction: {
    auto reduce = value.getDefiningOp<ReduceOp>();
    return builder.create<ReduceOp>(loc, stackOf(reduce.getOperand()), ReductionKind::add,
                                    behindTime(reduce.getDimensions(), true));
  }
  case Kind::product: {
    auto dot = value.getDefiningOp<DotGeneralOp>();
    return builder.create<DotGeneralOp>(loc, stackOf(dot.getLhs()), stackOf(dot.getRhs()),
                                        behindTime(dot.getLhsBatchingDimensions(), false),
                                        behindTime(dot.getRhsBatchingDimensions(), false),
                                        behindTime(dot.getLhsContractingDimensions(), true),
                                        behindTime(dot.getRhsContractingDimensions(), true));
  }
  case Kind::carried:
    return sumOf(value);
  }
  llvm_unreachable("all kinds are listed");
}

} // namespace lamina::ir
