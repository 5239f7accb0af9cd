/* Instructions of AMX on a processor without them.
 *
 * Preloaded into a program, a handler of SIGILL decodes ldtilecfg, sttilecfg,
 * tilerelease, tilezero, tileloadd, tileloaddt1, tilestored and tdpbf16ps from
 * their bytes, does what Intel's manual says (volume 2, chapter "Intel AMX
 * instruction set reference") on tile registers of the thread's own, and steps
 * behind them. It is stricter than the processor: what would be a fault there,
 * tile registers that are in use when the process ends, and a register that was
 * read without ever having been written end the process with status 99 and a
 * line that says why. With AMX_COUNTS=FILE it appends how many of which
 * instructions were executed, and by how many threads.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <immintrin.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

enum { TILES = 8, ROWS = 16, ROW_BYTES = 64 };

typedef struct {
  int configured;
  uint8_t setting[64];
  int rows[TILES], bytes[TILES], written[TILES];
  uint8_t data[TILES][ROWS][ROW_BYTES];
  int counted;
} state;

static __thread state tiles;
static atomic_int threads_in_use, threads;
static atomic_long configures, zeros, loads, stores, products, releases;
static struct sigaction before;

static _Noreturn void fail(const char *why) {
  char line[200];
  int length = snprintf(line, sizeof line, "amx: %s\n", why);
  if (write(2, line, (size_t)length) < 0)
    _exit(98);
  _exit(99);
}

static void need(int condition, const char *why) {
  if (!condition)
    fail(why);
}

/*===-- Operands ----------------------------------------------------------===*/

typedef struct {
  int prefix; /* 0: none, 1: 66, 2: F3, 3: F2 */
  int opcode;
  int reg, rm, vvvv; /* with the bits of the VEX prefix */
  int is_memory;
  uint8_t *address;
  int64_t index; /* of a SIB byte, scaled: the stride between rows */
  int has_sib;
  size_t length;
} instruction;

/* General registers in the order of their numbers. */
static const int places[16] = {
    REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
    REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};

static int64_t number(const uint8_t *bytes, int size) {
  if (size == 1)
    return (int8_t)bytes[0];
  int32_t value;
  memcpy(&value, bytes, sizeof value);
  return value;
}

/* False if the bytes are none of AMX's. */
static int decode(const uint8_t *at, const greg_t *registers,
                  instruction *found) {
  if (at[0] != 0xc4 || (at[1] & 0x1f) != 2 /* map 0F38 */ ||
      at[2] & 0x84 /* W, L */)
    return 0;
  int r = at[1] & 0x80 ? 0 : 8, x = at[1] & 0x40 ? 0 : 8,
      b = at[1] & 0x20 ? 0 : 8;
  const uint8_t *next = at + 5;
  int mod = at[4] >> 6, low = at[4] & 7;
  memset(found, 0, sizeof *found);
  found->prefix = at[2] & 3;
  found->vvvv = ~(at[2] >> 3) & 15;
  found->opcode = at[3];
  found->reg = (at[4] >> 3 & 7) | r;
  found->rm = low | b;
  found->is_memory = mod != 3;
  if (!found->is_memory) {
    found->length = (size_t)(next - at);
    return 1;
  }
  int64_t address = 0;
  int no_base = 0, from_rip = 0, base = low | b;
  if (low == 4) {
    uint8_t sib = *next++;
    int index = (sib >> 3 & 7) | x;
    base = (sib & 7) | b;
    found->has_sib = 1;
    found->index = index == 4 ? 0
                              : (int64_t)((uint64_t)registers[places[index]]
                                          << (sib >> 6));
    no_base = (sib & 7) == 5 && mod == 0;
  } else {
    from_rip = no_base = low == 5 && mod == 0;
  }
  if (!no_base)
    address = registers[places[base]];
  int size = mod == 1 ? 1 : mod == 2 || no_base ? 4 : 0;
  if (size) {
    address += number(next, size);
    next += size;
  }
  if (from_rip)
    address += (int64_t)(uintptr_t)next;
  found->address = (uint8_t *)(uintptr_t)address;
  found->length = (size_t)(next - at);
  return 1;
}

/*===-- Instructions ------------------------------------------------------===*/

static void release(void) {
  if (tiles.configured)
    --threads_in_use;
  int counted = tiles.counted;
  memset(&tiles, 0, sizeof tiles);
  tiles.counted = counted;
}

static void configure(const uint8_t *setting) {
  ++configures;
  release();
  if (setting[0] == 0)
    return;
  need(setting[0] == 1, "ldtilecfg: palette above 1");
  for (int i = 2; i < 16; ++i)
    need(setting[i] == 0, "ldtilecfg: reserved bytes");
  for (int i = 0; i < 16; ++i) {
    int bytes = setting[16 + 2 * i] | setting[17 + 2 * i] << 8,
        rows = setting[48 + i];
    need(i < TILES || (bytes == 0 && rows == 0),
         "ldtilecfg: a register above 7");
    need(bytes <= ROW_BYTES && rows <= ROWS,
         "ldtilecfg: a register larger than 16 rows of 64 bytes");
    need((bytes == 0) == (rows == 0),
         "ldtilecfg: rows without columns, or columns without rows");
    if (i < TILES) {
      tiles.rows[i] = rows;
      tiles.bytes[i] = bytes;
    }
  }
  memcpy(tiles.setting, setting, sizeof tiles.setting);
  tiles.configured = 1;
  ++threads_in_use;
  if (!tiles.counted)
    ++threads;
  tiles.counted = 1;
}

static void check(int tile, const char *what) {
  char why[100];
  snprintf(why, sizeof why, "%s: register %d %s", what, tile,
           tiles.configured ? "has no shape"
                            : "before ldtilecfg or after tilerelease");
  need(tile < TILES && tiles.configured && tiles.rows[tile] > 0, why);
}

static void load(const instruction *at) {
  ++loads;
  int tile = at->reg;
  check(tile, "tileloadd");
  memset(tiles.data[tile], 0, sizeof tiles.data[tile]);
  for (int row = 0; row < tiles.rows[tile]; ++row)
    memcpy(tiles.data[tile][row], at->address + row * at->index,
           (size_t)tiles.bytes[tile]);
  tiles.written[tile] = 1;
}

static void store(const instruction *at) {
  ++stores;
  int tile = at->reg;
  check(tile, "tilestored");
  need(tiles.written[tile],
       "tilestored: of a register that nothing was written to");
  for (int row = 0; row < tiles.rows[tile]; ++row)
    memcpy(at->address + row * at->index, tiles.data[tile][row],
           (size_t)tiles.bytes[tile]);
}

static float widened(const uint8_t *bytes) {
  uint32_t bits = (uint32_t)bytes[0] << 16 | (uint32_t)bytes[1] << 24;
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

/* Denormal numbers are zeros and results are rounded to nearest, whatever the
 * program has set; the return from the handler puts back what it had. */
static void multiply(int sums, int a, int b) {
  ++products;
  check(sums, "tdpbf16ps");
  check(a, "tdpbf16ps");
  check(b, "tdpbf16ps");
  need(sums != a && sums != b && a != b, "tdpbf16ps: a register twice");
  need(tiles.bytes[sums] % 4 == 0 && tiles.bytes[a] % 4 == 0 &&
           tiles.bytes[b] % 4 == 0,
       "tdpbf16ps: half an element");
  need(tiles.rows[sums] == tiles.rows[a] &&
           tiles.bytes[sums] == tiles.bytes[b] &&
           tiles.bytes[a] / 4 == tiles.rows[b],
       "tdpbf16ps: shapes that do not fit");
  need(tiles.written[sums] && tiles.written[a] && tiles.written[b],
       "tdpbf16ps: of a register that nothing was written to");
  _mm_setcsr(0x1f80 | 0x8040);
  int columns = tiles.bytes[sums] / 4, pairs = tiles.rows[b];
  for (int m = 0; m < tiles.rows[sums]; ++m) {
    volatile float products[2 * ROWS] = {0};
    for (int k = 0; k < pairs; ++k)
      for (int n = 0; n < columns; ++n)
        for (int half = 0; half < 2; ++half)
          products[2 * n + half] = _mm_cvtss_f32(_mm_fmadd_ss(
              _mm_set_ss(widened(&tiles.data[a][m][4 * k + 2 * half])),
              _mm_set_ss(widened(&tiles.data[b][k][4 * n + 2 * half])),
              _mm_set_ss(products[2 * n + half])));
    for (int n = 0; n < columns; ++n) {
      float sum;
      memcpy(&sum, &tiles.data[sums][m][4 * n], sizeof sum);
      volatile float both = products[2 * n] + products[2 * n + 1];
      sum += both;
      memcpy(&tiles.data[sums][m][4 * n], &sum, sizeof sum);
    }
  }
}

/* False if it is none of AMX's. */
static int execute(const instruction *at) {
  int form = at->opcode << 4 | at->prefix << 1 | at->is_memory;
  switch (form) {
  case 0x490 | 0 << 1 | 1:
    if (at->reg != 0 || at->vvvv != 0)
      return 0;
    configure(at->address);
    return 1;
  case 0x490 | 1 << 1 | 1:
    memcpy(at->address, tiles.setting, sizeof tiles.setting);
    return 1;
  case 0x490 | 0 << 1 | 0:
    if (at->reg != 0 || at->rm != 0)
      return 0;
    ++releases;
    release();
    return 1;
  case 0x490 | 3 << 1 | 0:
    ++zeros;
    check(at->reg, "tilezero");
    memset(tiles.data[at->reg], 0, sizeof tiles.data[at->reg]);
    tiles.written[at->reg] = 1;
    return 1;
  case 0x4b0 | 3 << 1 | 1:
  case 0x4b0 | 1 << 1 | 1:
    need(at->has_sib, "tileloadd: without a SIB byte");
    load(at);
    return 1;
  case 0x4b0 | 2 << 1 | 1:
    need(at->has_sib, "tilestored: without a SIB byte");
    store(at);
    return 1;
  case 0x5c0 | 2 << 1 | 0:
    multiply(at->reg, at->rm, at->vvvv);
    return 1;
  default:
    return 0;
  }
}

static void handle(int signal, siginfo_t *info, void *context) {
  (void)signal;
  (void)info;
  greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
  const uint8_t *at = (const uint8_t *)(uintptr_t)registers[REG_RIP];
  instruction found;
  if (decode(at, registers, &found) && execute(&found)) {
    registers[REG_RIP] += (greg_t)found.length;
    return;
  }
  char why[100];
  int length = snprintf(why, sizeof why, "no instruction of AMX:");
  for (int i = 0; i < 12; ++i)
    length +=
        snprintf(why + length, sizeof why - (size_t)length, " %02x", at[i]);
  fail(why);
}

__attribute__((constructor)) static void start(void) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_sigaction = handle;
  action.sa_flags = SA_SIGINFO;
  sigaction(SIGILL, &action, &before);
}

__attribute__((destructor)) static void finish(void) {
  const char *counts = getenv("AMX_COUNTS");
  FILE *file = counts && configures ? fopen(counts, "a") : NULL;
  if (file) {
    fprintf(file,
            "{\"ldtilecfg\": %ld, \"tilezero\": %ld, \"tileloadd\": %ld, "
            "\"tilestored\": %ld, \"tdpbf16ps\": %ld, "
            "\"tilerelease\": %ld, \"threads\": %d}\n",
            configures, zeros, loads, stores, products, releases, threads);
    fclose(file);
  }
  if (threads_in_use)
    fail("tile registers in use at the end");
}

/* A library's own threads block all signals, and a blocked SIGILL is the end.
 */
int pthread_sigmask(int how, const sigset_t *set, sigset_t *old) {
  static int (*next)(int, const sigset_t *, sigset_t *);
  if (!next)
    *(void **)&next = dlsym(RTLD_NEXT, "pthread_sigmask");
  sigset_t most;
  if (set && how != SIG_UNBLOCK) {
    most = *set;
    sigdelset(&most, SIGILL);
    set = &most;
  }
  return next(how, set, old);
}

/* A process that was forked ends without destructors. */
_Noreturn void _exit(int status) {
  static int ending;
  if (!ending++)
    finish();
  syscall(SYS_exit_group, status);
  __builtin_unreachable();
}
