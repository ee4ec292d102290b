#pragma once

#include <optional>
#include <vector>

#include "codegen/batch_size.h"
#include "codegen/target/target.h"
#include "ir/dialect.h"
#include "passes/schedule/memory_layout.h"
#include "llvm/IR/IRBuilder.h"

/// The one emitter of tensor expressions that all kernel families share: gives the value of a
/// tensor of a kernel's body at an index, as a scalar or as a vector along one dimension.
namespace lamina::codegen {

/// A tensor index along one dimension: `base`, or base, base + 1, … in the lanes of a vector.
struct Index {
  llvm::Value *base = nullptr; ///< i64
  bool vector = false;
  int64_t multiple = 1; ///< base is known to be a multiple of this
};
using Indices = llvm::SmallVector<Index, 4>;

/// A tensor in memory, dense and row-major or packed (ir::PackedAttr, last dimension only).
struct Storage : passes::MemoryLayout {
  llvm::Value *pointer = nullptr;

  static Storage make(llvm::Value *pointer, mlir::RankedTensorType type, ir::PackedAttr packed,
                      const BatchSize &batchSize) {
    return {MemoryLayout::make(type, packed, batchSize.forStridesOf(type)), pointer};
  }
};

/// The LLVM type that an element has in registers (i1 for truth values). Throws UserError for a
/// type that code generation does not know.
llvm::Type *registerType(llvm::LLVMContext &context, mlir::Type element);
/// The LLVM type that an element has in memory (i8 for truth values).
llvm::Type *memoryType(llvm::LLVMContext &context, mlir::Type element);

/// Evaluates the values of one kernel body. What is computed is remembered in scopes: a scope is a
/// stretch of code whose values dominate everything emitted until it is left.
class ExpressionEmitter {
public:
  ExpressionEmitter(llvm::IRBuilder<> &builder, const TargetSpec &target, unsigned lanes,
                    llvm::Value *rows, const BatchSize &batchSize);

  /// Binds a block argument to its memory.
  void bindStorage(mlir::Value argument, const Storage &storage) { storages[argument] = storage; }
  /// Lets a value be computed again that was read from memory for a while.
  void unbindStorage(mlir::Value value) { storages.erase(value); }
  const Storage *getStorage(mlir::Value argument) const;

  /// Says what a value is at an index, until the current scope is left.
  void bind(mlir::Value value, llvm::ArrayRef<Index> indices, llvm::Value *what);

  /// The value at the index: a vector if it varies along a vector index, otherwise a scalar.
  llvm::Value *evaluate(mlir::Value value, llvm::ArrayRef<Index> indices);
  /// The same, always a vector.
  llvm::Value *evaluateVector(mlir::Value value, llvm::ArrayRef<Index> indices);

  /// Stores under the mask; a vector goes along the index's vector dimension.
  void store(const Storage &storage, llvm::ArrayRef<Index> indices, llvm::Value *value);

  /// Address of the element (of the first lane) at an index.
  llvm::Value *address(const Storage &storage, llvm::ArrayRef<Index> indices);
  /// Whether the lanes of a vector are contiguous in memory.
  bool isContiguous(const Storage &storage, llvm::ArrayRef<Index> indices) const;
  /// Loads an element, or a vector of them under the mask.
  llvm::Value *loadAt(llvm::Value *pointer, mlir::Type element, bool vector);

  /// Lanes that count: loads and stores touch no others. Null: all.
  void setMask(llvm::Value *mask) { this->mask = mask; }
  llvm::Value *getMask() const { return mask; }

  /// The index into `extent` slices that an integer of type `element` selects (i64):
  /// indices outside are clamped.
  llvm::Value *clampIndex(llvm::Value *index, mlir::Type element, int64_t extent);

  /// Says that the kernel's last index, where it is a vector, stays within [begin, end) for now, so
  /// that a concatenation along it has one operand to read.
  void setSegment(std::optional<std::pair<int64_t, int64_t>> range) { segment = range; }

  void enterScope() { scopes.emplace_back(); }
  void leaveScope() { scopes.pop_back(); }

  /// Elements of a dimension: a constant, or the row count.
  llvm::Value *extent(int64_t size);
  llvm::Value *i64(int64_t value) { return builder.getInt64(value); }
  Index constant(int64_t value) { return {i64(value), false, value == 0 ? 1 << 20 : value}; }
  llvm::Value *splat(llvm::Value *scalar);
  unsigned getLanes() const { return lanes; }

private:
  llvm::Value *compute(mlir::Value value, llvm::ArrayRef<Index> indices);
  llvm::Value *computeElementwise(mlir::Operation *op, llvm::ArrayRef<Index> indices);
  llvm::Value *computeBroadcast(ir::BroadcastInDimOp op, llvm::ArrayRef<Index> indices);
  llvm::Value *computeReshape(ir::ReshapeOp op, llvm::ArrayRef<Index> indices);
  llvm::Value *computeSlice(ir::SliceOp op, llvm::ArrayRef<Index> indices);
  llvm::Value *computePad(ir::PadOp op, llvm::ArrayRef<Index> indices);
  llvm::Value *computeConcatenate(ir::ConcatenateOp op, llvm::ArrayRef<Index> indices);
  llvm::Value *computeConcatenatedSegment(ir::ConcatenateOp op, llvm::ArrayRef<Index> indices);
  llvm::Value *computeGather(ir::GatherOp op, llvm::ArrayRef<Index> indices);
  llvm::Value *computeConstant(ir::ConstantOp op, llvm::ArrayRef<Index> indices);
  llvm::Value *computeIota(ir::IotaOp op, llvm::ArrayRef<Index> indices);
  llvm::Value *computeRandom(ir::RngBitsOp op, llvm::ArrayRef<Index> indices);
  llvm::Value *lanewise(mlir::Value value, llvm::ArrayRef<Index> indices);
  llvm::Value *load(const Storage &storage, llvm::ArrayRef<Index> indices);

  /// The address of a lane of a vector that is not contiguous, and which lane to take: its own, or
  /// the first one when the mask leaves it out. Lanes come in order.
  struct Lane {
    llvm::Value *pointer, *source;
  };
  Lane laneAddress(const Storage &storage, llvm::ArrayRef<Index> indices, unsigned lane);
  llvm::Value *packedOffset(const Storage &storage, llvm::ArrayRef<Index> indices);
  llvm::Value *linearIndex(mlir::RankedTensorType type, llvm::ArrayRef<Index> indices);

  struct Entry {
    mlir::Value value;
    llvm::SmallVector<std::pair<llvm::Value *, bool>, 4> indices;
    llvm::Value *result;
  };
  Entry *find(mlir::Value value, llvm::ArrayRef<Index> indices);

  llvm::IRBuilder<> &builder;
  const TargetSpec &target;
  unsigned lanes;
  llvm::Value *rows;
  BatchSize batchSize;
  llvm::Value *mask = nullptr;
  std::optional<std::pair<int64_t, int64_t>> segment;
  llvm::Value *firstLane = nullptr; ///< address of lane 0 of the vector at hand
  llvm::DenseMap<mlir::Value, Storage> storages;
  llvm::DenseMap<mlir::Operation *, llvm::GlobalVariable *> constants;
  std::vector<llvm::DenseMap<mlir::Value, llvm::SmallVector<Entry, 2>>> scopes;
};

/// Position of the vector index, -1 when all are scalar.
int vectorDimension(llvm::ArrayRef<Index> indices);

} // namespace lamina::codegen
