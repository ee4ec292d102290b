// Elementwise kernels: every result element on its own. Where all tensors share one layout the loop
// runs over flat memory, otherwise over the last dimension in vectors and the others in order.
// Where a tensor is in panels of the last dimension or stored transposed, neighbouring elements of
// a line are far apart, those of neighbouring lines contiguous: then vectors of some lines
// follow one another.
#include "codegen/kernels/kernel_emitter.h"
#include "ir/module.h"
#include "passes/families/families.h"
#include "passes/families/map_form.h"

using namespace mlir;

namespace lamina::codegen {
namespace {

class MapEmitter final : public KernelEmitter {
public:
  MapEmitter(const KernelJob &job, const TargetSpec &target)
      : KernelEmitter(job, target), schedule(passes::scheduleAs<ir::MapScheduleAttr>(kernel())),
        shape(cast<RankedTensorType>(this->job.kernel.getResult(0).getType()).getShape()),
        flat(passes::isFlat(kernel())) {}

  llvm::Value *emitTaskCount(llvm::IRBuilder<> &builder, llvm::Value *rows) override {
    llvm::Value *units = emitUnits(builder, rows);
    llvm::Value *last = builder.CreateAdd(units, builder.getInt64(unitsPerTask() - 1));
    return builder.CreateUDiv(last, builder.getInt64(unitsPerTask()));
  }

private:
  /// Elements of a flat kernel that do not depend on the row count; packed panels are whole.
  int64_t flatElements() {
    auto type = cast<RankedTensorType>(kernel().getResult(0).getType());
    ir::PackedAttr packed = job.outputs[0].packed;
    return packed ? packed.countElements(type) : ir::getCapacityElements(type, /*batchSize=*/1);
  }

  bool isDynamic() { return llvm::any_of(shape, ShapedType::isDynamic); }

  /// The outer loop's range: elements when flat, otherwise all but the last dimension.
  llvm::Value *emitUnits(llvm::IRBuilder<> &builder, llvm::Value *rows) {
    if (!flat)
      return emitProduct(builder, shape.empty() ? shape : shape.drop_back(), rows);
    llvm::Value *elements = builder.getInt64(flatElements());
    return isDynamic() ? builder.CreateMul(rows, elements) : elements;
  }

  /// Elements of a full line. A single line is one task, however long it is.
  int64_t lineLength() {
    if (shape.size() < 2)
      return 1;
    return ShapedType::isDynamic(shape.back()) ? job.batchSize.get() : shape.back();
  }

  int64_t unitsPerTask() {
    int64_t elements = schedule.getElements();
    if (flat)
      return elements;
    return llvm::alignTo(std::max<int64_t>(1, elements / lineLength()), schedule.getLines());
  }

  void emitTask(llvm::Value *task) override {
    llvm::Value *begin = b().CreateMul(task, i64(unitsPerTask()));
    llvm::Value *units = emitUnits(b(), rows);
    llvm::Value *end = emitSmaller(b(), b().CreateAdd(begin, i64(unitsPerTask())), units);
    if (flat) {
      for (BlockArgument argument : body().getArguments())
        if (cast<RankedTensorType>(argument.getType()).getRank() > 0)
          expressions->bindStorage(argument, flatView(*expressions->getStorage(argument)));
      emitVectors(begin, end, flatElements() % lanes == 0 && unitsPerTask() % lanes == 0, {});
      return;
    }
    if (shape.empty()) {
      storeAll({});
      return;
    }
    emitLoop(b(), begin, end, schedule.getLines(), [&](llvm::Value *unit) {
      if (schedule.getLines() > 1) {
        emitLines(unit, emitSmaller(b(), b().CreateAdd(unit, i64(schedule.getLines())), end));
        return;
      }
      expressions->enterScope();
      emitLine(delinearize(unit, shape.drop_back()));
      expressions->leaveScope();
    });
  }

  bool isWholeVectors(llvm::Value *columns) {
    std::optional<int64_t> known = constantOf(columns);
    return known && *known % lanes == 0;
  }

  /// Some lines, vector by vector.
  void emitLines(llvm::Value *begin, llvm::Value *end) {
    llvm::Value *columns = extent(shape.back());
    forVectors(
        i64(0), columns, isWholeVectors(columns), [&](llvm::Value *position, llvm::Value *mask) {
          emitLoop(b(), begin, end, 1, [&](llvm::Value *unit) {
            emitVector(delinearize(unit, shape.drop_back()), position, /*aligned=*/true, mask);
          });
        });
  }

  /// One line of the last dimension, cut where a concatenation along it goes from one operand to
  /// the next.
  void emitLine(const Indices &outer) {
    llvm::SmallVector<int64_t> cuts = passes::findConcatenationCuts(kernel());
    if (cuts.empty()) {
      llvm::Value *columns = extent(shape.back());
      emitVectors(i64(0), columns, isWholeVectors(columns), outer);
      return;
    }
    int64_t begin = 0;
    for (int64_t end : cuts) {
      expressions->setSegment(std::pair(begin, end));
      emitVectors(i64(begin), i64(end), (end - begin) % lanes == 0, outer);
      begin = end;
    }
    expressions->setSegment(std::nullopt);
  }

  /// Vectors from `begin` to `end` along the index after `outer`; `whole` if no lane is left over.
  void emitVectors(llvm::Value *begin, llvm::Value *end, bool whole, const Indices &outer) {
    std::optional<int64_t> first = constantOf(begin);
    bool aligned = flat || (first && *first % lanes == 0);
    forVectors(begin, end, whole, [&](llvm::Value *position, llvm::Value *mask) {
      emitVector(outer, position, aligned, mask);
    });
  }

  void emitVector(const Indices &outer, llvm::Value *position, bool aligned, llvm::Value *mask) {
    expressions->enterScope();
    expressions->setMask(mask);
    Indices indices(outer);
    indices.push_back({position, true, aligned ? static_cast<int64_t>(lanes) : 1});
    storeAll(indices);
    expressions->setMask(nullptr);
    expressions->leaveScope();
  }

  void forVectors(llvm::Value *begin, llvm::Value *end, bool whole,
                  llvm::function_ref<void(llvm::Value *position, llvm::Value *mask)> body) {
    llvm::Value *fullEnd = end;
    if (!whole) {
      llvm::Value *length = b().CreateSub(end, begin);
      fullEnd = b().CreateSub(end, b().CreateURem(length, i64(lanes)));
    }
    emitLoop(b(), begin, fullEnd, lanes, [&](llvm::Value *position) { body(position, nullptr); });
    if (!whole)
      emitIf(b(), b().CreateICmpSLT(fullEnd, end), [&] { body(fullEnd, maskBelow(fullEnd, end)); });
  }

  void storeAll(ArrayRef<Index> indices) {
    evaluateResults(indices);
    for (unsigned number = 0; number < outputs.size(); ++number)
      if (flat)
        storeFlat(number, indices);
      else
        storeResult(number, indices);
  }

  void storeFlat(unsigned number, ArrayRef<Index> indices) {
    expressions->store(flatView(outputs[number]), indices,
                       expressions->evaluateVector(kernel().getYielded()[number], indices));
  }

  /// The same memory as a vector.
  Storage flatView(const Storage &storage) {
    Storage view = storage;
    view.type = RankedTensorType::get({ShapedType::kDynamic}, storage.type.getElementType());
    view.strides = {1};
    view.packed = {};
    return view;
  }

  ir::MapScheduleAttr schedule;
  ArrayRef<int64_t> shape;
  bool flat;
};

} // namespace

std::unique_ptr<KernelEmitter> createMapEmitter(const KernelJob &job, const TargetSpec &target) {
  return std::make_unique<MapEmitter>(job, target);
}

} // namespace lamina::codegen
