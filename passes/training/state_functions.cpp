// The functions that move variables into and out of the state.
#include "ir/signature.h"
#include "mlir/IR/SymbolTable.h"
#include "passes/passes.h"

using namespace mlir;

namespace lamina::passes {

#define GEN_PASS_DEF_STATEFUNCTIONS
#include "passes/passes.h.inc"

namespace {

class StateFunctionsPass : public impl::StateFunctionsBase<StateFunctionsPass> {
public:
  void runOnOperation() override {
    for (ir::VariableOp variable : getOperation().getOps<ir::VariableOp>())
      if (!ir::isInternal(variable))
        variables.push_back(variable);
    if (variables.empty())
      return;
    addIdentity(ir::kLoad, ir::kLoadAttr, ir::kVariableAttr);
    addIdentity(ir::kSave, ir::kVariableAttr, ir::kSaveAttr);
  }

private:
  /// A function that returns its arguments, one for each variable and marked with its name.
  void addIdentity(StringRef name, StringRef argumentAttr, StringRef resultAttr);

  llvm::SmallVector<ir::VariableOp> variables;
};

void StateFunctionsPass::addIdentity(StringRef name, StringRef argumentAttr, StringRef resultAttr) {
  ModuleOp module = getOperation();
  if (module.lookupSymbol(name))
    return;
  auto types = llvm::map_to_vector(
      variables, [](ir::VariableOp variable) -> Type { return variable.getTensorType(); });
  OpBuilder builder = OpBuilder::atBlockEnd(module.getBody());
  auto function =
      builder.create<func::FuncOp>(module.getLoc(), name, builder.getFunctionType(types, types));
  for (auto [index, variable] : llvm::enumerate(variables)) {
    auto symbol = FlatSymbolRefAttr::get(variable.getSymNameAttr());
    function.setArgAttr(index, argumentAttr, symbol);
    function.setResultAttr(index, resultAttr, symbol);
  }
  Block *body = function.addEntryBlock();
  builder.setInsertionPointToEnd(body);
  builder.create<func::ReturnOp>(module.getLoc(), body->getArguments());
}

} // namespace
} // namespace lamina::passes
