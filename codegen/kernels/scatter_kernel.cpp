// Sums of slices by index: gradients of lookups. The result stays in memory, first zero, then one
// slice after another added in the order of the indices. Tasks own columns of the slices, so that
// the order does not depend on how many threads there are.
#include "codegen/kernels/kernel_emitter.h"
#include "passes/families/families.h"

using namespace mlir;

namespace lamina::codegen {
namespace {

class ScatterEmitter final : public KernelEmitter {
public:
  ScatterEmitter(const KernelJob &job, const TargetSpec &target) : KernelEmitter(job, target) {
    anchor = passes::anchorAs<ir::ScatterOp>(kernel());
    ArrayRef<int64_t> shape = anchor.getType().getShape();
    auto dimension = static_cast<int64_t>(anchor.getDimension());
    outer = shape.take_front(dimension);
    batching = static_cast<int64_t>(anchor.getBatching());
    slices = shape[dimension];
    columns = shape.drop_front(dimension + 1);
  }

  llvm::Value *emitTaskCount(llvm::IRBuilder<> &builder, llvm::Value *rows) override {
    llvm::Value *units = emitProduct(builder, columns, rows);
    int64_t perTask = schedule().getColumns();
    return builder.CreateUDiv(builder.CreateAdd(units, builder.getInt64(perTask - 1)),
                              builder.getInt64(perTask));
  }

private:
  ir::ScatterScheduleAttr schedule() {
    return passes::scheduleAs<ir::ScatterScheduleAttr>(kernel());
  }

  /// Columns begin to end of the slices' last dimension, at one place of the dimensions before.
  struct Span {
    Indices outer, leading;
    llvm::Value *begin = nullptr, *end = nullptr;
  };

  void emitTask(llvm::Value *task) override {
    expressions->bindStorage(anchor.getOutput(), outputs[0]);
    int64_t perTask = schedule().getColumns();
    llvm::Value *begin = b().CreateMul(task, i64(perTask));
    llvm::Value *end =
        emitSmaller(b(), b().CreateAdd(begin, i64(perTask)), emitProduct(b(), columns, rows));
    ArrayRef<int64_t> leading = columns.empty() ? columns : columns.drop_back();
    llvm::Value *width = columns.empty() ? i64(1) : extent(columns.back());
    llvm::Value *lastLine = b().CreateUDiv(b().CreateAdd(end, b().CreateSub(width, i64(1))), width);
    emitLoop(b(), i64(0), emitProduct(b(), outer, rows), 1, [&](llvm::Value *position) {
      emitLoop(b(), b().CreateUDiv(begin, width), lastLine, 1, [&](llvm::Value *line) {
        expressions->enterScope();
        llvm::Value *first = b().CreateMul(line, width);
        llvm::Value *skipped =
            b().CreateBinaryIntrinsic(llvm::Intrinsic::smax, b().CreateSub(begin, first), i64(0));
        emitSpan({delinearize(position, outer), delinearize(line, leading), skipped,
                  emitSmaller(b(), b().CreateSub(end, first), width)});
        expressions->leaveScope();
      });
    });
  }

  void emitSpan(const Span &span) {
    llvm::Type *type = registerType(b().getContext(), anchor.getType().getElementType());
    emitLoop(b(), i64(0), i64(slices), 1, [&](llvm::Value *slice) {
      emitColumns(span, {{slice, false, 1}}, [&](ArrayRef<Index> place) {
        expressions->store(outputs[0], place, llvm::Constant::getNullValue(type));
      });
    });
    emitUpdates(span, {});
  }

  /// Loops over the dimensions of the indices behind the batching ones and `at`, in row-major
  /// order.
  void emitUpdates(const Span &span, const Indices &at) {
    RankedTensorType lookup = anchor.getIndices().getType();
    int64_t next = batching + static_cast<int64_t>(at.size());
    if (next < lookup.getRank()) {
      emitLoop(b(), i64(0), extent(lookup.getDimSize(next)), 1, [&](llvm::Value *i) {
        expressions->enterScope();
        Indices longer(at);
        longer.push_back({i, false, 1});
        emitUpdates(span, longer);
        expressions->leaveScope();
      });
      return;
    }
    Indices lookedUp(ArrayRef<Index>(span.outer).take_front(batching));
    lookedUp.append(at);
    llvm::Value *slice = expressions->clampIndex(
        expressions->evaluate(anchor.getIndices(), lookedUp), lookup.getElementType(), slices);
    emitColumns(span, at, [&](ArrayRef<Index> source) {
      Indices place(span.outer);
      place.push_back({slice, false, 1});
      place.append(source.begin() + outer.size() + at.size(), source.end());
      llvm::Value *sum = expressions->evaluate(anchor.getOutput(), place);
      llvm::Value *update = expressions->evaluate(anchor.getUpdates(), source);
      if (sum->getType()->isVectorTy())
        update = expressions->splat(update);
      expressions->store(outputs[0], place, b().CreateFAdd(sum, update));
    });
  }

  /// Visits the columns of a span in vectors, with the whole index in which `middle` is between
  /// the outer dimensions and the columns. Without columns there is one element.
  void emitColumns(const Span &span, const Indices &middle,
                   const std::function<void(ArrayRef<Index>)> &visit) {
    auto emitAt = [&](std::optional<Index> column, llvm::Value *mask) {
      expressions->enterScope();
      expressions->setMask(mask);
      Indices indices(span.outer);
      indices.append(middle.begin(), middle.end());
      indices.append(span.leading.begin(), span.leading.end());
      if (column)
        indices.push_back(*column);
      visit(indices);
      expressions->setMask(nullptr);
      expressions->leaveScope();
    };
    if (columns.empty())
      return emitAt(std::nullopt, nullptr);
    llvm::Value *length = b().CreateSub(span.end, span.begin);
    llvm::Value *whole = b().CreateSub(span.end, b().CreateURem(length, i64(lanes)));
    emitLoop(b(), span.begin, whole, lanes,
             [&](llvm::Value *start) { emitAt(Index{start, true, 1}, nullptr); });
    emitIf(b(), b().CreateICmpSLT(whole, span.end),
           [&] { emitAt(Index{whole, true, 1}, maskBelow(whole, span.end)); });
  }

  ir::ScatterOp anchor;
  ArrayRef<int64_t> outer, columns;
  int64_t slices = 1, batching = 0;
};

} // namespace

std::unique_ptr<KernelEmitter> createScatterEmitter(const KernelJob &job,
                                                    const TargetSpec &target) {
  return std::make_unique<ScatterEmitter>(job, target);
}

} // namespace lamina::codegen
