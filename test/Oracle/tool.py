"""Runs the tool under limits of time and memory, with all of its workers."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

SECONDS = 180  # a small model that takes longer has hung
MEMORY = 8 << 30  # bytes of address space per process

# Traces of a process that did not end on its own terms.
CRASHES = ("terminate called", "Assertion", "what():", "std::", "LLVM ERROR", "PLEASE submit", "Stack dump",
           "AddressSanitizer", "runtime error:", "Segmentation", "bad_alloc", "HDF5-DIAG", "internal error")
LOCATION = re.compile(r"^\S*?:\d+:\d+: error: ", re.MULTILINE)


@dataclass(frozen=True)
class Result:
    status: int
    out: str
    err: str

    @property
    def crash(self) -> str | None:
        """What shows that this was no orderly end."""
        if self.status == -signal.SIGALRM:
            return f"no end after {SECONDS} s"
        if self.status not in (0, 1, 2, 3, 4):
            return f"exit status {self.status}: {self.message}"
        trace = next((trace for trace in CRASHES if trace in self.err), None)
        return f"'{trace}' in its output: {self.message}" if trace else None

    @property
    def message(self) -> str:
        errors = [line for line in self.err.splitlines() if "error:" in line]
        return (errors[0] if errors else self.err.strip())[:400]


class Tool:
    def __init__(self, path: Path) -> None:
        self.path = path.resolve()

    def __call__(self, *arguments: object, cwd: Path) -> Result:
        command = ["prlimit", f"--as={MEMORY}", "--core=0", str(self.path), *map(str, arguments)]
        with subprocess.Popen(command, cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, errors="replace", start_new_session=True) as process:
            try:
                out, err = process.communicate(timeout=SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                out, err = process.communicate()
                return Result(-signal.SIGALRM, out, err)
        return Result(process.returncode, out, err)
