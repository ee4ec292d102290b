#include "passes/training/inline_calls.h"

#include "mlir/IR/IRMapping.h"
#include "mlir/IR/SymbolTable.h"

using namespace mlir;

namespace lamina::passes {
namespace {

using CallChain = llvm::SmallVector<func::FuncOp, 4>;

LogicalResult inlineCallsWithin(func::FuncOp function, CallChain &chain) {
  chain.push_back(function);
  llvm::SmallVector<func::CallOp> calls;
  function.walk([&](func::CallOp call) { calls.push_back(call); });
  for (func::CallOp call : calls) {
    auto callee = SymbolTable::lookupNearestSymbolFrom<func::FuncOp>(call, call.getCalleeAttr());
    if (!callee || callee.isExternal())
      return call.emitError("calls @") << call.getCallee() << ", which has no body";
    if (llvm::is_contained(chain, callee))
      return call.emitError("calls @") << call.getCallee() << ", which calls itself";
    if (failed(inlineCallsWithin(callee, chain)))
      return failure();
    OpBuilder builder(call);
    call->replaceAllUsesWith(inlineBody(builder, callee, call.getOperands()));
    call.erase();
  }
  chain.pop_back();
  return success();
}

} // namespace

LogicalResult inlineCalls(func::FuncOp function) {
  CallChain chain;
  return inlineCallsWithin(function, chain);
}

llvm::SmallVector<Value> inlineBody(OpBuilder &builder, func::FuncOp source, ValueRange arguments) {
  IRMapping mapping;
  mapping.map(source.getArguments(), arguments);
  Block &body = source.getBody().front();
  for (Operation &op : body.without_terminator())
    builder.clone(op, mapping);
  return llvm::map_to_vector(body.getTerminator()->getOperands(),
                             [&](Value value) { return mapping.lookup(value); });
}

} // namespace lamina::passes
