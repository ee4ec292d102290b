#include "passes/memory/loop_memory.h"

#include "ir/operations/scan.h"

using namespace mlir;

namespace lamina::passes {
namespace {

int64_t batchSizeOf(func::FuncOp function) {
  return ir::getBatchSize(function->getParentOfType<ModuleOp>());
}

RankedTensorType typeOf(Value value) {
  return cast<RankedTensorType>(value.getType());
}

int64_t offsetOf(ir::ScanOp scan, unsigned result) {
  return cast<ir::BufferAttr>((*scan.getBuffers())[result]).getOffset();
}

int64_t tripsOf(ir::ScanOp scan) {
  return static_cast<int64_t>(scan.getTrips());
}

MemoryLocation makeLocation(int64_t offset) {
  return {ir::MemorySpace::arena, offset, nullptr};
}

/// The slots of one carried value.
class Slots {
public:
  Slots(ir::ScanOp scan, unsigned carried, int64_t batchSize)
      : scan(scan), carried(carried), count((*scan.getSlots())[carried]),
        keepsAll(keepsAllSlots(scan, carried)),
        bytes(getBufferBytes(typeOf(scan.getCarried()[carried]), batchSize)) {
    if (!keepsAll)
      bytes = llvm::alignTo(bytes, kBufferAlignment);
  }

  int64_t totalBytes() const { return count * bytes; }
  int64_t slotBytes() const { return bytes; }

  /// From the first byte of all slots to that of the slot after `iterations` iterations.
  int64_t distanceAfter(int64_t iterations) const {
    if (keepsAll)
      return bytes * (scan.getReverse() ? count - 1 - iterations : iterations);
    return bytes * (iterations % count);
  }

  /// Where the value is before an iteration, or with `isNext` after it.
  MemoryLocation inBody(bool isNext) const {
    MemoryLocation location = makeLocation(offsetOf(scan, carried) + distanceAfter(isNext));
    if (keepsAll)
      location.steps.push_back({scan, scan.getReverse() ? -bytes : bytes, 0});
    else if (count > 1)
      location.steps.push_back({scan, isNext ? -bytes : bytes, count});
    return location;
  }

private:
  mutable ir::ScanOp scan;
  unsigned carried;
  int64_t count;
  bool keepsAll;
  int64_t bytes;
};

/// The slice of `location`, which has a stack, in each iteration.
MemoryLocation sliceOf(ir::ScanOp scan, MemoryLocation location, int64_t sliceBytes) {
  if (scan.getReverse())
    location.offset += sliceBytes * (tripsOf(scan) - 1);
  location.steps.push_back({scan, scan.getReverse() ? -sliceBytes : sliceBytes, 0});
  return location;
}

} // namespace

std::optional<SlotAlias> findSlotAlias(ir::ScanOp scan, unsigned stacked) {
  Value slice = scan.getStackedSlices()[stacked];
  for (unsigned carried = 0; carried < scan.getCarried().size(); ++carried) {
    if (scan.getNextCarried()[carried] == slice)
      return SlotAlias{carried, /*isNext=*/true};
    if (scan.getCarriedArguments()[carried] == slice)
      return SlotAlias{carried, /*isNext=*/false};
  }
  return std::nullopt;
}

bool keepsAllSlots(ir::ScanOp scan, unsigned carried) {
  return (*scan.getSlots())[carried] == tripsOf(scan) + 1;
}

std::vector<LoopBuffer> loopBuffersOf(const Sequence &program, const Timeline &timeline,
                                      int64_t batchSize) {
  std::vector<LoopBuffer> buffers;
  for (ir::ScanOp scan : loopsOf(program)) {
    size_t first = buffers.size(), carried = scan.getCarried().size();
    for (OpResult result : scan->getOpResults()) {
      unsigned index = result.getResultNumber();
      Timeline::Lifetime lifetime = timeline.lifetimeOf(result);
      if (index < carried) {
        auto begin = cast<ir::KernelOp>(scan.getCarried()[index].getDefiningOp());
        buffers.push_back({scan,
                           index,
                           Slots(scan, index, batchSize).totalBytes(),
                           {timeline.waveOf(begin), lifetime.lastWave}});
      } else if (auto alias = findSlotAlias(scan, index - carried)) {
        int64_t &last = buffers[first + alias->carried].lifetime.lastWave;
        last = std::max(last, lifetime.lastWave);
      } else {
        buffers.push_back({scan,
                           index,
                           getBufferBytes(typeOf(result), batchSize),
                           {timeline.wavesOf(scan).firstWave, lifetime.lastWave}});
      }
    }
  }
  return buffers;
}

void setLoopBuffers(ir::ScanOp scan, llvm::function_ref<int64_t(unsigned result)> offsetOf,
                    int64_t batchSize) {
  llvm::SmallVector<Attribute> buffers;
  for (unsigned index = 0; index < scan.getNumResults(); ++index) {
    size_t carried = scan.getCarried().size();
    std::optional<SlotAlias> alias =
        index < carried ? std::nullopt : findSlotAlias(scan, index - carried);
    int64_t offset = offsetOf(alias ? alias->carried : index);
    // Slices are in the order of time: the first one is where the value of the first time is.
    if (alias && alias->isNext != scan.getReverse())
      offset += Slots(scan, alias->carried, batchSize).slotBytes();
    buffers.push_back(ir::BufferAttr::get(scan.getContext(), ir::MemorySpace::arena, offset));
  }
  scan.setBuffersAttr(ArrayAttr::get(scan.getContext(), buffers));
}

MemoryLocation locationInBody(ir::ScanOp scan, BlockArgument argument, func::FuncOp function) {
  int64_t batchSize = batchSizeOf(function);
  unsigned index = argument.getArgNumber();
  if (index < scan.getCarried().size())
    return Slots(scan, index, batchSize).inBody(/*isNext=*/false);
  return sliceOf(scan, locationOf(scan->getOperand(index), function),
                 getBufferBytes(typeOf(argument), batchSize));
}

MemoryLocation locationOfLoopResult(OpResult result, int64_t batchSize) {
  auto scan = cast<ir::ScanOp>(result.getOwner());
  unsigned index = result.getResultNumber();
  MemoryLocation location = makeLocation(offsetOf(scan, index));
  if (index < scan.getCarried().size())
    location.offset += Slots(scan, index, batchSize).distanceAfter(tripsOf(scan));
  return location;
}

OpOperand *findLoopUse(Value value) {
  for (OpOperand &use : value.getUses()) {
    auto scan = dyn_cast<ir::ScanOp>(use.getOwner());
    bool isFirst = scan && use.getOperandNumber() < scan.getCarried().size();
    if (isFirst ||
        (isa<ir::YieldOp>(use.getOwner()) && isa<ir::ScanOp>(use.getOwner()->getParentOp())))
      return &use;
  }
  return nullptr;
}

std::optional<MemoryLocation> locationByLoop(Value value, func::FuncOp function) {
  OpOperand *use = findLoopUse(value);
  if (!use)
    return std::nullopt;
  int64_t batchSize = batchSizeOf(function);
  unsigned index = use->getOperandNumber();
  if (auto scan = dyn_cast<ir::ScanOp>(use->getOwner()))
    return makeLocation(offsetOf(scan, index) + Slots(scan, index, batchSize).distanceAfter(0));
  auto scan = cast<ir::ScanOp>(use->getOwner()->getParentOp());
  if (index < scan.getCarried().size())
    return Slots(scan, index, batchSize).inBody(/*isNext=*/true);
  return sliceOf(scan, makeLocation(offsetOf(scan, index)),
                 getBufferBytes(typeOf(value), batchSize));
}

} // namespace lamina::passes
