#!/usr/bin/env bash
# Takes deep networks of keras.applications through Lamina: for each, real Keras writes the file, then
# inspect, compile, train a few steps and predict. The last line says how many came through.
# Usage: run.sh [--epochs N] [NETWORK …]     all five of model.py without names
#   OUT     folder of everything that is written (build/applications)
#   LAMINA  another binary than build/bin/lamina
#   PYTHON  a Python with Keras and TensorFlow (that of ./dev setup)
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$here/../..
lamina=${LAMINA:-$root/build/bin/lamina}
python=${PYTHON:-${LAMINA_VENV:-$root/.venv}/bin/python}
out=${OUT:-$root/build/applications}
batch=16
epochs=3
if [[ ${1:-} == --epochs ]]; then
  epochs=$2
  shift 2
fi
networks=("$@")
[[ $# -gt 0 ]] || networks=(mobilenet_v2 resnet50 vgg16 densenet121 inception_v3)

show() {
  printf '\n$ lamina %s\n' "${*//"$out/"/}"
  "$lamina" "$@"
}

mkdir -p "$out"
out=$(cd "$out" && pwd)
export TF_CPP_MIN_LOG_LEVEL=${TF_CPP_MIN_LOG_LEVEL:-3} KERAS_BACKEND=tensorflow
"$python" "$here/model.py" --data "$out/crops.npz"
for network in "${networks[@]}"; do
  model=$out/$network
  printf '\n== %s\n' "$network"
  "$python" "$here/model.py" "$network" "$model.keras"
  show inspect "$model.keras" --batch-size $batch >"$model.txt"
  grep -E '^(Total params|Batch size|train_step|predict)' "$model.txt"
  # For this processor alone: without --target-cpu there are three variants of everything.
  show compile "$model.keras" --batch-size $batch --target-cpu host --emit shared -o "$model.so"
  printf 'compiled library %9d bytes\n' "$(stat -c %s "$model.so")"
  show train "$model.keras" --data "$out/crops.npz" --epochs "$epochs" --batch-size $batch --seed 1 \
    --log "$model.csv" -o "$model.trained.keras"
  show predict "$model.trained.keras" --data "$out/crops.npz" --batch-size $batch -o "$model.npy"
done
printf '\n%d networks trained\n' "${#networks[@]}"
