"""bench and tune on a device of OpenCL: PoCL's, where there is no GPU."""
# REQUIRES: opencl
# RUN: %python %s

from __future__ import annotations

from device_timing import check_bench, check_tune
from upconv_testing import Report


def main() -> None:
    report = Report()
    report.check("on a device", "bench", lambda: check_bench("opencl", "opencl"))
    report.check("on a device", "tune", lambda: check_tune("opencl", "opencl"))
    report.finish()


if __name__ == "__main__":
    main()
