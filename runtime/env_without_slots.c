/* lamina_pool_env as a function of this archive, for programs that were compiled when lamina_env
 * ended with parallel_for: it must not write more than they have room for. */
#include <stdint.h>

#define LAMINA_ENV_DEFINED
typedef struct lamina_env {
  uint32_t abi_version;
  void *pool;
  void (*parallel_for)(void *pool, void (*task)(void *context, uint32_t index), void *context,
                       uint32_t count);
} lamina_env;

#define lamina_pool_env filled_env
#include "runtime/lamina_runtime.h"
#undef lamina_pool_env

lamina_env lamina_pool_env(lamina_pool *pool);
lamina_env lamina_pool_env(lamina_pool *pool) {
  return filled_env(pool);
}
