// Runs compiled functions of single modules for comparison with the interpreter.
#include "test/random_graph/compiled_runner.h"

#include <cstring>
#include <functional>
#include <memory>

#include <gtest/gtest.h>
#include <pthread.h>
#include <unistd.h>

#include "codegen/driver.h"
#include "codegen/jit/jit_functions.h"
#include "ir/module.h"
#include "passes/memory/plan.h"
#include "passes/schedule/schedule.h"
#include "support/error.h"
#include "support/sanitizer.h"

using namespace mlir;
using namespace lamina::ir;

namespace lamina::test {
namespace {

/// Bytes behind every result that compiled code must leave alone.
constexpr size_t kGuard = 256;
constexpr unsigned char kGuardByte = 0xa5;

using Results = std::vector<std::vector<unsigned char>>;

/// A parallel-for that runs tasks from the last to the first: an order that no real one has.
void runBackwards(void *, void (*task)(void *, uint32_t, uint32_t), void *context, uint32_t count) {
  for (uint32_t index = count; index > 0; --index)
    task(context, index - 1, /*slot=*/0);
}

/// Runs `action` on a thread whose stack has room for what compiled functions say they take
/// (docs/compiled-objects.md) and little more; an access beyond ends the process.
void runOnSmallStack(const std::function<void()> &action) {
#ifdef LAMINA_SANITIZED
  action(); // sanitizers have frames of their own
#else
  constexpr size_t kTold = 16 << 10, kOfThread = 16 << 10;
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  EXPECT_EQ(
      pthread_attr_setstacksize(&attributes, static_cast<size_t>(sysconf(_SC_THREAD_STACK_MIN)) +
                                                 kTold + kOfThread),
      0);
  pthread_t thread;
  auto run = [](void *opaque) -> void * {
    (*static_cast<const std::function<void()> *>(opaque))();
    return nullptr;
  };
  ASSERT_EQ(pthread_create(&thread, &attributes, run, const_cast<std::function<void()> *>(&action)),
            0);
  pthread_join(thread, nullptr);
  pthread_attr_destroy(&attributes);
#endif
}

/// Tasks on three threads.
lamina_env threads() {
  static const std::unique_ptr<lamina_pool, void (*)(lamina_pool *)> pool(lamina_pool_create(3),
                                                                          lamina_pool_destroy);
  return lamina_pool_env(pool.get());
}

std::vector<char> alignedBytes(size_t bytes) {
  return std::vector<char>(bytes + 4096);
}
void *align(std::vector<char> &bytes) {
  void *pointer = bytes.data();
  size_t space = bytes.size();
  return std::align(4096, 1, pointer, space);
}

/// Copies elements between a dense array with `rows` rows and memory laid out for a full batch,
/// which is how compiled code sees tensors whose row dimension is not the first.
template <typename Copy>
void forEachElement(RankedTensorType type, int64_t rows, int64_t batchSize, Copy copy) {
  llvm::SmallVector<int64_t> shape(concreteShape(type, rows));
  llvm::SmallVector<int64_t> strides = rowMajorStrides(concreteShape(type, batchSize));
  int64_t dense = 0;
  forEachIndex(shape, [&](ArrayRef<int64_t> index) {
    int64_t place = 0;
    for (auto [i, stride] : llvm::zip(index, strides))
      place += i * stride;
    copy(dense++, place);
  });
}

size_t fullBytes(RankedTensorType type, int64_t batchSize) {
  return passes::getBufferBytes(type, batchSize);
}

std::vector<unsigned char> spread(const HostTensor &tensor, RankedTensorType type, int64_t rows,
                                  int64_t batchSize) {
  std::vector<unsigned char> bytes(fullBytes(type, batchSize));
  size_t width = byteWidth(tensor.type());
  forEachElement(type, rows, batchSize, [&](int64_t dense, int64_t place) {
    std::memcpy(&bytes[place * width], tensor.raw().data() + dense * width, width);
  });
  return bytes;
}

HostTensor gather(ArrayRef<unsigned char> bytes, RankedTensorType type, int64_t rows,
                  int64_t batchSize) {
  HostTensor tensor(toElementType(type.getElementType()), concreteShape(type, rows));
  visitElementType(tensor.type(), [&]<typename T>(std::type_identity<T>) {
    llvm::MutableArrayRef<T> elements = tensor.elements<T>();
    forEachElement(type, rows, batchSize, [&](int64_t dense, int64_t place) {
      std::memcpy(&elements[dense], &bytes[place * sizeof(T)], sizeof(T));
    });
  });
  return tensor;
}

/// Calls @main of a module of the memory stage; false when a guard was overwritten.
bool run(const codegen::JitFunctions &functions, ModuleOp module, const lamina_env *env,
         ArrayRef<HostTensor> arguments, int64_t rows, Results &results) {
  auto main = module.lookupSymbol<func::FuncOp>("main");
  int64_t batchSize = getBatchSize(module);
  auto workspaceBytes = module->getAttrOfType<IntegerAttr>(passes::kWorkspaceBytesAttr).getInt();
  std::vector<char> workspace = alignedBytes(workspaceBytes), state = alignedBytes(4096);
  Results inputs;
  results.clear();
  std::vector<const void *> inputPointers;
  std::vector<void *> outputPointers;
  for (auto [argument, type] : llvm::zip(arguments, main.getArgumentTypes()))
    inputs.push_back(spread(argument, cast<RankedTensorType>(type), rows, batchSize));
  for (Type type : main.getResultTypes())
    results.emplace_back(fullBytes(cast<RankedTensorType>(type), batchSize) + kGuard, kGuardByte);
  for (auto &input : inputs)
    inputPointers.push_back(input.data());
  for (auto &result : results)
    outputPointers.push_back(result.data());
  const codegen::JitFunction &compiled = functions.find("main");
  compiled.compile();
  int status = -1;
  runOnSmallStack([&] {
    status = compiled(env, align(state), align(workspace), static_cast<uint32_t>(rows),
                      inputPointers.data(), outputPointers.data());
  });
  EXPECT_EQ(status, LAMINA_OK);
  return llvm::all_of(results, [](const std::vector<unsigned char> &result) {
    return std::all_of(result.end() - kGuard, result.end(),
                       [](unsigned char byte) { return byte == kGuardByte; });
  });
}

llvm::Error overwrittenGuard() {
  return llvm::createStringError("compiled code wrote behind the end of a result");
}

std::vector<HostTensor> gatherAll(ModuleOp module, const Results &results, int64_t rows) {
  std::vector<HostTensor> tensors;
  for (auto [type, bytes] :
       llvm::zip(module.lookupSymbol<func::FuncOp>("main").getResultTypes(), results))
    tensors.push_back(gather(bytes, cast<RankedTensorType>(type), rows, getBatchSize(module)));
  return tensors;
}

/// Gives every kernel one of its other schedules; kernels take turns with theirs. False where there
/// are none.
bool takeOtherSchedules(ModuleOp module, ArrayRef<Schedule> chosen,
                        const passes::VectorTarget &target, size_t round) {
  bool changed = false;
  size_t index = 0;
  module.walk([&](KernelOp kernel) {
    kernel.setScheduleAttr(chosen[index]);
    auto others = passes::equivalentSchedules(kernel, getBatchSize(module), target);
    if (!others.empty()) {
      kernel.setScheduleAttr(others[(round + index) % others.size()]);
      changed = true;
    }
    ++index;
  });
  return changed;
}

/// Rounds of other schedules.
constexpr size_t kRounds = 3;

} // namespace

Runner compiledFor(const std::string &targetName, bool optimize, bool winograd) {
  return [=](ModuleOp module, ArrayRef<HostTensor> arguments,
             int64_t rows) -> llvm::Expected<std::vector<HostTensor>> {
    codegen::CompileOptions options;
    options.target = codegen::targetFromName(targetName);
    options.passes.simplify = options.passes.contract = options.passes.layout =
        options.passes.fuse = optimize;
    options.passes.winograd = winograd;
    options.passes.verifyMemory = true;
    codegen::lower(module, passes::Stage::Memory, options);
    codegen::JitFunctions functions(module, options.target, 2);
    Results alone;
    if (!run(functions, module, nullptr, arguments, rows, alone))
      return overwrittenGuard();
    const lamina_env backwards{.abi_version = LAMINA_ABI_VERSION,
                               .struct_size = sizeof(lamina_env),
                               .parallel_for_slots = runBackwards,
                               .slots = 1};
    for (const lamina_env &env : {backwards, threads()}) {
      Results results;
      if (!run(functions, module, &env, arguments, rows, results))
        return overwrittenGuard();
      if (alone != results)
        return llvm::createStringError("the order of tasks changes the result");
    }
    return gatherAll(module, alone, rows);
  };
}

Runner compiledWithOtherSchedules(const std::string &targetName) {
  return [=](ModuleOp module, ArrayRef<HostTensor> arguments,
             int64_t rows) -> llvm::Expected<std::vector<HostTensor>> {
    codegen::CompileOptions options;
    options.target = codegen::targetFromName(targetName);
    codegen::lower(module, passes::Stage::Memory, options);
    passes::VectorTarget target{options.target.vectorLanes(sizeof(float)),
                                options.target.vectorRegisters};
    std::vector<Schedule> chosen;
    module.walk([&](KernelOp kernel) { chosen.push_back(*kernel.getSchedule()); });
    Results expected;
    if (!run(codegen::JitFunctions(module, options.target, 2), module, nullptr, arguments, rows,
             expected))
      return overwrittenGuard();
    for (size_t round = 0; round < kRounds; ++round) {
      if (!takeOtherSchedules(module, chosen, target, round))
        break;
      Results results;
      if (!run(codegen::JitFunctions(module, options.target, 2), module, nullptr, arguments, rows,
               results))
        return overwrittenGuard();
      if (results != expected)
        return llvm::createStringError("another schedule changes the result");
    }
    return gatherAll(module, expected, rows);
  };
}

Runner compiledWithinLimits(const std::string &targetName, bool optimize, size_t &recomputed) {
  return [=, &recomputed](ModuleOp module, ArrayRef<HostTensor> arguments,
                          int64_t rows) -> llvm::Expected<std::vector<HostTensor>> {
    codegen::CompileOptions options;
    options.target = codegen::targetFromName(targetName);
    options.passes.fuse = optimize;
    options.passes.verifyMemory = true;
    OwningOpRef<ModuleOp> original = module.clone();
    codegen::lower(module, passes::Stage::Memory, options);
    Results expected, results;
    if (!run(codegen::JitFunctions(module, options.target, 2), module, nullptr, arguments, rows,
             expected))
      return overwrittenGuard();
    auto main = module.lookupSymbol<func::FuncOp>("main");
    int64_t needed = main->getAttrOfType<IntegerAttr>(passes::kArenaBytesAttr).getInt();
    for (int64_t share = 90; share >= 30 && needed > 0; share -= 20) {
      options.passes.memoryLimit = needed * share / 100;
      OwningOpRef<ModuleOp> limited = original->clone();
      try {
        codegen::lower(*limited, passes::Stage::Memory, options);
      } catch (const UserError &) {
        break; // so little is not enough
      }
      ++recomputed;
      const lamina_env env = threads();
      if (!run(codegen::JitFunctions(*limited, options.target, 2), *limited, &env, arguments, rows,
               results))
        return overwrittenGuard();
      if (results != expected)
        return llvm::createStringError("less memory changes the result");
    }
    return gatherAll(module, expected, rows);
  };
}

} // namespace lamina::test
