#pragma once

#include "codegen/kernels/kernel_emitter.h"
#include "codegen/kernels/tile_product.h"
#include "passes/families/families.h"

/// What attention and its gradient have in common. Lanes are queries: a block of them is transposed
/// once, and with keys as the rows of register tiles the softmax of each query runs down the rows,
/// without sums across lanes. Everything else is read where it is (Dao 2023; the order of loops is
/// that of one thread here).
namespace lamina::codegen {

/// The operands that both have.
struct Attention {
  template <typename Op>
  explicit Attention(Op op)
      : query(op.getQuery()), key(op.getKey()), value(op.getValue()), masks(op.getMasks()),
        scale(op.getScale().convertToDouble()), isCausal(op.getCausal()) {}

  mlir::Value query, key, value;
  llvm::SmallVector<mlir::Value> masks;
  double scale;
  bool isCausal;
};

class AttentionWalkEmitter : public KernelEmitter {
protected:
  AttentionWalkEmitter(const KernelJob &job, const TargetSpec &target, const Attention &attention,
                       int64_t tileRows, int64_t tileVectors, int64_t keyBlock);

  /// Steps x features of one row and head, in memory.
  struct Steps {
    llvm::Value *pointer = nullptr;
    int64_t stride = 0; ///< elements from one step to the next
    int64_t features = 0;
  };
  /// Features x queries of a block, in scratch memory.
  struct Transposed {
    llvm::Value *pointer = nullptr;
    int64_t features = 0;
  };
  /// A block of queries of one row and head. Lanes behind the last query are zero.
  struct Block {
    llvm::Value *row = nullptr, *head = nullptr;
    llvm::Value *first = nullptr, *count = nullptr; ///< queries
  };
  /// Keys that follow one another.
  struct Keys {
    llvm::Value *first = nullptr;
    int64_t count = 0;
  };

  int64_t queryBlock() const { return tileVectors * lanes; }
  /// Rows x heads x blocks of queries.
  llvm::SmallVector<int64_t> blockShape() const;
  /// The `number`-th block of queries of one row and head.
  Block blockAt(llvm::Value *row, llvm::Value *head, llvm::Value *number);

  /// Scratch memory for features x queries.
  Transposed allocateTransposed(int64_t features);
  /// Steps of an operand or a result for one row and head.
  Steps stepsOf(const Storage &storage, llvm::Value *row, llvm::Value *head);
  Steps stepsOf(mlir::Value operand, const Block &block);
  /// Where step `first` of it begins.
  llvm::Value *placeOf(const Steps &steps, llvm::Value *first);

  /// Copies a block's queries, or another tensor of theirs, times `factor`.
  void transposeIn(const Steps &from, const Block &block, const Transposed &to, double factor);
  /// Stores a block's queries.
  void transposeOut(const Transposed &from, const Block &block, const Steps &to);
  void fillZero(llvm::Value *pointer, int64_t elements);

  /// Calls `body` with all blocks of keys that the block's queries may see.
  void forKeyBlocks(const Block &block, const std::function<void(const Keys &)> &body);
  /// Calls `body` with the tiles of `count` rows: the first row and how many.
  void forRowTiles(int64_t count, const std::function<void(llvm::Value *, int64_t)> &body) {
    emitTiles(b(), i64(0), i64(count), count, tileRows, body);
  }

  /// Products of a tile's keys and a block's queries over all features: keys x vectors of queries.
  Values keyProducts(const Steps &keys, llvm::Value *first, int64_t rows,
                     const Transposed &queries);
  /// sums[d][q] = factors * sums + the sum over a block's keys of steps[key][d] * weights[key][q],
  /// in scratch memory. Without factors they are 1.
  void addToQueries(const Steps &steps, const Keys &keys, llvm::Value *weights,
                    const Transposed &sums, const Values &factors = {});

  /// For each tile row and vector of queries whether the pair counts; empty where all do.
  Values pairsThatCount(const Block &block, llvm::Value *firstKey, int64_t rows);

  llvm::Value *vectorAt(llvm::Value *pointer, int64_t vector);
  Values loadVectors(llvm::Value *pointer);
  void storeVectors(llvm::Value *pointer, llvm::ArrayRef<llvm::Value *> values);
  /// A vector under a mask (null: all lanes); lanes that are left out are `fill`.
  llvm::Value *loadMasked(llvm::Value *place, llvm::Value *mask, double fill = 0);
  void storeMasked(llvm::Value *number, llvm::Value *place, llvm::Value *mask);
  /// Numbers of a block's queries in a result or operand of rows x heads x queries.
  llvm::Value *statisticsPlace(const Storage &storage, const Block &block);
  /// Lanes of a vector of the block that are queries; null for all.
  llvm::Value *queryMask(const Block &block, int64_t vector);
  TileProduct product(int64_t leftStride, int64_t rightStride, llvm::Value *lastMask = nullptr);
  llvm::Value *splat(llvm::Value *scalar) { return b().CreateVectorSplat(lanes, scalar); }
  llvm::Value *splat(double number) { return splat(llvm::ConstantFP::get(element, number)); }

  llvm::Align elementAlign() const { return llvm::Align(element->getPrimitiveSizeInBits() / 8); }

  /// To be called first in a task.
  void begin();

  Attention attention;
  int64_t tileRows, tileVectors, keyBlock;
  int64_t rowExtent, heads, queries, keys;
  llvm::Type *element = nullptr, *vectorType = nullptr;

private:
  llvm::Value *causalPairs(llvm::Value *firstQuery, llvm::Value *key);
};

} // namespace lamina::codegen
