#!/bin/sh
# Installs what the build needs on Debian 12: packages, and a project-local
# virtual environment with Halide, CMake, Ninja and lit. Safe to run again: what
# is present is left alone. docs/Facts.md says why these versions.
set -eu
cd "$(dirname "$0")/.."

PACKAGES="ca-certificates ccache clang-22 clang-format-22 clang-tidy-22 g++
  gcc-aarch64-linux-gnu libc6-dev libc6-dev-arm64-cross libcurl4-openssl-dev libedit-dev libgoogle-perftools-dev libgtest-dev libhdf5-dev
  libjsoncpp-dev liblld-22-dev libmlir-22-dev libzip-dev lld-22 llvm-22-dev
  llvm-22-tools make mlir-22-tools ocl-icd-libopencl1 pkg-config pocl-opencl-icd python3-venv qemu-user-static zlib1g-dev"
PYTHON_PACKAGES="cmake==4.4.4 halide==21.0.0 h5py==3.14.0 lit==23.1.5
  ninja==1.13.2 numpy==2.4.6"

missing=
for package in $PACKAGES; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' ||
    missing="$missing $package"
done
if [ -n "$missing" ]; then
  SUDO=
  [ "$(id -u)" = 0 ] || SUDO=sudo
  $SUDO apt-get update
  # shellcheck disable=SC2086  # the list is meant to split
  DEBIAN_FRONTEND=noninteractive $SUDO apt-get install -y --no-install-recommends $missing
fi

stamp=.venv/upconv-requirements
if [ "$(cat "$stamp" 2>/dev/null)" != "$PYTHON_PACKAGES" ]; then
  python3 -m venv .venv
  # shellcheck disable=SC2086
  .venv/bin/pip install --quiet --disable-pip-version-check $PYTHON_PACKAGES
  printf '%s\n' "$PYTHON_PACKAGES" >"$stamp"
fi

# What Apple's and Microsoft's systems offer a program, for the tests' link
# checks: lists of functions and C headers, taken out of the wheel of a compiler
# that carries them. The tests say what they skip where this fails.
PLATFORMS="ziglang==0.17.1"
stamp=.venv/platforms/version
if [ "$(cat "$stamp" 2>/dev/null)" != "$PLATFORMS" ]; then
  download=$(mktemp -d)
  trap 'rm -rf "$download"' EXIT
  if .venv/bin/pip download --quiet --disable-pip-version-check --no-deps -d "$download" "$PLATFORMS"; then
    rm -rf .venv/platforms
    .venv/bin/python - "$download"/*.whl .venv/platforms <<'PYTHON'
import pathlib
import sys
import zipfile

wheel, target = sys.argv[1:]
kept = ("darwin/libSystem.tbd", "include/any-darwin-any/", "include/any-windows-any/",
        "mingw/lib-common/kernel32.def", "mingw/lib-common/ucrtbase")
with zipfile.ZipFile(wheel) as archive:
    for name in archive.namelist():
        path = name.partition("/lib/libc/")[2]
        if path.startswith(kept) and not name.endswith("/"):
            file = pathlib.Path(target, path)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(archive.read(name))
PYTHON
    printf '%s\n' "$PLATFORMS" >"$stamp"
  fi
fi
