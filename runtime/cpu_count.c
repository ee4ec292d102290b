#define _GNU_SOURCE
#include "runtime/cpu_count.h"

#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/lamina_runtime.h"

uint32_t lamina_affinity_cpus(void) {
  /* The kernel refuses masks smaller than its own, so the mask grows until it fits. */
  for (int cpus = 1024; cpus <= 1 << 20; cpus *= 2) {
    cpu_set_t *set = CPU_ALLOC(cpus);
    if (!set)
      return 1;
    size_t size = CPU_ALLOC_SIZE(cpus);
    int found = sched_getaffinity(0, size, set) == 0 ? CPU_COUNT_S(size, set) : 0;
    CPU_FREE(set);
    if (found > 0)
      return (uint32_t)found;
  }
  return 1;
}

/* Reads the first line of DIRECTORY/NAME; 0 when there is none. */
static int readLine(const char *directory, const char *name, char *line, size_t size) {
  char path[PATH_MAX];
  if (snprintf(path, sizeof path, "%s/%s", directory, name) >= (int)sizeof path)
    return 0;
  FILE *file = fopen(path, "r");
  if (!file)
    return 0;
  int ok = fgets(line, (int)size, file) != NULL;
  fclose(file);
  return ok;
}

static uint32_t cpusOf(double quota, double period) {
  if (quota <= 0 || period <= 0)
    return UINT32_MAX;
  double cpus = quota / period;
  if (cpus >= 1e6)
    return UINT32_MAX;
  uint32_t whole = (uint32_t)cpus;
  return whole + (cpus > whole ? 1 : 0);
}

/* Version 2: "cpu.max" holds "QUOTA PERIOD" or "max PERIOD". */
static uint32_t quotaV2(const char *directory) {
  char line[128];
  double quota = 0, period = 0;
  if (readLine(directory, "cpu.max", line, sizeof line))
    if (sscanf(line, "%lf %lf", &quota, &period) != 2)
      return UINT32_MAX;
  return cpusOf(quota, period);
}

/* Version 1: a quota of -1 means none. */
static uint32_t quotaV1(const char *directory) {
  char quota[64], period[64];
  if (!readLine(directory, "cpu.cfs_quota_us", quota, sizeof quota) ||
      !readLine(directory, "cpu.cfs_period_us", period, sizeof period))
    return UINT32_MAX;
  return cpusOf(atof(quota), atof(period));
}

/* The least quota of the group and its ancestors. Inside a container the group's path may name a
 * folder of the host; the walk then finds only the mount's root, which is the container's group. */
static uint32_t leastQuota(const char *mount, const char *group,
                           uint32_t (*quota)(const char *directory)) {
  char directory[PATH_MAX];
  size_t mountLength = strlen(mount);
  if (snprintf(directory, sizeof directory, "%s%s", mount, group) >= (int)sizeof directory)
    return UINT32_MAX;
  uint32_t least = UINT32_MAX;
  for (;;) {
    uint32_t cpus = quota(directory);
    least = cpus < least ? cpus : least;
    char *slash = strrchr(directory, '/');
    if (!slash || (size_t)(slash - directory) < mountLength)
      return least;
    *slash = '\0';
  }
}

/* True when `name` is one of the comma-separated `controllers`. */
static int hasController(const char *controllers, const char *name) {
  size_t length = strlen(name);
  for (const char *at = controllers; at; at = strchr(at, ',')) {
    at += *at == ',';
    if (strncmp(at, name, length) == 0 && (at[length] == '\0' || at[length] == ','))
      return 1;
  }
  return 0;
}

/* One line of the membership file: "HIERARCHY:CONTROLLERS:PATH". Version 2 has no controllers. */
static uint32_t quotaOfLine(char *line, const char *mount) {
  line[strcspn(line, "\n")] = '\0';
  char *controllers = strchr(line, ':');
  char *group = controllers ? strchr(controllers + 1, ':') : NULL;
  if (!group)
    return UINT32_MAX;
  *group++ = '\0';
  ++controllers;
  if (*controllers == '\0')
    return leastQuota(mount, group, quotaV2);
  char controllerMount[PATH_MAX];
  if (!hasController(controllers, "cpu") ||
      snprintf(controllerMount, sizeof controllerMount, "%s/cpu", mount) >=
          (int)sizeof controllerMount)
    return UINT32_MAX;
  return leastQuota(controllerMount, group, quotaV1);
}

uint32_t lamina_quota_cpus(const char *membership, const char *mount) {
  FILE *file = fopen(membership, "r");
  if (!file)
    return UINT32_MAX;
  uint32_t least = UINT32_MAX;
  char line[PATH_MAX];
  while (fgets(line, sizeof line, file)) {
    uint32_t cpus = quotaOfLine(line, mount);
    least = cpus < least ? cpus : least;
  }
  fclose(file);
  return least;
}

uint32_t lamina_available_cpus(void) {
  uint32_t cpus = lamina_affinity_cpus();
  uint32_t quota = lamina_quota_cpus("/proc/self/cgroup", "/sys/fs/cgroup");
  cpus = quota < cpus ? quota : cpus;
  return cpus > 0 ? cpus : 1;
}
