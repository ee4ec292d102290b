#include "ir/interpreter/interpreter_scope.h"

#include "ir/interpreter/interpreter_table.h"

using namespace mlir;

namespace lamina::ir {

llvm::Expected<HostTensors> Scope::run(Block &block, ArrayRef<HostTensor> arguments) const {
  Scope inner(*this, block);
  for (auto [argument, value] : llvm::zip_equal(block.getArguments(), arguments))
    inner.values[argument] = value;
  for (Operation &operation : block) {
    HostTensors operands;
    for (Value operand : operation.getOperands())
      operands.push_back(inner.lookup(operand));
    if (operation.hasTrait<OpTrait::IsTerminator>())
      return operands;
    llvm::Expected<HostTensors> results = inner.evaluate(&operation, operands);
    if (!results)
      return results.takeError();
    for (auto [result, value] : llvm::zip_equal(operation.getResults(), *results))
      inner.values[result] = std::move(value);
  }
  llvm_unreachable("the verifier wants a terminator");
}

bool Scope::isRunning(Block &block) const {
  return this->block == &block || (around && around->isRunning(block));
}

llvm::Expected<HostTensors> Scope::evaluate(Operation *operation,
                                            ArrayRef<HostTensor> operands) const {
  const Evaluator *evaluator = table.find(operation);
  if (!evaluator)
    return llvm::createStringError("the interpreter does not know the operation '%s'",
                                   operation->getName().getStringRef().str().c_str());
  return (*evaluator)(operation, operands, *this);
}

const HostTensor &Scope::lookup(Value value) const {
  for (const Scope *scope = this; scope; scope = scope->around)
    if (auto found = scope->values.find(value); found != scope->values.end())
      return found->second;
  llvm_unreachable("the verifier wants operands to be defined before their uses");
}

} // namespace lamina::ir
