#pragma once

#include <string>
#include <vector>

#include "ir/interpreter/interpreter.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/Pass/PassManager.h"

namespace lamina::passes {

/// IR text, the passes run on it, and its functions run by the interpreter. Whatever goes wrong is
/// a failure of the test at hand.
class TestModule {
public:
  explicit TestModule(const std::string &text);

  void run(llvm::function_ref<void(mlir::OpPassManager &)> addPasses);
  std::vector<ir::HostTensor> interpret(llvm::StringRef function,
                                        llvm::ArrayRef<ir::HostTensor> arguments, int64_t rows);
  std::string print();

private:
  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
};

} // namespace lamina::passes
