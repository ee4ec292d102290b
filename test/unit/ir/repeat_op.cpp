#include "test/unit/ir/repeat_op.h"

#include "ir/interpreter.h"

using namespace mlir;

namespace lamina::ir::test {
namespace {

constexpr llvm::StringLiteral kTimes = "times";

llvm::Expected<Tensors> evaluateRepeat(RepeatOp op, ArrayRef<Tensor> operands, const Scope &scope) {
  Tensors values(operands), results(operands.take_front(op->getNumResults()));
  for (int64_t i = 0; i < op.getTimes(); ++i) {
    llvm::copy(results, values.begin());
    llvm::Expected<Tensors> yielded = scope.run(op.getBlock(), values);
    if (!yielded)
      return yielded.takeError();
    results = std::move(*yielded);
  }
  return results;
}

} // namespace

TestDialect::TestDialect(MLIRContext *context)
    : Dialect(getDialectNamespace(), context, TypeID::get<TestDialect>()) {
  addOperations<RepeatOp, YieldOp>();
}

EvaluatorTable evaluatorsWithRepeat() {
  EvaluatorTable table = allEvaluators();
  table.add<RepeatOp>(evaluateRepeat);
  return table;
}

int64_t RepeatOp::getTimes() {
  return getOperation()->getAttrOfType<IntegerAttr>(kTimes).getInt();
}

} // namespace lamina::ir::test
