#include <atomic>
#include <limits>

#include <gtest/gtest.h>

#include "runtime/lamina_runtime.h"

namespace {

/// Halving the smallest normal number gives a denormal, or zero when denormals are flushed.
bool flushesDenormals() {
  volatile float smallest = std::numeric_limits<float>::min();
  volatile float half = smallest * 0.5f;
  return half == 0.0f;
}

void countFlushing(void *context, uint32_t) {
  if (flushesDenormals())
    ++*static_cast<std::atomic<int> *>(context);
}

} // namespace

TEST(FloatMode, TasksFlushDenormalsOnEveryThread) {
  for (uint32_t threads : {1u, 2u, 5u}) {
    lamina_pool *pool = lamina_pool_create(threads);
    lamina_env env = lamina_pool_env(pool);
    std::atomic<int> flushing = 0;
    env.parallel_for(env.pool, countFlushing, &flushing, 40);
    EXPECT_EQ(flushing, 40) << threads << " threads";
    lamina_pool_destroy(pool);
  }
}

TEST(FloatMode, TheCallersModeIsRestored) {
  ASSERT_FALSE(flushesDenormals());
  lamina_pool *pool = lamina_pool_create(2);
  lamina_env env = lamina_pool_env(pool);
  std::atomic<int> flushing = 0;
  env.parallel_for(env.pool, countFlushing, &flushing, 4);
  EXPECT_FALSE(flushesDenormals());
  lamina_pool_destroy(pool);
}
