#include "test/unit/passes/planned_execution.h"

#include <gtest/gtest.h>

#include <cstring>
#include <map>

#include "ir/interpreter/interpreter.h"
#include "mlir/IR/Builders.h"

using namespace mlir;

namespace lamina::passes {
namespace {

constexpr std::byte kNeverWritten{0xff};

size_t bytesOf(ModuleOp module, llvm::StringRef attribute) {
  return module->getAttrOfType<IntegerAttr>(attribute).getInt();
}

RankedTensorType typeOf(Value value) {
  return cast<RankedTensorType>(value.getType());
}

MemoryLocation locationOfVariable(ir::VariableOp variable) {
  return {ir::MemorySpace::state, static_cast<int64_t>(*variable.getOffset()),
          variable.getLayoutAttr()};
}

} // namespace

PlannedExecution::PlannedExecution(ModuleOp module, int64_t rows, bool backwards)
    : module(module), rows(rows), backwards(backwards),
      state(bytesOf(module, kStateBytesAttr), kNeverWritten) {}

void PlannedExecution::setVariable(ir::VariableOp variable, const ir::HostTensor &value) {
  write(variable.getTensorType(), locationOfVariable(variable), value);
}

ir::HostTensor PlannedExecution::getVariable(ir::VariableOp variable) const {
  return read(variable.getTensorType(), locationOfVariable(variable));
}

std::vector<ir::HostTensor> PlannedExecution::run(func::FuncOp function,
                                                  std::vector<ir::HostTensor> inputs) {
  arguments = std::move(inputs);
  results.assign(getExternalResultIndex(function, function.getNumResults()), {});
  arena.assign(bytesOf(module, kWorkspaceBytesAttr), kNeverWritten);
  std::map<int64_t, std::vector<ir::KernelOp>> waves;
  for (auto kernel : function.getOps<ir::KernelOp>())
    waves[*kernel.getWave()].push_back(kernel);
  for (auto &[number, kernels] : waves) {
    if (backwards)
      std::reverse(kernels.begin(), kernels.end());
    for (ir::KernelOp kernel : kernels)
      runKernel(kernel, function);
  }
  return results;
}

void PlannedExecution::runKernel(ir::KernelOp kernel, func::FuncOp function) {
  std::vector<ir::HostTensor> operands;
  for (Value input : kernel.getInputs())
    operands.push_back(read(typeOf(input), locationOf(input, function)));
  // A function of this kernel alone.
  OpBuilder builder = OpBuilder::atBlockEnd(module.getBody());
  auto alone = builder.create<func::FuncOp>(
      kernel.getLoc(), "kernel_alone",
      builder.getFunctionType(kernel.getInputs().getTypes(), kernel.getResultTypes()));
  Block *block = alone.addEntryBlock();
  builder.setInsertionPointToStart(block);
  Operation *copy = builder.clone(*kernel);
  copy->setOperands(block->getArguments());
  builder.create<func::ReturnOp>(kernel.getLoc(), copy->getResults());
  llvm::Expected<std::vector<ir::HostTensor>> computed = ir::interpret(alone, operands, rows);
  alone.erase();
  if (!computed) {
    ADD_FAILURE() << llvm::toString(computed.takeError());
    return;
  }
  for (auto [result, value] : llvm::zip(kernel.getOutputs(), *computed))
    write(typeOf(result), locationOf(result, function), value);
}

ir::HostTensor PlannedExecution::read(RankedTensorType type, const MemoryLocation &location) const {
  if (location.space == ir::MemorySpace::argument)
    return arguments[location.offset];
  if (location.space == ir::MemorySpace::result)
    return results[location.offset];
  const std::vector<std::byte> &memory = location.space == ir::MemorySpace::state ? state : arena;
  ir::HostTensor value(ir::toElementType(type.getElementType()), ir::concreteShape(type, rows));
  size_t width = getElementBytes(type.getElementType()), next = 0;
  ir::forEachIndex(value.shape(), [&](llvm::ArrayRef<int64_t> index) {
    const std::byte *from = &memory.at(location.offset + offsetOf(type, location.layout, index));
    std::memcpy(&value.raw()[width * next++], from, width);
  });
  return value;
}

void PlannedExecution::write(RankedTensorType type, const MemoryLocation &location,
                             const ir::HostTensor &value) {
  if (location.space == ir::MemorySpace::result) {
    results[location.offset] = value;
    return;
  }
  ASSERT_NE(location.space, ir::MemorySpace::argument);
  std::vector<std::byte> &memory = location.space == ir::MemorySpace::state ? state : arena;
  size_t width = getElementBytes(type.getElementType()), next = 0;
  ir::forEachIndex(value.shape(), [&](llvm::ArrayRef<int64_t> index) {
    std::byte *to = &memory.at(location.offset + offsetOf(type, location.layout, index));
    std::memcpy(to, &value.raw()[width * next++], width);
  });
}

int64_t PlannedExecution::offsetOf(RankedTensorType type, ir::PackedAttr layout,
                                   llvm::ArrayRef<int64_t> index) const {
  int64_t position = 0;
  if (layout) { // a matrix in panels of its columns
    int64_t width = layout.getWidth(), group = layout.getGroup();
    int64_t row = index[0], column = index[1];
    int64_t groups = llvm::divideCeil(type.getDimSize(0), group);
    position = ((column / width * groups + row / group) * width + column % width) * group;
    position += row % group;
  } else {
    int64_t capacity = ir::getBatchSize(module);
    for (auto [extent, i] : llvm::zip(type.getShape(), index))
      position = position * (ShapedType::isDynamic(extent) ? capacity : extent) + i;
  }
  return position * getElementBytes(type.getElementType());
}

} // namespace lamina::passes
