// Reductions whose kept dimensions come last or lie between: bias gradients, statistics over the
// batch. Several over the same dimensions go through memory together; those that need results of
// others, a variance that of the mean, go through a block of columns once more, which is in the
// caches then. Elements that others read from memory are stored on the way. Vectors run along the
// last kept dimension. A task goes through memory in order: a few positions of the innermost
// reduced dimension at a time, all of its columns in each, with the running values of the columns
// in scratch memory.
#include "codegen/kernels/accumulator.h"
#include "codegen/kernels/convolution/image_walk.h"
#include "codegen/kernels/kernel_emitter.h"
#include "codegen/kernels/scratch.h"
#include "passes/families/families.h"
#include "passes/families/tools.h"

using namespace mlir;

namespace lamina::codegen {
namespace {

/// Elements that are combined one after another at most (twice as many where that ends a line).
constexpr int64_t kStretch = 128;
/// Positions that a column takes in between loading and storing its running value.
constexpr int64_t kPositionsAtOnce = 8;

class ColumnEmitter final : public KernelEmitter {
public:
  ColumnEmitter(const KernelJob &job, const TargetSpec &target)
      : KernelEmitter(job, target), schedule(passes::scheduleAs<ir::ColumnScheduleAttr>(kernel())) {
    anchors = passes::anchorsByStage(kernel());
    Operation *anchor = anchors.front().front();
    reduced = passes::reducedDimensions(anchor);
    whole = cast<RankedTensorType>(anchor->getOperand(0).getType()).getShape();
    kept = cast<RankedTensorType>(anchor->getResult(0).getType()).getShape();
    width = schedule.getVectors() * lanes;
  }

  llvm::Value *emitTaskCount(llvm::IRBuilder<> &builder, llvm::Value *rows) override {
    return emitCeilDivide(builder, emitUnits(builder, rows), schedule.getBlocks());
  }

private:
  /// Blocks of the last kept dimension, times the other kept dimensions.
  llvm::Value *emitUnits(llvm::IRBuilder<> &builder, llvm::Value *rows) {
    llvm::Value *columns = emitProduct(builder, kept.take_back(), rows);
    return builder.CreateMul(emitProduct(builder, kept.drop_back(), rows),
                             emitCeilDivide(builder, columns, width));
  }

  void emitTask(llvm::Value *task) override {
    for (ArrayRef<Operation *> together : anchors) {
      stages.emplace_back();
      for (Operation *anchor : together)
        stages.back().accumulators.emplace_back(b(), anchor, lanes);
      for (size_t level = 0; level <= reduced.size(); ++level)
        stages.back().levels.push_back(allocateLevel(stages.back()));
    }
    int64_t perTask = schedule.getBlocks();
    llvm::Value *begin = b().CreateMul(task, i64(perTask));
    llvm::Value *end = emitSmaller(b(), b().CreateAdd(begin, i64(perTask)), emitUnits(b(), rows));
    llvm::Value *columns = extent(kept.back());
    llvm::Value *blocksPerLine = emitCeilDivide(b(), columns, width);
    emitLoop(b(), begin, end, 1, [&](llvm::Value *unit) {
      expressions->enterScope();
      leading = delinearize(b().CreateUDiv(unit, blocksPerLine), kept.drop_back());
      columnBegin = b().CreateMul(b().CreateURem(unit, blocksPerLine), i64(width));
      columnEnd = emitSmaller(b(), b().CreateAdd(columnBegin, i64(width)), columns);
      emitBlock();
      expressions->leaveScope();
    });
  }

  //===--- Running values -----------------------------------------------------------------------//

  /// A running value of every column of a block: one array of vectors for each carried value, those
  /// of all anchors of a stage one after another.
  using Level = Values;

  /// Reductions that go through a block of columns together.
  struct Stage {
    std::vector<Accumulator> accumulators; ///< of the anchors
    std::vector<Level> levels;             ///< of the reduced dimensions, and of a stretch
  };

  static Values initial(const Stage &stage) {
    Values values;
    for (const Accumulator &accumulator : stage.accumulators)
      values.append(accumulator.initial(/*vector=*/true));
    return values;
  }

  /// Runs `body` for every anchor's part of the carried values, and puts what it gives together.
  static Values forAnchors(
      const Stage &stage,
      llvm::function_ref<Values(const Accumulator &accumulator, size_t first, size_t count)> body) {
    Values values;
    for (const Accumulator &accumulator : stage.accumulators)
      values.append(body(accumulator, values.size(), accumulator.carriedCount()));
    return values;
  }

  static Values part(const Values &carried, size_t first, size_t count) {
    return Values(llvm::ArrayRef(carried).slice(first, count));
  }

  Level allocateLevel(const Stage &stage) {
    Level level;
    for (llvm::Value *value : initial(stage))
      level.push_back(allocateScratch(b(), value->getType(), width / lanes));
    return level;
  }

  llvm::Value *slotOf(const Level &level, size_t carried, llvm::Type *type, llvm::Value *column) {
    llvm::Value *number = b().CreateUDiv(b().CreateSub(column, columnBegin), i64(lanes));
    return b().CreateInBoundsGEP(type, level[carried], number);
  }

  Values load(const Stage &stage, size_t depth, llvm::Value *column) {
    Values values = initial(stage);
    for (auto [carried, value] : llvm::enumerate(values))
      value = b().CreateLoad(value->getType(),
                             slotOf(stage.levels[depth], carried, value->getType(), column));
    return values;
  }

  void store(const Stage &stage, size_t depth, llvm::Value *column, const Values &values) {
    for (auto [carried, value] : llvm::enumerate(values))
      b().CreateStore(value, slotOf(stage.levels[depth], carried, value->getType(), column));
  }

  void fill(const Stage &stage, size_t depth) {
    forColumns([&](llvm::Value *column) { store(stage, depth, column, initial(stage)); });
  }

  void joinInto(const Stage &stage, size_t depth, size_t joined) {
    forColumns([&](llvm::Value *column) {
      Values whole = load(stage, depth, column), more = load(stage, joined, column);
      store(stage, depth, column,
            forAnchors(stage, [&](const Accumulator &own, size_t first, size_t count) {
              return own.join(part(whole, first, count), part(more, first, count));
            }));
    });
  }

  /// Says what the first `count` stages gave for a vector of columns.
  void bindResults(size_t count, llvm::Value *column) {
    for (const Stage &stage : llvm::ArrayRef(stages).take_front(count)) {
      Values carried = load(stage, 0, column);
      forAnchors(stage, [&](const Accumulator &own, size_t first, size_t length) {
        Values values = part(carried, first, length);
        expressions->bind(own.getAnchor()->getResult(0), placeOf(column), own.result(values));
        return values;
      });
    }
  }

  /// Runs over the vectors of the block's columns, the last one under a mask.
  void forColumns(llvm::function_ref<void(llvm::Value *column)> body) {
    auto emitScoped = [&](llvm::Value *column) {
      expressions->enterScope();
      body(column);
      expressions->leaveScope();
    };
    int64_t known = kept.back();
    bool whole = !ShapedType::isDynamic(known) && known % lanes == 0;
    llvm::Value *length = b().CreateSub(columnEnd, columnBegin);
    llvm::Value *wholeEnd =
        whole ? columnEnd : b().CreateAdd(columnBegin, b().CreateAnd(length, i64(-int64_t(lanes))));
    emitLoop(b(), columnBegin, wholeEnd, lanes, emitScoped);
    if (whole)
      return;
    emitIf(b(), b().CreateICmpSLT(wholeEnd, columnEnd), [&] {
      expressions->setMask(maskBelow(wholeEnd, columnEnd));
      emitScoped(wholeEnd);
      expressions->setMask(nullptr);
    });
  }

  //===--- Loops --------------------------------------------------------------------------------//

  void emitBlock() {
    for (size_t number = 0; number < stages.size(); ++number) {
      fill(stages[number], 0);
      Indices position(reduced.size());
      emitReduced(number, 0, position);
    }
    forColumns([&](llvm::Value *column) {
      bindResults(stages.size(), column);
      storeResults(placeOf(column));
    });
  }

  Indices placeOf(llvm::Value *column) {
    Indices place(leading);
    place.push_back({column, true, static_cast<int64_t>(lanes)});
    return place;
  }

  /// Loops over the reduced dimensions from `depth` on and takes their elements into the running
  /// values of that level. Each line of the innermost one, and each stretch of a long line, is
  /// combined apart and then joined, so that rounding errors grow with the lengths of the levels,
  /// not with their product.
  void emitReduced(size_t number, size_t depth, Indices &position) {
    const Stage &stage = stages[number];
    int64_t size = whole[reduced[depth]];
    bool innermost = depth + 1 == reduced.size();
    if (innermost && (ShapedType::isDynamic(size) || size <= 2 * kStretch)) {
      emitStretch(number, depth, i64(0), extent(size), position);
      return;
    }
    emitLoop(b(), i64(0), extent(size), innermost ? kStretch : 1, [&](llvm::Value *i) {
      fill(stage, depth + 1);
      if (innermost) {
        llvm::Value *end = emitSmaller(b(), b().CreateAdd(i, i64(kStretch)), i64(size));
        emitStretch(number, depth + 1, i, end, position);
      } else {
        position[depth] = {i, false, 1};
        emitReduced(number, depth + 1, position);
      }
      joinInto(stage, depth, depth + 1);
    });
  }

  /// Takes positions [begin, end) of the innermost reduced dimension into a level of a stage.
  void emitStretch(size_t number, size_t depth, llvm::Value *begin, llvm::Value *end,
                   const Indices &position) {
    const Stage &stage = stages[number];
    auto takeIn = [&](llvm::Value *first, int64_t count) {
      forColumns([&](llvm::Value *column) {
        bindResults(number, column);
        Values values = load(stage, depth, column);
        if (count == kPositionsAtOnce && schedule.getAhead() > 0 && number == 0)
          prefetch(position, b().CreateAdd(first, i64(schedule.getAhead())), column);
        for (int64_t i = 0; i < count; ++i)
          values = combine(stage, position, b().CreateAdd(first, i64(i)), column, values);
        store(stage, depth, column, values);
      });
    };
    llvm::Value *length = b().CreateSub(end, begin);
    llvm::Value *wholeEnd = b().CreateAdd(begin, b().CreateAnd(length, i64(-kPositionsAtOnce)));
    emitLoop(b(), begin, wholeEnd, kPositionsAtOnce,
             [&](llvm::Value *i) { takeIn(i, kPositionsAtOnce); });
    emitLoop(b(), wholeEnd, end, 1, [&](llvm::Value *i) { takeIn(i, 1); });
  }

  /// Of an element, from its positions in the reduced dimensions and its place among the kept ones.
  Indices indicesOf(const Indices &position, llvm::Value *innermost, const Indices &place) {
    Indices indices, along(position);
    along.back() = {innermost, false, 1};
    size_t nextReduced = 0, nextKept = 0;
    for (size_t d = 0; d < whole.size(); ++d)
      indices.push_back(llvm::is_contained(reduced, static_cast<int64_t>(d)) ? along[nextReduced++]
                                                                             : place[nextKept++]);
    return indices;
  }

  /// Prefetches a vector of columns' share of the positions from `innermost` on, in the order of
  /// memory.
  void prefetch(const Indices &position, llvm::Value *innermost, llvm::Value *column) {
    for (BlockArgument argument : body().getArguments()) {
      const Storage *storage = expressions->getStorage(argument);
      if (storage->packed || storage->type.getShape() != whole)
        continue;
      Indices place(leading);
      place.push_back({columnBegin, false, 1});
      llvm::Value *first = expressions->address(*storage, indicesOf(position, innermost, place));
      llvm::Type *element = memoryType(b().getContext(), storage->type.getElementType());
      llvm::Value *own =
          advance(b(), element, first, b().CreateSub(column, columnBegin), kPositionsAtOnce);
      emitPrefetchLines(b(), element, own, kPositionsAtOnce * lanes, CacheLevel::second);
    }
  }

  Values combine(const Stage &stage, const Indices &position, llvm::Value *innermost,
                 llvm::Value *column, const Values &carried) {
    Indices indices = indicesOf(position, innermost, placeOf(column));
    llvm::Value *number = expressions->splat(b().CreateTrunc(innermost, b().getInt32Ty()));
    Values combined = forAnchors(stage, [&](const Accumulator &own, size_t first, size_t count) {
      llvm::Value *element = expressions->evaluateVector(own.getOperand(), indices);
      return own.combine(part(carried, first, count), element, number, expressions->getMask());
    });
    if (&stage == &stages.front())
      storeResults(indices);
    return combined;
  }

  ir::ColumnScheduleAttr schedule;
  std::vector<Stage> stages;
  Indices leading; ///< of the block: all kept dimensions but the last
  llvm::Value *columnBegin = nullptr, *columnEnd = nullptr;

  passes::Stages anchors;
  llvm::SmallVector<int64_t> reduced;
  ArrayRef<int64_t> whole, kept;
  int64_t width = 1;
};

} // namespace

std::unique_ptr<KernelEmitter> createColumnEmitter(const KernelJob &job, const TargetSpec &target) {
  return std::make_unique<ColumnEmitter>(job, target);
}

} // namespace lamina::codegen
