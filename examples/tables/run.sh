#!/usr/bin/env bash
# Trains on tables of several kinds and prints what scikit-learn reaches on the same rows.
# Usage: run.sh [TABLE ...]
#   OUT     folder of everything that is written (build/tables)
#   LAMINA  another binary than build/bin/lamina
#   PYTHON  a Python with scikit-learn and pandas (that of ./dev setup)
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$here/../..
lamina=${LAMINA:-$root/build/bin/lamina}
python=${PYTHON:-${LAMINA_VENV:-$root/.venv}/bin/python}
out=${OUT:-$root/build/tables}

mkdir -p "$out"
"$python" "$here/compare.py" "$lamina" "$out" "$@"
