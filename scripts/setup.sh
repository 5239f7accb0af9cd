#!/bin/sh
# Installs what the build needs on Debian 12: packages, and a project-local
# virtual environment with Halide, CMake, Ninja and lit. Safe to run again: what
# is present is left alone. docs/Facts.md says why these versions.
set -eu
cd "$(dirname "$0")/.."

PACKAGES="ca-certificates ccache clang-22 clang-format-22 clang-tidy-22 g++
  gcc-aarch64-linux-gnu libc6-dev libc6-dev-arm64-cross libcurl4-openssl-dev libedit-dev libgoogle-perftools-dev libgtest-dev libhdf5-dev
  libjsoncpp-dev liblld-22-dev libmlir-22-dev libzip-dev lld-22 llvm-22-dev
  llvm-22-tools make mlir-22-tools pkg-config python3-venv qemu-user-static zlib1g-dev"
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
