/* The processors that Lamina runs on and generates code for: x86-64. All that depends on them
 * includes this page, so that a build for another one ends here.
 *
 * What a port has to say anew: how denormals are flushed (runtime/float_mode.h; FloatMode in
 * codegen/functions/function_emitter.cpp), what a thread does while it spins (below), levels of
 * instructions and the vectors of each (codegen/target/target.cpp), how an object finds out the
 * level when it runs (codegen/target/cpu_dispatch.cpp), roundings without an instruction
 * (codegen/math/vector_rounding.cpp), when stores past the caches are done
 * (codegen/kernels/winograd/winograd_filter_kernel.cpp) and the peak that shares are taken of
 * (tools/lamina/roofline.cpp). */
#ifndef LAMINA_RUNTIME_PROCESSOR_H
#define LAMINA_RUNTIME_PROCESSOR_H

#if !defined(__x86_64__)
#error "Lamina supports x86-64 processors only; build it on one of those"
#endif

/* Tells the processor that the thread waits in a loop. */
static inline void lamina_pause(void) {
  __builtin_ia32_pause();
}

#endif
