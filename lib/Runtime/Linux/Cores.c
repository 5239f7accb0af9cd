//===- Cores.c - How many cores may this run use? -------------------------===//
//
// The affinity mask counts, and so does a container's quota (cgroup v2 cpu.max,
// v1 cpu.cfs_quota_us): 64 threads on two cores' worth of time are slower than
// two. The quota is read once per process, by prepare.
//
//===----------------------------------------------------------------------===//

#define _GNU_SOURCE
#include "upconv/Runtime/Runtime.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { PATH_SIZE = 1024, TEXT_SIZE = 4096 };

// Appends `text` up to its end or `stop`; returns the new length, or PATH_SIZE
// if it does not fit.
static size_t append(char *path, size_t length, const char *text, char stop) {
  while (*text && *text != stop && length < PATH_SIZE - 1)
    path[length++] = *text++;
  int fits = !*text || *text == stop;
  path[length] = 0;
  return fits ? length : PATH_SIZE;
}

// The beginning of a file as a string; 0 if it cannot be read.
static int read_text(const char *path, char *text, size_t size) {
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0)
    return 0;
  size_t length = 0;
  ssize_t got = 0;
  while (length < size - 1 &&
         (got = read(file, text + length, size - 1 - length)) > 0)
    length += (size_t)got;
  close(file);
  text[length] = 0;
  return got >= 0 && length > 0;
}

// A decimal number, or -1 for anything else ("max", "-1").
static int64_t parse(const char **text) {
  while (**text == ' ')
    ++*text;
  if (**text < '0' || **text > '9')
    return -1;
  int64_t value = 0;
  for (; **text >= '0' && **text <= '9' && value < (int64_t)1 << 50; ++*text)
    value = value * 10 + (**text - '0');
  return value;
}

static int cores_of(int64_t quota, int64_t period) {
  if (quota <= 0 || period <= 0)
    return 0;
  int64_t cores = (quota + period - 1) / period;
  return cores > UPCONV_RT_MAX_THREADS ? UPCONV_RT_MAX_THREADS : (int)cores;
}

static int smaller(int a, int b) { return !a || (b && b < a) ? b : a; }

// The limit of one cgroup folder, whose name is path[0, length).
static int folder_limit(char *path, size_t length, int v2) {
  char text[64];
  const char *at = text;
  if (v2) {
    if (append(path, length, "/cpu.max", 0) == PATH_SIZE ||
        !read_text(path, text, sizeof text))
      return 0;
    int64_t quota = parse(&at);
    return cores_of(quota, parse(&at));
  }
  if (append(path, length, "/cpu.cfs_quota_us", 0) == PATH_SIZE ||
      !read_text(path, text, sizeof text))
    return 0;
  int64_t quota = parse(&at);
  append(path, length, "/cpu.cfs_period_us", 0);
  if (!read_text(path, text, sizeof text))
    return 0;
  at = text;
  return cores_of(quota, parse(&at));
}

// The smallest limit from `group` up to the mount point. A folder that this
// container cannot see is passed over.
static int hierarchy_limit(const char *mount, const char *controller,
                           const char *group, int v2) {
  char path[PATH_SIZE];
  size_t root = append(path, 0, mount, 0);
  if (root < PATH_SIZE)
    root = append(path, root, controller, 0);
  if (root == PATH_SIZE)
    return 0;
  size_t length = append(path, root, group, '\n');
  if (length == PATH_SIZE)
    length = root;
  while (length > root && path[length - 1] == '/')
    --length;
  int limit = 0;
  for (;;) {
    limit = smaller(limit, folder_limit(path, length, v2));
    if (length <= root)
      return limit;
    while (length > root && path[--length] != '/') {
    }
  }
}

// Whether the comma-separated `list`, which ends at ':', names "cpu".
static int names_cpu(const char *list) {
  for (;;) {
    if (list[0] == 'c' && list[1] == 'p' && list[2] == 'u' &&
        (list[3] == ',' || list[3] == ':'))
      return 1;
    while (*list && *list != ',' && *list != ':')
      ++list;
    if (*list != ',')
      return 0;
    ++list;
  }
}

int upconv_rt_cpu_quota(const char *membership, const char *mount) {
  char text[TEXT_SIZE];
  if (!read_text(membership, text, sizeof text))
    return 0;
  int limit = 0;
  // Lines "id:controllers:folder"; v2's is "0::folder".
  for (const char *line = text; *line;) {
    const char *list = line, *group;
    while (*list && *list != '\n' && *list != ':')
      ++list;
    if (*list == ':') {
      ++list;
      for (group = list; *group && *group != '\n' && *group != ':';)
        ++group;
      if (*group == ':') {
        if (list == group)
          limit = smaller(limit, hierarchy_limit(mount, "", group + 1, 1));
        else if (names_cpu(list)) {
          limit = smaller(limit, hierarchy_limit(mount, "/cpu", group + 1, 0));
          limit = smaller(limit,
                          hierarchy_limit(mount, "/cpu,cpuacct", group + 1, 0));
        }
      }
    }
    while (*line && *line != '\n')
      ++line;
    if (*line)
      ++line;
  }
  return limit;
}

// 1 + the quota, or 0 while it has not been read. Every reader finds the same.
static atomic_int known_quota;

static int cpu_quota(void) {
  int known = atomic_load_explicit(&known_quota, memory_order_relaxed);
  if (!known) {
    known = 1 + upconv_rt_cpu_quota("/proc/self/cgroup", "/sys/fs/cgroup");
    atomic_store_explicit(&known_quota, known, memory_order_relaxed);
  }
  return known - 1;
}

int upconv_rt_available_cores(void) {
  // By number, not by name: glibc has two functions called sched_getaffinity,
  // and a shared library without symbol versions would get the old one.
  uint64_t mask[1024 / 8];
  long bytes = syscall(SYS_sched_getaffinity, 0, sizeof mask, mask);
  int cores = 0;
  for (long i = 0; i < bytes / 8; ++i)
    for (uint64_t word = mask[i]; word; word &= word - 1)
      ++cores;
  cores = smaller(cores, cpu_quota());
  if (cores > UPCONV_RT_MAX_THREADS)
    return UPCONV_RT_MAX_THREADS;
  return cores > 0 ? cores : 1;
}
