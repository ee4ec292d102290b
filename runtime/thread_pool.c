/* A fixed team of threads with a static split of the indices.
 *
 * Every worker has one mailbox, a cache line with the work and a state word through which all
 * hand-over goes; caller and worker each change the state once per parallel-for, so a dispatch
 * costs one transfer of the line to the worker and one back. Both sides spin for a short time,
 * because a training step of a small network hands out work every few microseconds, and then sleep
 * in the kernel on the state word. */
#define _GNU_SOURCE
#include <linux/futex.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "runtime/float_mode.h"
#include "runtime/lamina_runtime.h"

enum {
  CACHE_LINE = 64,
  SPIN_NANOSECONDS = 50 * 1000,
  PAUSES_PER_CLOCK_READ = 32,
};

/* IDLE and SLEEPING belong to the worker's side, WORK and AWAITED to the caller's (AWAITED: the
 * caller sleeps until the work is done). STOP ends the thread. */
enum { IDLE, SLEEPING, WORK, AWAITED, STOP };

typedef void (*task_function)(void *context, uint32_t index);

typedef struct mailbox {
  _Alignas(CACHE_LINE) _Atomic uint32_t state;
  uint32_t begin, end;
  task_function task;
  void *context;
  uint64_t spinNanoseconds;
  pthread_t thread;
} mailbox;

struct lamina_pool {
  uint32_t threads; /* asked for, the caller's included */
  uint32_t running; /* mailboxes with a thread; changes only while `busy` is held */
  bool started;     /* likewise */
  uint64_t spinNanoseconds;
  atomic_flag busy; /* a parallel-for is using the mailboxes */
  mailbox *mailboxes;
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

static inline void pauseCpu(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
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
    pauseCpu();
  }
}

static void runRange(task_function task, void *context, uint32_t begin, uint32_t end) {
  for (uint32_t i = begin; i < end; ++i)
    task(context, i);
}

static uint32_t awaitWork(mailbox *box) {
  uint32_t state = spinUntil(&box->state, WORK, STOP, box->spinNanoseconds);
  while (state < WORK) {
    uint32_t idle = IDLE;
    atomic_compare_exchange_strong(&box->state, &idle, SLEEPING);
    sleepWhile(&box->state, SLEEPING);
    state = atomic_load_explicit(&box->state, memory_order_acquire);
  }
  return state;
}

static void *workerMain(void *argument) {
  mailbox *box = argument;
  lamina_float_mode_enter();
  while (awaitWork(box) != STOP) {
    runRange(box->task, box->context, box->begin, box->end);
    if (atomic_exchange_explicit(&box->state, IDLE, memory_order_acq_rel) == AWAITED)
      wakeSleeper(&box->state);
  }
  return NULL;
}

static void hand(mailbox *box, uint32_t newState) {
  if (atomic_exchange_explicit(&box->state, newState, memory_order_acq_rel) == SLEEPING)
    wakeSleeper(&box->state);
}

static void awaitDone(mailbox *box) {
  uint32_t state = spinUntil(&box->state, IDLE, SLEEPING, box->spinNanoseconds);
  while (state >= WORK) {
    uint32_t work = WORK;
    atomic_compare_exchange_strong(&box->state, &work, AWAITED);
    sleepWhile(&box->state, AWAITED);
    state = atomic_load_explicit(&box->state, memory_order_acquire);
  }
}

static void startThreads(lamina_pool *pool) {
  pool->started = true;
  pool->running = 0;
  for (uint32_t i = 0; i + 1 < pool->threads; ++i) {
    mailbox *box = &pool->mailboxes[i];
    atomic_store(&box->state, IDLE);
    box->spinNanoseconds = pool->spinNanoseconds;
    if (pthread_create(&box->thread, NULL, workerMain, box) != 0)
      return;
    pool->running = i + 1;
  }
}

/* Where thread t's indices begin. Rounding up gives the caller, who starts first, the larger part.
 */
static uint32_t rangeBegin(uint32_t thread, uint32_t threads, uint32_t count) {
  return (uint32_t)(((uint64_t)thread * count + threads - 1) / threads);
}

static void runOnTeam(lamina_pool *pool, task_function task, void *context, uint32_t count) {
  if (!pool->started)
    startThreads(pool);
  uint32_t threads = pool->running + 1 < count ? pool->running + 1 : count;
  for (uint32_t t = 1; t < threads; ++t) {
    mailbox *box = &pool->mailboxes[t - 1];
    box->task = task;
    box->context = context;
    box->begin = rangeBegin(t, threads, count);
    box->end = rangeBegin(t + 1, threads, count);
    hand(box, WORK);
  }
  runRange(task, context, 0, rangeBegin(1, threads, count));
  for (uint32_t t = 1; t < threads; ++t)
    awaitDone(&pool->mailboxes[t - 1]);
}

static void parallelFor(void *opaque, task_function task, void *context, uint32_t count) {
  lamina_pool *pool = opaque;
  uint64_t mode = lamina_float_mode_enter();
  if (!pool || pool->threads < 2 || count < 2 ||
      atomic_flag_test_and_set_explicit(&pool->busy, memory_order_acquire)) {
    runRange(task, context, 0, count);
  } else {
    runOnTeam(pool, task, context, count);
    atomic_flag_clear_explicit(&pool->busy, memory_order_release);
  }
  lamina_float_mode_leave(mode);
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
  if (threads > 1) {
    size_t bytes = sizeof(mailbox) * (threads - 1);
    pool->mailboxes = aligned_alloc(CACHE_LINE, bytes);
    if (!pool->mailboxes) {
      free(pool);
      return NULL;
    }
    memset(pool->mailboxes, 0, bytes);
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
  for (uint32_t i = 0; i < pool->running; ++i)
    hand(&pool->mailboxes[i], STOP);
  for (uint32_t i = 0; i < pool->running; ++i)
    pthread_join(pool->mailboxes[i].thread, NULL);
  free(pool->mailboxes);
  free(pool);
}

uint32_t lamina_pool_threads(const lamina_pool *pool) {
  return pool ? pool->threads : 1;
}

lamina_env lamina_pool_env(lamina_pool *pool) {
  lamina_env env = {LAMINA_ABI_VERSION, pool, parallelFor};
  return env;
}
