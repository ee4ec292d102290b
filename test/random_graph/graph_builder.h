#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include "ir/dialect.h"
#include "mlir/IR/Builders.h"

namespace lamina::test {

/// What the generator knows of a value.
struct ValueFacts {
  /// No element is larger in magnitude. Kept small, so that rounding differences stay small.
  double bound = 0;
  /// Computed without any rounding: the same bits however the graph is compiled. Operations that
  /// jump (comparisons, floor, argmax, …) take only such values, so that two right executions
  /// cannot end in different branches.
  bool exact = false;
};

/// Makes operations of a random graph and keeps the values made so far. All random choices come
/// from one seed and are the same on every platform.
class GraphBuilder {
public:
  GraphBuilder(mlir::OpBuilder builder, uint64_t seed, mlir::Type floatType, int64_t batchSize);

  //===--- Random choices ---===//
  /// One of 0 … count - 1.
  int64_t choose(int64_t count) { return static_cast<int64_t>(random() % count); }
  bool chance(int percent) { return choose(100) < percent; }
  int64_t randomExtent();
  /// A shape of rank 0 to 3, its leading dimension the rows with some probability.
  llvm::SmallVector<int64_t> randomShape();
  double randomNumber(double low, double high);

  //===--- Values ---===//
  /// Adds a value to those that later operations may use.
  mlir::Value keep(mlir::Value value, ValueFacts facts);
  ValueFacts facts(mlir::Value value) const { return known.lookup(value); }
  const std::vector<mlir::Value> &values() const { return pool; }
  /// A value that fulfils `accepts`; null when there is none.
  mlir::Value pick(llvm::function_ref<bool(mlir::Value)> accepts);
  mlir::Value pickFloat();
  mlir::Value pickInteger();
  /// A number whose bits are certain; never null.
  mlir::Value pickExact(mlir::Type elementType);

  //===--- Derived values, not kept ---===//
  /// A value of shape `shape` and the element type: one that exists, a broadcast of a smaller one,
  /// or a constant.
  mlir::Value matching(llvm::ArrayRef<int64_t> shape, mlir::Type elementType, bool exact = false);
  /// All elements `number`.
  mlir::Value filled(llvm::ArrayRef<int64_t> shape, mlir::Type elementType, double number);
  /// |x| + 0.5.
  mlir::Value positive(mlir::Value value);
  /// x, or tanh or a multiple of it when its elements may be larger than `bound`.
  mlir::Value limited(mlir::Value value, double bound);
  /// Whether a tensor of that shape is small enough, and has at most one dimension of rows.
  bool fits(llvm::ArrayRef<int64_t> shape) const;

  template <typename Op, typename... Args> mlir::Value make(Args &&...args) {
    return builder.create<Op>(builder.getUnknownLoc(), std::forward<Args>(args)...)->getResult(0);
  }
  /// Like make, and the facts of the result are recorded.
  template <typename Op, typename... Args> mlir::Value makeWith(ValueFacts facts, Args &&...args) {
    mlir::Value value = make<Op>(std::forward<Args>(args)...);
    known[value] = facts;
    return value;
  }

  mlir::RankedTensorType typeOf(llvm::ArrayRef<int64_t> shape, mlir::Type elementType) const {
    return mlir::RankedTensorType::get(shape, elementType);
  }
  mlir::Type floatType() const { return number; }
  mlir::Type boolType() { return builder.getI1Type(); }
  mlir::Type randomIntegerType();
  mlir::OpBuilder &mlirBuilder() { return builder; }
  int64_t batchSize() const { return capacity; }

private:
  mlir::Value randomConstant(llvm::ArrayRef<int64_t> shape, mlir::Type elementType);
  mlir::Value broadcastOfSmaller(llvm::ArrayRef<int64_t> shape, mlir::Type elementType, bool exact);

  mlir::OpBuilder builder;
  std::mt19937_64 random;
  mlir::Type number;
  int64_t capacity;
  std::vector<mlir::Value> pool;
  llvm::DenseMap<mlir::Value, ValueFacts> known;
};

/// Whether elements are floating-point numbers, integers, or i1.
bool isFloat(mlir::Value value);
bool isInteger(mlir::Value value);
bool isBool(mlir::Value value);
mlir::Type elementTypeOf(mlir::Value value);
llvm::ArrayRef<int64_t> shapeOf(mlir::Value value);

} // namespace lamina::test
