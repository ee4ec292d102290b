/* What native code made by Lamina needs from its surroundings when it runs: a parallel-for, status
 * codes, and a thread pool that provides the former. Plain C11 without dependencies; the archive
 * lamina_runtime needs only the C library and POSIX threads.
 *
 * Headers of compiled objects repeat the definitions between the guards below, so that they can be
 * used without this file; both may be included in any order. */
#ifndef LAMINA_RUNTIME_H
#define LAMINA_RUNTIME_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifndef LAMINA_ABI_VERSION
#define LAMINA_ABI_VERSION 1u
#endif

#ifndef LAMINA_ENV_DEFINED
#define LAMINA_ENV_DEFINED
#define LAMINA_ENV_SIZED /* the definition below has struct_size */
/* The surroundings of a compiled function. A null lamina_env means one thread, and so does one with
 * a null `parallel_for_slots`; the results of compiled functions have the same bits either way.
 * What is not used is zero.
 *
 * Threads: parallel_for_slots calls task(context, i, slot) once for every i in [0, count), in any
 * order and on any threads, and returns when all calls have returned; everything a task wrote is
 * then visible to the caller. Tasks of one call do not depend on each other.
 *
 * Scratch memory: slot < `slots` says whose a task may use. Slot 0 is the call's own, in its
 * workspace: tasks of one call that have it do not run at the same time. Slot s > 0 has the
 * `scratch_bytes` bytes from scratch + (s - 1) * scratch_bytes on: no two tasks of any calls that
 * have it run at the same time. So a team may give the thread that calls slot 0 and each of its
 * other threads a slot of its own. `scratch` and `scratch_bytes` are multiples of 64, and the
 * latter is at least NAME_SCRATCH_BYTES.
 *
 * Versions: `abi_version` is LAMINA_ABI_VERSION and `struct_size` is sizeof(lamina_env). Fields
 * behind struct_size are taken for zero, so new ones need no new version. Functions of version V
 * also take a later version whose `minimum_abi_version` is at most V. */
typedef struct lamina_env {
  uint32_t abi_version;
  void *pool; /* the first argument of parallel_for_slots */
  /* As parallel_for_slots, but without slots: for functions compiled when this field was the last.
   * They take up to 2 MiB of a thread's stack. */
  void (*parallel_for)(void *pool, void (*task)(void *context, uint32_t index), void *context,
                       uint32_t count);
  uint32_t struct_size;
  uint32_t minimum_abi_version;
  void (*parallel_for_slots)(void *pool, void (*task)(void *context, uint32_t index, uint32_t slot),
                             void *context, uint32_t count);
  uint32_t slots; /* at least 1 */
  uint32_t reserved_word;
  uint64_t scratch_bytes;
  void *scratch;
  void *reserved[6]; /* for callbacks to come, such as sums over processes and allocation */
} lamina_env;
#endif

#ifndef LAMINA_STATUS_DEFINED
#define LAMINA_STATUS_DEFINED
/* What compiled functions return. After an error the state is as it was before the call. */
enum lamina_status {
  LAMINA_OK = 0,
  LAMINA_ERROR_NULL = 1,      /* a required pointer is null */
  LAMINA_ERROR_ROWS = 2,      /* rows is 0 or more than the compiled batch size */
  LAMINA_ERROR_ALIGNMENT = 3, /* state or workspace is not aligned as the header asks */
  LAMINA_ERROR_ABI = 4,       /* env is of a version that the function does not take */
  LAMINA_ERROR_LABEL = 5,     /* an integer target is not a class of the model */
  LAMINA_ERROR_CPU = 6,       /* this CPU lacks instructions the code was compiled for */
  LAMINA_ERROR_SCRATCH = 7    /* env->scratch is null, not aligned or too small for its slots */
};
#endif

/* One line in English for a status code; never null. */
const char *lamina_status_text(int status);

/* A fixed team of threads. */
typedef struct lamina_pool lamina_pool;

/* A pool whose parallel-for uses `threads` threads, the caller's included; 0 means
 * lamina_available_cpus(). The threads start at the first parallel-for that needs them. Null when
 * memory is short. If the system refuses to start a thread, the pool works with those it has. */
lamina_pool *lamina_pool_create(uint32_t threads);

/* Ends and joins the threads. No parallel-for may be running. Null is allowed. */
void lamina_pool_destroy(lamina_pool *pool);

/* The number of threads the pool was created for. */
uint32_t lamina_pool_threads(const lamina_pool *pool);

/* Fills the first `struct_size` bytes of an environment whose parallel-for runs on the pool; it is
 * valid as long as the pool is. A null pool gives an environment with one thread. `struct_size` is
 * the sizeof(lamina_env) that the caller was compiled with.
 *
 * With T = min(threads, count), thread t begins at index ceil(t count / T) and goes on to ceil((t +
 * 1) count / T) in ascending order; the caller is thread 0. A thread that has finished takes
 * indices from the ends of what others have left. Thread t has slot t, with
 * LAMINA_POOL_SCRATCH_BYTES of scratch memory, which takes real memory as far as it is used. Calls
 * from inside a task, and calls made while another thread uses the pool, run all indices on the
 * calling thread in ascending order, with slot 0. Denormal numbers are flushed to zero while tasks
 * run. After fork() the child's pool starts threads of its own. */
void lamina_pool_fill_env(lamina_pool *pool, lamina_env *env, uint32_t struct_size);
#define LAMINA_POOL_SCRATCH_BYTES (UINT64_C(16) << 20)

static inline lamina_env lamina_pool_env(lamina_pool *pool) {
  lamina_env env;
  lamina_pool_fill_env(pool, &env, (uint32_t)sizeof env);
  return env;
}

/* How many threads this process can usefully run: the CPUs of its affinity mask, but not more than
 * the CPU quota of its control group (version 1 or 2), rounded up. At least 1. */
uint32_t lamina_available_cpus(void);

#ifdef __cplusplus
}
#endif

#endif
