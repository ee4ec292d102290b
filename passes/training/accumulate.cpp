// A training step whose batch comes in parts.
#include "ir/operations/term.h"
#include "ir/signature.h"
#include "mlir/IR/SymbolTable.h"
#include "passes/passes.h"

using namespace mlir;

namespace lamina::passes {

#define GEN_PASS_DEF_ACCUMULATE
#include "passes/passes.h.inc"

namespace {

/// One of the two functions that go through a part of a batch.
class PartBuilder {
public:
  explicit PartBuilder(func::FuncOp function)
      : function(function), terminator(function.getBody().front().getTerminator()),
        builder(terminator) {}

  /// The number of rows of this part and of those before it.
  void countRows(ir::VariableOp sum) {
    type = sum.getTensorType();
    part = builder.create<ir::RowsOp>(sum.getLoc(), type);
    all = term(takeVariable(sum)) + term(part);
  }

  /// The sum over this part and those before it of gradients times rows, for result `index`.
  Value addGradient(ir::VariableOp sum, unsigned index) {
    Value gradient = terminator->getOperand(index);
    return term(takeVariable(sum)) + term(gradient) * term(spread(part, gradient));
  }

  /// That sum as the mean over all rows.
  Value meanOf(Value sum) { return term(sum) / term(spread(all, sum)); }

  Value rows() const { return all; }
  Value zero(Value like) { return ir::splat(builder, like.getLoc(), like.getType(), 0); }

  void replaceResult(unsigned index, Value value) { terminator->setOperand(index, value); }
  void assign(ir::VariableOp variable, Value value) {
    unsigned index = function.getNumResults();
    function.insertResult(index, value.getType(), ir::portOf(variable));
    terminator->insertOperands(index, value);
  }
  /// The result is the new value of the variable from now on.
  void makeAssignment(unsigned index, ir::VariableOp variable) {
    function.setResultAttrs(index, ir::portOf(variable));
  }

private:
  ir::Term term(Value value) { return {builder, value.getLoc(), value}; }

  Value takeVariable(ir::VariableOp variable) {
    unsigned index = function.getNumArguments();
    function.insertArgument(index, variable.getTensorType(), ir::portOf(variable),
                            variable.getLoc());
    return function.getArgument(index);
  }

  /// The number of rows for every element of `like`.
  Value spread(Value count, Value like) {
    auto wanted = cast<RankedTensorType>(like.getType());
    if (wanted.getElementType() != type.getElementType())
      count =
          builder.create<ir::ConvertOp>(like.getLoc(), type.clone(wanted.getElementType()), count);
    return builder.create<ir::BroadcastInDimOp>(like.getLoc(), wanted, count, ArrayRef<int64_t>());
  }

  func::FuncOp function;
  Operation *terminator;
  OpBuilder builder;
  RankedTensorType type; ///< of the number of rows
  Value part, all;
};

class AccumulatePass : public impl::AccumulateBase<AccumulatePass> {
public:
  void runOnOperation() override {
    SymbolTable symbols(getOperation());
    auto last = symbols.lookup<func::FuncOp>(ir::kGradient);
    if (!last)
      return;
    auto first = last.clone();
    first.setSymName(ir::kAccumulate);
    symbols.insert(first, std::next(last->getIterator()));
    PartBuilder accumulate(first), finish(last);
    auto scalar = RankedTensorType::get({}, Float32Type::get(&getContext()));
    ir::VariableOp rows = addSum(symbols, "rows", scalar);
    accumulate.countRows(rows);
    finish.countRows(rows);
    for (unsigned index = 0; index < last.getNumResults(); ++index)
      if (auto variable = last.getResultAttrOfType<FlatSymbolRefAttr>(index, ir::kGradientAttr)) {
        auto type = cast<RankedTensorType>(last.getResultTypes()[index]);
        ir::VariableOp sum = addSum(symbols, variable.getValue(), type);
        accumulate.replaceResult(index, accumulate.addGradient(sum, index));
        accumulate.makeAssignment(index, sum);
        finish.replaceResult(index, finish.meanOf(finish.addGradient(sum, index)));
        sums.push_back(sum);
      }
    accumulate.assign(rows, accumulate.rows());
    finish.assign(rows, finish.zero(finish.rows()));
    for (ir::VariableOp sum : sums)
      finish.assign(sum, finish.zero(ir::findVariableArgument(last, sum.getSymName())));
  }

private:
  /// A variable for the sum of something over the parts of a batch.
  ir::VariableOp addSum(SymbolTable &symbols, StringRef of, RankedTensorType type) {
    OpBuilder builder(&getContext());
    auto sum =
        builder.create<ir::VariableOp>(getOperation().getLoc(), ("sum of " + of).str(), type,
                                       /*path=*/"", /*trainable=*/false, ir::PackedAttr{},
                                       FlatSymbolRefAttr{}, DenseI64ArrayAttr{}, IntegerAttr{});
    ir::setRole(sum, ir::VariableRole::GradientSum);
    Block::iterator behind = getOperation().getBody()->begin();
    for (ir::VariableOp variable : getOperation().getOps<ir::VariableOp>())
      behind = std::next(variable->getIterator());
    symbols.insert(sum, behind);
    return sum;
  }

  llvm::SmallVector<ir::VariableOp> sums;
};

} // namespace
} // namespace lamina::passes
