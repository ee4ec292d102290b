// Compiled objects in the environments of their callers: versions, threads, scratch memory, stack.
#include "test/unit/codegen/digits_library.h"

#include <pthread.h>

#include "support/sanitizer.h"

namespace lamina::codegen {
namespace {

/// An environment as later versions may make it: it still serves functions from `minimum` on.
lamina_env environmentOf(uint32_t version, uint32_t minimum) {
  lamina_env env = {};
  env.abi_version = version;
  env.struct_size = sizeof env;
  env.minimum_abi_version = minimum;
  return env;
}

TEST_F(CompiledObjects, TakeLaterVersionsThatStillServeTheirOwn) {
  constexpr uint32_t own = LAMINA_ABI_VERSION;
  Rows rows(0);
  float logs[2];
  lamina_env fit[] = {environmentOf(own, own), environmentOf(own, 0), environmentOf(own + 1, own),
                      environmentOf(UINT32_MAX, 0)};
  lamina_env grown = environmentOf(own + 1, own);
  grown.struct_size += 64; // fields that are not known here
  for (const lamina_env &env : fit)
    EXPECT_EQ(step(rows, 64, logs, &env), LAMINA_OK) << env.abi_version;
  EXPECT_EQ(step(rows, 64, logs, &grown), LAMINA_OK);

  std::vector<char> before = library->data(state);
  lamina_env unsized = environmentOf(own + 1, own);
  unsized.struct_size = 0;
  lamina_env unfit[] = {environmentOf(own + 1, own + 1), environmentOf(own - 1, 0), unsized};
  for (const lamina_env &env : unfit)
    EXPECT_EQ(step(rows, 64, logs, &env), LAMINA_ERROR_ABI) << env.abi_version;
  EXPECT_EQ(library->data(state), before);
}

/// A parallel-for of a host: all tasks of its four threads, one thread after another.
void runByThread(void *, void (*task)(void *, uint32_t, uint32_t), void *context, uint32_t count) {
  for (uint32_t slot = 4; slot-- > 0;)
    for (uint32_t index = slot; index < count; index += 4)
      task(context, index, slot);
}

TEST_F(CompiledObjects, RunOnTheThreadsAndScratchMemoryOfAHost) {
  size_t bytes = library->object.scratchBytes;
  ASSERT_GT(bytes, 0u);
  EXPECT_EQ(bytes % 64, 0u);
  std::vector<unsigned char> memory(3 * bytes + 64 + 64, 0x5a);
  void *scratch = memory.data();
  size_t space = memory.size();
  std::align(64, 3 * bytes, scratch, space);
  lamina_env env = environmentOf(LAMINA_ABI_VERSION, LAMINA_ABI_VERSION);
  env.parallel_for_slots = runByThread;
  env.slots = 4;
  env.scratch = scratch;
  env.scratch_bytes = bytes;
  float with[2], without[2];
  ASSERT_EQ(step(Rows(2), 64, with, &env), LAMINA_OK);
  auto *begin = static_cast<unsigned char *>(scratch), *end = begin + 3 * bytes;
  EXPECT_FALSE(std::all_of(begin, end, [](unsigned char byte) { return byte == 0x5a; }));
  EXPECT_TRUE(std::all_of(end, memory.data() + memory.size(),
                          [](unsigned char byte) { return byte == 0x5a; }));
  ASSERT_EQ(library->init(state.data(), 3), LAMINA_OK);
  ASSERT_EQ(step(Rows(2), 64, without), LAMINA_OK);
  EXPECT_EQ(std::memcmp(with, without, sizeof with), 0);
}

TEST_F(CompiledObjects, RefuseSlotsWithoutScratchMemory) {
  AlignedBuffer memory(3 * library->object.scratchBytes + 64);
  Rows rows(0);
  float logs[2];
  std::vector<char> before = library->data(state);
  lamina_env fit = environmentOf(LAMINA_ABI_VERSION, LAMINA_ABI_VERSION);
  fit.parallel_for_slots = runByThread;
  fit.slots = 4;
  fit.scratch = memory.data();
  fit.scratch_bytes = library->object.scratchBytes;
  lamina_env none = fit, shifted = fit, small = fit, uneven = fit;
  none.scratch = nullptr;
  shifted.scratch = memory.data() + 32;
  small.scratch_bytes = 0;
  uneven.scratch_bytes += 32;
  for (const lamina_env &env : {none, shifted, small, uneven})
    EXPECT_EQ(step(rows, 64, logs, &env), LAMINA_ERROR_SCRATCH);
  EXPECT_EQ(library->data(state), before);
}

TEST_F(CompiledObjects, AnEnvironmentWithoutSlotsMeansOneThread) {
  lamina_env env = {};
  env.abi_version = LAMINA_ABI_VERSION;
  env.parallel_for = [](void *, void (*)(void *, uint32_t), void *, uint32_t) { FAIL(); };
  float with[2], without[2];
  ASSERT_EQ(step(Rows(2), 64, with, &env), LAMINA_OK);
  ASSERT_EQ(library->init(state.data(), 3), LAMINA_OK);
  ASSERT_EQ(step(Rows(2), 64, without), LAMINA_OK);
  EXPECT_EQ(std::memcmp(with, without, sizeof with), 0);
}

/// The bytes of a thread's stack that `action` touches, and the thread itself.
size_t stackBytesOf(const std::function<void()> &action) {
  constexpr size_t kStack = 1 << 20;
  AlignedBuffer stack(kStack);
  std::memset(stack.data(), 0xa5, kStack);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  EXPECT_EQ(pthread_attr_setstack(&attributes, stack.data(), kStack), 0);
  pthread_t thread;
  auto run = [](void *opaque) -> void * {
    (*static_cast<const std::function<void()> *>(opaque))();
    return nullptr;
  };
  EXPECT_EQ(pthread_create(&thread, &attributes, run, const_cast<std::function<void()> *>(&action)),
            0);
  pthread_join(thread, nullptr);
  pthread_attr_destroy(&attributes);
  auto *touched = std::find_if(stack.data(), stack.data() + kStack,
                               [](std::byte byte) { return byte != std::byte(0xa5); });
  return static_cast<size_t>(stack.data() + kStack - touched);
}

TEST_F(CompiledObjects, TakeNoMoreStackThanTheHeaderSays) {
#ifdef LAMINA_SANITIZED
  GTEST_SKIP() << "sanitizers have frames of their own";
#endif
  Rows rows(4);
  std::vector<float> outputs(kBatchSize * kClasses);
  std::vector<char> data(library->constant("DIGITS_DATA_BYTES"));
  float logs[2];
  void *s = state.data(), *w = workspace.data();
  size_t thread = stackBytesOf([] {});
  size_t all = stackBytesOf([&] {
    library->init(s, 0);
    library->save(s, data.data());
    library->load(s, data.data());
    library->step(nullptr, s, w, 64, rows.pixels.data(), rows.labels.data(), logs);
    library->evaluate(nullptr, s, w, 63, rows.pixels.data(), rows.labels.data(), logs);
    library->predict(nullptr, s, w, 64, rows.pixels.data(), outputs.data());
  });
  RecordProperty("stack_bytes", static_cast<int>(all - thread));
  EXPECT_GT(all, thread);
  EXPECT_LE(all - thread, library->constant("DIGITS_STACK_BYTES"));
}

TEST_F(CompiledObjects, HeadersTellTheMemory) {
  EXPECT_EQ(library->constant("DIGITS_STATE_BYTES"), library->object.stateBytes);
  EXPECT_EQ(library->constant("DIGITS_WORKSPACE_BYTES"), library->object.workspaceBytes);
  EXPECT_EQ(library->constant("DIGITS_SCRATCH_BYTES"), library->object.scratchBytes);
}

} // namespace
} // namespace lamina::codegen
