"""The program that `tune --remote` runs on a host, here with libraries that misbehave: one that
crashes, hangs, disagrees or lacks its processor is told from the others, which are timed."""
# RUN: %python %s

from __future__ import annotations

import os
import struct
import subprocess
from pathlib import Path

from upconv_testing import BUILD, CC, SOURCE, Report, Skipped, require, run, scratch

OBJECTS = {"x86_64": "upconvTimeByTurnsX86_64.o", "aarch64": "upconvTimeByTurnsAArch64.o"}
TIMED, WRONG, SLOW = range(3)
MARK, ALIVE = b"upconv: times by turns\n", b"\xff" * 8
VALUES = 8

# Library K adds one to its input, and does something else besides.
LIBRARY = """\
#include "upconv/Runtime/Runtime.h"
#include <stdlib.h>
#include <time.h>
static int prepare(void) { return %(prepared)s; }
static const char *status_string(int status) { return "the processor lacks something"; }
static int sizes(const int64_t *extents, int threads, size_t *workspace, int64_t *shapes) {
  *workspace = 0;
  shapes[0] = 2;
  shapes[1] = 4;
  return 0;
}
static int call(const float *const *inputs, const int64_t *extents, float *const *outputs,
                const upconv_rt_options *options) {
  for (int i = 0; i < 8; ++i)
    outputs[0][i] = inputs[0][i] + 1;
  %(besides)s
  return 0;
}
const upconv_rt_info *%(name)s_describe(void) {
  static upconv_rt_info info;
  info.struct_size = sizeof info;
  info.prepare = prepare;
  info.status_string = status_string;
  info.sizes = sizes;
  info.call = call;
  return &info;
}
"""
BESIDES = {"good": "", "crashing": "abort();", "hanging": "for (;;) nanosleep(&(struct timespec){1, 0}, 0);",
           "wrong": "outputs[0][3] = 7;", "slow": "nanosleep(&(struct timespec){0, 20000000}, 0);", "lacking": ""}


def program(folder: Path) -> Path:
    own = OBJECTS.get(os.uname().machine)
    if own is None:
        raise Skipped("no program for this machine")
    table = "".join(f"const void *{name}_describe(void);\n" for name in BESIDES)
    table += "const void *(*const upconv_libraries[])(void) = {" + ", ".join(f"{name}_describe" for name in BESIDES)
    table += f"}};\nconst int upconv_library_count = {len(BESIDES)};\n"
    (folder / "table.c").write_text(table)
    sources = [folder / "table.c"]
    for name, besides in BESIDES.items():
        sources.append(folder / f"{name}.c")
        sources[-1].write_text(LIBRARY % {"name": name, "besides": besides, "prepared": int(name == "lacking")})
    require(run(CC, f"-I{SOURCE / 'include'}", *sources, BUILD / "lib" / "Programs" / own, "-pthread",
                "-o", folder / "program"))
    return folder / "program"


def integers(*values: int) -> bytes:
    return struct.pack(f"<{len(values)}q", *values)


def request(*names: str, limit: int = 500, seconds: float = 0.01, give_up: float = 0) -> bytes:
    subjects = [list(BESIDES).index(name) for name in names]
    return (integers(limit, 1, int(seconds * 1e6), int(give_up * 1e6), 4, 0, 4096)
            + integers(1, VALUES) + integers(1, 2) + integers(len(subjects), *subjects))


class Answer:
    def __init__(self, output: bytes) -> None:
        self.rest = output[output.index(MARK) + len(MARK):]
        while self.rest.startswith(ALIVE):
            self.rest = self.rest[8:]

    def integer(self) -> int:
        value = struct.unpack_from("<q", self.rest)[0]
        self.rest = self.rest[8:]
        return value

    def bytes(self) -> bytes:
        size = self.integer()
        value, self.rest = self.rest[:size], self.rest[size:]
        return value


def timed(*names: str, **options: float) -> tuple[str, list[tuple[int, int]]]:
    """The message; of each library its state and how often it was timed."""
    with scratch() as folder:
        process = subprocess.Popen([program(folder), folder / "lock"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        process.stdin.write(request(*names, **options))
        process.stdin.flush()  # not closed: that would be the end of the connection
        answer = Answer(process.stdout.read())
        process.stdin.close()
        process.wait()
        message = answer.bytes().decode()
        if message:
            return message, []
        if not answer.bytes() or answer.integer() < 1 or len(answer.bytes()) != 16:
            return "no account of the machine", []
        return "", [(answer.integer(), len(answer.bytes()) // 16) for _ in names]


def misbehaving() -> str | None:
    message, subjects = timed("good", "crashing", "good", "hanging", "wrong", "lacking", "good")
    states = [state for state, _ in subjects]
    if message or states != [TIMED, WRONG, TIMED, SLOW, WRONG, WRONG, TIMED]:
        return f"'{message}', states {states}"
    return None if all((runs >= 9) == (state == TIMED) for state, runs in subjects) else f"runs: {subjects}"


def given_up() -> str | None:
    message, subjects = timed("good", "slow", give_up=1.25)
    return None if subjects[1:] == [(SLOW, 3)] else f"'{message}', {subjects}"


def first_one_fails() -> str | None:
    for name, word in [("crashing", "signal 6"), ("hanging", "takes too long"), ("lacking", "lacks something")]:
        message, _ = timed(name, "good")
        if word not in message:
            return f"{name}: '{message}'"
    return None


def ends_with_its_connection() -> str | None:
    """Also the process that the library runs in, which would keep the pipe open."""
    with scratch() as folder:
        made = program(folder)
        whole = request("good", "slow", seconds=3600)
        for arrives in (whole[:20], whole):
            process = subprocess.Popen([made, folder / "lock"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            process.stdin.write(arrives)
            process.stdin.close()
            process.stdout.read()
            process.wait(timeout=60)
    return None


def waits_for_its_turn() -> str | None:
    """A program that a lost connection has left is not disturbed, and does not disturb."""
    with scratch() as folder:
        made = program(folder)
        first, second = (subprocess.Popen([made, folder / "lock"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
                         for _ in range(2))
        first.stdin.write(request("good", seconds=3600))
        first.stdin.flush()
        first.stdout.read(len(MARK) + 16)  # at work
        second.stdin.write(request("good"))
        second.stdin.flush()
        second.stdout.read(len(MARK) + 24)  # alive for a second
        still = second.poll() is None
        first.stdin.close()
        answer = Answer(MARK + second.stdout.read())
        first.stdout.read()
        for process in (first, second):
            process.wait(timeout=60)
        return None if still and not answer.bytes() else "two programs work at a time"


def main() -> None:
    report = Report()
    for check in (misbehaving, given_up, first_one_fails, ends_with_its_connection, waits_for_its_turn):
        report.check("timing program", check.__name__.replace("_", " "), check)
    report.finish()


if __name__ == "__main__":
    main()
