#!/bin/sh
# A Keras file in, a native library out: compiles generator.keras, links demo.c
# with the archive alone, and runs it on inputs whose outputs Keras computed.
set -eu
cd "$(dirname "$0")/.."
build=${1:-build}
out=$build/demo

"$build/bin/upconv" compile examples/generator.keras -o "$out" --name generator
.venv/bin/python -m zipfile -e examples/generator.io.npz "$out"
"${CC:-cc}" -std=c99 -O2 -Wall -Wextra -Wpedantic -Werror -I"$out" examples/demo.c \
  "$out/libgenerator.a" -lm -pthread -o "$out/demo"
"$out/demo" "$out/in_z.npy" "$out/out32_image.npy"
