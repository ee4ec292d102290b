#include "ir/interpreter/interpreter.h"

#include "ir/interpreter/interpreter_table.h"
#include "ir/module.h"

using namespace mlir;

namespace lamina::ir {

const EvaluatorTable &allEvaluators() {
  static const EvaluatorTable table = [] {
    EvaluatorTable made;
    addElementwiseEvaluators(made);
    addShapeEvaluators(made);
    addReductionEvaluators(made);
    addWindowEvaluators(made);
    addWinogradEvaluators(made);
    addAttentionEvaluators(made);
    addStructureEvaluators(made);
    addScanEvaluators(made);
    return made;
  }();
  return table;
}

EvaluatorTable EvaluatorTable::observedBy(const Observer &observer) const {
  EvaluatorTable observed;
  for (const auto &[operation, evaluate] : evaluators)
    observed.evaluators[operation] = [evaluate,
                                      observer](Operation *operation, ArrayRef<HostTensor> operands,
                                                const Scope &scope) -> llvm::Expected<HostTensors> {
      llvm::Expected<HostTensors> results = evaluate(operation, operands, scope);
      if (results)
        observer(operation, operands, *results);
      return results;
    };
  return observed;
}

llvm::Expected<HostTensor> evaluate(Operation *operation, ArrayRef<HostTensor> operands,
                                    int64_t rows) {
  llvm::Expected<HostTensors> results = Scope(allEvaluators(), rows).evaluate(operation, operands);
  if (!results)
    return results.takeError();
  assert(results->size() == 1 && "the operation has several results");
  return std::move(results->front());
}

llvm::Expected<HostTensors> interpret(func::FuncOp function, ArrayRef<HostTensor> arguments,
                                      int64_t rows, const EvaluatorTable &table) {
  auto module = function->getParentOfType<ModuleOp>();
  bool limited = module && module->hasAttr(kBatchSizeAttr);
  if (rows < 1 || (limited && rows > getBatchSize(module))) {
    std::string limit = limited ? " " + std::to_string(getBatchSize(module)) : "";
    return llvm::createStringError("@%s: %lld rows are not within the batch size%s",
                                   function.getName().str().c_str(), static_cast<long long>(rows),
                                   limit.c_str());
  }
  return callFunction(function, arguments, Scope(table, rows));
}

} // namespace lamina::ir
