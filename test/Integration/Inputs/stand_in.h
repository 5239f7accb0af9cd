/* What the stand-ins for drivers share. They are told by the environment:
 *
 *   STAND_IN_LOG     where to write: "call NAME" per call, "launch ENTRY GLOBAL
 *                    LOCAL SHARED [STREAM]" per launch, "mark TEXT" where the
 *                    program says so, at the end "alive COUNT"
 *   STAND_IN_FAIL    the number of the call that fails, from 1 on
 *   STAND_IN_DEVICE  "none", or "old" for one that will not do
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static FILE *log_file;
static int calls;
static const char *failed; /* what has */

/* What has been handed out and not given back. */
static int count_alive(void);

/* Whether this call is the one that fails. */
static int fails(const char *name) {
  const char *path = getenv("STAND_IN_LOG"), *at = getenv("STAND_IN_FAIL");
  if (!log_file && path)
    log_file = fopen(path, "w");
  if (log_file)
    fprintf(log_file, "call %s\n", name);
  int is_now = ++calls == (at ? atoi(at) : 0);
  if (is_now)
    failed = name;
  return is_now;
}

__attribute__((unused)) static int has_failed(const char *name) {
  return failed && strcmp(failed, name) == 0;
}

/* For programs, to tell their own steps apart; looked up by its name. */
void stand_in_mark(const char *text) {
  if (log_file)
    fprintf(log_file, "mark %s\n", text);
}

static int is_device(const char *kind) {
  const char *device = getenv("STAND_IN_DEVICE");
  return device && strcmp(device, kind) == 0;
}

__attribute__((destructor)) static void finish(void) {
  if (!log_file)
    return;
  fprintf(log_file, "alive %d\n", count_alive());
  fclose(log_file);
}
