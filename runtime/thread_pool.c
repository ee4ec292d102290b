/* A fixed team of threads that share out a range of indices.
 *
 * Every thread of a parallel-for begins with an equal share of the indices and takes them from its
 * front; one that has finished its own takes from the back of the others' shares. Tasks may thus
 * take different times, and a thread that something else keeps from running holds nobody up. A
 * share is one word, so taking an index is one atomic exchange, nearly always in the thread's own
 * cache line.
 *
 * Every worker has one cache line with its share, the work and a state word through which all
 * hand-over goes. Both sides spin for a short time, because a training step of a small network
 * hands out work every few microseconds, and then sleep in the kernel on the state word. */
#define _GNU_SOURCE
#include <linux/futex.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "runtime/float_mode.h"
#include "runtime/lamina_runtime.h"
#include "runtime/processor.h"

enum {
  CACHE_LINE = 64,
  SPIN_NANOSECONDS = 50 * 1000,
  PAUSES_PER_CLOCK_READ = 32,
};

/* IDLE, SLEEPING and RUNNING are set by the worker, the others by the caller: WORK hands over, and
 * AWAITED says that the caller sleeps until the work is done. STOP ends the thread. */
enum { IDLE, SLEEPING, WORK, RUNNING, AWAITED, STOP };

typedef void (*task_function)(void *context, uint32_t index, uint32_t slot);

/* The work of a parallel-for's threads. */
typedef struct work {
  task_function task;
  void *context;
  uint32_t threads;
} work;

/* A thread of the team. The first one stands for whoever calls; it has a share alone. */
typedef struct member {
  _Alignas(CACHE_LINE) _Atomic uint32_t state;
  uint32_t number;
  _Atomic uint64_t
      share; /* indices that are left: the first in the upper half, the end in the lower */
  const work *work;
  struct member *team; /* all members */
  uint64_t spinNanoseconds;
  pthread_t thread;
} member;

struct lamina_pool {
  uint32_t threads; /* asked for, the caller's included */
  uint32_t running; /* members with a thread; changes only while `busy` is held */
  bool started;     /* likewise */
  uint64_t spinNanoseconds;
  void *scratch;     /* of all threads but the caller, LAMINA_POOL_SCRATCH_BYTES each */
  atomic_flag busy;  /* a parallel-for is using the members */
  member *members;   /* `threads` of them; null where the caller is alone */
  lamina_pool *next; /* all living pools, for fork() */
};

static pthread_mutex_t poolsMutex = PTHREAD_MUTEX_INITIALIZER;
static lamina_pool *pools;
static pthread_once_t forkHandlersOnce = PTHREAD_ONCE_INIT;

/* The kernel compares the word with `expected` before it sleeps, so a change made in between is
 * never missed; waking up without a change is allowed. */
static void sleepWhile(_Atomic uint32_t *word, uint32_t expected) {
  syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, expected, NULL, NULL, 0);
}

static void wakeSleeper(_Atomic uint32_t *word) {
  syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static uint64_t nanoseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* Spins until the state is at least `low` and at most `high`, or the time is over. */
static uint32_t spinUntil(_Atomic uint32_t *word, uint32_t low, uint32_t high, uint64_t budget) {
  uint64_t start = 0;
  for (uint32_t pauses = 0;; ++pauses) {
    uint32_t state = atomic_load_explicit(word, memory_order_acquire);
    if (state >= low && state <= high)
      return state;
    if (pauses % PAUSES_PER_CLOCK_READ == 0) {
      uint64_t now = budget ? nanoseconds() : 0;
      start = start ? start : now;
      if (now - start >= budget)
        return state;
    }
    lamina_pause();
  }
}

/*===--- Shares ------------------------------------------------------------------------------===*/

static uint64_t packRange(uint32_t begin, uint32_t end) {
  return (uint64_t)begin << 32 | end;
}

/* Takes the first index of a share, or the last one; false when none is left. Nothing else is
 * handed over through a share, so no order is asked of the memory around it. */
static bool takeIndex(_Atomic uint64_t *share, bool first, uint32_t *index) {
  uint64_t range = atomic_load_explicit(share, memory_order_relaxed);
  for (;;) {
    uint32_t begin = (uint32_t)(range >> 32), end = (uint32_t)range;
    if (begin >= end)
      return false;
    *index = first ? begin : end - 1;
    uint64_t rest = first ? packRange(begin + 1, end) : packRange(begin, end - 1);
    if (atomic_compare_exchange_weak_explicit(share, &range, rest, memory_order_relaxed,
                                              memory_order_relaxed))
      return true;
  }
}

/* Where thread t's indices begin. Rounding up gives the caller, who starts first, the larger part.
 */
static uint32_t shareBegin(uint32_t thread, uint32_t threads, uint32_t count) {
  return (uint32_t)(((uint64_t)thread * count + threads - 1) / threads);
}

/* A thread's part in a parallel-for: its own share, then what others have left. Shares only
 * shrink, so one look at each is enough. */
static void runShares(member *team, uint32_t self, const work *work) {
  uint32_t index;
  for (uint32_t i = 0; i < work->threads; ++i) {
    member *owner = &team[(self + i) % work->threads];
    while (takeIndex(&owner->share, /*first=*/i == 0, &index))
      work->task(work->context, index, self);
  }
}

/*===--- Hand-over ---------------------------------------------------------------------------===*/

/* Waits for work and accepts it; false when the thread is to end. */
static bool acceptWork(member *worker) {
  for (;;) {
    uint32_t state = spinUntil(&worker->state, WORK, STOP, worker->spinNanoseconds);
    if (state == STOP)
      return false;
    uint32_t expected = WORK;
    if (state == WORK && atomic_compare_exchange_strong(&worker->state, &expected, RUNNING))
      return true;
    expected = IDLE;
    if (atomic_compare_exchange_strong(&worker->state, &expected, SLEEPING) || expected == SLEEPING)
      sleepWhile(&worker->state, SLEEPING);
  }
}

static void *workerMain(void *argument) {
  member *worker = argument;
  lamina_float_mode_enter();
  while (acceptWork(worker)) {
    runShares(worker->team, worker->number, worker->work);
    if (atomic_exchange_explicit(&worker->state, IDLE, memory_order_acq_rel) == AWAITED)
      wakeSleeper(&worker->state);
  }
  return NULL;
}

static void hand(member *worker, uint32_t newState) {
  if (atomic_exchange_explicit(&worker->state, newState, memory_order_acq_rel) == SLEEPING)
    wakeSleeper(&worker->state);
}

/* Waits for a worker, once no index is left. One that has not begun is not waited for. */
static void awaitDone(member *worker) {
  uint32_t state = WORK;
  if (atomic_compare_exchange_strong(&worker->state, &state, IDLE))
    return;
  state = spinUntil(&worker->state, IDLE, SLEEPING, worker->spinNanoseconds);
  while (state >= WORK) {
    uint32_t running = RUNNING;
    atomic_compare_exchange_strong(&worker->state, &running, AWAITED);
    sleepWhile(&worker->state, AWAITED);
    state = atomic_load_explicit(&worker->state, memory_order_acquire);
  }
}

/*===--- Teams -------------------------------------------------------------------------------===*/

static void startThreads(lamina_pool *pool) {
  pool->started = true;
  pool->running = 0;
  for (uint32_t i = 1; i < pool->threads; ++i) {
    member *worker = &pool->members[i];
    atomic_store(&worker->state, IDLE);
    worker->number = i;
    worker->team = pool->members;
    worker->spinNanoseconds = pool->spinNanoseconds;
    if (pthread_create(&worker->thread, NULL, workerMain, worker) != 0)
      return;
    pool->running = i;
  }
}

static void runOnTeam(lamina_pool *pool, task_function task, void *context, uint32_t count) {
  if (!pool->started)
    startThreads(pool);
  uint32_t threads = pool->running + 1 < count ? pool->running + 1 : count;
  const work work = {task, context, threads};
  for (uint32_t t = 0; t < threads; ++t)
    atomic_store_explicit(
        &pool->members[t].share,
        packRange(shareBegin(t, threads, count), shareBegin(t + 1, threads, count)),
        memory_order_relaxed);
  for (uint32_t t = 1; t < threads; ++t) {
    pool->members[t].work = &work;
    hand(&pool->members[t], WORK);
  }
  runShares(pool->members, 0, &work);
  for (uint32_t t = 1; t < threads; ++t)
    awaitDone(&pool->members[t]);
}

static void parallelForSlots(void *opaque, task_function task, void *context, uint32_t count) {
  lamina_pool *pool = opaque;
  uint32_t mode = lamina_float_mode_enter();
  if (!pool || pool->threads < 2 || count < 2 ||
      atomic_flag_test_and_set_explicit(&pool->busy, memory_order_acquire)) {
    for (uint32_t i = 0; i < count; ++i)
      task(context, i, 0);
  } else {
    runOnTeam(pool, task, context, count);
    atomic_flag_clear_explicit(&pool->busy, memory_order_release);
  }
  lamina_float_mode_leave(mode);
}

/* A parallel-for without slots. */
typedef struct plain_work {
  void (*task)(void *context, uint32_t index);
  void *context;
} plain_work;

static void runPlain(void *opaque, uint32_t index, uint32_t slot) {
  const plain_work *work = opaque;
  (void)slot;
  work->task(work->context, index);
}

static void parallelFor(void *pool, void (*task)(void *context, uint32_t index), void *context,
                        uint32_t count) {
  plain_work work = {task, context};
  parallelForSlots(pool, runPlain, &work, count);
}

static void beforeFork(void) {
  pthread_mutex_lock(&poolsMutex);
}

static void afterForkInParent(void) {
  pthread_mutex_unlock(&poolsMutex);
}

/* Only the forking thread exists in the child: the next parallel-for starts new workers. */
static void afterForkInChild(void) {
  for (lamina_pool *pool = pools; pool; pool = pool->next) {
    pool->started = false;
    pool->running = 0;
    atomic_flag_clear(&pool->busy);
  }
  pthread_mutex_unlock(&poolsMutex);
}

static void registerForkHandlers(void) {
  pthread_atfork(beforeFork, afterForkInParent, afterForkInChild);
}

/*===--- Pools -------------------------------------------------------------------------------===*/

static uint64_t scratchBytes(const lamina_pool *pool) {
  return (pool->threads - 1) * LAMINA_POOL_SCRATCH_BYTES;
}

/* Memory for the threads besides the caller; false when it is short. Pages that are never touched
 * take none. */
static bool allocateTeam(lamina_pool *pool) {
  size_t bytes = sizeof(member) * pool->threads;
  pool->members = aligned_alloc(CACHE_LINE, bytes);
  if (!pool->members)
    return false;
  memset(pool->members, 0, bytes);
  void *scratch = mmap(NULL, scratchBytes(pool), PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (scratch == MAP_FAILED)
    return false;
  pool->scratch = scratch;
  return true;
}

static void freePool(lamina_pool *pool) {
  if (pool->scratch)
    munmap(pool->scratch, scratchBytes(pool));
  free(pool->members);
  free(pool);
}

lamina_pool *lamina_pool_create(uint32_t threads) {
  uint32_t cpus = lamina_available_cpus();
  threads = threads ? threads : cpus;
  lamina_pool *pool = calloc(1, sizeof *pool);
  if (!pool)
    return NULL;
  pool->threads = threads;
  /* With more threads than CPUs a spinning thread keeps a working one from running. */
  pool->spinNanoseconds = threads <= cpus ? SPIN_NANOSECONDS : 0;
  atomic_flag_clear(&pool->busy);
  if (threads > 1 && !allocateTeam(pool)) {
    freePool(pool);
    return NULL;
  }
  pthread_once(&forkHandlersOnce, registerForkHandlers);
  pthread_mutex_lock(&poolsMutex);
  pool->next = pools;
  pools = pool;
  pthread_mutex_unlock(&poolsMutex);
  return pool;
}

void lamina_pool_destroy(lamina_pool *pool) {
  if (!pool)
    return;
  pthread_mutex_lock(&poolsMutex);
  lamina_pool **link = &pools;
  while (*link != pool)
    link = &(*link)->next;
  *link = pool->next;
  pthread_mutex_unlock(&poolsMutex);
  for (uint32_t i = 1; i <= pool->running; ++i)
    hand(&pool->members[i], STOP);
  for (uint32_t i = 1; i <= pool->running; ++i)
    pthread_join(pool->members[i].thread, NULL);
  freePool(pool);
}

uint32_t lamina_pool_threads(const lamina_pool *pool) {
  return pool ? pool->threads : 1;
}

void lamina_pool_fill_env(lamina_pool *pool, lamina_env *env, uint32_t struct_size) {
  const lamina_env filled = {
      .abi_version = LAMINA_ABI_VERSION,
      .pool = pool,
      .parallel_for = parallelFor,
      .struct_size = sizeof(lamina_env),
      .minimum_abi_version = LAMINA_ABI_VERSION,
      .parallel_for_slots = parallelForSlots,
      .slots = lamina_pool_threads(pool),
      .scratch_bytes = LAMINA_POOL_SCRATCH_BYTES,
      .scratch = pool ? pool->scratch : NULL,
  };
  /* A caller compiled with a later definition gets zeros in the fields that are not known here. */
  memset(env, 0, struct_size);
  memcpy(env, &filled, struct_size < sizeof filled ? struct_size : sizeof filled);
}
