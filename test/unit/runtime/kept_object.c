/* Trains an object compiled for an older lamina_env with the runtime of today, without threads, on
 * a parallel-for of its own and on pools, and compares each with what the object gave when it was
 * made: kept_object EXPECTED. With OBJECT_FIRST the object's old header comes before the
 * runtime's. */
#ifdef OBJECT_FIRST
#include "test/unit/runtime/kept/abi1.h"
#endif
#include "runtime/lamina_runtime.h"
#ifndef OBJECT_FIRST
#include "test/unit/runtime/kept/abi1.h"
#endif
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

/* What a program compiled with the old headers gets of a pool, null where more than it has room for
 * was written: kept_host.c. */
const lamina_env *first_pool_env(lamina_pool *pool);

enum { STEPS = 5, LINE = 64 };

static float inputs[ABI1_BATCH_SIZE * ABI1_INPUT_X_SIZE];
static float targets[ABI1_BATCH_SIZE * ABI1_TARGET_Y_SIZE];
static uint32_t tasksRun;

/* Numbers that every C library makes alike. */
static void makeData(void) {
  uint32_t random = 1;
  for (size_t i = 0; i < sizeof inputs / sizeof *inputs; ++i) {
    random = random * 1664525u + 1013904223u;
    inputs[i] = (float)(random >> 24) / 128 - 1;
  }
  for (size_t i = 0; i < sizeof targets / sizeof *targets; ++i)
    targets[i] = (float)(i % 5) / 4;
}

static void runBackwards(void *pool, void (*task)(void *context, uint32_t index), void *context,
                         uint32_t count) {
  (void)pool;
  for (uint32_t index = count; index > 0; --index, ++tasksRun)
    task(context, index - 1);
}

/* Compares the next line of the expectation, or prints it where there is none. */
static bool tell(FILE *expected, float value) {
  char line[LINE], wanted[LINE];
  snprintf(line, sizeof line, "%a\n", (double)value);
  if (!expected)
    return fputs(line, stdout) >= 0;
  return fgets(wanted, sizeof wanted, expected) && strcmp(line, wanted) == 0;
}

/* Whether a training in `env` gives what is expected. */
static bool train(const lamina_env *env, FILE *expected) {
  void *state = aligned_alloc(ABI1_STATE_ALIGNMENT, ABI1_STATE_BYTES);
  void *workspace = aligned_alloc(ABI1_WORKSPACE_ALIGNMENT, ABI1_WORKSPACE_BYTES);
  float logs[ABI1_LOG_COUNT], outputs[ABI1_BATCH_SIZE * ABI1_OUTPUT_Y_SIZE];
  bool agrees = abi1_init(state, 3) == LAMINA_OK;
  if (expected)
    rewind(expected);
  for (uint32_t step = 0; step < STEPS; ++step)
    agrees = agrees &&
             abi1_train_step(env, state, workspace, ABI1_BATCH_SIZE - step, inputs, targets,
                             logs) == LAMINA_OK &&
             tell(expected, logs[0]);
  agrees =
      agrees && abi1_predict(env, state, workspace, ABI1_BATCH_SIZE, inputs, outputs) == LAMINA_OK;
  for (size_t i = 0; i < sizeof outputs / sizeof *outputs; ++i)
    agrees = agrees && tell(expected, outputs[i]);
  free(workspace);
  free(state);
  return agrees;
}

static bool trainOnPool(uint32_t threads, FILE *expected) {
  lamina_pool *pool = lamina_pool_create(threads);
  lamina_env env = lamina_pool_env(pool);
  bool agrees = train(&env, expected);
  const lamina_env *first = first_pool_env(pool);
  agrees = agrees && first && train(first, expected);
  lamina_pool_destroy(pool);
  return agrees;
}

int main(int argc, char **argv) {
  makeData();
  if (argc == 1)
    return train(NULL, NULL) ? 0 : 1;
  FILE *expected = fopen(argv[1], "r");
  if (!expected)
    return 2;
  const lamina_env own = {.abi_version = LAMINA_ABI_VERSION, .parallel_for = runBackwards};
  bool agrees = train(NULL, expected) && train(&own, expected) && tasksRun > 0;
  for (uint32_t threads = 1; threads <= 3; ++threads)
    agrees = agrees && trainOnPool(threads, expected);
  fclose(expected);
  puts(agrees ? "the object gives what it gave when it was made" : "the object gives other values");
  return agrees ? 0 : 1;
}
