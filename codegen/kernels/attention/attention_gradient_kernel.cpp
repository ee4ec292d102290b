// Gradients of attention. A task has whole heads: it goes through blocks of queries and, for each,
// through the keys, computes their weights again and adds to the gradients of keys and values in
// memory, in the order of the queries, whatever the number of threads.
#include "codegen/expressions/elementwise.h"
#include "codegen/kernels/attention/attention_walk.h"
#include "codegen/kernels/convolution/image_walk.h"
#include "codegen/kernels/scratch.h"
#include "codegen/math/vector_math.h"
#include "ir/operations/attention.h"

using namespace mlir;

namespace lamina::codegen {
namespace {

class AttentionGradientEmitter final : public AttentionWalkEmitter {
public:
  AttentionGradientEmitter(const KernelJob &job, const TargetSpec &target,
                           ir::AttentionGradientOp op, ir::AttentionGradientScheduleAttr schedule)
      : AttentionWalkEmitter(job, target, Attention(op), schedule.getTileRows(),
                             schedule.getTileVectors(), schedule.getKeys()),
        op(op), headsPerTask(schedule.getHeads()) {}

  llvm::Value *emitTaskCount(llvm::IRBuilder<> &builder, llvm::Value *rows) override {
    return emitCeilDivide(builder, emitProduct(builder, {rowExtent, heads}, rows), headsPerTask);
  }

private:
  void emitTask(llvm::Value *task) override {
    begin();
    int64_t features = op.getQuery().getType().getDimSize(3);
    int64_t valueFeatures = op.getValue().getType().getDimSize(3);
    transposedQuery = allocateTransposed(features);
    queryGradient = allocateTransposed(features);
    transposedGradient = allocateTransposed(valueFeatures);
    weights = allocateScratch(b(), element, keyBlock * queryBlock());
    changes = allocateScratch(b(), element, keyBlock * queryBlock());
    largest = allocateScratch(b(), element, queryBlock());
    inverseTotal = allocateScratch(b(), element, queryBlock());
    mean = allocateScratch(b(), element, queryBlock());
    llvm::SmallVector<int64_t> shape = {rowExtent, heads};
    llvm::Value *first = b().CreateMul(task, i64(headsPerTask));
    llvm::Value *end =
        emitSmaller(b(), b().CreateAdd(first, i64(headsPerTask)), emitProduct(b(), shape, rows));
    emitLoop(b(), first, end, 1, [&](llvm::Value *number) {
      expressions->enterScope();
      Indices place = delinearize(number, shape);
      emitHead(place[0].base, place[1].base);
      expressions->leaveScope();
    });
  }

  void emitHead(llvm::Value *row, llvm::Value *head) {
    Steps keyGradient = stepsOf(outputs[1], row, head),
          valueGradient = stepsOf(outputs[2], row, head);
    for (const Steps &steps : {keyGradient, valueGradient})
      emitLoop(b(), i64(0), i64(keys), 1,
               [&](llvm::Value *key) { fillZero(placeOf(steps, key), steps.features); });
    emitLoop(b(), i64(0), i64(blockShape()[2]), 1, [&](llvm::Value *number) {
      expressions->enterScope();
      emitBlock(blockAt(row, head, number), keyGradient, valueGradient);
      expressions->leaveScope();
    });
  }

  void emitBlock(const Block &block, const Steps &keyGradient, const Steps &valueGradient) {
    Steps querySteps = stepsOf(op.getQuery(), block), gradient = stepsOf(op.getGradient(), block);
    Steps keySteps = stepsOf(op.getKey(), block), valueSteps = stepsOf(op.getValue(), block);
    transposeIn(querySteps, block, transposedQuery, attention.scale);
    transposeIn(gradient, block, transposedGradient, 1);
    fillZero(queryGradient.pointer, queryGradient.features * queryBlock());
    readStatistics(block, gradient);
    forKeyBlocks(block, [&](const Keys &keys) {
      forRowTiles(keys.count, [&](llvm::Value *row, int64_t rows) {
        emitWeights(block, keySteps, valueSteps, b().CreateAdd(keys.first, row), row, rows);
      });
      addToKeys(weights, gradient, block, valueGradient, keys);
      addToKeys(changes, querySteps, block, keyGradient, keys);
      addToQueries(keySteps, keys, changes, queryGradient);
    });
    transposeOut(queryGradient, block, stepsOf(outputs[0], block.row, block.head));
  }

  /// What the block's weights are made of, and the mean that is taken off their gradients.
  void readStatistics(const Block &block, const Steps &gradient) {
    for (auto [operand, to, fill] : {std::tuple(Value(op.getMaximum()), largest, 0.0),
                                     std::tuple(Value(op.getSum()), inverseTotal, 1.0)}) {
      llvm::Value *place = statisticsPlace(*findMemory(operand), block);
      Values numbers;
      for (int64_t v = 0; v < tileVectors; ++v) {
        numbers.push_back(loadMasked(vectorAt(place, v), queryMask(block, v), fill));
        if (to == inverseTotal)
          numbers.back() = b().CreateFDiv(splat(1.0), numbers.back());
      }
      storeVectors(to, numbers);
    }
    fillZero(mean, queryBlock());
    Steps output = stepsOf(op.getOutput(), block);
    llvm::Value *first = placeOf(gradient, block.first), *second = placeOf(output, block.first);
    emitLoop(b(), i64(0), block.count, 1, [&](llvm::Value *q) {
      llvm::Value *x = advance(b(), element, first, q, gradient.stride);
      llvm::Value *y = advance(b(), element, second, q, output.stride);
      Values sum =
          emitLoop(b(), i64(0), i64(gradient.features), 1, {llvm::ConstantFP::get(element, 0)},
                   [&](llvm::Value *d, const Values &carried) {
                     llvm::Value *a = b().CreateLoad(element, advance(b(), element, x, d, 1));
                     llvm::Value *c = b().CreateLoad(element, advance(b(), element, y, d, 1));
                     return Values{emitMultiplyAdd(b(), target, a, c, carried[0])};
                   });
      b().CreateStore(sum[0], advance(b(), element, mean, q, 1));
    });
  }

  /// The weights of a tile's keys, and the changes of their scores that the gradient asks for.
  void emitWeights(const Block &block, const Steps &keySteps, const Steps &valueSteps,
                   llvm::Value *firstKey, llvm::Value *row, int64_t rows) {
    MathContext math(target);
    Values counts = pairsThatCount(block, firstKey, rows);
    Values tile = keyProducts(keySteps, firstKey, rows, transposedQuery);
    llvm::Value *weightLine = advance(b(), element, weights, row, queryBlock());
    llvm::Value *changeLine = advance(b(), element, changes, row, queryBlock());
    Values most = loadVectors(largest), inverse = loadVectors(inverseTotal);
    for (auto [number, score] : llvm::enumerate(tile)) {
      auto v = static_cast<int64_t>(number) % tileVectors;
      if (!counts.empty())
        score = b().CreateSelect(counts[number], score, splat(ir::kMaskedScore));
      score = b().CreateFMul(emitExp(b(), math, b().CreateFSub(score, most[v])), inverse[v]);
    }
    storeTile(weightLine, tile);
    tile = keyProducts(valueSteps, firstKey, rows, transposedGradient);
    Values means = loadVectors(mean);
    for (int64_t r = 0; r < rows; ++r) {
      Values weight = loadVectors(advance(b(), element, weightLine, r * queryBlock()));
      for (int64_t v = 0; v < tileVectors; ++v) {
        llvm::Value *&change = tile[r * tileVectors + v];
        change = b().CreateFMul(weight[v], b().CreateFSub(change, means[v]));
        change = b().CreateFMul(change, splat(attention.scale));
        if (!counts.empty())
          change = b().CreateSelect(counts[r * tileVectors + v], change, splat(0.0));
      }
    }
    storeTile(changeLine, tile);
  }

  void storeTile(llvm::Value *line, const Values &tile) {
    for (size_t first = 0; first < tile.size(); first += tileVectors)
      storeVectors(advance(b(), element, line, static_cast<int64_t>(first) * lanes),
                   llvm::ArrayRef(tile).slice(first, tileVectors));
  }

  /// sums[key][d] += the sum over the block's queries of factors[key][q] * steps[q][d]
  void addToKeys(llvm::Value *factors, const Steps &steps, const Block &block, const Steps &sums,
                 const Keys &keys) {
    llvm::Value *first = placeOf(steps, block.first);
    emitTiles(b(), i64(0), i64(steps.features), steps.features, queryBlock(),
              [&](llvm::Value *feature, int64_t width) {
                forRowTiles(keys.count, [&](llvm::Value *row, int64_t rows) {
                  llvm::Value *place = placeOf(sums, b().CreateAdd(keys.first, row));
                  addKeyTile(advance(b(), element, factors, row, queryBlock()),
                             advance(b(), element, first, feature, 1), steps.stride, block.count,
                             advance(b(), element, place, feature, 1), sums.stride, rows, width);
                });
              });
  }

  void addKeyTile(llvm::Value *factors, llvm::Value *steps, int64_t stride, llvm::Value *count,
                  llvm::Value *sums, int64_t sumStride, int64_t rows, int64_t width) {
    auto vectors = static_cast<int64_t>(llvm::divideCeil(width, lanes));
    llvm::Value *mask = width % lanes ? maskOf(width % lanes) : nullptr;
    auto maskAt = [&](int64_t v) { return v + 1 == vectors ? mask : nullptr; };
    RowOffsets offsets;
    Values carried, right;
    for (int64_t v = 0; v < vectors; ++v)
      right.push_back(vectorAt(steps, v));
    for (int64_t r = 0; r < rows; ++r) {
      offsets.push_back(r * queryBlock());
      for (int64_t v = 0; v < vectors; ++v)
        carried.push_back(
            loadMasked(vectorAt(advance(b(), element, sums, r * sumStride), v), maskAt(v)));
    }
    Values result = product(1, stride, mask).emit(factors, offsets, right, count, carried);
    for (int64_t r = 0; r < rows; ++r)
      for (int64_t v = 0; v < vectors; ++v)
        storeMasked(result[r * vectors + v],
                    vectorAt(advance(b(), element, sums, r * sumStride), v), maskAt(v));
  }

  ir::AttentionGradientOp op;
  int64_t headsPerTask;
  Transposed transposedQuery, transposedGradient, queryGradient;
  llvm::Value *weights = nullptr, *changes = nullptr; ///< keys x queries of a block
  llvm::Value *largest = nullptr, *inverseTotal = nullptr, *mean = nullptr; ///< of each query
};

} // namespace

std::unique_ptr<KernelEmitter> createAttentionGradientEmitter(const KernelJob &job,
                                                              const TargetSpec &target) {
  ir::KernelOp kernel = job.kernel;
  return std::make_unique<AttentionGradientEmitter>(
      job, target, passes::anchorAs<ir::AttentionGradientOp>(kernel),
      passes::scheduleAs<ir::AttentionGradientScheduleAttr>(kernel));
}

} // namespace lamina::codegen
