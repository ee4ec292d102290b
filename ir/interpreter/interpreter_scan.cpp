// The evaluator of loops.
#include "ir/interpreter/interpreter_table.h"

#include <cstring>

using namespace mlir;

namespace lamina::ir {
namespace {

/// Slice `index` along the first dimension.
HostTensor takeSlice(const HostTensor &stacked, int64_t index) {
  HostTensor slice(stacked.type(), stacked.shape().drop_front());
  std::memcpy(slice.raw().data(), stacked.raw().data() + index * slice.raw().size(),
              slice.raw().size());
  return slice;
}

void putSlice(HostTensor &stacked, int64_t index, const HostTensor &slice) {
  std::memcpy(stacked.raw().data() + index * slice.raw().size(), slice.raw().data(),
              slice.raw().size());
}

HostTensors makeStackedResults(ScanOp scan, int64_t rows) {
  HostTensors stacked;
  for (Value result : scan.getStackedResults()) {
    auto type = cast<RankedTensorType>(result.getType());
    stacked.emplace_back(toElementType(type.getElementType()), concreteShape(type, rows));
  }
  return stacked;
}

llvm::Expected<HostTensors> evaluateScan(ScanOp scan, ArrayRef<HostTensor> operands,
                                         const Scope &scope) {
  size_t carriedCount = scan.getCarried().size(), stackedCount = scan.getStacked().size();
  auto trips = static_cast<int64_t>(scan.getTrips());
  HostTensors carried(operands.take_front(carriedCount));
  HostTensors stacked = makeStackedResults(scan, scope.getRows());
  for (int64_t trip = 0; trip < trips; ++trip) {
    int64_t time = scan.getReverse() ? trips - 1 - trip : trip;
    HostTensors arguments = carried;
    for (const HostTensor &operand : operands.slice(carriedCount, stackedCount))
      arguments.push_back(takeSlice(operand, time));
    llvm::append_range(arguments, operands.drop_front(carriedCount + stackedCount));
    llvm::Expected<HostTensors> yielded = scope.run(scan.getBlock(), arguments);
    if (!yielded)
      return yielded.takeError();
    for (auto [stack, slice] : llvm::zip_equal(stacked, llvm::drop_begin(*yielded, carriedCount)))
      putSlice(stack, time, slice);
    yielded->resize(carriedCount);
    carried = std::move(*yielded);
  }
  llvm::append_range(carried, stacked);
  return carried;
}

} // namespace

void addScanEvaluators(EvaluatorTable &table) {
  table.add<ScanOp>(evaluateScan);
}

} // namespace lamina::ir
