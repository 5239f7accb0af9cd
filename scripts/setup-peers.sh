#!/bin/sh
# Makes .venv-peers: the peers of `make bench-peers`, and what the harness compiles
# for them. Safe to run again: an environment of the same requirements is left alone.
# --without-torch leaves PyTorch out, whose only wheel brings 2 GB of CUDA libraries.
set -eu
cd "$(dirname "$0")/.."

PEERS=test/Benchmark/peers
CXX=${CXX:-clang++-22}
venv=.venv-peers
stamp=$venv/upconv-requirements

requirements=$PEERS/requirements.txt
[ "${1:-}" = --without-torch ] || requirements="$requirements $PEERS/requirements-torch.txt"
# shellcheck disable=SC2086  # a list of files
if [ "$(cat "$stamp" 2>/dev/null)" != "$(cat $requirements)" ]; then
  python3 -m venv --clear $venv
  for file in $requirements; do
    # PyTorch's file lists all that it needs, and it asks for more.
    case $file in *-torch.txt) without=--no-deps ;; *) without= ;; esac
    $venv/bin/pip install --quiet --no-compile --disable-pip-version-check $without -r "$file"
  done
  cat $requirements >"$stamp"
fi

mkdir -p $venv/upconv
$CXX -std=c++17 -O2 -shared -fPIC -Iinclude $PEERS/peak.cpp lib/Driver/Machine.cpp -o $venv/upconv/libpeak.so
$CXX -std=c++17 -O2 -shared -fPIC -I$venv/include $PEERS/onednn_peer.cpp -o $venv/upconv/libonednn_peer.so \
  -L$venv/lib -ldnnl -Wl,-rpath,'$ORIGIN/../lib' -Wl,--allow-shlib-undefined
