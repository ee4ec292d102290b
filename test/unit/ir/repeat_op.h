#pragma once

#include "ir/dialect.h"
#include "ir/interpreter/interpreter_table.h"
#include "mlir/IR/OwningOpRef.h"

/// A dialect for tests, with an operation that runs its region.
namespace lamina::ir::test {

/// Runs its body `times` times. The first operands, one per result, are its arguments the first
/// time and the values that it yields are those of the next time; the other operands have one value
/// all the time. The body may read values from outside.
class RepeatOp
    : public mlir::Op<RepeatOp, mlir::OpTrait::OneRegion, mlir::OpTrait::VariadicOperands,
                      mlir::OpTrait::VariadicResults, mlir::OpTrait::ZeroSuccessors,
                      mlir::MemoryEffectOpInterface::Trait, GradientInterface::Trait,
                      RegionArgumentsInterface::Trait> {
public:
  using Op::Op;
  static llvm::StringRef getOperationName() { return "test.repeat"; }
  static llvm::ArrayRef<llvm::StringRef> getAttributeNames() { return {}; }

  mlir::Block &getBlock() { return getOperation()->getRegion(0).front(); }
  int64_t getTimes();

  void getEffects(
      llvm::SmallVectorImpl<mlir::SideEffects::EffectInstance<mlir::MemoryEffects::Effect>> &) {}
  mlir::Value getAliasedOperand(mlir::BlockArgument argument);
  mlir::BlockArgument addAliasedOperand(mlir::Value value);

  /// Goes through the times backwards; what the body was given at each is computed again.
  mlir::LogicalResult buildGradient(mlir::OpBuilder &builder, mlir::ValueRange resultGradients,
                                    llvm::SmallVectorImpl<mlir::Value> &operandGradients);

private:
  mlir::FailureOr<mlir::Operation *> buildBackward(mlir::OpBuilder &builder,
                                                   mlir::ValueRange operands,
                                                   mlir::ValueRange resultGradients);
};

/// The end of such a body.
class YieldOp : public mlir::Op<YieldOp, mlir::OpTrait::ZeroRegions,
                                mlir::OpTrait::VariadicOperands, mlir::OpTrait::ZeroResults,
                                mlir::OpTrait::ZeroSuccessors, mlir::OpTrait::IsTerminator> {
public:
  using Op::Op;
  static llvm::StringRef getOperationName() { return "test.yield"; }
  static llvm::ArrayRef<llvm::StringRef> getAttributeNames() { return {}; }
};

class TestDialect : public mlir::Dialect {
public:
  explicit TestDialect(mlir::MLIRContext *context);
  static llvm::StringRef getDialectNamespace() { return "test"; }
};

/// The interpreter's table with test.repeat.
EvaluatorTable evaluatorsWithRepeat();

/// The operation of type `Op` in `module`, which has one.
template <typename Op> Op findOne(mlir::ModuleOp module) {
  Op found;
  module.walk([&](Op op) { found = op; });
  return found;
}

} // namespace lamina::ir::test
