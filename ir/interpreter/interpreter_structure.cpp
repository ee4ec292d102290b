// Evaluators of operations that run a block: kernels and calls.
#include "ir/interpreter/interpreter_table.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;

namespace lamina::ir {
namespace {

template <typename... Parts> llvm::Error refuse(const Parts &...parts) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  (stream << ... << parts);
  return llvm::createStringError(llvm::inconvertibleErrorCode(), text);
}

/// Nothing when the tensor is what `type` says.
llvm::Error checkArgument(func::FuncOp function, unsigned index, const HostTensor &argument,
                          int64_t rows) {
  auto type = dyn_cast<RankedTensorType>(function.getArgumentTypes()[index]);
  if (!type)
    return refuse("@", function.getName(), ": argument ", index, " is not a tensor");
  if (argument.type() == toElementType(type.getElementType()) &&
      argument.shape() == ArrayRef<int64_t>(concreteShape(type, rows)))
    return llvm::Error::success();
  auto given =
      RankedTensorType::get(argument.shape(), toMlirType(function.getContext(), argument.type()));
  return refuse("@", function.getName(), ": argument ", index, " must be ", type, " with ", rows,
                " rows, got ", given);
}

llvm::Expected<HostTensors> evaluateKernel(KernelOp kernel, ArrayRef<HostTensor> operands,
                                           const Scope &scope) {
  return scope.run(kernel.getBlock(), operands);
}

llvm::Expected<HostTensors> evaluateCall(func::CallOp call, ArrayRef<HostTensor> operands,
                                         const Scope &scope) {
  auto callee = SymbolTable::lookupNearestSymbolFrom<func::FuncOp>(call, call.getCalleeAttr());
  return callFunction(callee, operands, scope);
}

} // namespace

llvm::Expected<HostTensors> callFunction(func::FuncOp function, ArrayRef<HostTensor> arguments,
                                         const Scope &caller) {
  if (function.isExternal())
    return refuse("@", function.getName(), " has no body");
  if (!llvm::hasSingleElement(function.getBody()))
    return refuse("@", function.getName(), " has more than one block");
  if (arguments.size() != function.getNumArguments())
    return refuse("@", function.getName(), " takes ", function.getNumArguments(),
                  " arguments, got ", arguments.size());
  for (auto [index, argument] : llvm::enumerate(arguments))
    if (llvm::Error error = checkArgument(function, index, argument, caller.getRows()))
      return error;
  if (caller.isRunning(function.getBody().front()))
    return refuse("@", function.getName(), " calls itself");
  return caller.run(function.getBody().front(), arguments);
}

void addStructureEvaluators(EvaluatorTable &table) {
  table.add<KernelOp>(evaluateKernel);
  table.add<func::CallOp>(evaluateCall);
}

} // namespace lamina::ir
