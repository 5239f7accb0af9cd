"""upconv tune --remote: candidates for another processor are timed through a stand-in
for ssh, under qemu. Connections are refused, cut and silent, the tool is killed, and
nothing that was measured is lost or measured twice."""
# REQUIRES: aarch64
# RUN: %python %s

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

from tuning import await_records, records, suite, trials, verdicts
from upconv_testing import SOURCE, UPCONV, Report, errors_of, require, scratch, upconv

STAND_IN = SOURCE / "test" / "Integration" / "Inputs" / "stand_in_for_ssh.sh"
EMULATOR, COMPILER = "qemu-aarch64-static", "aarch64-linux-gnu-gcc"
HOST = "board"
FOREIGN = "x86-64" if os.uname().machine == "aarch64" else "aarch64"


class Board:
    """A host that is a folder here; its uname knows AArch64, its cat counts."""

    def __init__(self, folder: Path, machine: str = "aarch64") -> None:
        self.folder = folder / "hosts"
        self.home = self.folder / HOST
        self.home.mkdir(parents=True)
        self.program("uname", f"case $1 in -m) echo {machine} ;; *) echo Linux ;; esac")
        self.program("cat", f'echo sent >> "$STAND_IN/sent"; exec {shutil.which("cat")} "$@"')

    def program(self, name: str, text: str) -> None:
        path = self.folder / "bin" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)

    def lines(self, name: str) -> list[str]:
        path = self.folder / name
        return path.read_text().splitlines() if path.exists() else []

    def faults(self, faults: dict[int, str]) -> None:
        """For the N-th command from now on."""
        done = len(self.lines("commands"))
        (self.folder / "faults").write_text("".join(f"{done + n} {fault}\n" for n, fault in faults.items()))

    def arguments(self, *more: object, target: str = "aarch64", run_with: str = EMULATOR) -> list[object]:
        return ["--target", target, "--remote", HOST, "--remote-shell", STAND_IN, "--remote-run", run_with, *more]

    @property
    def environment(self) -> dict[str, str]:
        return {"STAND_IN": str(self.folder)}

    def tune(self, *arguments: object, **options: str) -> subprocess.CompletedProcess[bytes]:
        return upconv("tune", *self.arguments(*arguments, **options), env=self.environment)

    def start(self, *arguments: object) -> subprocess.Popen[bytes]:
        return subprocess.Popen([str(part) for part in (UPCONV, "tune", *self.arguments(*arguments))],
                                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True,
                                env=os.environ | self.environment)

    def alive(self) -> list[int]:
        """What works in the host's folders."""
        result = []
        for entry in Path("/proc").iterdir():
            try:
                if entry.name.isdigit() and os.readlink(entry / "cwd").startswith(str(self.home)):
                    result.append(int(entry.name))
            except OSError:
                continue
        return result

    def is_timing(self) -> bool:
        try:
            return any(word.startswith("./program-") for pid in self.alive()
                       for word in Path(f"/proc/{pid}/cmdline").read_text().split("\0"))
        except OSError:
            return False

    def left(self) -> list[Path]:
        return sorted(self.home.rglob("*/upconv-tune/*"))


def problem_of(folder: Path, layers: set[str], before: list[dict]) -> str | None:
    """What a log that was gone on with has lost, doubled or not decided."""
    if records(folder)[:len(before)] != before:
        return "a record is lost"
    made = trials(folder)
    if len(set(made)) != len(made):
        return "a trial is made twice"
    return None if set(verdicts(folder)) == layers else f"verdicts on {sorted(verdicts(folder))}"


def whole_run() -> str | None:
    """The log is one of a run here, but for the machine; nothing is left on the host."""
    with scratch() as folder:
        board = Board(folder)
        require(board.tune(suite(folder), "--layer", "up4", "--budget", "3", "--threads", "2", "-o", folder / "t",
                           run_with=f"taskset -c 0 env 'SPACED=a b' {EMULATOR}"))
        require(upconv("tune", folder / "suite.json", "--layer", "up4", "--budget", "1", "-o", folder / "here"))
        if problem := problem_of(folder / "t", {"up4"}, []):
            return problem
        verdict, here = verdicts(folder / "t")["up4"], verdicts(folder / "here")["up4"]
        if set(verdict) != set(here):
            return f"other fields: {set(verdict) ^ set(here)}"
        if ", 1 core" not in verdict["machine"]:
            return f"the machine is not the host as taskset leaves it: {verdict['machine']}"
        timed = [record for record in records(folder / "t") if record["outcome"] != "not compiled"]
        if not all(record["fraction"] > 0 and record["target"] == "aarch64" for record in timed):
            return f"figures are missing: {timed}"
        return f"left on the host: {board.left()}" if board.left() else None


def dropped_killed_and_resumed() -> str | None:
    """Every way to lose a connection, then the end of the tool itself in the middle of a run on the host."""
    with scratch() as folder:
        board = Board(folder)
        common = (suite(folder), "--shard", "1/2", "-o", folder / "t", "--remote-patience", "20")
        # Commands: the connection; then a copy and a run for each round.
        board.faults({2: "cut-input", 3: "refuse", 5: "cut-output", 6: "refuse"})
        process = board.start(*common, "--budget", "60")
        await_records(process, folder / "t", 3)
        while process.poll() is None and not board.is_timing():
            time.sleep(0.02)
        process.kill()  # the process alone, as when memory is short
        said = process.stderr.read().decode()
        if said.count("is lost: Connection to board closed") != 2 or said.count("Connection refused") != 2:
            return f"four losses are told as: {said}"
        programs = {name for line in board.lines("commands") for name in re.findall(r"\./program-[0-9a-f]+", line)}
        # One was cut; the run that was cut finds its program.
        if len(board.lines("sent")) != len(programs) + 1:
            return f"{len(programs)} programs were sent {len(board.lines('sent'))} times"
        for _ in range(100):
            if not board.alive():
                break
            time.sleep(0.1)
        if board.alive():
            return "the program on the host outlives its connection"
        if not board.left():
            return "the folder on the host is gone, and so nothing tests that it is found again"
        before = records(folder / "t")
        board.faults({3: "end-output"})
        result = board.tune(*common, "--budget", "2", "--resume")
        require(result)
        if "is lost: its answer breaks off" not in errors_of(result):
            return "the loss after --resume is not told"
        if problem := problem_of(folder / "t", {"up4", "up24"}, before):
            return problem
        if board.left():
            return f"left on the host: {board.left()}"
        after = records(folder / "t")
        require(board.tune(*common, "--budget", "2", "--resume"))
        return None if records(folder / "t") == after else "a finished run goes on"


def lost_for_good() -> str | None:
    """Status 2 once the patience is at its end, and a log that --resume goes on with."""
    with scratch() as folder:
        board = Board(folder)
        common = (suite(folder), "--layer", "up4", "-o", folder / "t", "--remote-patience", "2")
        board.faults({n: "refuse" for n in range(4, 50)})
        result = board.tune(*common, "--budget", "60")
        if result.returncode != 2 or "--resume" not in errors_of(result, 2000):
            return f"status {result.returncode}: {errors_of(result, 2000)}"
        before = records(folder / "t")
        if not before or any(record["kind"] == "verdict" for record in before):
            return f"the log: {before}"
        board.faults({})
        require(board.tune(*common, "--budget", "1", "--resume"))
        return problem_of(folder / "t", {"up4"}, before)


def silent() -> str | None:
    with scratch() as folder:
        board = Board(folder)
        board.faults({2: "hang", 4: "hang"})
        result = board.tune(suite(folder), "--layer", "up4", "-o", folder / "t", "--remote-patience", "12",
                            "--budget", "1")
        require(result)
        if errors_of(result, 2000).count("nothing was heard for 3 s") < 2:
            return f"said: {errors_of(result, 2000)}"
        return problem_of(folder / "t", {"up4"}, [])


def interrupted() -> str | None:
    with scratch() as folder:
        board = Board(folder)
        process = board.start(suite(folder), "--layer", "up4", "--budget", "60", "-o", folder / "t")
        await_records(process, folder / "t", 1)
        os.killpg(process.pid, signal.SIGINT)
        _, said = process.communicate()
        if process.returncode != 130 or b"is lost" in said:
            return f"status {process.returncode}: {said.decode()}"
        if not records(folder / "t"):
            return "records are lost"
        return f"left on the host: {board.left()}" if board.left() else None


# Links a library of the compiler's own folder in the place of one of the same name.
EXCHANGING_COMPILER = """\
#!/bin/sh
for word in "$@"; do
  case $word in
  *.a)
    other=${0%/*}/$(basename "$word" .a).c
    test -f "$other" && word=$other ;;
  esac
  set -- "$@" "$word"
  shift
done
"""
# Does what the candidate of today does, and something else.
BREAKING = """\
#include "upconv/Runtime/Runtime.h"
#include <stdlib.h>
extern const upconv_rt_info *candidate_0_describe(void);
static int broken(const float *const *inputs, const int64_t *extents, float *const *outputs,
                  const upconv_rt_options *options) {
  int status = candidate_0_describe()->call(inputs, extents, outputs, options);
  %s
  return status;
}
const upconv_rt_info *%s_describe(void) {
  static upconv_rt_info info;
  info = *candidate_0_describe();
  info.call = broken;
  return &info;
}
"""
LACKING = """\
#include "upconv/Runtime/Runtime.h"
static int prepare(void) { return UPCONV_RT_UNSUPPORTED_CPU; }
static const char *status_string(int status) { return "an instruction is missing"; }
const upconv_rt_info *candidate_0_describe(void) {
  static upconv_rt_info info;
  info.prepare = prepare;
  info.status_string = status_string;
  return &info;
}
"""


def tune_with(board: Board, folder: Path, libraries: dict[str, str]) -> subprocess.CompletedProcess[bytes]:
    tools = folder / "tools"
    tools.mkdir()
    for name, text in libraries.items():
        (tools / f"{name}.c").write_text(text)
    compiler = tools / COMPILER
    compiler.write_text(f'{EXCHANGING_COMPILER}exec {shutil.which(COMPILER)} -I{SOURCE / "include"} "$@"\n')
    compiler.chmod(0o755)
    return upconv("tune", *board.arguments(suite(folder), "--layer", "up4", "-o", folder / "t", "--random", "4"),
                  env=board.environment | {"PATH": f"{tools}:{os.environ['PATH']}"})


def broken_candidates() -> str | None:
    """One that crashes and one with other bits are wrong; no connection is lost by them."""
    with scratch() as folder:
        broken = {"candidate_2": "abort();", "candidate_3": "outputs[0][0] += 1;"}
        result = tune_with(Board(folder), folder, {name: BREAKING % (what, name) for name, what in broken.items()})
        require(result)
        outcomes = [record["outcome"] for record in records(folder / "t") if record["kind"] == "trial"]
        if outcomes[1:3] != ["wrong", "wrong"] or "wrong" in outcomes[:1] + outcomes[3:]:
            return f"outcomes: {outcomes}"
        return None if not errors_of(result) else f"said: {errors_of(result)}"


def lacking_processor() -> str | None:
    with scratch() as folder:
        result = tune_with(Board(folder), folder, {"candidate_0": LACKING})
        if result.returncode != 4 or "cannot time this layer: an instruction is missing" not in errors_of(result):
            return f"status {result.returncode}: {errors_of(result)}"
        return "it has left its folder" if (folder / "t").exists() else None


def own_architecture() -> str | None:
    """A host like this machine takes this machine's compiler, and needs no emulator."""
    if os.uname().machine != "x86_64":
        return None
    with scratch() as folder:
        board = Board(folder, "x86_64")
        require(board.tune(suite(folder), "--layer", "up4", "--budget", "1", "-o", folder / "t", target="x86-64",
                           run_with="env"))
        return problem_of(folder / "t", {"up4"}, [])


def refusals() -> str | None:
    with scratch() as folder:
        board, other = Board(folder), Board(folder / "other", "x86_64")
        path, out = suite(folder), folder / "t"
        full = Board(folder / "full")
        full.program("cat", "echo 'cat: write error: No space left on device' >&2; exit 1")
        readonly = Board(folder / "readonly")
        readonly.program("mkdir", "echo 'mkdir: read-only file system' >&2; exit 1")
        here = ("--budget", "1", "--layer", "up4", "-o", out, "--resume")
        cases = [
            (board.tune(path, *here, target="host"), 2, "wants '--target'"),
            (upconv("tune", path, "--remote-run", "x"), 2, "goes with '--remote'"),
            (upconv("tune", path, "--remote", "-v", "--target", "aarch64"), 2, "the name of a host"),
            (board.tune(path, *here, "--remote-patience", "0"), 2, "--remote-patience"),
            (upconv("tune", path, *here, "--remote", "nowhere", "--remote-shell", STAND_IN, "--target", "aarch64",
                    env=board.environment), 2, "Could not resolve hostname nowhere"),
            (upconv("tune", path, *here, "--remote", HOST, "--remote-shell", folder / "none", "--target", "aarch64"),
             2, "No such file"),
            (upconv("tune", path, *here, "--remote", HOST, "--remote-shell", " ", "--target", "aarch64"),
             2, "--remote-shell"),
            (other.tune(path, *here), 4, "is a machine of Linux on x86_64"),
            (full.tune(path, *here), 2, "No space left on device"),
            (readonly.tune(path, *here), 2, "read-only file system"),
            (board.tune(path, *here, run_with="no-such-wrapper"), 2, "no-such-wrapper"),
            (upconv("tune", *board.arguments(path, *here), env=board.environment | {"PATH": "/nowhere"}), 4,
             f"'{COMPILER}', which is not installed"),
            (board.tune(path, *here, target="aarch64-macos"), 4, "for another system"),
            (upconv("tune", path, *here, "--target", FOREIGN), 4, "'--remote HOST' times"),
            (board.tune("merge", out, "-o", folder / "m"), 2, "measures nothing"),
        ]
        for number, (result, status, word) in enumerate(cases):
            if result.returncode != status or word not in errors_of(result, 2000):
                return f"case {number}: status {result.returncode}, expected {status} and '{word}': {errors_of(result)}"
        if out.exists():
            return "a run that was refused has left its folder"
        return f"left on the host: {board.left() + full.left()}" if board.left() + full.left() else None


def main() -> None:
    report = Report()
    with scratch() as cache:
        # Compiling is not what is tested here.
        os.environ["UPCONV_CACHE_DIR"] = str(cache)
        for check in (whole_run, dropped_killed_and_resumed, lost_for_good, silent, interrupted, broken_candidates,
                      lacking_processor, own_architecture, refusals):
            report.check("tune --remote", check.__name__.replace("_", " "), check)
    report.finish()


if __name__ == "__main__":
    main()
