"""What `make bench-peers` takes Keras's padding to mean, against the table of it and against sums by hand.

The measurements themselves need the peers and a quiet machine, and are no test.
"""
# RUN: %python %s

from __future__ import annotations

import sys
from dataclasses import replace

from upconv_testing import SHARED, SOURCE, Report, Skipped

sys.path.insert(0, str(SOURCE / "test" / "Benchmark" / "peers"))
from suite import Layer, read_suite, with_leading_axis  # noqa: E402

SUITE = SHARED / "bench" / "suite.json"

# 'same' without output padding: crops in front and behind by extent 1 to 8 (rows) and stride 1 to 5; below 0: zeros.
SAME = """0/0 0/-1 0/-2 0/-3 0/-4
          0/1 0/0 0/-1 0/-2 0/-3
          1/1 0/1 0/0 0/-1 0/-2
          1/2 1/1 0/1 0/0 0/-1
          2/2 1/2 1/1 0/1 0/0
          2/3 2/2 1/2 1/1 0/1
          3/3 2/3 2/2 1/2 1/1
          3/4 3/3 2/3 2/2 1/2"""


def layer(kernel: int, stride: int, padding: str, output: int | None = None, dilation: int = 1) -> Layer:
    return Layer("one", "core", 1, (5,), 1, 1, (kernel,), (stride,), (dilation,), padding,
                 None if output is None else (output,), 1)


def expect(what: str, found: object, wanted: object) -> str | None:
    return None if found == wanted else f"{what}: expected {wanted}, got {found}"


def same_table() -> str | None:
    for extent, row in enumerate(SAME.splitlines(), 1):
        for stride, cell in enumerate(row.split(), 1):
            wanted = tuple(int(side) for side in cell.split("/"))
            one = layer(extent, stride, "same")
            wrong = (expect(f"extent {extent}, stride {stride}", one.crops, (wanted,)) or
                     expect(f"extent {extent}, stride {stride}: length", one.out_spatial, (5 * stride,)))
            if wrong:
                return wrong
    return None


def output_padding() -> str | None:
    cases = {  # kernel, stride, padding, output padding, dilation: crops, length
        (3, 2, "same", 0, 1): ((1, 1), 9), (3, 2, "same", 1, 1): ((0, 1), 10),
        (4, 3, "same", 1, 1): ((1, 2), 13), (2, 2, "same", 1, 1): ((0, 1), 9),
        (3, 3, "valid", 2, 1): ((0, -2), 17), (2, 3, "valid", None, 1): ((0, -1), 15),
        (3, 1, "same", None, 2): ((2, 2), 5), (5, 1, "valid", None, 3): ((0, 0), 17),
    }
    for arguments, (crops, length) in cases.items():
        one = layer(*arguments)
        wrong = (expect(f"{arguments}", one.crops, (crops,)) or
                 expect(f"{arguments}: length", one.out_spatial, (length,)))
        if wrong:
            return wrong
    return None


def leading_axis() -> str | None:
    for one in (layer(4, 2, "same"), layer(2, 3, "valid"), layer(3, 2, "same", 1), layer(3, 3, "valid", 2)):
        wider = with_leading_axis(one)
        wrong = (expect("shape", wider.output_shape, (1, 1, *one.output_shape[1:])) or
                 expect("crops", wider.crops, ((0, 0), *one.crops)))
        if wrong:
            return wrong
    return expect("batch", replace(layer(4, 2, "same"), batch=3).output_shape, (3, 10, 1))


def suite() -> str | None:
    if not SUITE.exists():
        raise Skipped(f"no {SUITE.name} beside the project")
    read_suite(SUITE)  # compares every length with the one that the suite derives
    return None


def main() -> None:
    report = Report()
    for check in (same_table, output_padding, leading_axis, suite):
        report.check("crops", check.__name__, check)
    report.finish()


if __name__ == "__main__":
    main()
