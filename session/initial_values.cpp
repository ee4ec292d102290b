#include "session/initial_values.h"

#include <optional>

#include "codegen/compiled_model.h"
#include "codegen/driver.h"
#include "ir/module.h"
#include "mlir/IR/Matchers.h"
#include "trainer/data/cast.h"

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

frontend::Array filled(const codegen::VariableSpec &variable, double value) {
  frontend::Array array = frontend::makeArray(variable.type, variable.shape);
  for (int64_t i = 0; i < array.elementCount(); ++i)
    trainer::storeValue(variable.type,
                        array.bytes.data() + static_cast<size_t>(i) * byteWidth(variable.type),
                        value);
  return array;
}

} // namespace

PlainInitialValues findPlainInitialValues(ModuleOp module) {
  std::map<std::string, codegen::VariableSpec> specs;
  for (codegen::VariableSpec &variable : codegen::makeSignature(module).variables)
    specs.emplace(variable.name, variable);
  PlainInitialValues values;
  auto init = module.lookupSymbol<func::FuncOp>(ir::kInit);
  Operation *terminator = init.getBody().front().getTerminator();
  for (auto [index, value] : llvm::enumerate(terminator->getOperands())) {
    std::string symbol = ir::getResultVariable(init, index).getValue().str();
    if (isa<BlockArgument>(value))
      values.seeds.push_back(symbol);
    else if (std::optional<double> splat = findSplat(value))
      values.constants.emplace(symbol, filled(specs.at(symbol), *splat));
  }
  return values;
}

} // namespace lamina::session
