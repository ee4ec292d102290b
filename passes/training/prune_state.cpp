// Removes variables from the arguments and results of functions that neither read nor change them.
#include "ir/module.h"
#include "mlir/IR/SymbolTable.h"
#include "passes/passes.h"
#include "llvm/ADT/BitVector.h"

using namespace mlir;

namespace lamina::passes {

#define GEN_PASS_DEF_PRUNESTATE
#include "passes/passes.h.inc"

namespace {

/// Results that assign a variable the value that it has.
void eraseUnchanged(func::FuncOp function) {
  Operation *terminator = function.getBody().front().getTerminator();
  llvm::BitVector unchanged(function.getNumResults());
  for (auto [index, value] : llvm::enumerate(terminator->getOperands())) {
    auto assigned = ir::getResultVariable(function, index);
    auto argument = dyn_cast<BlockArgument>(value);
    if (assigned && argument &&
        ir::getArgumentVariable(function, argument.getArgNumber()) == assigned)
      unchanged.set(index);
  }
  terminator->eraseOperands(unchanged);
  function.eraseResults(unchanged);
}

/// Arguments that receive a variable nobody reads. Inputs and targets stay: they are the caller's.
void eraseUnused(func::FuncOp function) {
  llvm::BitVector unused(function.getNumArguments());
  for (BlockArgument argument : function.getArguments())
    if (argument.use_empty() && ir::getArgumentVariable(function, argument.getArgNumber()))
      unused.set(argument.getArgNumber());
  function.eraseArguments(unused);
}

class PruneStatePass : public impl::PruneStateBase<PruneStatePass> {
public:
  void runOnOperation() override {
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      bool called = !SymbolTable::symbolKnownUseEmpty(function, getOperation());
      if (function.isExternal() || called)
        continue;
      eraseUnchanged(function);
      eraseUnused(function);
    }
  }
};

} // namespace
} // namespace lamina::passes
