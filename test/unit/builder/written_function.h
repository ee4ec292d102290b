#pragma once

#include <functional>
#include <string>
#include <vector>

#include "frontend/builder/function_writer.h"
#include "frontend/builder/tensor.h"
#include "ir/host_tensor.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"

namespace lamina::frontend::test {

/// A module that is being written, and the interpreter of what was written.
struct WrittenModule {
  WrittenModule();

  /// Runs a function of the module, which is verified first, on `arguments` for `rows` rows.
  std::vector<ir::HostTensor> run(llvm::StringRef function, std::vector<ir::HostTensor> arguments,
                                  int64_t rows = 1);

  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
};

/// What a formula makes of tensors.
using Formula = std::function<builder::Tensor(llvm::ArrayRef<builder::Tensor>)>;

/// Writes a function of the arguments' shapes that computes the formula, and interprets it.
ir::HostTensor evaluate(const Formula &formula, std::vector<ir::HostTensor> arguments);

ir::HostTensor floats(std::vector<int64_t> shape, std::vector<float> values);
std::vector<float> values(const ir::HostTensor &tensor);
/// The largest absolute value.
double largest(const std::vector<float> &values);
/// The message of the UserError that `action` throws.
std::string errorOf(const std::function<void()> &action);

} // namespace lamina::frontend::test
