//===- Describe.c - Which processor this is -------------------------------===//

#include "upconv/Timing/Timing.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { lineSize = 256 };

static int first_core(void) {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0)
    for (int core = 0; core < CPU_SETSIZE; ++core)
      if (CPU_ISSET(core, &set))
        return core;
  return 0;
}

int upconv_timing_cores(void) {
  cpu_set_t set;
  int cores = sched_getaffinity(0, sizeof set, &set) == 0
                  ? CPU_COUNT(&set)
                  : (int)sysconf(_SC_NPROCESSORS_ONLN);
  return cores > 1 ? cores : 1;
}

/// The number that `text` begins with. strtol of a new C library has names that
/// an old one lacks.
static long number(const char *text) {
  long value = 0;
  for (; *text >= '0' && *text <= '9'; ++text)
    value = 10 * value + (*text - '0');
  return value;
}

/// The value of a line "KEY   : VALUE" of /proc/cpuinfo, or null.
static const char *value_of(const char *line, const char *key) {
  const char *colon = strstr(line, ": ");
  return colon && strncmp(line, key, strlen(key)) == 0 ? colon + 2 : NULL;
}

/// A line without its end; returns 0 at the end of the file.
static int read_line(FILE *file, char *line) {
  if (!file || !fgets(line, lineSize, file))
    return 0;
  line[strcspn(line, "\n")] = 0;
  return 1;
}

/// "Intel(R) Xeon(R) Processor", or the implementer and part on AArch64, where
/// the kernel knows no name. Cores come one after the other; what stands in
/// front of all of them, or behind, is for all.
static void processor_name(int core, char *name, size_t size) {
  FILE *file = fopen("/proc/cpuinfo", "r");
  char line[lineSize], implementer[lineSize] = "", part[lineSize] = "";
  const char *value;
  int ours = 1;
  snprintf(name, size, "unknown processor");
  while (read_line(file, line)) {
    if ((value = value_of(line, "processor")))
      ours = number(value) == core;
    if (!ours)
      continue;
    if ((value = value_of(line, "model name"))) {
      snprintf(name, size, "%s", value);
      break;
    }
    if ((value = value_of(line, "CPU implementer")))
      snprintf(implementer, sizeof implementer, "%s", value);
    if ((value = value_of(line, "CPU part")))
      snprintf(part, sizeof part, "%s", value);
    if (implementer[0] && part[0]) {
      snprintf(name, size, "processor %s/%s", implementer, part);
      break;
    }
  }
  if (file)
    fclose(file);
}

/// One line of a cache's description; empty if there is none.
static void cache_line(int core, int index, const char *what, char *line) {
  char path[lineSize];
  snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu%d/cache/index%d/%s",
           core, index, what);
  FILE *file = fopen(path, "r");
  if (!read_line(file, line))
    line[0] = 0;
  if (file)
    fclose(file);
}

void upconv_timing_describe_machine(char *text, size_t size) {
  int core = first_core(), cores = upconv_timing_cores();
  char name[lineSize], level[lineSize], type[lineSize], bytes[lineSize];
  processor_name(core, name, sizeof name);
  snprintf(text, size, "%s, %d core%s", name, cores, cores == 1 ? "" : "s");
  // "L1 32 KiB, L2 1024 KiB, L3 33 MiB"
  for (int index = 0; index < 8; ++index) {
    cache_line(core, index, "type", type);
    cache_line(core, index, "size", bytes); // "32K"
    cache_line(core, index, "level", level);
    if (!type[0] || !bytes[0] || strcmp(type, "Instruction") == 0)
      continue;
    long kib = number(bytes);
    int is_mib = kib >= 1024 && kib % 1024 == 0;
    size_t used = strlen(text);
    snprintf(text + used, size - used, ", L%s %ld %s", level,
             is_mib ? kib / 1024 : kib, is_mib ? "MiB" : "KiB");
  }
}
