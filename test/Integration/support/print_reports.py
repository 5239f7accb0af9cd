"""Prints what the integration tests counted: lit shows no output of what passes."""

import sys
from pathlib import Path

for report in sorted(Path(sys.argv[1]).glob("*.txt")):
    print(f"-- {report.stem}")
    print(report.read_text(), end="")
