"""Libraries with instructions of AMX, run here: on a processor that has them as they
are, on another one of AVX-512 by an interpreter (amx_interpreter.c), for which the
target requires no more than the machine has."""

from __future__ import annotations

import json
import re
from pathlib import Path

from upconv_testing import CC, SOURCE, CommandError, require, run, scratch, upconv, write_layer

TARGET = "sapphirerapids-amx"
WITHOUT, LEAST = "sapphirerapids", "x86-64-v4"


def processor_flags() -> set[str]:
    with open("/proc/cpuinfo") as description:
        line = next((line for line in description if line.startswith("flags")), "")
    return set(line.split())


def is_native() -> bool:
    return {"amx_tile", "amx_bf16"} <= processor_flags()


def runs(target: str) -> bool:
    with scratch() as folder:
        layer = write_layer(folder, "Dense", {"units": 1})
        return upconv("verify", layer, "--input-shape", "1,1", "--init", "1", "--target", target).returncode == 0


def interpreter(folder: Path) -> Path:
    library = folder / "libamx.so"
    source = SOURCE / "test" / "Integration" / "support" / "amx_interpreter.c"
    flags = ("-std=c11", "-O2", "-Wall", "-Wextra", "-Werror", "-mfma", "-shared", "-fPIC")
    require(run(CC, *flags, source, "-o", library))
    return library


def write_targets(folder: Path) -> None:
    """The target's row, as this machine needs it."""
    rows = (SOURCE / "scheduling" / "targets.yaml").read_text()
    if not is_native():
        row = re.search(rf"  - name: {TARGET}\n(?:    .*\n)*", rows)[0]
        like = re.search(rf"  - name: {WITHOUT if runs(WITHOUT) else LEAST}\n(?:    .*\n)*", rows)[0]
        changed = row
        for key in ("halide", "requires"):
            changed = re.sub(rf"    {key}: .*", lambda _, key=key: re.search(rf"    {key}: .*", like)[0], changed)
        assert changed != row
        rows = rows.replace(row, changed)
    (folder / "targets.yaml").write_text(rows)


class Machine:
    """What runs the libraries, and the tables that it has."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.library = None if is_native() else interpreter(folder)
        self.number = 0
        write_targets(folder)

    def tables(self, folder: Path, entries: dict[str, list[str]]) -> Path:
        """These entries, by table; the tool's own where there are none."""
        (folder / TARGET).mkdir(parents=True)
        (folder / "targets.yaml").write_text((self.folder / "targets.yaml").read_text())
        for op, lines in entries.items():
            (folder / TARGET / f"{op}-bf16.yaml").write_text(
                "basis: model\nentries:\n" + "".join(f"  - {{ {line}, why: test }}\n" for line in lines))
        return folder

    def environment(self, counts: Path) -> dict[str, str]:
        return {"LD_PRELOAD": str(self.library), "AMX_COUNTS": str(counts)} if self.library else {}

    def counted(self, counts: Path) -> dict[str, int] | None:
        """What the interpreter executed; None where there is none."""
        if not self.library:
            return None
        if not counts.exists():
            raise CommandError("no instruction of AMX was executed")
        total: dict[str, int] = {}
        for line in counts.read_text().splitlines():
            for name, count in json.loads(line).items():
                total[name] = total.get(name, 0) + count
        return total
