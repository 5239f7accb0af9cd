"""The commands in README.md and docs/ run as they stand.

Each file's ```sh fences run in order, as one script, in a scratch folder that
sees the repository's folders. Written before a fence, `<!-- not run: REASON -->`
leaves it out. A whole program in a ```c fence becomes main.c. Lines that fetch or
build the project itself are left out, since it is there.
"""
# RUN: %python %s

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

from upconv_testing import BUILD, SOURCE, Report, Skipped, errors_of, run, scratch

FENCE = re.compile(r"^(?:<!-- not run: (?P<reason>.+?) -->\s*\n)?```(?P<info>[^\n]*)\n(?P<body>.*?)^```\s*$",
                   re.MULTILINE | re.DOTALL)
BUILDING = re.compile(r"^\s*(git clone|cd upconv\b|make\b|cmake --preset|cmake --build|ninja\b|sudo |apt)")


def pages() -> list[Path]:
    return [path for path in (SOURCE / "README.md", SOURCE / "examples" / "README.md",
                              *sorted((SOURCE / "docs").rglob("*.md"))) if path.exists()]


def prepare(folder: Path) -> None:
    """The repository's folders, by links; whatever the commands write stays here."""
    for name in ("examples", "scheduling", "test", "include", "docs"):
        if (SOURCE / name).exists():
            (folder / name).symlink_to(SOURCE / name)
    (folder / "build").mkdir()
    (folder / "build" / "bin").symlink_to(BUILD / "bin")
    (folder / "out").mkdir()


def script(page: Path, folder: Path, report: Report) -> str:
    """The page's commands; its C files are written to `folder`."""
    lines: list[str] = []
    for fence in FENCE.finditer(page.read_text()):
        info, body = fence["info"].strip(), fence["body"]
        if fence["reason"]:
            report.notes.append(f"{page.relative_to(SOURCE)}: a fence is not run: {fence['reason']}")
        elif info == "c" and "int main(" in body:
            (folder / "main.c").write_text(body)
        elif info == "sh":
            lines += [line for line in body.splitlines() if not BUILDING.match(line)]
    return "\n".join(lines)


def check(page: Path, report: Report) -> str | None:
    with scratch() as folder:
        prepare(folder)
        text = script(page, folder, report)
        if not text.strip():
            raise Skipped("it has no commands")
        result = run("sh", "-eux", stdin=text.encode(), cwd=folder,
                     env={"PATH": os.pathsep.join([str(BUILD / "bin"), os.environ["PATH"]]),
                          "PYTHON": sys.executable})
        return None if result.returncode == 0 else f"ended with {result.returncode}: {errors_of(result, 2000)}"


def main() -> None:
    report = Report()
    for page in pages():
        report.check("commands", str(page.relative_to(SOURCE)), lambda: check(page, report))
    report.finish()


if __name__ == "__main__":
    main()
