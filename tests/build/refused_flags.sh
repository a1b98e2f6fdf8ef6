#!/usr/bin/env bash
# Flags that let compilers reorder sums or forget NaN are refused, or do not reach the exponentials.
#
#   tests/build/refused_flags.sh [compiler [flag...]]
set -euo pipefail
cd "$(dirname "$0")"

compiler=${1:-c++}
eigen=${EIGEN_INCLUDE:-/usr/include/eigen3}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

fail() {
  echo "refused_flags.sh: $1" >&2
  exit 1
}
refused() {
  ! "$compiler" -std=c++20 "$@" -I../../include -isystem "$eigen" -fsyntax-only exponentials.cpp 2>"$folder/errors" &&
    grep -q 'compile without -ffast-math' "$folder/errors"
}
right() {
  "$compiler" -std=c++20 -O2 "$@" -w -I../../include -isystem "$eigen" exponentials.cpp -o "$folder/program" &&
    "$folder/program"
}

for flag in -ffast-math -Ofast -ffinite-math-only; do
  refused "$flag" || fail "$flag is not refused"
done
for flags in '' -fassociative-math '-fassociative-math -fno-signed-zeros -fno-trapping-math' \
  -funsafe-math-optimizations -freciprocal-math -fno-signed-zeros -fno-trapping-math -fno-math-errno; do
  refused $flags || right $flags "${@:2}" || fail "$flags is neither refused nor harmless"
done
