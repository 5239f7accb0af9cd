#!/bin/sh
# Makes .venv-keras: real Keras on TensorFlow, the witness of `make check-keras`.
# Safe to run again: an environment of the same requirements is left alone.
set -eu
cd "$(dirname "$0")/.."

ORACLE=test/Oracle
stamp=.venv-keras/upconv-requirements
if [ "$(cat "$stamp" 2>/dev/null)" != "$(cat $ORACLE/requirements.txt $ORACLE/requirements-keras2.txt)" ]; then
  python3 -m venv .venv-keras
  .venv-keras/bin/pip install --quiet --no-compile --disable-pip-version-check -r $ORACLE/requirements.txt
  # It asks for the package `tensorflow`, which `tensorflow-cpu` stands in for.
  .venv-keras/bin/pip install --quiet --no-compile --disable-pip-version-check --no-deps -r $ORACLE/requirements-keras2.txt
  cat $ORACLE/requirements.txt $ORACLE/requirements-keras2.txt >"$stamp"
fi
