/* Flush-to-zero of denormal numbers, as compiled code expects it while it runs. */
#ifndef LAMINA_RUNTIME_FLOAT_MODE_H
#define LAMINA_RUNTIME_FLOAT_MODE_H

#include <stdint.h>

#include "runtime/processor.h"

#include <xmmintrin.h>

/* Bits 15 and 6 of MXCSR: flush results to zero, treat denormal operands as zero. */
#define LAMINA_FLUSH_BITS 0x8040u

/* Sets the mode; what it was before, for lamina_float_mode_leave. */
static inline uint32_t lamina_float_mode_enter(void) {
  uint32_t mode = _mm_getcsr();
  if ((mode & LAMINA_FLUSH_BITS) != LAMINA_FLUSH_BITS)
    _mm_setcsr(mode | LAMINA_FLUSH_BITS);
  return mode;
}

static inline void lamina_float_mode_leave(uint32_t mode) {
  if ((mode & LAMINA_FLUSH_BITS) != LAMINA_FLUSH_BITS)
    _mm_setcsr(mode);
}

#endif
