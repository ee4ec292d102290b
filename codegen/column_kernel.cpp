// Reductions whose kept dimensions come last or lie between: bias gradients, statistics over the
// batch. Vectors run along the last kept dimension, the reduced dimensions are loops around them.
#include "codegen/accumulator.h"
#include "codegen/kernel_emitter.h"

using namespace mlir;

namespace lamina::codegen {
namespace {

/// Elements that are combined one after another at most (twice as many where that ends a line).
constexpr int64_t kStretch = 128;

class ColumnEmitter final : public KernelEmitter {
public:
  ColumnEmitter(const KernelJob &job, const TargetSpec &target) : KernelEmitter(job, target) {
    for (Operation &op : body().without_terminator())
      if (isa<ir::ReduceOp, ir::ArgmaxOp>(op))
        anchor = &op;
    if (auto reduce = dyn_cast<ir::ReduceOp>(anchor))
      reduced = llvm::to_vector(reduce.getDimensions());
    else
      reduced = {static_cast<int64_t>(cast<ir::ArgmaxOp>(anchor).getDimension())};
    whole = cast<RankedTensorType>(anchor->getOperand(0).getType()).getShape();
    kept = cast<RankedTensorType>(anchor->getResult(0).getType()).getShape();
    width = schedule().getTile()[0] * lanes;
  }

  llvm::Value *emitTaskCount(llvm::IRBuilder<> &builder, llvm::Value *rows) override {
    return emitCeilDivide(builder, emitUnits(builder, rows), schedule().getTasks()[0]);
  }

private:
  /// Tiles of the last kept dimension, times the other kept dimensions.
  llvm::Value *emitUnits(llvm::IRBuilder<> &builder, llvm::Value *rows) {
    llvm::Value *columns = emitProduct(builder, kept.take_back(), rows);
    return builder.CreateMul(emitProduct(builder, kept.drop_back(), rows),
                             emitCeilDivide(builder, columns, width));
  }

  void emitTask(llvm::Value *task) override {
    int64_t perTask = schedule().getTasks()[0];
    llvm::Value *begin = b().CreateMul(task, i64(perTask));
    llvm::Value *end = emitSmaller(b(), b().CreateAdd(begin, i64(perTask)), emitUnits(b(), rows));
    llvm::Value *columns = extent(kept.back());
    llvm::Value *tilesPerLine = emitCeilDivide(b(), columns, width);
    emitLoop(b(), begin, end, 1, [&](llvm::Value *unit) {
      expressions->enterScope();
      Indices leading = delinearize(b().CreateUDiv(unit, tilesPerLine), kept.drop_back());
      llvm::Value *start = b().CreateMul(b().CreateURem(unit, tilesPerLine), i64(width));
      emitTiles(leading, start, columns);
      expressions->leaveScope();
    });
  }

  /// A whole tile, or what is left of the columns one vector at a time.
  void emitTiles(const Indices &leading, llvm::Value *start, llvm::Value *columns) {
    auto emitWhole = [&] { emitTile(leading, start, schedule().getTile()[0], nullptr); };
    if (auto known = constantOf(columns); known && *known % width == 0) {
      emitWhole();
      return;
    }
    llvm::Value *fits = b().CreateICmpSLE(b().CreateAdd(start, i64(width)), columns);
    emitIf(b(), fits, emitWhole, [&] {
      emitLoop(b(), start, columns, lanes, [&](llvm::Value *position) {
        emitTile(leading, position, 1, maskBelow(position, columns));
      });
    });
  }

  void emitTile(const Indices &leading, llvm::Value *start, int64_t vectors, llvm::Value *mask) {
    expressions->enterScope();
    expressions->setMask(mask);
    Accumulator accumulator(b(), anchor, lanes);
    llvm::SmallVector<Indices> places;
    Values carried = identities(accumulator, vectors);
    for (int64_t v = 0; v < vectors; ++v) {
      Indices place(leading);
      place.push_back({b().CreateAdd(start, i64(v * lanes)), true, static_cast<int64_t>(lanes)});
      places.push_back(place);
    }
    Indices position(reduced.size());
    carried = emitReduced(0, position, places, accumulator, carried);
    unsigned count = accumulator.carriedCount();
    for (auto [v, place] : llvm::enumerate(places)) {
      Values own(carried.begin() + v * count, carried.begin() + (v + 1) * count);
      expressions->bind(anchor->getResult(0), place, accumulator.result(own));
      storeResults(place);
    }
    expressions->setMask(nullptr);
    expressions->leaveScope();
  }

  /// Loops over the reduced dimensions from `depth` on; the innermost takes in one vector per
  /// place. Each line of it, and each stretch of a long one, is combined apart and then joined, so
  /// that rounding errors grow with the lengths of the levels, not with their product.
  Values emitReduced(size_t depth, Indices &position, ArrayRef<Indices> places,
                     const Accumulator &accumulator, const Values &carried) {
    int64_t size = whole[reduced[depth]];
    bool innermost = depth + 1 == reduced.size();
    auto emitRange = [&](llvm::Value *begin, llvm::Value *end, const Values &initial) {
      return emitLoop(b(), begin, end, 1, initial, [&](llvm::Value *i, const Values &values) {
        expressions->enterScope();
        position[depth] = {i, false, 1};
        Values next = innermost ? combine(position, places, accumulator, values)
                                : joinAll(accumulator, values,
                                          emitReduced(depth + 1, position, places, accumulator,
                                                      identities(accumulator, places.size())));
        expressions->leaveScope();
        return next;
      });
    };
    if (!innermost || ShapedType::isDynamic(size) || size <= 2 * kStretch)
      return emitRange(i64(0), extent(size), carried);
    return emitLoop(
        b(), i64(0), i64(size), kStretch, carried, [&](llvm::Value *begin, const Values &values) {
          llvm::Value *end = emitSmaller(b(), b().CreateAdd(begin, i64(kStretch)), i64(size));
          return joinAll(accumulator, values,
                         emitRange(begin, end, identities(accumulator, places.size())));
        });
  }

  Values identities(const Accumulator &accumulator, size_t places) {
    Values result;
    for (size_t i = 0; i < places; ++i)
      llvm::append_range(result, accumulator.initial(/*vector=*/true));
    return result;
  }

  Values joinAll(const Accumulator &accumulator, const Values &first, const Values &second) {
    Values result;
    size_t count = accumulator.carriedCount();
    for (size_t next = 0; next < first.size(); next += count)
      llvm::append_range(
          result, accumulator.join(Values(first.begin() + next, first.begin() + next + count),
                                   Values(second.begin() + next, second.begin() + next + count)));
    return result;
  }

  Values combine(const Indices &position, ArrayRef<Indices> places, const Accumulator &accumulator,
                 const Values &carried) {
    Values result;
    unsigned count = accumulator.carriedCount();
    for (auto [v, place] : llvm::enumerate(places)) {
      Indices indices;
      size_t nextReduced = 0, nextKept = 0;
      for (size_t d = 0; d < whole.size(); ++d)
        indices.push_back(llvm::is_contained(reduced, static_cast<int64_t>(d))
                              ? position[nextReduced++]
                              : place[nextKept++]);
      Values own(carried.begin() + v * count, carried.begin() + (v + 1) * count);
      llvm::Value *element = expressions->evaluateVector(accumulator.getOperand(), indices);
      llvm::Value *along =
          expressions->splat(b().CreateTrunc(position.back().base, b().getInt32Ty()));
      llvm::append_range(result, accumulator.combine(own, element, along, expressions->getMask()));
    }
    return result;
  }

  Operation *anchor = nullptr;
  llvm::SmallVector<int64_t> reduced;
  ArrayRef<int64_t> whole, kept;
  int64_t width = 1;
};

} // namespace

std::unique_ptr<KernelEmitter> createColumnEmitter(const KernelJob &job, const TargetSpec &target) {
  return std::make_unique<ColumnEmitter>(job, target);
}

} // namespace lamina::codegen
