#include "codegen/kernels/kernel_emitter.h"

#include "passes/families/families.h"
#include "passes/memory/plan.h"
#include "llvm/IR/Module.h"
using namespace mlir;

namespace lamina::codegen {

llvm::StructType *contextType(llvm::LLVMContext &context) {
  llvm::Type *pointer = llvm::PointerType::getUnqual(context);
  return llvm::StructType::get(context,
                               {pointer, pointer, pointer, pointer, llvm::Type::getInt64Ty(context),
                                pointer, pointer, llvm::Type::getInt64Ty(context), pointer});
}

llvm::FunctionType *kernelType(llvm::LLVMContext &context) {
  llvm::Type *pointer = llvm::PointerType::getUnqual(context);
  return llvm::FunctionType::get(llvm::Type::getVoidTy(context),
                                 {pointer, llvm::Type::getInt32Ty(context), pointer, pointer},
                                 false);
}

KernelEmitter::KernelEmitter(const KernelJob &job, const TargetSpec &target)
    : job(job), target(target), lanes(this->job.kernel.getSchedule()->getLanes()) {}

std::unique_ptr<KernelEmitter> KernelEmitter::create(const KernelJob &job,
                                                     const TargetSpec &target) {
  ir::KernelOp kernel = job.kernel;
  switch (kernel.getFamily()) {
#define LAMINA_KERNEL_FAMILY(family, Name)                                                         \
  case ir::KernelFamily::family:                                                                   \
    return create##Name##Emitter(job, target);
#include "passes/families/families.def"
  }
  llvm_unreachable("all families are listed");
}

namespace {

/// Computes base pointers of buffers from the context and the kernel's bindings.
class ContextReader {
public:
  ContextReader(llvm::IRBuilder<> &builder, llvm::Value *context, llvm::Value *bindings)
      : builder(builder), context(context), bindings(bindings) {}

  llvm::Value *field(ContextField number) {
    llvm::StructType *type = contextType(builder.getContext());
    return builder.CreateLoad(type->getElementType(number),
                              builder.CreateStructGEP(type, context, number));
  }

  /// The pointer of the next operand or result.
  llvm::Value *nextPointer(ir::MemorySpace space) {
    llvm::Type *word = builder.getInt64Ty();
    llvm::Value *offset =
        builder.CreateLoad(word, builder.CreateConstInBoundsGEP1_64(word, bindings, next++));
    bool external = space == ir::MemorySpace::argument || space == ir::MemorySpace::result;
    llvm::Type *unit =
        external ? static_cast<llvm::Type *>(builder.getPtrTy()) : builder.getInt8Ty();
    llvm::Value *place = builder.CreateInBoundsGEP(unit, field(fieldOf(space)), offset);
    return external ? builder.CreateLoad(unit, place) : place;
  }

private:
  static ContextField fieldOf(ir::MemorySpace space) {
    switch (space) {
    case ir::MemorySpace::arena:
      return kContextArena;
    case ir::MemorySpace::state:
      return kContextState;
    case ir::MemorySpace::argument:
      return kContextArguments;
    case ir::MemorySpace::result:
      return kContextResults;
    }
    llvm_unreachable("all spaces are listed");
  }

  llvm::IRBuilder<> &builder;
  llvm::Value *context, *bindings;
  unsigned next = 0;
};

} // namespace

llvm::Function *KernelEmitter::emit(llvm::Module &module) {
  llvm::LLVMContext &context = module.getContext();
  builder = std::make_unique<llvm::IRBuilder<>>(context);
  auto *function = llvm::Function::Create(kernelType(context), llvm::GlobalValue::ExternalLinkage,
                                          job.name, module);
  setTargetAttributes(*function, target);
  // Registers that are spilled go to whole cache lines. The calling convention aligns stacks to 16
  // bytes; without this a spilled vector of 64 bytes touches two lines, and loops of Winograd's
  // minimal filtering take up to 5 % longer.
  function->addFnAttr("stackrealign");
  function->setVisibility(llvm::GlobalValue::HiddenVisibility);
  builder->SetInsertPoint(llvm::BasicBlock::Create(context, "entry", function));
  // Nothing else reaches a task's scratch memory: stores to it move no other loads and stores.
  function->addParamAttr(kKernelScratch, llvm::Attribute::NoAlias);
  function->addParamAttr(kKernelScratch, llvm::Attribute::getWithAlignment(
                                             context, llvm::Align(passes::kBufferAlignment)));
  ContextReader reader(*builder, function->getArg(kKernelContext),
                       function->getArg(kKernelBindings));
  rows = reader.field(kContextRows);
  expressions = std::make_unique<ExpressionEmitter>(*builder, target, lanes, rows, job.batchSize);
  for (auto [argument, input] : llvm::zip(body().getArguments(), job.inputs))
    expressions->bindStorage(argument, Storage::make(reader.nextPointer(input.space),
                                                     cast<RankedTensorType>(argument.getType()),
                                                     input.packed, job.batchSize));
  for (auto [result, output] : llvm::zip(kernel().getResults(), job.outputs))
    outputs.push_back(Storage::make(reader.nextPointer(output.space),
                                    cast<RankedTensorType>(result.getType()), output.packed,
                                    job.batchSize));
  hoistScalars();
  emitTask(builder->CreateZExt(function->getArg(kKernelTask), builder->getInt64Ty()));
  builder->CreateRetVoid();
  // The emitter may outlive the module: it still counts tasks.
  expressions.reset();
  builder.reset();
  return function;
}

void KernelEmitter::hoistScalars() {
  llvm::DenseSet<Value> dependent;
  for (Operation &op : body().without_terminator()) {
    bool afterAnchor = passes::isAnchor(&op) || llvm::any_of(op.getOperands(), [&](Value operand) {
                         return dependent.contains(operand);
                       });
    Value result = op.getResult(0);
    auto type = cast<RankedTensorType>(result.getType());
    // A reshape of one element reads a tensor of higher rank, which evaluate() handles lazily.
    if (afterAnchor || isa<ir::ReshapeOp>(op))
      dependent.insert(result);
    else if (type.getRank() == 0)
      expressions->evaluate(result, {});
  }
}

llvm::Value *KernelEmitter::emitProduct(llvm::IRBuilder<> &builder, ArrayRef<int64_t> shape,
                                        llvm::Value *rows) {
  int64_t fixed = 1;
  llvm::Value *result = nullptr;
  for (int64_t size : shape) {
    if (!ShapedType::isDynamic(size))
      fixed *= size;
    else
      result = result ? builder.CreateMul(result, rows) : rows;
  }
  if (!result)
    return builder.getInt64(fixed);
  return fixed == 1 ? result : builder.CreateMul(result, builder.getInt64(fixed));
}

Indices KernelEmitter::delinearize(llvm::Value *position, ArrayRef<int64_t> shape) {
  Indices indices(shape.size());
  for (int64_t d = static_cast<int64_t>(shape.size()) - 1; d >= 0; --d) {
    if (shape[d] == 1) {
      indices[d] = expressions->constant(0);
      continue;
    }
    bool outermost = llvm::all_of(shape.take_front(d), [](int64_t size) { return size == 1; });
    indices[d].base = outermost ? position : b().CreateURem(position, extent(shape[d]));
    if (!outermost)
      position = b().CreateUDiv(position, extent(shape[d]));
  }
  return indices;
}

llvm::Value *KernelEmitter::maskOf(int64_t count) {
  return count >= lanes ? nullptr : maskOfFirst(b(), lanes, count);
}

llvm::Value *KernelEmitter::maskBelow(llvm::Value *start, llvm::Value *end) {
  if (auto first = constantOf(start), last = constantOf(end); first && last)
    return maskOf(*last - *first);
  llvm::SmallVector<llvm::Constant *> steps;
  for (unsigned lane = 0; lane < lanes; ++lane)
    steps.push_back(b().getInt32(lane));
  llvm::Value *left = b().CreateTrunc(b().CreateSub(end, start), b().getInt32Ty());
  return b().CreateICmpSLT(llvm::ConstantVector::get(steps), b().CreateVectorSplat(lanes, left));
}

void KernelEmitter::storeResult(unsigned number, ArrayRef<Index> indices) {
  Value value = kernel().getYielded()[number];
  if (!passes::storesTransposed(kernel(), number)) {
    expressions->store(outputs[number], indices, expressions->evaluate(value, indices));
    return;
  }
  auto transpose = value.getDefiningOp<ir::TransposeOp>();
  Indices place;
  for (int64_t dimension : transpose.getPermutation())
    place.push_back(indices[dimension]);
  expressions->store(outputs[number], place,
                     expressions->evaluate(transpose.getOperand(), indices));
}

bool KernelEmitter::hasRank(unsigned number, size_t rank) {
  return cast<RankedTensorType>(kernel().getResult(number).getType()).getRank() ==
         static_cast<int64_t>(rank);
}

void KernelEmitter::evaluateResults(ArrayRef<Index> indices) {
  for (auto [number, value] : llvm::enumerate(kernel().getYielded())) {
    if (!hasRank(number, indices.size()))
      continue;
    bool isTransposed = passes::storesTransposed(kernel(), number);
    expressions->evaluate(isTransposed ? value.getDefiningOp()->getOperand(0) : value, indices);
  }
}

void KernelEmitter::storeResults(ArrayRef<Index> indices) {
  evaluateResults(indices);
  for (unsigned number = 0; number < outputs.size(); ++number)
    if (hasRank(number, indices.size()))
      storeResult(number, indices);
}

std::optional<Storage> KernelEmitter::findMemory(Value operand) {
  if (const Storage *storage = expressions->getStorage(operand))
    return *storage;
  auto reshape = operand.getDefiningOp<ir::ReshapeOp>();
  const Storage *storage = reshape ? expressions->getStorage(reshape.getOperand()) : nullptr;
  if (!storage || storage->packed)
    return std::nullopt;
  return Storage::make(storage->pointer, reshape.getType(), {}, job.batchSize);
}

} // namespace lamina::codegen
