/* A C11 program that uses the pool the way a program around a compiled object does. */
#include <stdio.h>

/* What a generated header repeats; the runtime's header must accept it. */
#include <stdint.h>
#define LAMINA_ENV_DEFINED
typedef struct lamina_env {
  uint32_t abi_version;
  void *pool;
  void (*parallel_for)(void *pool, void (*task)(void *context, uint32_t index), void *context,
                       uint32_t count);
} lamina_env;

#include "runtime/lamina_runtime.h"

static void square(void *context, uint32_t index) {
  ((uint64_t *)context)[index] = (uint64_t)index * index;
}

int main(void) {
  enum { COUNT = 1000 };
  uint64_t squares[COUNT] = {0};
  lamina_pool *pool = lamina_pool_create(3);
  lamina_env env = lamina_pool_env(pool);
  env.parallel_for(env.pool, square, squares, COUNT);
  lamina_pool_destroy(pool);
  for (uint64_t i = 0; i < COUNT; ++i) {
    if (squares[i] != i * i) {
      fprintf(stderr, "index %u was not run\n", (unsigned)i);
      return 1;
    }
  }
  puts(lamina_status_text(LAMINA_OK));
  return 0;
}
