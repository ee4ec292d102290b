#pragma once

#include "codegen/emit/loops.h"
#include "codegen/expressions/expression.h"

namespace lamina::codegen {

/// The running values of one position of a window kernel, in lanes: a sum, a maximum, or the best
/// element together with its place in the window. Anchors of one kernel share them: a reduce_window
/// by maximum and the argmax_window over the same windows, or one operation alone.
class WindowAccumulator {
public:
  WindowAccumulator(llvm::IRBuilder<> &builder, llvm::ArrayRef<mlir::Operation *> anchors,
                    unsigned lanes);

  mlir::Value getOperand() const { return anchor->getOperand(0); }
  /// The chosen places of a window_scatter, if it has them.
  mlir::Value getPlaces() const;

  /// Before anything is met; `firstPlace` (i32) is where the window begins.
  Values initial(llvm::Value *firstPlace) const;
  /// Takes in a vector of elements at `place` (i32) of the window. `places` are the lanes' chosen
  /// places where getPlaces() is not null.
  Values combine(const Values &carried, llvm::Value *element, llvm::Value *place,
                 llvm::Value *places) const;
  /// The result of `anchor`, of its element type.
  llvm::Value *result(mlir::Operation *anchor, const Values &carried) const;

  size_t carriedCount() const { return findsPlaces ? 2 : 1; }

private:
  bool isSum() const;

  llvm::IRBuilder<> &builder;
  mlir::Operation *anchor; ///< the first one
  bool findsPlaces;
  unsigned lanes;
  mlir::Type element;
};

} // namespace lamina::codegen
