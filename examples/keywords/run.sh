#!/usr/bin/env bash
# Trains a network that waits for a word and measures it on sounds that it has not heard.
# Usage: run.sh [EPOCHS]
#   OUT     folder of everything that is written (build/keywords)
#   LAMINA  another binary than build/bin/lamina
#   PYTHON  a Python with Keras and TensorFlow (that of ./dev setup)
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$here/../..
lamina=${LAMINA:-$root/build/bin/lamina}
python=${PYTHON:-${LAMINA_VENV:-$root/.venv}/bin/python}
out=${OUT:-$root/build/keywords}

mkdir -p "$out"
export TF_CPP_MIN_LOG_LEVEL=${TF_CPP_MIN_LOG_LEVEL:-3} KERAS_BACKEND=tensorflow
"$python" "$here/model.py" "$out"
"$lamina" train "$out/model.keras" --data "$out/train.npz" --validation-data "$out/test.npz" \
  --epochs "${1:-15}" --batch-size 50 --seed 1 --log "$out/log.csv" -o "$out/trained.keras"
"$lamina" evaluate "$out/trained.keras" --data "$out/test.npz"
