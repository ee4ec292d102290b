#include "codegen/functions/function_emitter.h"

#include "codegen/first_error.h"
#include "codegen/functions/call_checks.h"
#include "ir/layer_name.h"
#include "passes/memory/plan.h"
#include "passes/schedule/schedule.h"
#include "runtime/lamina_runtime.h"
#include "llvm/IR/IntrinsicsX86.h"
#include "llvm/IR/Module.h"

using namespace mlir;

namespace lamina::codegen {
namespace {

/// A wave below this many cycles is done before another thread has heard of it.
constexpr int64_t kSerialCycles = 5000;
/// Flush-to-zero and denormals-are-zero bits of the control register MXCSR.
constexpr uint32_t kFlushDenormals = 0x8040;

llvm::FunctionType *entryType(llvm::IRBuilder<> &b) {
  llvm::Type *pointer = b.getPtrTy();
  return llvm::FunctionType::get(
      b.getInt32Ty(), {pointer, pointer, pointer, b.getInt32Ty(), pointer, pointer, pointer},
      false);
}

/// Parameters of an entry, in order.
enum EntryParameter {
  kEntryEnv,
  kEntryState,
  kEntryWorkspace,
  kEntryRows,
  kEntryArguments,
  kEntryResults,
  kEntryScratch
};

/// The scratch memory of a slot.
llvm::Value *emitScratchOf(llvm::IRBuilder<> &b, llvm::Value *context, llvm::Value *slot) {
  llvm::StructType *type = contextType(b.getContext());
  auto field = [&](ContextField number) {
    return b.CreateLoad(type->getElementType(number), b.CreateStructGEP(type, context, number));
  };
  llvm::Value *number = b.CreateZExt(b.CreateSub(slot, b.getInt32(1)), b.getInt64Ty());
  llvm::Value *ofTeam = b.CreateGEP(b.getInt8Ty(), field(kContextTeamScratch),
                                    b.CreateMul(number, field(kContextScratchStride)));
  llvm::Value *isOwn = b.CreateICmpEQ(slot, b.getInt32(0));
  return b.CreateSelect(isOwn, field(kContextScratch), ofTeam);
}

/// Sets the floating-point mode for as long as generated code runs.
class FloatMode {
public:
  explicit FloatMode(llvm::IRBuilder<> &builder) : b(builder) {
    slot = b.CreateAlloca(b.getInt32Ty());
    b.CreateIntrinsic(llvm::Intrinsic::x86_sse_stmxcsr, {}, {slot});
    before = b.CreateLoad(b.getInt32Ty(), slot);
    write(b.CreateOr(before, b.getInt32(kFlushDenormals)));
  }
  void restore() { write(before); }

private:
  void write(llvm::Value *mode) {
    b.CreateStore(mode, slot);
    b.CreateIntrinsic(llvm::Intrinsic::x86_sse_ldmxcsr, {}, {slot});
  }

  llvm::IRBuilder<> &b;
  llvm::Value *slot, *before;
};

/// What the function runs; a UserError where it is not made of kernels in waves, or a kernel's
/// schedule does not fit it.
passes::Sequence readFunction(func::FuncOp function) {
  FirstError error(function.getContext());
  FailureOr<passes::Sequence> program = passes::readProgram(function);
  if (failed(program))
    error.raise("the function could not be read");
  int64_t batchSize = ir::getBatchSize(function->getParentOfType<ModuleOp>());
  for (ir::KernelOp kernel : passes::kernelsOf(*program))
    if (failed(passes::checkSchedule(kernel, batchSize)))
      error.raise("a kernel's schedule does not fit it");
  return std::move(*program);
}

} // namespace

FunctionEmitter::FunctionEmitter(func::FuncOp function, std::string name, KernelLibrary &library,
                                 llvm::CodeGenOptLevel level)
    : function(function), name(std::move(name)), library(library), level(level),
      batchSize(ir::getBatchSize(function->getParentOfType<ModuleOp>())) {
  auto arena = function->getAttrOfType<IntegerAttr>(passes::kArenaBytesAttr);
  arenaBytes = arena ? arena.getInt() : 0;
  program = collectKernels(readFunction(function));
  for (Wave &wave : waves)
    putLongTasksFirst(wave);
}

FunctionEmitter::Launch FunctionEmitter::makeLaunch(ir::KernelOp kernel) {
  KernelJob job{kernel, {}, {}, BatchSize(kernel, batchSize), level, ""};
  Launch launch;
  auto add = [&](Value value, std::vector<KernelArgument> &arguments) {
    passes::MemoryLocation location = passes::locationOf(value, function);
    arguments.push_back({location.space, location.offset, location.layout});
    launch.steps.push_back(addressStepsOf(location));
  };
  for (Value input : kernel.getInputs())
    add(input, job.inputs);
  for (Value output : kernel.getOutputs())
    add(output, job.outputs);
  launch.bindings = job.bindings();
  launch.position = launchCount++;
  launch.op = kernel;
  launch.kernel = &library.find(std::move(job));
  return launch;
}

std::vector<FunctionEmitter::Node>
FunctionEmitter::collectKernels(const passes::Sequence &sequence) {
  std::vector<Node> nodes;
  for (const auto &part : sequence) {
    Node node;
    if (auto *loop = std::get_if<passes::Loop>(&part)) {
      ir::ScanOp scan = loop->scan;
      node.trips = static_cast<int64_t>(scan.getTrips());
      mostLoops = std::max(mostLoops, loopDepthOf(scan) + 1);
      node.body = collectKernels(loop->body);
    } else {
      Wave wave;
      for (ir::KernelOp kernel : std::get<passes::Wave>(part).kernels) {
        wave.cost += kernel.getSchedule()->getCost();
        wave.launches.push_back(makeLaunch(kernel));
      }
      node.wave = waves.size();
      waves.push_back(std::move(wave));
    }
    nodes.push_back(std::move(node));
  }
  return nodes;
}

/// A long task that begins last keeps one thread busy while the others wait.
void FunctionEmitter::putLongTasksFirst(Wave &wave) const {
  llvm::LLVMContext context;
  llvm::IRBuilder<> b(context); // folds the counts of a full batch to constants
  llvm::DenseMap<Operation *, int64_t> taskCosts;
  for (const Launch &launch : wave.launches) {
    llvm::Value *count = launch.kernel->emitTaskCount(b, b.getInt64(batchSize));
    int64_t tasks = std::max<int64_t>(1, constantOf(count).value_or(1));
    taskCosts[launch.op] = ir::KernelOp(launch.op).getSchedule()->getCost() / tasks;
  }
  llvm::stable_sort(wave.launches, [&](const Launch &a, const Launch &b) {
    return taskCosts.lookup(a.op) > taskCosts.lookup(b.op);
  });
}

llvm::SmallVector<SharedKernel *, 0> FunctionEmitter::missingKernels() const {
  llvm::SetVector<SharedKernel *> missing;
  for (const Wave &wave : waves)
    for (const Launch &launch : wave.launches)
      if (!launch.kernel->isEmitted())
        missing.insert(launch.kernel);
  return missing.takeVector();
}

int64_t FunctionEmitter::scratchBytes() const {
  int64_t most = 0;
  for (const Wave &wave : waves)
    for (const Launch &launch : wave.launches)
      most = std::max(most, launch.kernel->scratchBytes());
  return most;
}

std::vector<size_t> FunctionEmitter::wavesOfKernels() const {
  std::vector<size_t> result;
  for (auto [number, wave] : llvm::enumerate(waves))
    for (const Launch &launch : wave.launches) {
      result.resize(std::max(result.size(), launch.position + 1));
      result[launch.position] = number;
    }
  return result;
}

template <typename Pointer> static llvm::Value *addressOf(llvm::IRBuilder<> &b, Pointer *pointer) {
  return b.CreateIntToPtr(b.getInt64(reinterpret_cast<uintptr_t>(pointer)), b.getPtrTy());
}

llvm::Value *FunctionEmitter::emitClock(llvm::IRBuilder<> &b) {
  if (!profile)
    return nullptr;
  auto *type = llvm::FunctionType::get(b.getInt64Ty(), false);
  return b.CreateCall(type, addressOf(b, &profileClock));
}

void FunctionEmitter::emitReport(llvm::IRBuilder<> &b,
                                 void (*report)(FunctionProfile *, uint32_t, int64_t),
                                 size_t number, llvm::Value *begin) {
  if (!profile)
    return;
  auto *type =
      llvm::FunctionType::get(b.getVoidTy(), {b.getPtrTy(), b.getInt32Ty(), b.getInt64Ty()}, false);
  b.CreateCall(type, addressOf(b, report), {addressOf(b, profile), b.getInt32(number), begin});
}

/// Says in LLVM IR text which layer an instruction belongs to; it changes no code.
static void setLayer(llvm::Instruction &instruction, const std::string &layer) {
  if (layer.empty())
    return;
  llvm::LLVMContext &context = instruction.getContext();
  instruction.setMetadata("layer", llvm::MDNode::get(context, llvm::MDString::get(context, layer)));
}

/// Runs a task of a kernel. Kernels are named by their contents; the call names the layer.
void FunctionEmitter::emitLaunch(llvm::IRBuilder<> &b, llvm::Function *wave, const Launch &launch,
                                 llvm::Value *task, llvm::Value *scratch) {
  llvm::Module &module = *wave->getParent();
  llvm::FunctionCallee kernel =
      module.getOrInsertFunction(launch.kernel->name(), kernelType(module.getContext()));
  llvm::Value *begin = emitClock(b);
  llvm::CallInst *call = b.CreateCall(
      kernel, {wave->getArg(0), task,
               emitBindings(b, launch.bindings, launch.steps, wave->getArg(0)), scratch});
  setLayer(*call, ir::layerOf(ir::KernelOp(launch.op).getLoc()));
  emitReport(b, &profileTask, launch.position, begin);
}

/// A wave's task function: finds the kernel that the task number belongs to.
llvm::Function *FunctionEmitter::emitWave(llvm::Module &module, const Wave &wave, size_t number) {
  llvm::IRBuilder<> b(module.getContext());
  auto *type =
      llvm::FunctionType::get(b.getVoidTy(), {b.getPtrTy(), b.getInt32Ty(), b.getInt32Ty()}, false);
  auto *result = llvm::Function::Create(type, llvm::GlobalValue::InternalLinkage,
                                        name + ".wave" + std::to_string(number), module);
  setTargetAttributes(*result, library.target());
  b.SetInsertPoint(llvm::BasicBlock::Create(module.getContext(), "entry", result));
  FloatMode mode(b);
  llvm::Value *context = result->getArg(0), *task = result->getArg(1);
  llvm::Value *scratch = scratchBytes() > 0 ? emitScratchOf(b, context, result->getArg(2))
                                            : llvm::ConstantPointerNull::get(b.getPtrTy());
  llvm::Value *rows = b.CreateLoad(
      b.getInt64Ty(), b.CreateStructGEP(contextType(module.getContext()), context, kContextRows));
  auto *done = llvm::BasicBlock::Create(module.getContext(), "done", result);
  for (const Launch &launch : wave.launches) {
    llvm::Value *count = b.CreateTrunc(launch.kernel->emitTaskCount(b, rows), b.getInt32Ty());
    auto *run = llvm::BasicBlock::Create(module.getContext(), "run", result);
    auto *next = llvm::BasicBlock::Create(module.getContext(), "next", result);
    b.CreateCondBr(b.CreateICmpULT(task, count), run, next);
    b.SetInsertPoint(run);
    emitLaunch(b, result, launch, task, scratch);
    b.CreateBr(done);
    b.SetInsertPoint(next);
    task = b.CreateSub(task, count);
  }
  b.CreateBr(done);
  b.SetInsertPoint(done);
  mode.restore();
  b.CreateRetVoid();
  return result;
}

void FunctionEmitter::emitChecks(llvm::IRBuilder<> &b, llvm::Function *entry) {
  llvm::Value *state = entry->getArg(kEntryState), *workspace = entry->getArg(kEntryWorkspace);
  emitRequireNotNull(b, state);
  emitRequireAligned(b, state);
  if (arenaBytes > 0) {
    emitRequireNotNull(b, workspace);
    emitRequireAligned(b, workspace);
  }
  emitRequireRows(b, entry->getArg(kEntryRows), batchSize);
}

/// The slots besides the caller's must have as much scratch memory as kernels take.
void FunctionEmitter::emitRequireScratch(llvm::IRBuilder<> &b, const EnvironmentReader &env) {
  int64_t needed = scratchBytes();
  if (needed == 0)
    return;
  llvm::Value *address = b.CreatePtrToInt(env.scratch, b.getInt64Ty());
  llvm::Value *low =
      b.CreateAnd(b.CreateOr(address, env.scratchBytes), b.getInt64(passes::kBufferAlignment - 1));
  llvm::Value *fits = b.CreateAnd(b.CreateIsNotNull(env.scratch),
                                  b.CreateICmpUGE(env.scratchBytes, b.getInt64(needed)));
  fits = b.CreateAnd(fits, b.CreateICmpEQ(low, b.getInt64(0)));
  llvm::Value *isAlone =
      b.CreateOr(b.CreateIsNull(env.parallelFor), b.CreateICmpULE(env.slots, b.getInt32(1)));
  emitReturnUnless(b, b.CreateOr(isAlone, fits), LAMINA_ERROR_SCRATCH);
}

void FunctionEmitter::emitRunWave(llvm::IRBuilder<> &b, const EnvironmentReader &env,
                                  const Wave &wave, llvm::Function *waveFunction,
                                  llvm::Value *context, llvm::Value *rows) {
  llvm::Value *count = b.getInt64(0);
  for (const Launch &launch : wave.launches)
    count = b.CreateAdd(count, launch.kernel->emitTaskCount(b, rows));
  auto runHere = [&] {
    emitLoop(b, b.getInt64(0), count, 1, [&](llvm::Value *task) {
      b.CreateCall(waveFunction, {context, b.CreateTrunc(task, b.getInt32Ty()), b.getInt32(0)});
    });
  };
  if (wave.cost < kSerialCycles) {
    runHere();
    return;
  }
  llvm::Value *several = b.CreateICmpSGT(count, b.getInt64(1));
  emitIf(
      b, b.CreateAnd(b.CreateIsNotNull(env.parallelFor), several),
      [&] {
        auto *type = llvm::FunctionType::get(
            b.getVoidTy(), {b.getPtrTy(), b.getPtrTy(), b.getPtrTy(), b.getInt32Ty()}, false);
        b.CreateCall(type, env.parallelFor,
                     {env.pool, waveFunction, context, b.CreateTrunc(count, b.getInt32Ty())});
      },
      runHere);
}

void FunctionEmitter::emitNodes(llvm::IRBuilder<> &b, const EntryValues &entry,
                                llvm::ArrayRef<Node> nodes, size_t depth) {
  for (const Node &node : nodes) {
    if (node.trips > 0) {
      emitLoop(b, b.getInt64(0), b.getInt64(node.trips), 1, [&](llvm::Value *iteration) {
        b.CreateStore(iteration,
                      b.CreateConstInBoundsGEP1_64(b.getInt64Ty(), entry.iterations, depth));
        emitNodes(b, entry, node.body, depth + 1);
      });
      continue;
    }
    llvm::Value *begin = emitClock(b);
    emitRunWave(b, entry.env, waves[node.wave], entry.waveFunctions[node.wave], entry.context,
                entry.rows);
    emitReport(b, &profileWave, node.wave, begin);
  }
}

llvm::Function *FunctionEmitter::emitEntry(llvm::Module &module) {
  std::vector<llvm::Function *> waveFunctions;
  for (auto [number, wave] : llvm::enumerate(waves))
    waveFunctions.push_back(emitWave(module, wave, number));
  llvm::IRBuilder<> b(module.getContext());
  auto *entry =
      llvm::Function::Create(entryType(b), llvm::GlobalValue::ExternalLinkage, name, module);
  setTargetAttributes(*entry, library.target());
  b.SetInsertPoint(llvm::BasicBlock::Create(module.getContext(), "entry", entry));
  emitChecks(b, entry);
  EnvironmentReader env(b, entry->getArg(kEntryEnv));
  emitRequireScratch(b, env);
  llvm::StructType *type = contextType(module.getContext());
  llvm::Value *context = b.CreateAlloca(type);
  llvm::Value *iterations = b.CreateAlloca(b.getInt64Ty(), b.getInt64(mostLoops));
  llvm::Value *rows = b.CreateZExt(entry->getArg(kEntryRows), b.getInt64Ty());
  const std::pair<ContextField, llvm::Value *> fields[] = {
      {kContextState, entry->getArg(kEntryState)},
      {kContextArena, entry->getArg(kEntryWorkspace)},
      {kContextArguments, entry->getArg(kEntryArguments)},
      {kContextResults, entry->getArg(kEntryResults)},
      {kContextRows, rows},
      {kContextScratch, entry->getArg(kEntryScratch)},
      {kContextTeamScratch, env.scratch},
      {kContextScratchStride, env.scratchBytes},
      {kContextIterations, iterations}};
  for (auto [field, value] : fields)
    b.CreateStore(value, b.CreateStructGEP(type, context, field));
  emitNodes(b, {env, context, rows, iterations, waveFunctions}, program, 0);
  b.CreateRet(b.getInt32(LAMINA_OK));
  return entry;
}

llvm::Function *FunctionEmitter::emitAll(llvm::Module &module) {
  for (SharedKernel *kernel : missingKernels())
    kernel->emit(module);
  return emitEntry(module);
}

} // namespace lamina::codegen
