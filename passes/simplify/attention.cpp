// Attention: contraction, scale, masks, softmax and contraction become one operation.
#include "ir/operations/attention.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "mlir/Pass/Pass.h"
#include "passes/passes.h"
#include "passes/simplify/attention_masks.h"
#include "passes/simplify/simplify_patterns.h"

using namespace mlir;

namespace lamina::passes {
#define GEN_PASS_DEF_ATTENTION
#include "passes/passes.h.inc"

namespace {

RankedTensorType typeOf(Value value) {
  return cast<RankedTensorType>(value.getType());
}

/// `value` before broadcasts that repeat nothing, as formulas over rows write them.
Value plain(Value value) {
  auto broadcast = value.getDefiningOp<ir::BroadcastInDimOp>();
  while (broadcast && broadcast.getType() == broadcast.getOperand().getType()) {
    value = broadcast.getOperand();
    broadcast = value.getDefiningOp<ir::BroadcastInDimOp>();
  }
  return value;
}

template <typename Op> Op definedBy(Value value) {
  return plain(value).getDefiningOp<Op>();
}

/// The operand of a reduction over the last dimension whose result `value` repeats.
Value reducedOf(Value value, ir::ReductionKind kind) {
  auto broadcast = value.getDefiningOp<ir::BroadcastInDimOp>();
  Value inner = broadcast ? broadcast.getOperand() : Value();
  if (auto fixed = inner ? inner.getDefiningOp<ir::StopGradientOp>() : nullptr)
    inner = fixed.getOperand();
  auto reduce = inner ? inner.getDefiningOp<ir::ReduceOp>() : nullptr;
  int64_t last = typeOf(value).getRank() - 1;
  bool matches = reduce && reduce.getKind() == kind &&
                 reduce.getDimensions() == ArrayRef<int64_t>(last) &&
                 llvm::equal(broadcast.getBroadcastDimensions(), llvm::seq<int64_t>(0, last));
  return matches ? plain(reduce.getOperand()) : Value();
}

/// x where `weights` is exp(x - max(x)) / sum(exp(x - max(x))) over the last dimension.
Value softmaxOperand(Value weights) {
  auto quotient = definedBy<ir::DivideOp>(weights);
  auto exponential = quotient ? definedBy<ir::ExponentialOp>(quotient.getLhs()) : nullptr;
  auto difference = exponential ? definedBy<ir::SubtractOp>(exponential.getOperand()) : nullptr;
  if (!difference ||
      reducedOf(quotient.getRhs(), ir::ReductionKind::add) != exponential.getOutput() ||
      reducedOf(difference.getRhs(), ir::ReductionKind::maximum) != plain(difference.getLhs()))
    return {};
  return difference.getLhs();
}

/// What one contraction of attention is made of: whether it has this form.
bool contracts(ir::DotGeneralOp dot, ArrayRef<int64_t> lhsBatching, ArrayRef<int64_t> rhsBatching,
               int64_t lhs, int64_t rhs) {
  return dot.getLhsBatchingDimensions() == lhsBatching &&
         dot.getRhsBatchingDimensions() == rhsBatching &&
         dot.getLhsContractingDimensions() == ArrayRef<int64_t>(lhs) &&
         dot.getRhsContractingDimensions() == ArrayRef<int64_t>(rhs);
}

/// Attention as layers write it: with heads in dimension 2 of queries, keys and values, or without.
class AttentionMatch {
public:
  explicit AttentionMatch(ir::DotGeneralOp dot) : dot(dot) {}

  bool match() {
    int64_t rank = typeOf(dot.getLhs()).getRank();
    hasHeads = rank == 4;
    bool isOuter = hasHeads ? contracts(dot, {0, 1}, {0, 2}, 3, 1)
                            : rank == 3 && contracts(dot, {0}, {0}, 2, 1);
    if (!isOuter || !dot.getType().getElementType().isF32() || !dot.getLhs().hasOneUse())
      return false;
    Value scores = softmaxOperand(dot.getLhs());
    return scores && matchScores(scores) && hasStaticSteps();
  }

  void rewrite() {
    OpBuilder builder(dot);
    AttentionMasks masks;
    llvm::SmallVector<int64_t> dimensions = {0, 1, 2, 3};
    if (!hasHeads)
      dimensions = {0, 2, 3};
    for (Value predicate : predicates)
      addMasks(builder, predicate, dimensions, masks);
    Value query = withHeads(builder, product.getLhs()), key = withHeads(builder, product.getRhs());
    auto attention = builder.create<ir::AttentionOp>(
        dot.getLoc(), query, key, withHeads(builder, dot.getRhs()), masks.masks,
        builder.getF64FloatAttr(scale), masks.isCausal ? builder.getUnitAttr() : UnitAttr());
    Value output = attention.getOutput();
    if (hasHeads)
      output = builder.create<ir::TransposeOp>(dot.getLoc(), output, ArrayRef<int64_t>{0, 2, 1, 3});
    else
      output = builder.create<ir::ReshapeOp>(dot.getLoc(), dot.getType(), output);
    dot.replaceAllUsesWith(output);
  }

private:
  /// Peels masks and the scale off the scores.
  bool matchScores(Value scores) {
    while (auto select = definedBy<ir::SelectOp>(scores)) {
      std::optional<double> masked = matchSplat(select.getOnFalse());
      if (masked != static_cast<double>(static_cast<float>(ir::kMaskedScore)))
        return false;
      predicates.push_back(select.getPredicate());
      scores = select.getOnTrue();
    }
    if (auto scaled = definedBy<ir::MultiplyOp>(scores)) {
      std::optional<double> factor = matchSplat(scaled.getRhs());
      if (!factor)
        return false;
      scale = *factor;
      scores = scaled.getLhs();
    }
    product = definedBy<ir::DotGeneralOp>(scores);
    return product && (hasHeads ? contracts(product, {0, 2}, {0, 2}, 3, 3)
                                : contracts(product, {0}, {0}, 2, 2));
  }

  /// Whether all but the rows is known, as attention asks for.
  bool hasStaticSteps() {
    return llvm::all_of(
        ValueRange{product.getLhs(), product.getRhs(), dot.getRhs()}, [&](Value operand) {
          return typeOf(operand).getRank() == (hasHeads ? 4 : 3) &&
                 llvm::none_of(typeOf(operand).getShape().drop_front(), ShapedType::isDynamic);
        });
  }

  Value withHeads(OpBuilder &builder, Value x) {
    if (hasHeads)
      return x;
    llvm::SmallVector<int64_t> shape(typeOf(x).getShape());
    shape.insert(shape.begin() + 2, 1);
    return builder.create<ir::ReshapeOp>(dot.getLoc(), typeOf(x).clone(shape), x);
  }

  ir::DotGeneralOp dot, product;
  llvm::SmallVector<Value> predicates;
  double scale = 1;
  bool hasHeads = false;
};

struct AttentionPass : impl::AttentionBase<AttentionPass> {
  using AttentionBase::AttentionBase;

  void runOnOperation() override {
    llvm::SmallVector<ir::DotGeneralOp> contractions;
    getOperation().walk([&](ir::DotGeneralOp op) { contractions.push_back(op); });
    for (ir::DotGeneralOp op : contractions)
      if (AttentionMatch match(op); match.match())
        match.rewrite(); // what is left of the composition has no use
  }
};

} // namespace
} // namespace lamina::passes
