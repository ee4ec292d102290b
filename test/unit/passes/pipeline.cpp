#include "test/unit/passes/pipeline.h"

#include <gtest/gtest.h>

#include "ir/module.h"
#include "mlir/Parser/Parser.h"

using namespace mlir;

namespace lamina::passes {

TestModule::TestModule(const std::string &text) : context(MLIRContext::Threading::DISABLED) {
  ir::loadDialects(context);
  module = parseSourceString<ModuleOp>(text, &context);
  EXPECT_TRUE(module) << text;
}

void TestModule::run(llvm::function_ref<void(OpPassManager &)> addPasses) {
  PassManager manager(&context);
  addPasses(manager);
  EXPECT_TRUE(module && succeeded(manager.run(*module)));
}

std::vector<ir::HostTensor> TestModule::interpret(llvm::StringRef name,
                                                  llvm::ArrayRef<ir::HostTensor> arguments,
                                                  int64_t rows) {
  auto function = module ? module->lookupSymbol<func::FuncOp>(name) : func::FuncOp();
  EXPECT_TRUE(function) << name.str();
  if (!function)
    return {};
  llvm::Expected<std::vector<ir::HostTensor>> results = ir::interpret(function, arguments, rows);
  if (results)
    return std::move(*results);
  ADD_FAILURE() << llvm::toString(results.takeError());
  return {};
}

std::string TestModule::print() {
  std::string text;
  llvm::raw_string_ostream stream(text);
  module->print(stream);
  return text;
}

} // namespace lamina::passes
