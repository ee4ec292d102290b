#include "ir/interpreter.h"

#include "ir/interpreter_table.h"
#include "ir/module.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;

namespace lamina::ir {
namespace {

using Tensors = std::vector<Tensor>;

const EvaluatorTable &evaluators() {
  static const EvaluatorTable table = [] {
    EvaluatorTable made;
    addElementwiseEvaluators(made);
    addShapeEvaluators(made);
    addReductionEvaluators(made);
    addWindowEvaluators(made);
    addWinogradEvaluators(made);
    return made;
  }();
  return table;
}

template <typename... Parts> llvm::Error refuse(const Parts &...parts) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  (stream << ... << parts);
  return llvm::createStringError(llvm::inconvertibleErrorCode(), text);
}

/// Nothing when the tensor is what `type` says.
llvm::Error checkArgument(func::FuncOp function, unsigned index, const Tensor &argument,
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

/// Runs blocks of straight-line code.
class Interpreter {
public:
  explicit Interpreter(int64_t rows) : rows(rows) {}

  llvm::Expected<Tensors> call(func::FuncOp function, ArrayRef<Tensor> arguments) {
    if (function.isExternal())
      return refuse("@", function.getName(), " has no body");
    if (!llvm::hasSingleElement(function.getBody()))
      return refuse("@", function.getName(), " has more than one block");
    if (arguments.size() != function.getNumArguments())
      return refuse("@", function.getName(), " takes ", function.getNumArguments(),
                    " arguments, got ", arguments.size());
    for (auto [index, argument] : llvm::enumerate(arguments))
      if (llvm::Error error = checkArgument(function, index, argument, rows))
        return error;
    if (llvm::is_contained(callStack, function))
      return refuse("@", function.getName(), " calls itself");
    callStack.push_back(function);
    llvm::Expected<Tensors> results = run(function.getBody().front(), arguments);
    callStack.pop_back();
    return results;
  }

private:
  /// The values of the terminator's operands.
  llvm::Expected<Tensors> run(Block &block, ArrayRef<Tensor> arguments) {
    llvm::DenseMap<Value, Tensor> values;
    for (auto [argument, value] : llvm::zip(block.getArguments(), arguments))
      values[argument] = value;
    for (Operation &operation : block) {
      Tensors operands;
      for (Value operand : operation.getOperands())
        operands.push_back(values.at(operand));
      if (isa<func::ReturnOp, YieldOp>(operation))
        return operands;
      llvm::Expected<Tensors> results = execute(operation, operands);
      if (!results)
        return results.takeError();
      for (auto [result, value] : llvm::zip(operation.getResults(), *results))
        values[result] = std::move(value);
    }
    llvm_unreachable("the verifier wants a terminator");
  }

  llvm::Expected<Tensors> execute(Operation &operation, ArrayRef<Tensor> operands) {
    if (auto kernel = dyn_cast<KernelOp>(operation))
      return run(kernel.getBlock(), operands);
    if (auto call = dyn_cast<func::CallOp>(operation)) {
      auto callee = SymbolTable::lookupNearestSymbolFrom<func::FuncOp>(call, call.getCalleeAttr());
      return this->call(callee, operands);
    }
    llvm::Expected<Tensor> result = evaluate(&operation, operands, rows);
    if (!result)
      return result.takeError();
    Tensors results;
    results.push_back(std::move(*result));
    return results;
  }

  int64_t rows;
  llvm::SmallVector<func::FuncOp> callStack;
};

} // namespace

llvm::Expected<Tensor> evaluate(Operation *operation, ArrayRef<Tensor> operands, int64_t rows) {
  const Evaluator *evaluator = evaluators().find(operation);
  if (!evaluator)
    return refuse("the interpreter does not know the operation '",
                  operation->getName().getStringRef(), "'");
  return (*evaluator)(operation, operands, rows);
}

llvm::Expected<std::vector<Tensor>> interpret(func::FuncOp function, ArrayRef<Tensor> arguments,
                                              int64_t rows) {
  auto module = function->getParentOfType<ModuleOp>();
  bool limited = module && module->hasAttr(kBatchSizeAttr);
  if (rows < 1 || (limited && rows > getBatchSize(module)))
    return refuse("@", function.getName(), ": ", rows, " rows are not within the batch size",
                  limited ? " " + std::to_string(getBatchSize(module)) : "");
  return Interpreter(rows).call(function, arguments);
}

} // namespace lamina::ir
