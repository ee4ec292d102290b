#include "session/initial_values.h"

#include <optional>

#include "ir/module.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace lamina::session {
namespace {

/// The number that every element of `value` is, where that is written in the module.
std::optional<double> findSplat(Value value) {
  if (auto broadcast = value.getDefiningOp<ir::BroadcastInDimOp>())
    return findSplat(broadcast.getOperand());
  DenseElementsAttr constant;
  if (!matchPattern(value, m_Constant(&constant)) || !constant.isSplat())
    return std::nullopt;
  if (isa<FloatType>(constant.getElementType()))
    return constant.getSplatValue<APFloat>().convertToDouble();
  return static_cast<double>(constant.getSplatValue<APInt>().getSExtValue());
}

} // namespace

PlainInitialValues findPlainInitialValues(ModuleOp module) {
  PlainInitialValues values;
  auto init = module.lookupSymbol<func::FuncOp>(ir::kInit);
  Operation *terminator = init.getBody().front().getTerminator();
  for (auto [index, value] : llvm::enumerate(terminator->getOperands())) {
    std::string symbol = ir::getResultVariable(init, index).getValue().str();
    if (isa<BlockArgument>(value))
      values.seeds.push_back(symbol);
    else if (std::optional<double> splat = findSplat(value))
      values.numbers.emplace(symbol, *splat);
  }
  return values;
}

} // namespace lamina::session
