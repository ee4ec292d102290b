#pragma once

#include "codegen/emit/loops.h"
#include "codegen/expressions/expression.h"

namespace lamina::codegen {

/// How an address moves with the iterations of a loop around its kernel: by `bytes` times the
/// number of the iteration, of which only the remainder by `modulus` counts unless that is 0.
struct AddressStep {
  size_t depth = 0; ///< of the loop; 0 is the outermost one
  int64_t bytes = 0, modulus = 0;
};

/// Where a kernel's operands and results are: base pointers are fields of the call context.
struct KernelArgument {
  ir::MemorySpace space = ir::MemorySpace::arena;
  int64_t offset = 0; ///< bytes, or the index of an argument or result array: the kernel's binding
  ir::PackedAttr packed;
  std::vector<AddressStep> steps = {};
};

/// One kernel and where its operands and results live.
struct KernelJob {
  ir::KernelOp kernel;
  std::string name;
  std::vector<KernelArgument> inputs, outputs;
  int64_t batchSize = 1;

  /// A text that two jobs share exactly when one's code serves the other with other bindings.
  std::string key();
  /// The offsets of inputs and outputs, in order.
  std::vector<int64_t> bindings() const;
};

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
  void evaluateResults(llvm::ArrayRef<Index> indices);
  /// Stores all results at `indices`, once all are computed.
  void storeResults(llvm::ArrayRef<Index> indices);
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
