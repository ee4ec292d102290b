#pragma once

#include "codegen/kernels/convolution/image_walk.h"
#include "codegen/kernels/kernel_emitter.h"
#include "passes/schedule/schedule.h"

/// How contractions read their operands: from memory in place, or from copies of a block.
namespace lamina::codegen {

/// Elements behind each line of a block in scratch memory, so that lines do not meet in one set of
/// a cache.
inline constexpr int64_t kLinePadding = 16;

/// Common parts of emitters of contractions besides their loops. The contracted dimensions count as
/// one, row-major; a task goes through it in blocks. Where it pays, or where an operand is no
/// memory with a constant distance from one step of the contracted index to the next, the task's
/// part of an operand is copied to scratch memory block by block.
class ContractionWalkEmitter : public KernelEmitter {
protected:
  ContractionWalkEmitter(const KernelJob &job, const TargetSpec &target);

  using Range = std::pair<llvm::Value *, llvm::Value *>;

  /// One operand as register tiles read it.
  struct Side {
    bool left = false;
    mlir::Value value;
    llvm::ArrayRef<int64_t> batching, contracting;
    llvm::SmallVector<int64_t> free;
    size_t firstFree = 0;          ///< the result's dimension of the first free one
    std::optional<Storage> memory; ///< only where steps are at a constant distance
    int64_t memoryStride = 0;      ///< elements from one step to the next in memory
    llvm::Value *copy = nullptr;   ///< null: read in place
    int64_t copyStride = 0;        ///< elements from one step to the next in the copy

    int64_t stride() const { return copy ? copyStride : memoryStride; }
  };

  /// Finds the operands and makes room for copies: called in the function's entry, before any loop.
  void prepareOperands();
  /// Scratch memory, in the function's entry.
  llvm::Value *allocate(int64_t elements);
  /// Copies the block of the left operand for the task's rows, where it is copied.
  void copyLeft();
  /// Copies the block of the right operand for one tile of columns, where it is copied. `mask`
  /// applies to the last vector.
  void copyRight(llvm::Value *column, int64_t vectors, llvm::Value *mask);
  /// Copies the share that falls to one of so many tiles of rows, if the tile of columns behind
  /// this one is whole.
  void copyRightAhead(llvm::Value *column, llvm::Value *tile, llvm::Value *tiles);

  /// Where the block begins for a row of the left operand.
  llvm::Value *leftPlace(llvm::Value *row);
  /// Elements from a row of a tile to its `r`-th neighbour.
  int64_t leftOffset(int64_t r) { return r * leftRowStride; }
  /// Where the block begins for each vector of columns.
  Values rightPlaces(llvm::Value *column, int64_t vectors);

  Indices resultIndices(llvm::Value *row, const Index &column);
  Index columnIndex(llvm::Value *column, int64_t vector);
  /// Indices of an operand: its batching and free dimensions come from the result's.
  Indices operandIndices(const Side &side, const Indices &result, const Indices &depth);
  /// Indices of the contracted dimensions at a step.
  Indices depthIndices(llvm::Value *step) { return delinearize(step, shape.contracted); }
  int64_t capacityOf(int64_t size) const;
  /// Whether the right operand is copied while the tile of columns before is at work.
  bool copiesRightAhead() const { return schedule.getRight() == ir::RightCopy::ahead; }

  ir::DotGeneralOp dot;
  passes::ContractionShape shape;
  ir::ContractionScheduleAttr schedule;
  int64_t tileRows, tileVectors, tileWidth, blockDepth, taskRows, taskColumns;
  int64_t depthCapacity = 1;
  llvm::Type *element = nullptr;
  Side left, right;
  llvm::Value *rowBegin = nullptr, *rowEnd = nullptr; ///< of the task
  Range columns;                                      ///< of the task
  Indices outer;                                      ///< dimensions besides rows and columns
  Range block;                                        ///< steps of the block at hand

private:
  /// Where the block begins in memory for a row of the left operand.
  llvm::Value *leftMemory(llvm::Value *row);
  Side makeSide(bool isLeft);
  void prepareLeft();
  void prepareRight();

  /// Reads the operand at a step of the block, with the result's indices fixed.
  using Reader = std::function<llvm::Value *(llvm::Value *step)>;
  Reader makeReader(const Side &side, const Indices &result, bool alongDepth);
  void copyLeftLines();
  void copyLeftPanels();
  void copyLeftTile(llvm::Value *row, llvm::Value *step, bool whole);
  /// The copy for a tile of columns: where it is copied ahead, one of two in turns.
  llvm::Value *rightCopy(llvm::Value *column);
  void copyRightSteps(llvm::Value *column, int64_t vectors, llvm::Value *mask, Range steps);
  void storeCopy(llvm::Value *place, llvm::Value *value);

  bool linesOfSteps; ///< the left copy: lines of steps for each row, or panels of rows
  int64_t leftRowStride = 0, leftPanel = 0, rightPanel = 0; ///< elements
};

} // namespace lamina::codegen
