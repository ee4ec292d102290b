/* Trains the digits network of a compiled object on the rows of a CSV file and writes the data of
 * its state: train CSV THREADS DATA. 0 threads: no environment. C11 and C++. */
#include <stdio.h>
#include <stdlib.h>

#include "digits.h"
#ifdef WITH_RUNTIME
#include "runtime/lamina_runtime.h"
#endif

enum { MAX_ROWS = 2000, EPOCHS = 3 };

static float pixels[MAX_ROWS * DIGITS_INPUT_PIXELS_SIZE];
static int32_t digit[MAX_ROWS];

static uint32_t readRows(const char *path) {
  FILE *file = fopen(path, "r");
  uint32_t rows = 0;
  if (!file || fscanf(file, "%*[^\n]") != 0)
    exit(1);
  for (; rows < MAX_ROWS; ++rows) {
    for (uint32_t i = 0; i < DIGITS_INPUT_PIXELS_SIZE; ++i)
      if (fscanf(file, "%f,", &pixels[rows * DIGITS_INPUT_PIXELS_SIZE + i]) != 1) {
        fclose(file);
        return rows;
      }
    if (fscanf(file, "%d", &digit[rows]) != 1)
      exit(1);
  }
  exit(1);
}

static void require(int status) {
  if (status == LAMINA_OK)
    return;
  fprintf(stderr, "%s\n", digits_status_text(status));
  exit(1);
}

int main(int argc, char **argv) {
  static const char *const names[DIGITS_LOG_COUNT] = DIGITS_LOG_NAMES;
  if (argc != 4)
    return 2;
  uint32_t rows = readRows(argv[1]);
  void *state = aligned_alloc(DIGITS_STATE_ALIGNMENT, DIGITS_STATE_BYTES);
  void *workspace = aligned_alloc(DIGITS_WORKSPACE_ALIGNMENT, DIGITS_WORKSPACE_BYTES);
  char *data = (char *)malloc(DIGITS_DATA_BYTES);
  const lamina_env *env = NULL;
#ifdef WITH_RUNTIME
  lamina_pool *pool = lamina_pool_create((uint32_t)atoi(argv[2]));
  lamina_env ofPool = lamina_pool_env(pool);
  env = &ofPool;
#endif
  require(digits_init(state, 7));
  for (int epoch = 0; epoch < EPOCHS; ++epoch) {
    double sum = 0;
    for (uint32_t start = 0; start < rows; start += DIGITS_BATCH_SIZE) {
      uint32_t count = rows - start < DIGITS_BATCH_SIZE ? rows - start : DIGITS_BATCH_SIZE;
      float logs[DIGITS_LOG_COUNT];
      require(digits_train_step(env, state, workspace, count,
                                pixels + start * DIGITS_INPUT_PIXELS_SIZE, digit + start, logs));
      sum += (double)logs[0] * count;
    }
    printf("%s %.9g\n", names[0], sum / rows);
  }
  require(digits_save(state, data));
  long long steps;
  memcpy(&steps, data + digits_variable_offset("adam/iteration"), sizeof steps);
  printf("steps %lld\n", steps);
  FILE *file = fopen(argv[3], "wb");
  if (!file || fwrite(data, 1, DIGITS_DATA_BYTES, file) != DIGITS_DATA_BYTES || fclose(file) != 0)
    return 1;
#ifdef WITH_RUNTIME
  lamina_pool_destroy(pool);
#endif
  free(data);
  free(workspace);
  free(state);
  return 0;
}
