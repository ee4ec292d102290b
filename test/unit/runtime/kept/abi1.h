/* The model "kept", compiled by Lamina. This file is generated.
 *
 * A program provides a state (ABI1_STATE_BYTES bytes aligned to ABI1_STATE_ALIGNMENT) and a
 * workspace (ABI1_WORKSPACE_BYTES, ABI1_WORKSPACE_ALIGNMENT). The state holds the variables;
 * abi1_init fills it. What the workspace holds need not be kept between calls.
 *
 * Functions return LAMINA_OK or another lamina_status; after an error the state is as it was.
 * Calls may run at the same time on any threads as long as no two use one workspace, and
 * none uses a state that another one changes. The results have the same bits for any
 * number of threads. */
#ifndef ABI1_H
#define ABI1_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

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

#define ABI1_STATE_BYTES 4096u
#define ABI1_STATE_ALIGNMENT 64u
#define ABI1_WORKSPACE_BYTES 69632u
#define ABI1_WORKSPACE_ALIGNMENT 64u
/* The most rows of one call. */
#define ABI1_BATCH_SIZE 8u

/* What abi1_train_step writes to logs: loss and metrics of the batch at hand. */
#define ABI1_LOG_COUNT 1u
#define ABI1_LOG_NAMES {"loss"}

/* What abi1_evaluate writes to logs: loss and metrics of the batch at hand. */
#define ABI1_EVALUATE_LOG_COUNT 1u
#define ABI1_EVALUATE_LOG_NAMES {"loss"}

/* Arrays are dense and row-major; SIZE is the number of elements of one row. */
/* Input "x": float32 [rows][256][4]. */
#define ABI1_INPUT_X_SIZE 1024u
/* Target "y": float32 [rows][2]. */
#define ABI1_TARGET_Y_SIZE 2u
/* Output "y": float32 [rows][2]. */
#define ABI1_OUTPUT_Y_SIZE 2u

/* The data that abi1_load takes and abi1_save gives: all variables one after another,
 * row-major and little-endian, each at a multiple of 64 bytes, with zeros between them:
 *
 *     offset  variable, its place in the model file, values
 *          0  "hidden/kernel", "layers/dense/vars/0", float32 [4][4]
 *         64  "hidden/bias", "layers/dense/vars/1", float32 [4]
 *        128  "y/kernel", "layers/dense_1/vars/0", float32 [4][2]
 *        192  "y/bias", "layers/dense_1/vars/1", float32 [2]
 *        256  "sgd/iteration", "optimizer/vars/0", int64 [1]
 *        320  "sgd/learning_rate", "optimizer/vars/1", float32 [1]
 *        384  "sgd/hidden_kernel_momentum", "optimizer/vars/2", float32 [4][4]
 *        448  "sgd/hidden_bias_momentum", "optimizer/vars/3", float32 [4]
 *        512  "sgd/y_kernel_momentum", "optimizer/vars/4", float32 [4][2]
 *        576  "sgd/y_bias_momentum", "optimizer/vars/5", float32 [2]
 */
#define ABI1_VARIABLE_COUNT 10u
#define ABI1_DATA_BYTES 640u
#define ABI1_OFFSET_HIDDEN_KERNEL 0u
#define ABI1_OFFSET_HIDDEN_BIAS 64u
#define ABI1_OFFSET_Y_KERNEL 128u
#define ABI1_OFFSET_Y_BIAS 192u
#define ABI1_OFFSET_SGD_ITERATION 256u
#define ABI1_OFFSET_SGD_LEARNING_RATE 320u
#define ABI1_OFFSET_SGD_HIDDEN_KERNEL_MOMENTUM 384u
#define ABI1_OFFSET_SGD_HIDDEN_BIAS_MOMENTUM 448u
#define ABI1_OFFSET_SGD_Y_KERNEL_MOMENTUM 512u
#define ABI1_OFFSET_SGD_Y_BIAS_MOMENTUM 576u

/* The offset of a variable in the data, SIZE_MAX when there is none of that name. */
static inline size_t abi1_variable_offset(const char *name) {
  static const struct {
    const char *name;
    size_t offset;
  } variables[] = {
      {"hidden/kernel", ABI1_OFFSET_HIDDEN_KERNEL},
      {"hidden/bias", ABI1_OFFSET_HIDDEN_BIAS},
      {"y/kernel", ABI1_OFFSET_Y_KERNEL},
      {"y/bias", ABI1_OFFSET_Y_BIAS},
      {"sgd/iteration", ABI1_OFFSET_SGD_ITERATION},
      {"sgd/learning_rate", ABI1_OFFSET_SGD_LEARNING_RATE},
      {"sgd/hidden_kernel_momentum", ABI1_OFFSET_SGD_HIDDEN_KERNEL_MOMENTUM},
      {"sgd/hidden_bias_momentum", ABI1_OFFSET_SGD_HIDDEN_BIAS_MOMENTUM},
      {"sgd/y_kernel_momentum", ABI1_OFFSET_SGD_Y_KERNEL_MOMENTUM},
      {"sgd/y_bias_momentum", ABI1_OFFSET_SGD_Y_BIAS_MOMENTUM},
  };
  for (size_t i = 0; i < ABI1_VARIABLE_COUNT; ++i)
    if (strcmp(name, variables[i].name) == 0)
      return variables[i].offset;
  return SIZE_MAX;
}

/* Fills the state: the weights of the model file; what the file does not have, and random numbers,
 * start from the seed. */
int abi1_init(void *state, uint64_t seed);

/* Sets all variables from ABI1_DATA_BYTES bytes of data. The state was filled before. */
int abi1_load(void *state, const void *data);

/* Writes all variables to ABI1_DATA_BYTES bytes of data. */
int abi1_save(const void *state, void *data);

/* One line in English for a status; never null. */
const char *abi1_status_text(int status);

/* One training step: the loss of the rows, its gradients, the optimizer's update.
 * `env` may be null: one thread. 1 <= rows <= ABI1_BATCH_SIZE.
 *   x: input "x", float32 [rows][256][4]
 *   y: target "y", float32 [rows][2]
 *   logs: float32 [1]
 */
int abi1_train_step(
    const lamina_env *env, void *state, void *workspace, uint32_t rows,
    const float *x,
    const float *y,
    float *logs);

/* Loss and metrics of the rows; nothing changes.
 * `env` may be null: one thread. 1 <= rows <= ABI1_BATCH_SIZE.
 *   x: input "x", float32 [rows][256][4]
 *   y: target "y", float32 [rows][2]
 *   logs: float32 [1]
 */
int abi1_evaluate(
    const lamina_env *env, const void *state, void *workspace, uint32_t rows,
    const float *x,
    const float *y,
    float *logs);

/* The model's outputs for the rows.
 * `env` may be null: one thread. 1 <= rows <= ABI1_BATCH_SIZE.
 *   x: input "x", float32 [rows][256][4]
 *   y: output "y", float32 [rows][2]
 */
int abi1_predict(
    const lamina_env *env, const void *state, void *workspace, uint32_t rows,
    const float *x,
    float *y);

#ifdef __cplusplus
}
#endif

#endif
