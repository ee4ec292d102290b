#include "session/replay/observations.h"

#include <cmath>

#include "ir/interpreter/interpreter.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace mlir;

namespace lamina::session {

namespace {

using ir::HostTensor;

Finding lookAt(const HostTensor &tensor) {
  Finding finding;
  if (tensor.type() != ElementType::F32 && tensor.type() != ElementType::F64)
    return finding;
  for (int64_t i = 0; i < tensor.size(); ++i) {
    double value = tensor.at(i);
    if (std::isfinite(value))
      continue;
    bool isFirst = std::isnan(value) ? !finding.hasNan : finding.isClean();
    (std::isnan(value) ? finding.hasNan : finding.hasInfinity) = true;
    if (isFirst) {
      finding.element = i;
      finding.value = value;
    }
  }
  return finding;
}

Maker describe(Operation *operation, const Finding &finding, const HostTensor &tensor,
               ArrayRef<HostTensor> operands) {
  Maker maker{operation, finding, {tensor.shape().begin(), tensor.shape().end()}, {}};
  for (const HostTensor &operand : operands)
    if (operand.shape() == tensor.shape())
      maker.operands.push_back(operand.at(finding.element));
  if (maker.operands.size() != operands.size())
    maker.operands.clear();
  return maker;
}

} // namespace

ir::EvaluatorTable Observations::table() {
  return ir::allEvaluators().observedBy(
      [this](Operation *operation, ArrayRef<HostTensor> operands, ArrayRef<HostTensor> results) {
        observe(operation, operands, results);
      });
}

void Observations::keep(Value value, const HostTensor &tensor) {
  if (Finding finding = lookAt(tensor); !finding.isClean())
    findings_[value] = finding;
}

Value Observations::trace(Value value) const {
  for (;;) {
    bool seeksNan = of(value).hasNan;
    Operation *operation = value.getDefiningOp();
    if (!operation)
      return value;
    Value before;
    for (Value operand : operation->getOperands()) {
      Finding finding = of(operand);
      if (!before && (seeksNan ? finding.hasNan : finding.hasInfinity))
        before = operand;
    }
    if (!before)
      return value;
    value = before;
  }
}

std::optional<Value> Observations::infinityBehind(Value value) const {
  Operation *operation = value.getDefiningOp();
  if (!operation || !of(value).hasNan)
    return std::nullopt;
  for (Value operand : operation->getOperands())
    if (of(operand).hasInfinity)
      if (Value source = trace(operand);
          !source.getDefiningOp() || !source.getDefiningOp()->hasTrait<OpTrait::ConstantLike>())
        return source;
  return std::nullopt;
}

void Observations::observe(Operation *operation, ArrayRef<HostTensor> operands,
                           ArrayRef<HostTensor> results) {
  for (auto [value, tensor] : llvm::zip_equal(operation->getResults(), results)) {
    Finding finding = lookAt(tensor);
    if (finding.isClean())
      continue;
    findings_[value] = finding;
    bool passesOn = llvm::any_of(operands, [&](const HostTensor &operand) {
      Finding given = lookAt(operand);
      return finding.hasNan ? given.hasNan : given.hasInfinity;
    });
    // The first one in a body is kept: it is told for the loop.
    Operation *outer = operation;
    while (!isa<func::FuncOp>(outer->getParentOp()))
      outer = outer->getParentOp();
    if (!passesOn || outer == operation)
      makers_.try_emplace(outer, describe(operation, finding, tensor, operands));
  }
}

} // namespace lamina::session
