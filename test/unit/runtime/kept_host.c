/* A program compiled when lamina_env ended with parallel_for: it calls lamina_pool_env of the
 * runtime's archive and has room for that much. */
#include <stddef.h>
#include <stdint.h>

typedef struct lamina_env {
  uint32_t abi_version;
  void *pool;
  void (*parallel_for)(void *pool, void (*task)(void *context, uint32_t index), void *context,
                       uint32_t count);
} lamina_env;
typedef struct lamina_pool lamina_pool;

/* The address of a result this large is an argument before all others (System V ABI for x86-64,
 * 3.2.3): so what is written behind it is seen. */
void lamina_pool_env(lamina_env *result, lamina_pool *pool);

const lamina_env *first_pool_env(lamina_pool *pool);
const lamina_env *first_pool_env(lamina_pool *pool) {
  static struct {
    lamina_env env;
    uint64_t behind[8];
  } room;
  for (size_t i = 0; i < 8; ++i)
    room.behind[i] = 0x5a5a5a5a;
  lamina_pool_env(&room.env, pool);
  for (size_t i = 0; i < 8; ++i)
    if (room.behind[i] != 0x5a5a5a5a)
      return NULL;
  return room.env.abi_version == 1 && room.env.pool == pool ? &room.env : NULL;
}
