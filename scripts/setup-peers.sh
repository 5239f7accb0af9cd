#!/bin/sh
# Makes .venv-peers: the peers of `make bench-peers`, and what the harness compiles
# for them; and .venv-peers-NAME for each peer that wants versions of its own.
# Safe to run again: an environment of the same requirements is left alone.
# --without-torch leaves PyTorch out, whose only wheel brings 2 GB of CUDA libraries;
# --without-jax, --without-iree and --without-tvm leave those out.
set -eu
cd "$(dirname "$0")/.."

PEERS=test/Benchmark/peers
CC=${CC:-clang-22}
CXX=${CXX:-clang++-22}

# is_without NAME ARGUMENTS...
is_without() {
  name=$1
  shift
  case " $* " in *" --without-$name "*) return 0 ;; esac
  return 1
}

# make_environment FOLDER REQUIREMENTS...
make_environment() {
  venv=$1
  shift
  stamp=$venv/upconv-requirements
  [ "$(cat "$stamp" 2>/dev/null)" != "$(cat "$@")" ] || return 0
  python3 -m venv --clear "$venv" || return 1
  for file in "$@"; do
    # PyTorch's file lists all that it needs, and it asks for more.
    case $file in *-torch.txt) without=--no-deps ;; *) without= ;; esac
    "$venv/bin/pip" install --quiet --no-compile --disable-pip-version-check $without -r "$file" || return 1
  done
  cat "$@" >"$stamp"
}

for argument; do
  case $argument in
  --without-torch | --without-jax | --without-iree | --without-tvm) ;;
  *) echo "setup-peers.sh: unknown argument '$argument'" >&2; exit 2 ;;
  esac
done

requirements=$PEERS/requirements.txt
is_without torch "$@" || requirements="$requirements $PEERS/requirements-torch.txt"
# shellcheck disable=SC2086  # a list of files
make_environment .venv-peers $requirements

for peer in jax iree tvm; do
  is_without $peer "$@" || make_environment .venv-peers-$peer $PEERS/requirements-$peer.txt || {
    # A peer without a wheel for this machine does not keep the others from running.
    rm -rf .venv-peers-$peer
    echo "setup-peers.sh: '$peer' does not install here; make bench-peers will say 'unsupported'" >&2
  }
done

venv=.venv-peers
mkdir -p $venv/upconv
for part in lib/Timing/*.c; do
  $CC -std=c11 -D_GNU_SOURCE -O2 -fPIC -Iinclude -c $part -o $venv/upconv/$(basename $part).o
done
$CXX -std=c++17 -O2 -shared -fPIC -Iinclude $PEERS/peak.cpp lib/Driver/Machine.cpp $venv/upconv/*.c.o -o $venv/upconv/libpeak.so
$CXX -std=c++17 -O2 -shared -fPIC -I$venv/include $PEERS/onednn_peer.cpp -o $venv/upconv/libonednn_peer.so \
  -L$venv/lib -ldnnl -Wl,-rpath,'$ORIGIN/../lib' -Wl,--allow-shlib-undefined
