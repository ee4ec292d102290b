/* Flush-to-zero of denormal numbers, as compiled code expects it while it runs. */
#ifndef LAMINA_RUNTIME_FLOAT_MODE_H
#define LAMINA_RUNTIME_FLOAT_MODE_H

#include <stdint.h>

#if defined(__x86_64__)
#include <xmmintrin.h>

/* Bits 15 and 6 of MXCSR: flush results to zero, treat denormal operands as zero. */
#define LAMINA_FLUSH_BITS 0x8040u

static inline uint64_t lamina_float_mode_enter(void) {
  uint32_t mode = _mm_getcsr();
  if ((mode & LAMINA_FLUSH_BITS) != LAMINA_FLUSH_BITS)
    _mm_setcsr(mode | LAMINA_FLUSH_BITS);
  return mode;
}

static inline void lamina_float_mode_leave(uint64_t mode) {
  if ((mode & LAMINA_FLUSH_BITS) != LAMINA_FLUSH_BITS)
    _mm_setcsr((uint32_t)mode);
}

#elif defined(__aarch64__)

/* Bit 24 of FPCR flushes denormal operands and results. */
#define LAMINA_FLUSH_BITS ((uint64_t)1 << 24)

static inline uint64_t lamina_float_mode_enter(void) {
  uint64_t mode;
  __asm__ volatile("mrs %0, fpcr" : "=r"(mode));
  if (!(mode & LAMINA_FLUSH_BITS))
    __asm__ volatile("msr fpcr, %0" : : "r"(mode | LAMINA_FLUSH_BITS));
  return mode;
}

static inline void lamina_float_mode_leave(uint64_t mode) {
  if (!(mode & LAMINA_FLUSH_BITS))
    __asm__ volatile("msr fpcr, %0" : : "r"(mode));
}

#else

static inline uint64_t lamina_float_mode_enter(void) {
  return 0;
}
static inline void lamina_float_mode_leave(uint64_t mode) {
  (void)mode;
}

#endif

#endif
