#include "test/unit/ir/repeat_op.h"

#include "ir/gradients/differentiate.h"
#include "ir/interpreter/interpreter.h"
#include "ir/operations/term.h"
#include "ir/region_arguments.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;

namespace lamina::ir::test {
namespace {

constexpr llvm::StringLiteral kTimes = "times";

/// A repeat of `body`, which becomes its region.
Operation *createRepeat(OpBuilder &builder, Location loc, ValueRange operands, TypeRange results,
                        std::unique_ptr<Region> body, int64_t times) {
  OperationState state(loc, RepeatOp::getOperationName(), operands, results);
  state.addAttribute(kTimes, builder.getI64IntegerAttr(times));
  state.addRegion(std::move(body));
  return builder.create(state);
}

std::unique_ptr<Region> cloneBody(RepeatOp op) {
  auto body = std::make_unique<Region>();
  IRMapping mapping;
  op->getRegion(0).cloneInto(body.get(), mapping);
  return body;
}

llvm::Expected<HostTensors> evaluateRepeat(RepeatOp op, ArrayRef<HostTensor> operands,
                                           const Scope &scope) {
  HostTensors values(operands), results(operands.take_front(op->getNumResults()));
  for (int64_t i = 0; i < op.getTimes(); ++i) {
    llvm::copy(results, values.begin());
    llvm::Expected<HostTensors> yielded = scope.run(op.getBlock(), values);
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

Value RepeatOp::getAliasedOperand(BlockArgument argument) {
  unsigned index = argument.getArgNumber();
  return index < getOperation()->getNumResults() ? Value() : getOperation()->getOperand(index);
}

BlockArgument RepeatOp::addAliasedOperand(Value value) {
  getOperation()->insertOperands(getOperation()->getNumOperands(), value);
  return getBlock().addArgument(value.getType(), value.getLoc());
}

/// The body's gradients as the body of an operation of its own: it takes what the body takes, then
/// the gradients of what that yields, and yields one gradient per argument and captured value.
FailureOr<Operation *> RepeatOp::buildBackward(OpBuilder &builder, ValueRange operands,
                                               ValueRange resultGradients) {
  std::unique_ptr<Region> body = cloneBody(*this);
  Block &block = body->front();
  llvm::SmallVector<Value> wanted(block.getArguments());
  llvm::append_range(wanted, getCapturedValues(*this));
  llvm::SmallVector<Value> seeds;
  for (Value gradient : resultGradients)
    seeds.push_back(block.addArgument(gradient.getType(), getLoc()));
  OpBuilder inside(block.getTerminator());
  FailureOr<llvm::SmallVector<Value>> gradients = differentiate(block, seeds, wanted, inside);
  if (failed(gradients))
    return failure();
  for (auto [value, gradient] : llvm::zip_equal(wanted, *gradients))
    if (!gradient)
      gradient = splat(inside, getLoc(), value.getType(), 0);
  block.getTerminator()->setOperands(*gradients);
  eraseDeadOperations(block);
  llvm::SmallVector<Value> all(operands);
  llvm::append_range(all, resultGradients);
  return createRepeat(builder, getLoc(), all, ValueRange(wanted).getTypes(), std::move(body), 1);
}

LogicalResult RepeatOp::buildGradient(OpBuilder &builder, ValueRange resultGradients,
                                      SmallVectorImpl<Value> &operandGradients) {
  size_t carried = getOperation()->getNumResults();
  llvm::SmallVector<Value> gradients(resultGradients), fixed;
  for (auto [result, gradient] : llvm::zip_equal(getOperation()->getResults(), gradients))
    if (!gradient)
      gradient = splat(builder, getLoc(), result.getType(), 0);
  for (int64_t time = getTimes(); time-- > 0;) {
    Operation *before = createRepeat(builder, getLoc(), getOperation()->getOperands(),
                                     getOperation()->getResultTypes(), cloneBody(*this), time);
    llvm::SmallVector<Value> given(before->getResults());
    llvm::append_range(given, getOperation()->getOperands().drop_front(carried));
    FailureOr<Operation *> backward = buildBackward(builder, given, gradients);
    if (failed(backward))
      return failure();
    gradients.assign((*backward)->result_begin(), (*backward)->result_begin() + carried);
    auto rest = (*backward)->getResults().drop_front(carried);
    fixed.resize(rest.size());
    for (auto [sum, gradient] : llvm::zip_equal(fixed, rest))
      sum = sum ? Value(builder.create<AddOp>(getLoc(), sum, gradient)) : Value(gradient);
  }
  llvm::append_range(operandGradients, gradients);
  llvm::append_range(operandGradients, fixed);
  return success();
}

} // namespace lamina::ir::test
