#include "test/random_graph/single_function.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "codegen/target/target.h"
#include "ir/module.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "test/random_graph/compiled_runner.h"
#include "test/random_graph/random_graph.h"

using namespace mlir;
using namespace lamina::ir;

namespace lamina::test {

OwningOpRef<ModuleOp> makeModule(MLIRContext &context, ArrayRef<Type> arguments,
                                 llvm::function_ref<Value(OpBuilder &, ValueRange)> body) {
  loadDialects(context);
  OpBuilder builder(&context);
  OwningOpRef<ModuleOp> module = ModuleOp::create(builder.getUnknownLoc());
  (*module)->setAttr(kBatchSizeAttr, builder.getI64IntegerAttr(5));
  builder.setInsertionPointToEnd(module->getBody());
  auto function = builder.create<func::FuncOp>(builder.getUnknownLoc(), "main",
                                               builder.getFunctionType(arguments, {}));
  Block *block = function.addEntryBlock();
  builder.setInsertionPointToEnd(block);
  Value result = body(builder, block->getArguments());
  builder.create<func::ReturnOp>(builder.getUnknownLoc(), result);
  function.setType(builder.getFunctionType(arguments, result.getType()));
  return module;
}

void expectInterpreted(const Runner &runner, ModuleOp module, uint64_t seed) {
  int64_t rows = 1 + static_cast<int64_t>(seed % 5);
  auto main = module.lookupSymbol<func::FuncOp>("main");
  std::vector<HostTensor> arguments = makeRandomArguments(main, seed, rows);
  std::string text;
  llvm::raw_string_ostream(text) << module;
  auto difference = compareWithInterpreter(module, "main", arguments, rows, runner);
  ASSERT_FALSE(difference) << "seed " << seed << ", " << rows << " rows: " << *difference << "\n"
                           << text;
}

std::string nameTarget(const testing::TestParamInfo<std::string> &info) {
  std::string name = info.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

void TargetTest::SetUp() {
  if (!codegen::runsOnHost(codegen::targetFromName(GetParam())))
    GTEST_SKIP() << "this processor does not run " << GetParam();
}

} // namespace lamina::test
