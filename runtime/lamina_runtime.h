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
/* The surroundings of a compiled function. `abi_version` is LAMINA_ABI_VERSION. `parallel_for`
 * calls task(context, i) once for every i in [0, count), in any order and on any threads, and
 * returns when all calls have returned; everything a task wrote is then visible to the caller.
 * Tasks of one call do not depend on each other. A null lamina_env, or one with a null
 * `parallel_for`, means one thread. The results of compiled functions have the same bits either
 * way. */
typedef struct lamina_env {
  uint32_t abi_version;
  void *pool;
  void (*parallel_for)(void *pool, void (*task)(void *context, uint32_t index), void *context,
                       uint32_t count);
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
  LAMINA_ERROR_ABI = 4,       /* env->abi_version is not the one the object was made for */
  LAMINA_ERROR_LABEL = 5,     /* an integer target is not a class of the model */
  LAMINA_ERROR_CPU = 6        /* this CPU lacks instructions the code was compiled for */
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

/* An environment whose parallel-for runs on the pool; valid as long as the pool is. A null pool
 * gives an environment with one thread.
 *
 * With T = min(threads, count), thread t begins at index ceil(t count / T) and goes on to ceil((t +
 * 1) count / T) in ascending order; the caller is thread 0. A thread that has finished takes
 * indices from the ends of what others have left. Calls from inside a task, and calls made while
 * another thread uses the pool, run all indices on the calling thread in ascending order. Denormal
 * numbers are flushed to zero while tasks run. After fork() the child's pool starts threads of its
 * own. */
lamina_env lamina_pool_env(lamina_pool *pool);

/* How many threads this process can usefully run: the CPUs of its affinity mask, but not more than
 * the CPU quota of its control group (version 1 or 2), rounded up. At least 1. */
uint32_t lamina_available_cpus(void);

#ifdef __cplusplus
}
#endif

#endif
