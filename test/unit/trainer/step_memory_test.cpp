// A compiled step takes the memory that was planned and told before, all of it and no more.
#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <new>

#include <gtest/gtest.h>
#include <sys/mman.h>

#include "codegen/driver.h"
#include "frontend/files/models/keras_file.h"
#include "frontend/keras/import.h"
#include "mlir/IR/MLIRContext.h"
#include "passes/memory/plan.h"
#include "support/sanitizer.h"
#include "trainer/model_runner.h"

namespace {
std::atomic<uint64_t> allocations = 0;
} // namespace

#ifndef LAMINA_SANITIZED
// Every allocation of this process is counted; glibc's own functions do the work.
extern "C" {
void *__libc_malloc(size_t bytes);
void *__libc_calloc(size_t count, size_t bytes);
void *__libc_realloc(void *memory, size_t bytes);
void *__libc_memalign(size_t alignment, size_t bytes);

void *malloc(size_t bytes) {
  ++allocations;
  return __libc_malloc(bytes);
}
void *calloc(size_t count, size_t bytes) {
  ++allocations;
  return __libc_calloc(count, bytes);
}
void *realloc(void *memory, size_t bytes) {
  ++allocations;
  return __libc_realloc(memory, bytes);
}
void *aligned_alloc(size_t alignment, size_t bytes) {
  ++allocations;
  return __libc_memalign(alignment, bytes);
}
}
#endif

namespace lamina::trainer {
namespace {

using codegen::Signature;
using codegen::TensorSpec;

constexpr int64_t kBatchSize = 32;

/// A model of examples/, compiled, and arrays for one batch of it.
class CompiledExample {
public:
  explicit CompiledExample(const std::string &name) {
    frontend::KerasFile file = frontend::readKerasFile(name);
    frontend::ImportOptions import;
    import.batchSize = kBatchSize;
    module = frontend::importModel(context, file, import);
    codegen::CompileOptions options;
    codegen::lower(*module, passes::Stage::Memory, options);
    model = codegen::compileJit(*module, options);
    for (const TensorSpec &input : model->signature().inputs)
      inputs.push_back(add(input));
    for (const TensorSpec &target : model->signature().targets)
      targets.push_back(add(target));
  }

  const Signature &signature() const { return model->signature(); }
  Batch batch() const { return {kBatchSize, inputs.data(), targets.data()}; }
  passes::MemoryPlan plan(llvm::StringRef function) {
    return passes::describeArena(module->lookupSymbol<mlir::func::FuncOp>(function));
  }

  mlir::MLIRContext context{mlir::MLIRContext::Threading::DISABLED};
  mlir::OwningOpRef<mlir::ModuleOp> module;
  std::unique_ptr<codegen::CompiledModel> model;

private:
  /// Zeros: pixels, or labels of the first class.
  const void *add(const TensorSpec &spec) {
    std::vector<int64_t> shape = spec.shape;
    for (int64_t &extent : shape)
      extent = extent < 0 ? kBatchSize : extent;
    return arrays.emplace_back(frontend::makeArray(spec.type, shape)).bytes.data();
  }

  std::vector<frontend::Array> arrays;
  std::vector<const void *> inputs, targets;
};

class StepMemory : public testing::TestWithParam<std::string> {};

TEST_P(StepMemory, AllocatesNothing) {
#ifdef LAMINA_SANITIZED
  GTEST_SKIP() << "sanitizers have allocators of their own";
#endif
  CompiledExample example(GetParam());
  ThreadPool pool(2);
  ModelRunner runner(GetParam(), *example.model, pool.env());
  runner.initialize(1);
  BatchLogs trainLogs = runner.makeBatchLogs(example.signature().trainLogs);
  BatchLogs evaluateLogs = runner.makeBatchLogs(example.signature().evaluateLogs);
  Batch batch = example.batch();
  std::vector<float> outputs(kBatchSize * example.signature().outputs.at(0).shape.back());
  void *results[] = {outputs.data()};
  auto all = [&] {
    runner.trainStep(batch, trainLogs);
    runner.evaluateStep(batch, evaluateLogs);
    runner.predictStep(batch, results);
  };
  uint64_t before = allocations;
  all(); // compiles each function
  EXPECT_GT(allocations, before) << "allocations are not counted";
  before = allocations;
  for (int step = 0; step < 20; ++step)
    all();
  EXPECT_EQ(allocations, before);
}

/// Pages of its own between two that nobody may touch, filled with a pattern.
class GuardedPages {
public:
  explicit GuardedPages(size_t bytes) : size(bytes) {
    base = static_cast<char *>(mmap(nullptr, size + 2 * passes::kPageBytes, PROT_NONE,
                                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    if (base == MAP_FAILED || mprotect(data(), size, PROT_READ | PROT_WRITE) != 0)
      throw std::bad_alloc();
  }
  ~GuardedPages() { munmap(base, size + 2 * passes::kPageBytes); }
  GuardedPages(const GuardedPages &) = delete;
  char *data() { return base + passes::kPageBytes; }
  void fill(char pattern) { std::memset(data(), pattern, size); }

  const size_t size;

private:
  char *base;
};

/// Which bytes of its workspace a training step writes: those that two patterns do not survive.
std::vector<bool> bytesWritten(const CompiledExample &example) {
  const Signature &signature = example.signature();
  std::vector<bool> isWritten(signature.workspaceBytes);
  Batch batch = example.batch();
  std::vector<float> logs(signature.trainLogs.size()), sums(signature.sums + 1);
  codegen::StepArrays arrays{
      .inputs = batch.inputs, .targets = batch.targets, .logs = logs.data(), .sums = sums.data()};
  for (char pattern : {'\x55', '\x2a'}) {
    GuardedPages state(signature.stateBytes), workspace(signature.workspaceBytes);
    EXPECT_EQ(example.model->init(state.data(), 1), LAMINA_OK);
    workspace.fill(pattern);
    EXPECT_EQ(example.model->trainStep(nullptr, state.data(), workspace.data(), kBatchSize, arrays),
              LAMINA_OK);
    for (size_t i = 0; i < workspace.size; ++i)
      isWritten[i] = isWritten[i] || workspace.data()[i] != pattern;
  }
  return isWritten;
}

TEST_P(StepMemory, IsAsPlanned) {
  CompiledExample example(GetParam());
  passes::MemoryPlan plan = example.plan("train_step");
  ASSERT_GT(plan.arenaBytes, 0);
  // The workspace is the largest arena of a function, in whole pages.
  int64_t largest = 0;
  for (auto function : example.module->getOps<mlir::func::FuncOp>())
    largest = std::max(largest, passes::describeArena(function).arenaBytes);
  EXPECT_EQ(static_cast<int64_t>(example.signature().workspaceBytes),
            (largest + passes::kPageBytes - 1) / passes::kPageBytes * passes::kPageBytes);

  std::vector<bool> isWritten = bytesWritten(example);
  auto arenaEnd = isWritten.begin() + plan.arenaBytes;
  EXPECT_EQ(std::find(arenaEnd, isWritten.end(), true), isWritten.end())
      << "written behind the plan";
  // Every buffer of the plan is written to its last element; only what aligns them is not.
  std::vector<bool> isPlanned(isWritten.size());
  for (const passes::PlannedBuffer &buffer : plan.buffers)
    std::fill_n(isPlanned.begin() + buffer.offset, buffer.bytes, true);
  int64_t planned = std::count(isPlanned.begin(), isPlanned.end(), true);
  int64_t wasted = 0, surplus = 0;
  for (size_t i = 0; i < isWritten.size(); ++i) {
    wasted += isPlanned[i] && !isWritten[i];
    surplus += !isPlanned[i] && isWritten[i];
  }
  EXPECT_EQ(surplus, 0) << "bytes are written that were not planned";
  EXPECT_LE(wasted, planned / 100);
  EXPECT_GE(planned + static_cast<int64_t>(plan.buffers.size()) * 2 * passes::kBufferSlack,
            plan.arenaBytes);
}

/// The examples, and the model that LAMINA_TEST_MODEL names.
std::vector<std::string> modelFiles() {
  std::vector<std::string> files;
  for (const char *name : {"digits", "digits_cnn", "digits_branches"})
    files.push_back(std::string(LAMINA_EXAMPLES "/digits/") + name + ".keras");
  if (const char *other = std::getenv("LAMINA_TEST_MODEL"))
    files.push_back(other);
  return files;
}

INSTANTIATE_TEST_SUITE_P(Models, StepMemory, testing::ValuesIn(modelFiles()), [](const auto &info) {
  return std::filesystem::path(info.param).stem().string();
});

} // namespace
} // namespace lamina::trainer
