#pragma once

#include <map>
#include <string>
#include <vector>

#include "codegen/objects/aot_interface.h"
#include "ir/signature.h"
#include "llvm/IR/Module.h"

namespace lamina::codegen {

/// The function of the IR that puts the file's weights into the state; it is there when the file
/// has some.
inline constexpr llvm::StringLiteral kLoadWeights = "load_weights";
/// The functions of the IR that make or move variables, where a module has them.
inline constexpr llvm::StringLiteral kStateFunctions[] = {ir::kInit, ir::kResetStates, ir::kLoad,
                                                          ir::kSave, kLoadWeights};

/// A function of the IR as the module offers it to the C functions.
struct InnerFunction {
  llvm::Function *entry = nullptr; ///< as FunctionEmitter describes it; chooses among the variants
  std::vector<ir::Port> arguments, results; ///< none of variables
  int64_t arenaBytes = 0;
  int64_t scratchBytes = 0; ///< of one slot
};

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
