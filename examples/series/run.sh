#!/usr/bin/env bash
# Trains a recurrent network on a time series and measures it on values that come later.
# Usage: run.sh [EPOCHS]
#   OUT     folder of everything that is written (build/series)
#   LAMINA  another binary than build/bin/lamina
#   PYTHON  a Python with Keras and TensorFlow (that of ./dev setup)
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$here/../..
lamina=${LAMINA:-$root/build/bin/lamina}
python=${PYTHON:-${LAMINA_VENV:-$root/.venv}/bin/python}
out=${OUT:-$root/build/series}

mkdir -p "$out"
export TF_CPP_MIN_LOG_LEVEL=${TF_CPP_MIN_LOG_LEVEL:-3} KERAS_BACKEND=tensorflow
"$python" "$here/model.py" "$out"
"$lamina" train "$out/model.keras" --data "$out/train.csv" --window 32 --horizon 12 --epochs "${1:-20}" --batch-size 32 --seed 1 \
  --log "$out/log.csv" -o "$out/trained.keras"
"$lamina" predict "$out/trained.keras" --data "$out/test.csv" -o "$out/predictions.csv"
"$lamina" evaluate "$out/trained.keras" --data "$out/test.csv"
