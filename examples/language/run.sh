#!/usr/bin/env bash
# Trains a language model of characters on a small text and lets it write.
# Usage: run.sh [EPOCHS [CHARACTERS]]
#   OUT     folder of everything that is written (build/language)
#   LAMINA  another binary than build/bin/lamina
#   PYTHON  a Python with Keras and TensorFlow (that of ./dev setup)
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$here/../..
lamina=${LAMINA:-$root/build/bin/lamina}
python=${PYTHON:-${LAMINA_VENV:-$root/.venv}/bin/python}
out=${OUT:-$root/build/language}

mkdir -p "$out"
export TF_CPP_MIN_LOG_LEVEL=${TF_CPP_MIN_LOG_LEVEL:-3} KERAS_BACKEND=tensorflow
"$python" "$here/model.py" "$out"
"$lamina" train "$out/model.keras" --data "$out/data.npz" --epochs "${1:-20}" --batch-size 32 --seed 1 \
  --log "$out/log.csv" -o "$out/trained.keras"
"$lamina" evaluate "$out/trained.keras" --data "$out/data.npz"
"$python" "$here/sample.py" "$lamina" "$out" "the weaver " "${2:-60}"
