/* The parts of lamina_available_cpus(), apart so that tests can show them files of their own. */
#ifndef LAMINA_RUNTIME_CPU_COUNT_H
#define LAMINA_RUNTIME_CPU_COUNT_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* CPUs in the affinity mask of the calling thread, at least 1. */
uint32_t lamina_affinity_cpus(void);

/* CPUs that the quotas of the control groups in `membership` (the form of /proc/self/cgroup) allow,
 * rounded up; UINT32_MAX without a quota. `mount` is where the control groups are mounted. */
uint32_t lamina_quota_cpus(const char *membership, const char *mount);

#ifdef __cplusplus
}
#endif

#endif
