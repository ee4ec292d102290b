#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "codegen/driver.h"
#include "codegen/objects/object_emitter.h"
#include "mlir/IR/BuiltinOps.h"

/// Compiled objects: native code with a C header, for programs that know nothing of Lamina.
namespace lamina::codegen {

struct ObjectOptions {
  /// What to offer: `init`, `load`, `save` and `status_text` always; with `trainStep` also
  /// `train_step` and `evaluate`, with `predict` also `predict`.
  bool trainStep = true, predict = true;
  /// Empty: baseline, AVX2 and AVX-512 code, chosen when it runs. Else one name of
  /// targetFromName: code for the level of x86-64 which that processor has, tuned for it.
  std::string targetCpu;
  /// What the variables start with, by symbol, as row-major values of their types. Other variables
  /// start with what @init gives them.
  std::map<std::string, std::vector<std::byte>> weights;
  /// The model's file, which errors of the passes begin with.
  std::string file;
  /// Switches of single passes.
  passes::PipelineOptions passes;
};

/// The interface of an object that was written.
struct CompiledObject {
  std::string name; ///< what the C functions begin with
  std::string headerPath;
  std::vector<std::string> functions; ///< of the C interface, without the name
  std::vector<std::string> targets;   ///< LLVM's names of the processors
  size_t fileBytes = 0, stateBytes = 0, workspaceBytes = 0;
  size_t scratchBytes = 0; ///< for each thread besides the caller's
};

/// Compiles a module of the import stage, which stays as it is, to the file `path` and a header
/// beside it: `path` with the extension .h. The C names begin with the file's name without
/// extension, made an identifier (cIdentifier with "model").
///
/// The object needs memcpy, memmove and memset alone and runs on one thread or on those of its
/// caller's lamina_env. A static library contains the runtime too. A shared library exports the C
/// functions alone.
///
/// Throws UserError when the model cannot be compiled, the processor is unknown or a file cannot be
/// written; then neither file has changed.
CompiledObject compileObject(mlir::ModuleOp imported, const ObjectOptions &options, OutputKind kind,
                             const std::string &path);

} // namespace lamina::codegen
