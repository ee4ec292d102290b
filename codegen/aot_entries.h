#pragma once

#include <map>
#include <string>
#include <vector>

#include "codegen/aot_interface.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/IR/Module.h"

namespace lamina::codegen {

/// The function of the IR that puts the file's weights into the state; it is there when the file
/// has some.
inline constexpr llvm::StringLiteral kLoadWeights = "load_weights";

/// Where an argument or result that is no variable comes from, by its number among its kind in the
/// C function.
struct ExternalValue {
  enum Kind { Input, Target, Output, Log, Seed, Data } kind = Data;
  size_t index = 0;
};

/// A function of the IR as the module offers it to the C functions.
struct InnerFunction {
  llvm::Function *entry = nullptr; ///< as FunctionEmitter describes it; chooses among the variants
  std::vector<ExternalValue> arguments, results;
  int64_t arenaBytes = 0;
  int64_t scratchBytes = 0; ///< of one slot
};

/// The arguments and results of `function` that are no variables, in order.
std::vector<ExternalValue> externalArguments(mlir::func::FuncOp function);
std::vector<ExternalValue> externalResults(mlir::func::FuncOp function);

/// A module that is to become a compiled object.
struct ObjectModule {
  llvm::Module &module;
  std::map<std::string, InnerFunction> functions; ///< by name in the IR
  unsigned lowestLevel = 1;                       ///< of x86-64 that the functions need
  /// The values that kLoadWeights takes, in the order of its arguments: constants of the module.
  std::vector<llvm::GlobalVariable *> weights;
};

/// Adds the external C functions of the interface to the module. They check what callers can do
/// wrong before anything is written, and run on every processor: one that lacks the level gets
/// LAMINA_ERROR_CPU.
void emitCFunctions(ObjectModule &object, const CInterface &interface);

} // namespace lamina::codegen
