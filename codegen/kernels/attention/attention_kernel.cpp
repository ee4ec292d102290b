// Attention with the softmax computed block of keys by block of keys: where a larger score than all
// before arises, what is summed up so far is scaled down (Milakov and Gimelshein 2018).
#include "codegen/expressions/elementwise.h"
#include "codegen/kernels/attention/attention_walk.h"
#include "codegen/kernels/convolution/image_walk.h"
#include "codegen/kernels/scratch.h"
#include "codegen/math/vector_math.h"
#include "ir/operations/attention.h"

using namespace mlir;

namespace lamina::codegen {
namespace {

class AttentionEmitter final : public AttentionWalkEmitter {
public:
  AttentionEmitter(const KernelJob &job, const TargetSpec &target, ir::AttentionOp op,
                   ir::AttentionScheduleAttr schedule)
      : AttentionWalkEmitter(job, target, Attention(op), schedule.getTileRows(),
                             schedule.getTileVectors(), schedule.getKeys()),
        blocksPerTask(schedule.getBlocks()) {}

  llvm::Value *emitTaskCount(llvm::IRBuilder<> &builder, llvm::Value *rows) override {
    return emitCeilDivide(builder, emitProduct(builder, blockShape(), rows), blocksPerTask);
  }

private:
  void emitTask(llvm::Value *task) override {
    begin();
    transposedQuery = allocateTransposed(typeOf(attention.query).getDimSize(3));
    sums = allocateTransposed(typeOf(attention.value).getDimSize(3));
    scores = allocateScratch(b(), element, keyBlock * queryBlock());
    largest = allocateScratch(b(), element, queryBlock());
    largestBefore = allocateScratch(b(), element, queryBlock());
    total = allocateScratch(b(), element, queryBlock());
    llvm::Value *first = b().CreateMul(task, i64(blocksPerTask));
    llvm::Value *end = emitSmaller(b(), b().CreateAdd(first, i64(blocksPerTask)),
                                   emitProduct(b(), blockShape(), rows));
    emitLoop(b(), first, end, 1, [&](llvm::Value *number) {
      expressions->enterScope();
      Indices place = delinearize(number, blockShape());
      emitBlock(blockAt(place[0].base, place[1].base, place[2].base));
      expressions->leaveScope();
    });
  }

  static RankedTensorType typeOf(Value value) { return cast<RankedTensorType>(value.getType()); }

  void emitBlock(const Block &block) {
    transposeIn(stepsOf(attention.query, block), block, transposedQuery, attention.scale);
    fillZero(sums.pointer, sums.features * queryBlock());
    fillZero(total, queryBlock());
    storeVectors(largest, Values(tileVectors, splat(-std::numeric_limits<double>::infinity())));
    Steps keySteps = stepsOf(attention.key, block), values = stepsOf(attention.value, block);
    forKeyBlocks(block, [&](const Keys &keys) {
      storeVectors(largestBefore, loadVectors(largest));
      forRowTiles(keys.count, [&](llvm::Value *row, int64_t rows) {
        emitScores(block, keySteps, b().CreateAdd(keys.first, row), row, rows);
      });
      Values factors = emitWeights(keys);
      addToQueries(values, keys, scores, sums, factors);
    });
    emitResults(block);
  }

  /// The scores of a tile's keys, and the largest ones so far.
  void emitScores(const Block &block, const Steps &keySteps, llvm::Value *firstKey,
                  llvm::Value *row, int64_t rows) {
    Values tile = keyProducts(keySteps, firstKey, rows, transposedQuery);
    Values counts = pairsThatCount(block, firstKey, rows);
    for (auto [number, pair] : llvm::enumerate(counts))
      tile[number] = b().CreateSelect(pair, tile[number], splat(ir::kMaskedScore));
    Values most = loadVectors(largest);
    llvm::Value *line = advance(b(), element, scores, row, queryBlock());
    for (int64_t r = 0; r < rows; ++r) {
      llvm::ArrayRef<llvm::Value *> own = llvm::ArrayRef(tile).slice(r * tileVectors, tileVectors);
      for (int64_t v = 0; v < tileVectors; ++v)
        most[v] = emitMaximum(b(), most[v], own[v], /*isUnsigned=*/false);
      storeVectors(advance(b(), element, line, r * queryBlock()), own);
    }
    storeVectors(largest, most);
  }

  /// Makes weights of the block's scores and adds them up. Returns what the sums before are to be
  /// multiplied with.
  Values emitWeights(const Keys &keys) {
    MathContext math(target);
    Values most = loadVectors(largest), before = loadVectors(largestBefore), factors;
    for (int64_t v = 0; v < tileVectors; ++v) {
      factors.push_back(emitExp(b(), math, b().CreateFSub(before[v], most[v])));
      llvm::Value *place = vectorAt(total, v);
      llvm::Value *start =
          b().CreateFMul(b().CreateAlignedLoad(vectorType, place, elementAlign()), factors[v]);
      Values summed = emitLoop(
          b(), i64(0), i64(keys.count), 1, {start}, [&](llvm::Value *key, const Values &sum) {
            llvm::Value *at = vectorAt(advance(b(), element, scores, key, queryBlock()), v);
            llvm::Value *score = b().CreateAlignedLoad(vectorType, at, elementAlign());
            llvm::Value *weight = emitExp(b(), math, b().CreateFSub(score, most[v]));
            b().CreateAlignedStore(weight, at, elementAlign());
            return Values{b().CreateFAdd(sum[0], weight)};
          });
      b().CreateAlignedStore(summed[0], place, elementAlign());
    }
    return factors;
  }

  void emitResults(const Block &block) {
    Values weights = loadVectors(total), most = loadVectors(largest);
    emitLoop(b(), i64(0), i64(sums.features), 1, [&](llvm::Value *feature) {
      llvm::Value *line = advance(b(), element, sums.pointer, feature, queryBlock());
      Values numbers = loadVectors(line);
      for (int64_t v = 0; v < tileVectors; ++v)
        numbers[v] = b().CreateFDiv(numbers[v], weights[v]);
      storeVectors(line, numbers);
    });
    transposeOut(sums, block, stepsOf(outputs[0], block.row, block.head));
    for (auto [number, vectors] : {std::pair(1, most), std::pair(2, weights)}) {
      llvm::Value *place = statisticsPlace(outputs[number], block);
      for (int64_t v = 0; v < tileVectors; ++v)
        storeMasked(vectors[v], vectorAt(place, v), queryMask(block, v));
    }
  }

  int64_t blocksPerTask;
  Transposed transposedQuery, sums;
  llvm::Value *scores = nullptr; ///< keys x queries of a block
  llvm::Value *largest = nullptr, *largestBefore = nullptr, *total = nullptr; ///< of each query
};

} // namespace

std::unique_ptr<KernelEmitter> createAttentionEmitter(const KernelJob &job,
                                                      const TargetSpec &target) {
  ir::KernelOp kernel = job.kernel;
  return std::make_unique<AttentionEmitter>(job, target, passes::anchorAs<ir::AttentionOp>(kernel),
                                            passes::scheduleAs<ir::AttentionScheduleAttr>(kernel));
}

} // namespace lamina::codegen
