#pragma once

#include <memory>
#include <string>
#include <vector>

#include "bench/kernels/cases.h"
#include "codegen/driver.h"
#include "codegen/jit/jit_functions.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"
#include "trainer/model_runner.h"

namespace lamina::bench {

/// @main of a module of the import stage, compiled into this process, with memory of its own.
class CompiledKernel {
public:
  /// With a direction other than forward @main gives the gradient of its first operation by that
  /// operation's operand, from %g. Throws UserError when the module cannot be compiled.
  CompiledKernel(const std::string &text, Direction direction, unsigned threads,
                 const codegen::CompileOptions &options);

  void run();

  /// Bytes of the operands and results of its kernels.
  double bytes() const { return bytes_; }

private:
  void allocate(mlir::func::FuncOp main);

  mlir::MLIRContext context_;
  mlir::OwningOpRef<mlir::ModuleOp> module_;
  std::unique_ptr<codegen::JitFunctions> functions_;
  const codegen::JitFunction *function_ = nullptr;
  uint32_t rows_ = 1;
  double bytes_ = 0;
  trainer::ThreadPool pool_;
  lamina_env env_;
  trainer::AlignedBuffer state_, workspace_;
  std::vector<trainer::AlignedBuffer> memory_;
  std::vector<const void *> arguments_;
  std::vector<void *> results_;
};

/// FLOPs of @main of a module of the import stage.
double flopsOfModule(const std::string &text);

} // namespace lamina::bench
