#pragma once

#include <string>
#include <vector>

#include "ir/module.h"
#include "passes/memory/program.h"

/// Where values live when compiled functions run: what code generation and `lamina inspect` read
/// from a module after the memory stage.
///
/// A function then consists of kernels and a return. Variables are read from and written to the
/// state, other arguments and results are memory of the caller (dense, row-major, without slack
/// behind the last element), everything else lies in the workspace's arena. In the arena and the
/// state 64 bytes behind every buffer may be read.
namespace lamina::passes {

inline constexpr llvm::StringLiteral kStateBytesAttr = "lamina.state_bytes";         ///< of modules
inline constexpr llvm::StringLiteral kWorkspaceBytesAttr = "lamina.workspace_bytes"; ///< of modules
inline constexpr llvm::StringLiteral kArenaBytesAttr = "lamina.arena_bytes"; ///< of functions

inline constexpr int64_t kBufferAlignment = 64; ///< bytes; of every buffer in arena and state
inline constexpr int64_t kBufferSlack = 64;     ///< readable bytes behind every such buffer
inline constexpr int64_t kPageBytes = 4096;     ///< state and workspace are multiples of this

/// Bytes of one element in memory; i1 takes one byte.
int64_t getElementBytes(mlir::Type elementType);
/// Bytes of a tensor when the batch is full, panel padding of the layout included.
int64_t getBufferBytes(mlir::RankedTensorType type, int64_t batchSize,
                       ir::PackedAttr layout = nullptr);
/// The variable that `value` is the old value of, also where it is a block argument that stands for
/// it in a body; null when it is none.
mlir::FlatSymbolRefAttr variableOf(mlir::Value value);
/// How the elements of `value` are ordered where it lives; null means row-major. That of the
/// variable whose old or new value it is.
ir::PackedAttr layoutOf(mlir::Value value);
/// Bytes of a variable in the state.
int64_t getStorageBytes(ir::VariableOp variable);

/// How an address moves with the iterations of a loop: by `bytes` times the number of the
/// iteration, of which only the remainder by `modulus` counts unless that is 0.
struct MemoryStep {
  ir::ScanOp loop;
  int64_t bytes = 0, modulus = 0;

  bool operator==(const MemoryStep &other) const = default;
};

/// Where a value lives.
struct MemoryLocation {
  ir::MemorySpace space = ir::MemorySpace::arena;
  /// arena, state: byte offset. argument, result: index among the function's arguments or results
  /// that are not variables.
  int64_t offset = 0;
  /// How its elements are ordered; null means row-major.
  ir::PackedAttr layout;
  /// In the bodies of loops, the outermost first. `offset` is that of the first iterations.
  llvm::SmallVector<MemoryStep, 1> steps = {};

  bool operator==(const MemoryLocation &other) const = default;
};

/// The location of a kernel's or a loop's operand or result, of a block argument of a loop's body,
/// or of a value that `function` returns.
MemoryLocation locationOf(mlir::Value value, mlir::func::FuncOp function);

/// The index among the arguments (results) of `function` that are not variables: how MemoryLocation
/// and the compiled function count them.
int64_t getExternalArgumentIndex(mlir::func::FuncOp function, unsigned argument);
int64_t getExternalResultIndex(mlir::func::FuncOp function, unsigned result);

/// Whether `kernel` may write its result `result` over its operand `operand`: the result is
/// computed from that operand elementwise, and so is whatever else depends on the operand.
/// Transposed copies may be stored elsewhere (storesTransposed).
///
/// Emitters must honour this: a kernel computes all results that depend elementwise on an operand
/// in one loop, and loads an element before it stores any result at that index.
bool mayOverwrite(ir::KernelOp kernel, unsigned operand, unsigned result);

/// Whether a kernel stores a result that is a transposed copy of a value of its own together with
/// that value, element by element.
bool storesTransposed(ir::KernelOp kernel, unsigned result);

/// A buffer of a function's arena, for people.
struct PlannedBuffer {
  std::string name; ///< the layer that makes it
  int64_t offset = 0, bytes = 0;
  int64_t firstWave = 0, lastWave = 0; ///< written, last read
};

/// A function's buffers in its arena.
struct MemoryPlan {
  std::string function;
  std::vector<PlannedBuffer> buffers; ///< in the order in which they are written
  int64_t waves = 0;
  int64_t arenaBytes = 0; ///< as planned
  int64_t liveBytes = 0;  ///< most that live at one time: no plan can be smaller
  int64_t totalBytes = 0; ///< without any sharing
};

/// Of a function after the memory stage.
MemoryPlan describeArena(mlir::func::FuncOp function);
MemoryPlan describeArena(mlir::func::FuncOp function, const Sequence &program);

/// Gives the results of `program`'s kernels their buffers and returns the bytes of the function's
/// arena. Variables must have their offsets.
int64_t planArena(mlir::func::FuncOp function, const Sequence &program);

/// Checks that the attributes of arguments and results that name variables name existing ones of
/// the same type. Emits an error otherwise.
mlir::LogicalResult checkVariables(mlir::ModuleOp module);

/// Replays what a function runs against its plan, knowing nothing of how the plan was made: every
/// kernel must find its operands where they are said to be, each time that a loop runs it, kernels
/// of one wave must not touch what another one writes, and results must be in place at the end.
/// Emits an error otherwise.
mlir::LogicalResult verifyArena(mlir::func::FuncOp function, const Sequence &program);

/// Checks the places of variables and the arenas of all functions.
mlir::LogicalResult verifyMemoryPlan(mlir::ModuleOp module);

} // namespace lamina::passes
