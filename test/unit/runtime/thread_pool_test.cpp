#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <functional>
#include <numeric>
#include <set>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/lamina_runtime.h"

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define LAMINA_UNDER_TSAN 1
#endif
#endif
#if defined(__SANITIZE_THREAD__)
#define LAMINA_UNDER_TSAN 1
#endif

namespace {

class Pool {
public:
  explicit Pool(uint32_t threads)
      : pool_(lamina_pool_create(threads)), env_(lamina_pool_env(pool_)) {}
  ~Pool() { lamina_pool_destroy(pool_); }
  Pool(const Pool &) = delete;
  Pool &operator=(const Pool &) = delete;

  void run(uint32_t count, const std::function<void(uint32_t)> &body) {
    auto call = [](void *context, uint32_t index) {
      (*static_cast<const std::function<void(uint32_t)> *>(context))(index);
    };
    env_.parallel_for(env_.pool, call, const_cast<std::function<void(uint32_t)> *>(&body), count);
  }
  lamina_pool *get() const { return pool_; }

private:
  lamina_pool *pool_;
  lamina_env env_;
};

/// Which thread ran each index.
std::vector<std::thread::id> runners(Pool &pool, uint32_t count) {
  std::vector<std::thread::id> result(count);
  pool.run(count, [&](uint32_t i) { result[i] = std::this_thread::get_id(); });
  return result;
}

/// The same where each of some indices waits until all of them are running.
std::vector<std::thread::id> runnersTogether(Pool &pool, uint32_t count,
                                             const std::set<uint32_t> &together) {
  std::vector<std::thread::id> result(count);
  std::atomic<size_t> running = 0;
  pool.run(count, [&](uint32_t i) {
    result[i] = std::this_thread::get_id();
    if (!together.contains(i))
      return;
    for (++running; running < together.size();)
      std::this_thread::yield();
  });
  return result;
}

} // namespace

TEST(ThreadPool, RunsEveryIndexOnce) {
  for (uint32_t threads : {1u, 2u, 3u, 7u}) {
    Pool pool(threads);
    for (uint32_t count : {0u, 1u, 2u, 3u, 6u, 7u, 8u, 100u, 1000u}) {
      std::vector<int> runs(count, 0);
      pool.run(count, [&](uint32_t i) { ++runs[i]; });
      EXPECT_EQ(runs, std::vector<int>(count, 1)) << threads << " threads, " << count << " tasks";
    }
  }
}

TEST(ThreadPool, ThreadsBeginWithEqualSharesTheCallerWithTheFirst) {
  Pool pool(3);
  for (int call = 0; call < 100; ++call) {
    auto ids = runnersTogether(pool, 8, {0, 3, 6});
    EXPECT_EQ(ids[0], std::this_thread::get_id());
    EXPECT_NE(ids[0], ids[3]);
    EXPECT_NE(ids[0], ids[6]);
    EXPECT_NE(ids[3], ids[6]);
  }
}

TEST(ThreadPool, FewerTasksThanThreadsRunOneEach) {
  Pool pool(7);
  auto ids = runnersTogether(pool, 3, {0, 1, 2});
  EXPECT_EQ(ids[0], std::this_thread::get_id());
  EXPECT_NE(ids[0], ids[1]);
  EXPECT_NE(ids[1], ids[2]);
  EXPECT_NE(ids[0], ids[2]);
}

TEST(ThreadPool, WhoeverHasFinishedTakesWhatIsLeft) {
  Pool pool(2);
  for (uint32_t longTask : {0u, 4u}) { // the caller's first, the worker's first
    std::atomic<int> others = 0;
    pool.run(8, [&](uint32_t i) {
      if (i == longTask)
        while (others < 7)
          std::this_thread::yield();
      else
        ++others;
    });
    EXPECT_EQ(others, 7);
  }
}

TEST(ThreadPool, OneTaskRunsOnTheCaller) {
  Pool pool(4);
  EXPECT_EQ(runners(pool, 1)[0], std::this_thread::get_id());
}

TEST(ThreadPool, ManyShortCallsLoseNothing) {
  Pool pool(2);
  uint64_t sums[2] = {0, 0};
  for (uint32_t call = 0; call < 20000; ++call)
    pool.run(2, [&](uint32_t i) { sums[i] += call; });
  EXPECT_EQ(sums[0], 199990000u);
  EXPECT_EQ(sums[1], 199990000u);
}

TEST(ThreadPool, WorksAfterTheWorkersFellAsleep) {
  Pool pool(3);
  for (int round = 0; round < 5; ++round) {
    std::atomic<int> runs = 0;
    pool.run(30, [&](uint32_t) { ++runs; });
    EXPECT_EQ(runs, 30);
    std::this_thread::sleep_for(std::chrono::milliseconds(3));
  }
}

TEST(ThreadPool, TheCallerSleepsThroughLongTasks) {
  Pool pool(2);
  std::atomic<int> runs = 0;
  pool.run(2, [&](uint32_t i) {
    if (i == 1)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    ++runs;
  });
  EXPECT_EQ(runs, 2);
}

TEST(ThreadPool, NestedCallsRunInline) {
  Pool pool(3);
  std::vector<int> runs(60, 0);
  pool.run(6, [&](uint32_t outer) {
    auto self = std::this_thread::get_id();
    pool.run(10, [&](uint32_t inner) {
      EXPECT_EQ(std::this_thread::get_id(), self);
      ++runs[outer * 10 + inner];
    });
  });
  EXPECT_EQ(runs, std::vector<int>(60, 1));
}

TEST(ThreadPool, TwoCallersMayShareAPool) {
  Pool pool(2);
  std::atomic<int> runs = 0;
  auto caller = [&] {
    for (int call = 0; call < 500; ++call)
      pool.run(5, [&](uint32_t) { ++runs; });
  };
  std::thread other(caller);
  caller();
  other.join();
  EXPECT_EQ(runs, 5000);
}

TEST(ThreadPool, MemoryIsVisibleToTheCaller) {
  Pool pool(2);
  std::vector<uint32_t> values(4096);
  for (uint32_t call = 1; call <= 50; ++call) {
    pool.run(4096, [&](uint32_t i) { values[i] += call; });
    uint64_t sum = std::accumulate(values.begin(), values.end(), uint64_t(0));
    ASSERT_EQ(sum, uint64_t(4096) * call * (call + 1) / 2);
  }
}

TEST(ThreadPool, UnusedAndNullPoolsAreFine) {
  lamina_pool_destroy(nullptr);
  Pool unused(8);
  EXPECT_EQ(lamina_pool_threads(unused.get()), 8u);
  EXPECT_EQ(lamina_pool_threads(nullptr), 1u);
  lamina_env env = lamina_pool_env(nullptr);
  int runs = 0;
  env.parallel_for(
      env.pool, [](void *context, uint32_t) { ++*static_cast<int *>(context); }, &runs, 3);
  EXPECT_EQ(runs, 3);
}

/// Runs `body` with every index and its slot.
void runSlots(const lamina_env &env, uint32_t count,
              const std::function<void(uint32_t index, uint32_t slot)> &body) {
  using Body = std::function<void(uint32_t, uint32_t)>;
  env.parallel_for_slots(
      env.pool,
      [](void *context, uint32_t index, uint32_t slot) {
        (*static_cast<const Body *>(context))(index, slot);
      },
      const_cast<Body *>(&body), count);
}

TEST(ThreadPoolSlots, EveryThreadHasItsOwn) {
  Pool pool(3);
  lamina_env env = lamina_pool_env(pool.get());
  ASSERT_EQ(env.slots, 3u);
  for (int round = 0; round < 200; ++round) {
    std::vector<std::atomic<int>> users(env.slots);
    std::vector<int> runs(50);
    auto caller = std::this_thread::get_id();
    runSlots(env, 50, [&](uint32_t index, uint32_t slot) {
      ASSERT_LT(slot, users.size());
      EXPECT_EQ(users[slot]++, 0) << "two tasks at a time have one slot";
      EXPECT_EQ(slot == 0, std::this_thread::get_id() == caller);
      ++runs[index];
      --users[slot];
    });
    EXPECT_EQ(runs, std::vector<int>(50, 1));
  }
}

TEST(ThreadPoolSlots, CallsWithoutTheTeamHaveTheirOwn) {
  Pool pool(2);
  lamina_env env = lamina_pool_env(pool.get());
  std::atomic<int> inner = 0;
  runSlots(env, 4, [&](uint32_t, uint32_t) {
    runSlots(env, 3, [&](uint32_t, uint32_t slot) {
      EXPECT_EQ(slot, 0u);
      ++inner;
    });
  });
  EXPECT_EQ(inner, 12);
}

TEST(ThreadPoolSlots, ScratchMemoryOfThreadsIsApart) {
  Pool pool(3);
  lamina_env env = lamina_pool_env(pool.get());
  EXPECT_EQ(env.scratch_bytes, LAMINA_POOL_SCRATCH_BYTES);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(env.scratch) % 64, 0u);
  auto *bytes = static_cast<unsigned char *>(env.scratch);
  auto endsOf = [&](uint32_t slot) {
    unsigned char *begin = bytes + (slot - 1) * env.scratch_bytes;
    return std::pair(begin, begin + env.scratch_bytes - 1);
  };
  for (uint32_t slot = 1; slot < env.slots; ++slot)
    *endsOf(slot).first = *endsOf(slot).second = static_cast<unsigned char>(slot);
  for (uint32_t slot = 1; slot < env.slots; ++slot) {
    EXPECT_EQ(*endsOf(slot).first, slot);
    EXPECT_EQ(*endsOf(slot).second, slot);
  }
}

TEST(ThreadPoolSlots, OneThreadNeedsNoScratchMemory) {
  Pool pool(1);
  for (lamina_pool *one : {pool.get(), static_cast<lamina_pool *>(nullptr)}) {
    lamina_env env = lamina_pool_env(one);
    EXPECT_EQ(env.slots, 1u);
    int runs = 0;
    runSlots(env, 3, [&](uint32_t, uint32_t slot) { runs += slot == 0; });
    EXPECT_EQ(runs, 3);
  }
}

TEST(PoolEnvironment, IsAsLongAsTheCallerKnowsIt) {
  Pool pool(2);
  struct {
    lamina_env env;
    unsigned char behind[64];
  } room;
  for (uint32_t size : {uint32_t(offsetof(lamina_env, struct_size)), uint32_t(sizeof(lamina_env)),
                        uint32_t(sizeof(lamina_env)) + 16}) {
    std::memset(&room, 0x5a, sizeof room);
    lamina_pool_fill_env(pool.get(), &room.env, size);
    auto *bytes = reinterpret_cast<unsigned char *>(&room);
    EXPECT_EQ(room.env.abi_version, LAMINA_ABI_VERSION);
    EXPECT_EQ(room.env.pool, pool.get());
    EXPECT_TRUE(room.env.parallel_for);
    for (size_t i = sizeof(lamina_env); i < size; ++i)
      EXPECT_EQ(bytes[i], 0);
    for (size_t i = size; i < sizeof room; ++i)
      ASSERT_EQ(bytes[i], 0x5a) << "byte " << i << " of " << size;
  }
}

TEST(ThreadPool, ZeroThreadsMeansTheAvailableCpus) {
  Pool pool(0);
  EXPECT_EQ(lamina_pool_threads(pool.get()), lamina_available_cpus());
}

TEST(ThreadPool, AForkedChildGetsThreadsOfItsOwn) {
#ifdef LAMINA_UNDER_TSAN
  GTEST_SKIP() << "ThreadSanitizer does not allow threads after a fork";
#endif
  Pool pool(2);
  std::atomic<int> runs = 0;
  pool.run(2, [&](uint32_t) { ++runs; });
  pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    alarm(20);
    auto ids = runnersTogether(pool, 2, {0, 1});
    _exit(ids[0] != ids[1] && ids[0] == std::this_thread::get_id() ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  pool.run(2, [&](uint32_t) { ++runs; });
  EXPECT_EQ(runs, 4) << "the parent's pool still works";
}
