#!/usr/bin/env bash
# Trains the digits network: inspect, train, compile, evaluate. The last line is the test accuracy.
# Usage: run.sh [OUTPUT_FOLDER]     LAMINA names another binary than build/bin/lamina.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
lamina=${LAMINA:-$here/../../build/bin/lamina}
out=${1:-$here/../../build/demo}
epochs=30
batch=64

show() {
  printf '\n$ lamina %s\n' "${*//"$here/"/}"
  "$lamina" "$@"
}

mkdir -p "$out"
out=$(cd "$out" && pwd)

show inspect "$here/digits.keras" --batch-size $batch
show train "$here/digits.keras" --data "$here/train.csv" --target digit --epochs $epochs \
  --batch-size $batch --seed 1 --log "$out/log.csv" -o "$out/trained.keras"
show compile "$out/trained.keras" --function both --batch-size $batch -o "$out/digits.o"

printf '\ntrained network  %9d bytes  %s\n' "$(stat -c %s "$out/trained.keras")" "$out/trained.keras"
printf 'compiled object  %9d bytes  %s\n' "$(stat -c %s "$out/digits.o")" "$out/digits.o"
printf 'its C header     %9d bytes  %s\n' "$(stat -c %s "$out/digits.h")" "$out/digits.h"

result=$(show evaluate "$out/trained.keras" --data "$here/test.csv" --target digit)
printf '%s\n' "$result"
accuracy=$(sed -nE 's/.*accuracy[^0-9]*([01]\.[0-9]+).*/\1/p' <<<"$result" | tail -n 1)
printf '\ntest accuracy %.4f\n' "${accuracy:?lamina evaluate printed no accuracy}"
