"""What a test may say: the tools by name, %python, %examples, %shared, %cc, %cxx,
and lit's own %s, %S, %t, %T.

lit passes `config`; the paths come from lit.site.cfg.py, which CMake writes.
"""

import ctypes
import os
import re
import shutil

import lit.formats

config.name = "upconv"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".test", ".py"]
config.test_source_root = os.path.dirname(__file__)
config.test_exec_root = config.upconv_build + "/test"
config.excludes = ["lit.cfg.py", "CMakeLists.txt", "Inputs", "data", "support",
                   "Oracle", "Unit", "Benchmark", "Fuzz"]

upconv_bin = config.upconv_build + "/bin"
shared = os.path.join(config.upconv_source, os.pardir, "shared")

# Longer names first: `upconv` is the beginning of the others.
tools = {
    "upconv-opt": f"{upconv_bin}/upconv-opt",
    "upconv-translate": f"{upconv_bin}/upconv-translate",
    "upconv": f"{upconv_bin}/upconv",
    "FileCheck": f"{config.llvm_tools}/FileCheck",
    "count": f"{config.llvm_tools}/count",
    "not": f"{config.llvm_tools}/not",
    "split-file": f"{config.llvm_tools}/split-file",
    "llvm-nm": f"{config.llvm_tools}/llvm-nm",
}
for name, path in tools.items():
    # A tool's name stands where a command stands, not inside paths and flags.
    config.substitutions.append((rf"(?<![\w/.%-]){re.escape(name)}(?![\w/.-])", path))
config.substitutions += [
    ("%{build}", config.upconv_build),
    ("%python", config.python),
    ("%examples", config.upconv_source + "/examples"),
    ("%shared", shared),
    ("%cxx", config.cxx),
    ("%cc", config.cc),
]

config.environment["FILECHECK_OPTS"] = "-enable-var-scope --allow-unused-prefixes=false"
config.environment["PATH"] = os.pathsep.join(
    [upconv_bin, config.llvm_tools, config.environment.get("PATH", "")])
config.environment["PYTHONDONTWRITEBYTECODE"] = "1"
config.environment["PYTHONPATH"] = config.test_source_root + "/Integration/support"
config.environment["UPCONV_BUILD"] = config.upconv_build
config.environment["UPCONV_SOURCE"] = config.upconv_source
config.environment["UPCONV_LLVM_TOOLS"] = config.llvm_tools
config.environment["UPCONV_CC"] = config.cc
config.environment["UPCONV_CXX"] = config.cxx
for variable in ("UPCONV_TEST_JOBS", "UPCONV_TEST_FULL", "UPCONV_WRITE_SUPPORT"):
    if variable in os.environ:
        config.environment[variable] = os.environ[variable]


def has_opencl():
    """Whether a driver of OpenCL has a platform: PoCL's, where there is no GPU."""
    try:
        driver, count = ctypes.CDLL("libOpenCL.so.1"), ctypes.c_uint32()
        return driver.clGetPlatformIDs(0, None, ctypes.byref(count)) == 0 and count.value > 0
    except OSError:
        return False


if has_opencl():
    config.available_features.add("opencl")
    config.environment["POCL_CACHE_DIR"] = config.upconv_build + "/test/pocl"
else:
    lit_config.note("no driver of OpenCL here (pocl-opencl-icd): kernels for GPUs are not run")
ptxas = shutil.which("ptxas") or shutil.which("ptxas", path="/usr/local/cuda/bin")
if ptxas:
    config.available_features.add("ptxas")
    config.environment["UPCONV_PTXAS"] = ptxas
else:
    lit_config.note("no ptxas here (CUDA): registers and stack of kernels for GPUs are not judged")
if os.path.isdir(shared):
    config.available_features.add("shared")
if shutil.which("qemu-aarch64-static") and shutil.which("aarch64-linux-gnu-gcc"):
    config.available_features.add("aarch64")
