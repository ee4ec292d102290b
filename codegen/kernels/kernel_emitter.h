#pragma once

#include "codegen/emit/loops.h"
#include "codegen/expressions/expression.h"
#include "codegen/kernels/kernel_job.h"

namespace lamina::codegen {

/// Fields of the context that every generated task receives, in order.
enum ContextField {
  kContextState,
  kContextArena,
  kContextArguments,
  kContextResults,
  kContextRows,
  kContextScratch,       ///< of slot 0
  kContextTeamScratch,   ///< of the slots from 1 on, one after another
  kContextScratchStride, ///< bytes from one of these to the next
  kContextIterations     ///< i64 numbers of the loops' iterations, the outermost loop first
};
llvm::StructType *contextType(llvm::LLVMContext &context);
/// Parameters of a kernel, in order.
enum KernelParameter { kKernelContext, kKernelTask, kKernelBindings, kKernelScratch };
llvm::FunctionType *kernelType(llvm::LLVMContext &context);

/// Emits loops for one kernel family. A kernel is a function
/// `void name(ptr context, i32 task, ptr bindings, ptr scratch)`, where `bindings` are the i64
/// offsets of its operands and results and `scratch` is memory for the task alone (scratch.h);
/// tasks are independent and may run on any thread.
class KernelEmitter {
public:
  virtual ~KernelEmitter() = default;

  /// The number of tasks, from the row count.
  virtual llvm::Value *emitTaskCount(llvm::IRBuilder<> &builder, llvm::Value *rows) = 0;

  /// Emits the kernel into a module (once per emitter).
  llvm::Function *emit(llvm::Module &module);

  /// The emitter for the job's family, which its schedule names.
  static std::unique_ptr<KernelEmitter> create(const KernelJob &job, const TargetSpec &target);

protected:
  KernelEmitter(const KernelJob &job, const TargetSpec &target);

  /// Emits the work of one task. `builder`, `expressions`, `outputs` and `rows` are set.
  virtual void emitTask(llvm::Value *task) = 0;

  ir::KernelOp kernel() { return job.kernel; }
  mlir::Block &body() { return kernel().getBlock(); }
  llvm::IRBuilder<> &b() { return *builder; }
  llvm::Value *i64(int64_t value) { return builder->getInt64(value); }
  llvm::Value *extent(int64_t size) { return expressions->extent(size); }
  /// Product of extents.
  llvm::Value *emitProduct(llvm::IRBuilder<> &builder, llvm::ArrayRef<int64_t> shape,
                           llvm::Value *rows);
  /// Row-major indices of a linear position in `shape`.
  Indices delinearize(llvm::Value *position, llvm::ArrayRef<int64_t> shape);
  /// Lanes at or past `end` do not count; null when all lanes below `lanes` count for certain.
  llvm::Value *maskBelow(llvm::Value *start, llvm::Value *end);
  /// The mask of a static number of lanes; null when it is all of them.
  llvm::Value *maskOf(int64_t count);
  /// Stores result `number` at `indices` of the kernel's iteration space: what the body yields
  /// there, or, where a transpose ends the body, its operand at the transposed place.
  void storeResult(unsigned number, llvm::ArrayRef<Index> indices);
  /// Computes all results at an index before any is stored: one may overwrite an operand in place.
  /// Results of another rank are left out: they have places of their own.
  void evaluateResults(llvm::ArrayRef<Index> indices);
  /// Stores all results at `indices`, once all are computed.
  void storeResults(llvm::ArrayRef<Index> indices);
  /// Whether result `number` has so many dimensions.
  bool hasRank(unsigned number, size_t rank);
  /// Memory behind an operand of the anchor, read through a reshape if there is one; nothing when
  /// it has to be computed.
  std::optional<Storage> findMemory(mlir::Value operand);
  /// Computes values of rank 0 that need no anchor, so that they are known in the whole function.
  void hoistScalars();

  KernelJob job;
  const TargetSpec &target;
  unsigned lanes;
  std::unique_ptr<llvm::IRBuilder<>> builder;
  std::unique_ptr<ExpressionEmitter> expressions;
  std::vector<Storage> outputs;
  llvm::Value *rows = nullptr;
};

/// Make the emitters of the families, each in the file of its emitter.
#define LAMINA_KERNEL_FAMILY(family, Name)                                                         \
  std::unique_ptr<KernelEmitter> create##Name##Emitter(const KernelJob &, const TargetSpec &);
#include "passes/families/families.def"

} // namespace lamina::codegen
