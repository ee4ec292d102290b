#include "codegen/functions/function_emitter.h"

#include <numeric>

#include "codegen/first_error.h"
#include "codegen/functions/call_checks.h"
#include "codegen/kernels/scratch.h"
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
/// Optimizing a small kernel takes about this long.
constexpr int64_t kCompileCycles = 3'000'000;
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

FunctionEmitter::FunctionEmitter(func::FuncOp function, std::string name, const TargetSpec &target,
                                 bool runsOnce)
    : function(function), name(std::move(name)), target(target), runsOnce(runsOnce),
      batchSize(ir::getBatchSize(function->getParentOfType<ModuleOp>())) {
  auto arena = function->getAttrOfType<IntegerAttr>(passes::kArenaBytesAttr);
  arenaBytes = arena ? arena.getInt() : 0;
  program = collectKernels(readFunction(function));
  for (Wave &wave : waves)
    putLongTasksFirst(wave);
}

FunctionEmitter::~FunctionEmitter() = default;

size_t FunctionEmitter::findOrAddKernel(KernelJob job) {
  auto [entry, isNew] = kernelsByKey.try_emplace(job.key(), emitters.size());
  if (isNew) {
    job.name = name + ".kernel" + std::to_string(emitters.size());
    kernelNames.push_back(job.name);
    ir::Schedule schedule = *job.kernel.getSchedule();
    kernelCosts.push_back(schedule.getCost());
    int64_t operations = std::distance(job.kernel.getBlock().begin(), job.kernel.getBlock().end());
    codeSizes.push_back(operations * schedule.getTileSize());
    emitters.push_back(KernelEmitter::create(job, target));
  }
  return entry->second;
}

/// How many loops are around the one that `op` is.
static size_t depthOf(Operation *op) {
  size_t depth = 0;
  while ((op = op->getParentOfType<ir::ScanOp>()))
    ++depth;
  return depth;
}

FunctionEmitter::Launch FunctionEmitter::makeLaunch(ir::KernelOp kernel) {
  KernelJob job{kernel, "", {}, {}, batchSize};
  Launch launch;
  auto add = [&](Value value, std::vector<KernelArgument> &arguments) {
    passes::MemoryLocation location = passes::locationOf(value, function);
    arguments.push_back({location.space, location.offset, location.layout});
    std::vector<AddressStep> &steps = launch.steps.emplace_back();
    for (const passes::MemoryStep &step : location.steps)
      steps.push_back({depthOf(step.loop), step.bytes, step.modulus});
  };
  for (Value input : kernel.getInputs())
    add(input, job.inputs);
  for (Value output : kernel.getOutputs())
    add(output, job.outputs);
  launch.bindings = job.bindings();
  launch.position = launchCount++;
  launch.kernel = findOrAddKernel(std::move(job));
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
      mostLoops = std::max(mostLoops, depthOf(scan) + 1);
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
  llvm::DenseMap<size_t, int64_t> taskCosts;
  for (const Launch &launch : wave.launches) {
    llvm::Value *count = emitters[launch.kernel]->emitTaskCount(b, b.getInt64(batchSize));
    int64_t tasks = std::max<int64_t>(1, constantOf(count).value_or(1));
    taskCosts[launch.kernel] = kernelCosts[launch.kernel] / tasks;
  }
  llvm::stable_sort(wave.launches, [&](const Launch &a, const Launch &b) {
    return taskCosts.lookup(a.kernel) > taskCosts.lookup(b.kernel);
  });
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

/// A constant table of a launch's offsets.
static llvm::Constant *emitTable(llvm::Module &module, llvm::ArrayRef<int64_t> bindings) {
  llvm::SmallVector<uint64_t> words(bindings.begin(), bindings.end());
  return addConstant(module, llvm::ConstantDataArray::get(module.getContext(), words), "bindings");
}

/// An address's distance from where it is in the first iterations of the loops around it.
static llvm::Value *emitDistance(llvm::IRBuilder<> &b, llvm::ArrayRef<AddressStep> steps,
                                 llvm::Value *iterations) {
  llvm::Type *word = b.getInt64Ty();
  llvm::Value *distance = b.getInt64(0);
  for (const AddressStep &step : steps) {
    llvm::Value *iteration =
        b.CreateLoad(word, b.CreateConstInBoundsGEP1_64(word, iterations, step.depth));
    if (step.modulus)
      iteration = b.CreateURem(iteration, b.getInt64(step.modulus));
    distance = b.CreateAdd(distance, b.CreateMul(iteration, b.getInt64(step.bytes)));
  }
  return distance;
}

/// The offsets of a launch: a constant table, or in a loop one on the stack.
llvm::Value *FunctionEmitter::emitBindings(llvm::IRBuilder<> &b, const Launch &launch,
                                           llvm::Value *context) {
  if (llvm::all_of(launch.steps, [](const auto &steps) { return steps.empty(); }))
    return emitTable(*b.GetInsertBlock()->getModule(), launch.bindings);
  llvm::Type *word = b.getInt64Ty();
  llvm::BasicBlock &first = b.GetInsertBlock()->getParent()->getEntryBlock();
  llvm::IRBuilder<> atEntry(&first, first.begin());
  llvm::Value *table = atEntry.CreateAlloca(word, b.getInt64(launch.bindings.size()));
  llvm::Value *field = b.CreateStructGEP(contextType(b.getContext()), context, kContextIterations);
  llvm::Value *iterations = b.CreateLoad(b.getPtrTy(), field);
  for (auto [index, binding] : llvm::enumerate(launch.bindings)) {
    llvm::Value *distance = emitDistance(b, launch.steps[index], iterations);
    b.CreateStore(b.CreateAdd(b.getInt64(binding), distance),
                  b.CreateConstInBoundsGEP1_64(word, table, index));
  }
  return table;
}

void FunctionEmitter::emitKernel(llvm::Module &module, size_t index) {
  llvm::Function *kernel = emitters[index]->emit(module);
  mostScratch = std::max(mostScratch, getScratchBytes(*kernel));
  if (runsOnce && kernelCosts[index] < kCompileCycles) {
    kernel->addFnAttr(llvm::Attribute::OptimizeNone);
    kernel->addFnAttr(llvm::Attribute::NoInline);
  }
}

/// A wave's task function: finds the kernel that the task number belongs to.
llvm::Function *FunctionEmitter::emitWave(llvm::Module &module, const Wave &wave, size_t number) {
  llvm::IRBuilder<> b(module.getContext());
  auto *type =
      llvm::FunctionType::get(b.getVoidTy(), {b.getPtrTy(), b.getInt32Ty(), b.getInt32Ty()}, false);
  auto *result = llvm::Function::Create(type, llvm::GlobalValue::InternalLinkage,
                                        name + ".wave" + std::to_string(number), module);
  setTargetAttributes(*result, target);
  b.SetInsertPoint(llvm::BasicBlock::Create(module.getContext(), "entry", result));
  FloatMode mode(b);
  llvm::Value *context = result->getArg(0), *task = result->getArg(1);
  llvm::Value *scratch = mostScratch > 0 ? emitScratchOf(b, context, result->getArg(2))
                                         : llvm::ConstantPointerNull::get(b.getPtrTy());
  llvm::Value *rows = b.CreateLoad(
      b.getInt64Ty(), b.CreateStructGEP(contextType(module.getContext()), context, kContextRows));
  auto *done = llvm::BasicBlock::Create(module.getContext(), "done", result);
  for (const Launch &launch : wave.launches) {
    llvm::FunctionCallee kernel =
        module.getOrInsertFunction(kernelNames[launch.kernel], kernelType(module.getContext()));
    llvm::Value *count =
        b.CreateTrunc(emitters[launch.kernel]->emitTaskCount(b, rows), b.getInt32Ty());
    auto *run = llvm::BasicBlock::Create(module.getContext(), "run", result);
    auto *next = llvm::BasicBlock::Create(module.getContext(), "next", result);
    b.CreateCondBr(b.CreateICmpULT(task, count), run, next);
    b.SetInsertPoint(run);
    llvm::Value *begin = emitClock(b);
    b.CreateCall(kernel, {context, task, emitBindings(b, launch, context), scratch});
    emitReport(b, &profileTask, launch.position, begin);
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
  if (mostScratch == 0)
    return;
  llvm::Value *address = b.CreatePtrToInt(env.scratch, b.getInt64Ty());
  llvm::Value *low =
      b.CreateAnd(b.CreateOr(address, env.scratchBytes), b.getInt64(passes::kBufferAlignment - 1));
  llvm::Value *fits = b.CreateAnd(b.CreateIsNotNull(env.scratch),
                                  b.CreateICmpUGE(env.scratchBytes, b.getInt64(mostScratch)));
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
    count = b.CreateAdd(count, emitters[launch.kernel]->emitTaskCount(b, rows));
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
  setTargetAttributes(*entry, target);
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

} // namespace lamina::codegen
