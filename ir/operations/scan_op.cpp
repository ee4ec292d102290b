// The loop with a constant number of iterations: its verifier, its parts, and how it is built.
#include "ir/operations/scan.h"

#include "ir/region_arguments.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;

namespace lamina::ir {

RankedTensorType getSliceType(Value stacked) {
  auto type = cast<RankedTensorType>(stacked.getType());
  return RankedTensorType::get(type.getShape().drop_front(), type.getElementType());
}

RankedTensorType getStackedType(Value slice, int64_t trips) {
  auto type = cast<RankedTensorType>(slice.getType());
  llvm::SmallVector<int64_t> shape = {trips};
  llvm::append_range(shape, type.getShape());
  return RankedTensorType::get(shape, type.getElementType());
}

OperandRange ScanOp::getYielded() {
  return cast<YieldOp>(getBlock().getTerminator()).getValues();
}

MutableArrayRef<BlockArgument> ScanOp::getCarriedArguments() {
  return getBlock().getArguments().take_front(getCarried().size());
}

MutableArrayRef<BlockArgument> ScanOp::getSliceArguments() {
  return getBlock().getArguments().slice(getCarried().size(), getStacked().size());
}

MutableArrayRef<BlockArgument> ScanOp::getInvariantArguments() {
  return getBlock().getArguments().take_back(getInvariant().size());
}

Value ScanOp::getAliasedOperand(BlockArgument argument) {
  size_t own = getCarried().size() + getStacked().size();
  return argument.getArgNumber() < own ? Value() : getInvariant()[argument.getArgNumber() - own];
}

BlockArgument ScanOp::addAliasedOperand(Value value) {
  getInvariantMutable().append(value);
  return getBlock().addArgument(value.getType(), value.getLoc());
}

//===--- Verifier ----------------------------------------------------------------------------===//

/// A stacked operand or result must have one slice for each iteration.
static LogicalResult verifyStacked(ScanOp scan, Value value, StringRef what, size_t number) {
  auto type = cast<RankedTensorType>(value.getType());
  if (type.getRank() > 0 && type.getDimSize(0) == static_cast<int64_t>(scan.getTrips()))
    return success();
  return scan.emitOpError() << what << " " << number << " must have " << scan.getTrips()
                            << " slices along its first dimension, one for each iteration, got "
                            << type;
}

static LogicalResult verifyBodyArguments(ScanOp scan) {
  Block &block = scan.getBlock();
  if (block.getNumArguments() != scan.getNumOperands())
    return scan.emitOpError("has ")
           << scan.getNumOperands() << " operands but its body takes " << block.getNumArguments();
  size_t firstStacked = scan.getCarried().size();
  size_t firstInvariant = firstStacked + scan.getStacked().size();
  for (auto [index, operand] : llvm::enumerate(scan.getOperands())) {
    bool isStacked = index >= firstStacked && index < firstInvariant;
    if (isStacked && failed(verifyStacked(scan, operand, "stacked operand", index - firstStacked)))
      return failure();
    Type expected = isStacked ? getSliceType(operand) : operand.getType();
    if (block.getArgument(index).getType() != expected)
      return scan.emitOpError("operand ")
             << index << " gives the body " << expected << ", but it takes "
             << block.getArgument(index).getType();
  }
  return success();
}

static LogicalResult verifyYields(ScanOp scan) {
  if (scan.getYielded().size() != scan.getNumResults() ||
      scan.getNumResults() < scan.getCarried().size())
    return scan.emitOpError("has ")
           << scan.getCarried().size() << " carried values and " << scan.getNumResults()
           << " results, but its body yields " << scan.getYielded().size();
  for (auto [index, values] :
       llvm::enumerate(llvm::zip(scan.getCarried(), scan.getNextCarried(), scan.getFinalCarried())))
    if (auto [first, next, last] = values;
        next.getType() != first.getType() || last.getType() != first.getType())
      return scan.emitOpError("carried value ")
             << index << " begins as " << first.getType() << " but is " << next.getType()
             << " after an iteration and " << last.getType()
             << " at the end; it must keep its type";
  for (auto [index, values] :
       llvm::enumerate(llvm::zip(scan.getStackedSlices(), scan.getStackedResults()))) {
    auto [slice, stacked] = values;
    if (failed(verifyStacked(scan, stacked, "stacked result", index)))
      return failure();
    if (getSliceType(stacked) != slice.getType())
      return scan.emitOpError("stacked result ")
             << index << " has slices of type " << getSliceType(stacked) << ", but the body yields "
             << slice.getType();
  }
  return success();
}

LogicalResult ScanOp::verify() {
  if (static_cast<int64_t>(getTrips()) < 1)
    return emitOpError("needs at least one iteration");
  if (failed(verifyBodyArguments(*this)) || failed(verifyYields(*this)))
    return failure();
  if (auto slots = getSlots(); slots && slots->size() != getCarried().size())
    return emitOpError("needs a number of slots for each carried value");
  if (auto buffers = getBuffersAttr(); buffers && buffers.size() != getNumResults())
    return emitOpError("needs one buffer for each result");
  return success();
}

//===--- Building ----------------------------------------------------------------------------===//

ScanOperands operandsOf(ScanOp scan) {
  return {static_cast<int64_t>(scan.getTrips()), llvm::to_vector(scan.getCarried()),
          llvm::to_vector(scan.getStacked()), llvm::to_vector(scan.getInvariant())};
}

ScanOp createScan(OpBuilder &builder, Location loc, const ScanOperands &operands,
                  std::unique_ptr<Region> body, bool reverse) {
  llvm::SmallVector<Type> results;
  ValueRange yielded = body->front().getTerminator()->getOperands();
  for (auto [index, value] : llvm::enumerate(yielded))
    results.push_back(index < operands.carried.size() ? value.getType()
                                                      : getStackedType(value, operands.trips));
  auto scan = builder.create<ScanOp>(loc, results, operands.trips, reverse, operands.carried,
                                     operands.stacked, operands.invariant, IntegerAttr{},
                                     DenseI64ArrayAttr{}, ArrayAttr{});
  scan.getBody().takeBody(*body);
  return scan;
}

/// Makes what the body reads from outside invariant operands; constants are made again inside.
static void isolate(ScanOp scan) {
  for (Value value : getCapturedValues(scan)) {
    Value inside;
    if (auto constant = value.getDefiningOp<ConstantOp>())
      inside = OpBuilder::atBlockBegin(&scan.getBlock()).clone(*constant)->getResult(0);
    else
      inside = scan.addAliasedOperand(value);
    value.replaceUsesWithIf(inside,
                            [&](OpOperand &use) { return scan->isProperAncestor(use.getOwner()); });
  }
}

ScanOp buildScan(OpBuilder &builder, Location loc, const ScanOperands &operands, bool reverse,
                 ScanBody makeBody) {
  auto region = std::make_unique<Region>();
  Block &block = region->emplaceBlock();
  for (Value value : operands.carried)
    block.addArgument(value.getType(), loc);
  for (Value value : operands.stacked)
    block.addArgument(getSliceType(value), loc);
  for (Value value : operands.invariant)
    block.addArgument(value.getType(), loc);
  // The body may build on values around the scan: until that exists, its block must have a parent.
  auto scan = builder.create<ScanOp>(loc, TypeRange{}, operands.trips, reverse, operands.carried,
                                     operands.stacked, operands.invariant, IntegerAttr{},
                                     DenseI64ArrayAttr{}, ArrayAttr{});
  scan.getBody().takeBody(*region);
  OpBuilder inside = OpBuilder::atBlockEnd(&block);
  llvm::SmallVector<Value> yielded = makeBody(inside, scan);
  inside.create<YieldOp>(loc, yielded);
  isolate(scan);
  ScanOperands all = operandsOf(scan);
  auto body = std::make_unique<Region>();
  body->takeBody(scan.getBody());
  builder.setInsertionPoint(scan);
  ScanOp result = createScan(builder, loc, all, std::move(body), reverse);
  scan.erase();
  builder.setInsertionPointAfter(result); // which was in front of the erased one
  return result;
}

} // namespace lamina::ir
