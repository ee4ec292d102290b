// Reductions over trailing dimensions, with everything of the same rows: softmax, its cross-entropy
// and their gradients, normalizations, means. Each row passes in stages: a stage computes all
// reductions whose operands are known, the last one stores whole rows. Short rows stay in registers
// from stage to stage; long ones are read again.
#include "codegen/kernels/accumulator.h"
#include "codegen/kernels/kernel_emitter.h"
#include "passes/families/families.h"

using namespace mlir;

namespace lamina::codegen {
namespace {

/// Vectors combined at once in a long row, to hide the latency of an addition.
constexpr int64_t kInterleave = 4;

class RowEmitter final : public KernelEmitter {
public:
  RowEmitter(const KernelJob &job, const TargetSpec &target)
      : KernelEmitter(job, target), schedule(passes::scheduleAs<ir::RowScheduleAttr>(kernel())) {
    for (Operation &op : body().without_terminator())
      if (passes::isAnchor(&op))
        anchors.push_back(&op);
    auto whole = cast<RankedTensorType>(anchors.front()->getOperand(0).getType()).getShape();
    size_t outerRank = cast<RankedTensorType>(anchors.front()->getResult(0).getType()).getRank();
    outer.assign(whole.begin(), whole.begin() + outerRank);
    inner.assign(whole.begin() + outerRank, whole.end());
    assignStages();
  }

  llvm::Value *emitTaskCount(llvm::IRBuilder<> &builder, llvm::Value *rows) override {
    llvm::Value *units = emitProduct(builder, outer, rows);
    int64_t perTask = schedule.getRows();
    return builder.CreateUDiv(builder.CreateAdd(units, builder.getInt64(perTask - 1)),
                              builder.getInt64(perTask));
  }

private:
  void assignStages() {
    llvm::DenseMap<Value, unsigned> level;
    for (Operation &op : body().without_terminator()) {
      unsigned highest = 0;
      for (Value operand : op.getOperands())
        highest = std::max(highest, level.lookup(operand));
      bool anchor = llvm::is_contained(anchors, &op);
      if (anchor) {
        stages.resize(std::max<size_t>(stages.size(), highest + 1));
        stages[highest].push_back(&op);
      }
      level[op.getResult(0)] = highest + anchor;
    }
  }

  void emitTask(llvm::Value *task) override {
    int64_t perTask = schedule.getRows();
    llvm::Value *begin = b().CreateMul(task, i64(perTask));
    llvm::Value *units = emitProduct(b(), outer, rows);
    llvm::Value *end = emitSmaller(b(), b().CreateAdd(begin, i64(perTask)), units);
    emitLoop(b(), begin, end, 1, [&](llvm::Value *unit) {
      expressions->enterScope();
      Indices row = delinearize(unit, outer);
      for (ArrayRef<Operation *> stage : stages)
        emitStage(stage, row);
      storeRow(row);
      expressions->leaveScope();
    });
  }

  /// Reductions of one stage, bound to their row afterwards.
  void emitStage(ArrayRef<Operation *> stage, const Indices &row) {
    llvm::SmallVector<Accumulator> accumulators;
    for (Operation *anchor : stage)
      accumulators.emplace_back(b(), anchor, lanes);
    Values carried;
    for (Accumulator &accumulator : accumulators)
      llvm::append_range(carried, accumulator.initial(/*vector=*/true));
    identities = carried;
    carried = emitInner(
        row, carried,
        [&](const Indices &indices, const Values &values) {
          return combineAll(accumulators, indices, values);
        },
        [&](const Values &first, const Values &second) {
          return joinAll(accumulators, first, second);
        });
    size_t next = 0;
    for (Accumulator &accumulator : accumulators) {
      Values own(carried.begin() + next, carried.begin() + next + accumulator.carriedCount());
      next += accumulator.carriedCount();
      expressions->bind(accumulator.getAnchor()->getResult(0), row, accumulator.reduceLanes(own));
    }
  }

  Values combineAll(ArrayRef<Accumulator> accumulators, const Indices &indices,
                    const Values &carried) {
    Values result;
    size_t next = 0;
    for (const Accumulator &accumulator : accumulators) {
      Values own(carried.begin() + next, carried.begin() + next + accumulator.carriedCount());
      next += accumulator.carriedCount();
      llvm::Value *element = expressions->evaluateVector(accumulator.getOperand(), indices);
      llvm::append_range(result, accumulator.combine(own, element, emitPosition(indices.back()),
                                                     expressions->getMask()));
    }
    return result;
  }

  Values joinAll(ArrayRef<Accumulator> accumulators, const Values &first, const Values &second) {
    Values result;
    size_t next = 0;
    for (const Accumulator &accumulator : accumulators) {
      size_t end = next + accumulator.carriedCount();
      llvm::append_range(result,
                         accumulator.join(Values(first.begin() + next, first.begin() + end),
                                          Values(second.begin() + next, second.begin() + end)));
      next = end;
    }
    return result;
  }

  llvm::Value *emitPosition(const Index &index) {
    llvm::SmallVector<llvm::Constant *> steps;
    for (unsigned lane = 0; lane < lanes; ++lane)
      steps.push_back(b().getInt32(lane));
    return b().CreateAdd(expressions->splat(b().CreateTrunc(index.base, b().getInt32Ty())),
                         llvm::ConstantVector::get(steps));
  }

  using Body = std::function<Values(const Indices &, const Values &)>;
  using Join = std::function<Values(const Values &, const Values &)>;

  /// Runs `body` over all vectors of the row, in order of index.
  Values emitInner(const Indices &row, const Values &initial, const Body &body, const Join &join) {
    if (schedule.getUnrolled()) {
      Values carried = initial;
      for (int64_t start = 0; start < inner[0]; start += lanes)
        carried = emitVector(row, {}, i64(start), maskOf(inner[0] - start), carried, body, false);
      return carried;
    }
    ArrayRef<int64_t> leading = ArrayRef<int64_t>(inner).drop_back();
    llvm::Value *lines = emitProduct(b(), leading, rows);
    return emitLoop(b(), i64(0), lines, 1, initial, [&](llvm::Value *line, const Values &carried) {
      return emitLine(row, delinearize(line, leading), carried, body, join);
    });
  }

  /// One line of the last dimension: interleaved vectors, single vectors, the masked rest.
  Values emitLine(const Indices &row, const Indices &leading, const Values &initial,
                  const Body &body, const Join &join) {
    llvm::Value *length = extent(inner.back());
    llvm::Value *wholeEnd = b().CreateSub(length, b().CreateURem(length, i64(lanes)));
    int64_t stride = kInterleave * lanes;
    llvm::Value *wideEnd = b().CreateSub(length, b().CreateURem(length, i64(stride)));
    Values carried = initial;
    std::optional<int64_t> knownWide = constantOf(wideEnd);
    if (!initial.empty() && (!knownWide || *knownWide > 0))
      carried = join(carried, emitInterleaved(row, leading, wideEnd, body, join));
    else
      wideEnd = i64(0);
    carried = emitLoop(b(), wideEnd, wholeEnd, lanes, carried,
                       [&](llvm::Value *start, const Values &values) {
                         return emitVector(row, leading, start, nullptr, values, body, true);
                       });
    std::optional<int64_t> whole = constantOf(wholeEnd), all = constantOf(length);
    if (whole && all && *whole == *all)
      return carried;
    // A loop of at most one turn.
    return emitLoop(
        b(), wholeEnd, length, lanes, carried, [&](llvm::Value *start, const Values &values) {
          return emitVector(row, leading, start, maskBelow(start, length), values, body, true);
        });
  }

  Values emitInterleaved(const Indices &row, const Indices &leading, llvm::Value *end,
                         const Body &body, const Join &join) {
    size_t count = identities.size();
    Values all;
    for (int64_t i = 0; i < kInterleave; ++i)
      llvm::append_range(all, identities);
    all = emitLoop(
        b(), i64(0), end, kInterleave * lanes, all, [&](llvm::Value *start, const Values &values) {
          Values next;
          for (int64_t i = 0; i < kInterleave; ++i) {
            Values own(values.begin() + i * count, values.begin() + (i + 1) * count);
            llvm::Value *position = b().CreateAdd(start, i64(i * lanes));
            llvm::append_range(next, emitVector(row, leading, position, nullptr, own, body, true));
          }
          return next;
        });
    auto part = [&](int64_t i) {
      return Values(all.begin() + i * count, all.begin() + (i + 1) * count);
    };
    return join(join(part(0), part(1)), join(part(2), part(3)));
  }

  Values emitVector(const Indices &row, const Indices &leading, llvm::Value *start,
                    llvm::Value *mask, const Values &carried, const Body &body, bool scoped) {
    if (scoped)
      expressions->enterScope();
    expressions->setMask(mask);
    Indices indices(row);
    llvm::append_range(indices, leading);
    indices.push_back({start, true, static_cast<int64_t>(lanes)});
    Values result = body(indices, carried);
    expressions->setMask(nullptr);
    if (scoped)
      expressions->leaveScope();
    return result;
  }

  /// Stores results of the row's shape, then whole rows.
  void storeRow(const Indices &row) {
    llvm::SmallVector<unsigned> whole;
    for (unsigned number = 0; number < outputs.size(); ++number) {
      if (outputs[number].type.getRank() == static_cast<int64_t>(outer.size()))
        storeResult(number, row);
      else
        whole.push_back(number);
    }
    if (whole.empty())
      return;
    emitInner(row, {},
              [&](const Indices &indices, const Values &) {
                for (unsigned number : whole)
                  expressions->evaluate(kernel().getYielded()[number], indices);
                for (unsigned number : whole)
                  storeResult(number, indices);
                return Values{};
              },
              {});
  }

  ir::RowScheduleAttr schedule;
  llvm::SmallVector<Operation *> anchors;
  llvm::SmallVector<llvm::SmallVector<Operation *>> stages;
  llvm::SmallVector<int64_t> outer, inner;
  Values identities; ///< of the stage at hand
};

} // namespace

std::unique_ptr<KernelEmitter> createRowEmitter(const KernelJob &job, const TargetSpec &target) {
  return std::make_unique<RowEmitter>(job, target);
}

} // namespace lamina::codegen
