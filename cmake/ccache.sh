#!/usr/bin/env bash
# ccache COMPILER ARGUMENTS…, for compilations that read precompiled headers.
#
# clang writes the paths of headers into a precompiled header, so its bytes differ between checkouts and
# nothing that reads it would be found again from another one. Beside each this leaves FILE.sum, a
# checksum of the text that was parsed and of the command without its paths; ccache takes that in its
# place (CCACHE_PCH_EXTSUM). The precompiled header itself stays with its checkout.
set -euo pipefail
export CCACHE_PCH_EXTSUM=1

# ccache makes the paths of its options relative (CCACHE_BASEDIR), but not those that -Xclang passes on.
set -- "${@/#$PWD\//}"

output=
previous=
for argument in "$@"; do
  [[ $previous == -o ]] && output=$argument
  previous=$argument
done
[[ $output == *.pch ]] || exec ccache "$@"

"$@"
text=()
skip=0
for argument in "$@"; do
  case $argument in
    -emit-pch) text[${#text[@]}-1]=-E; text+=(-P); continue ;;
    -o) skip=1; continue ;;
  esac
  ((skip)) && { skip=0; continue; }
  text+=("$argument")
done
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
{ printf '%s\n' "${@//$root/}"; "$1" --version; "${text[@]}"; } | sha256sum >"$output.sum"
