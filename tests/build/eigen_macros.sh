#!/usr/bin/env bash
# Eigen's macros, which a user may set for code of their own, do not change what the library computes.
#
#   tests/build/eigen_macros.sh [compiler [flag...]]
#
# One program is built plainly and with each group of macros, and has to print the same bits; where macros change the
# registers, which changes the order of sums, the same mean squares within 1 %.
set -euo pipefail
cd "$(dirname "$0")/../.."

compiler=${1:-c++}
flags=("${@:2}")
# g++ 12 warns of its own header of AVX-512, which a processor may have.
[ ${#flags[@]} != 0 ] || flags=(-march=native -Wno-uninitialized -Wno-maybe-uninitialized)
eigen=${EIGEN_INCLUDE:-/usr/include/eigen3}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

compile() {
  "$compiler" -std=c++20 -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror -Iinclude -isystem "$eigen" \
    "${flags[@]}" "$@" -pthread
}
fail() {
  echo "eigen_macros.sh: $1" >&2
  exit 1
}
output_with() {
  compile -O1 "$@" tests/build/eigen_macros.cpp -o "$folder/program"
  "$folder/program"
}

plain=$(output_with)

same_bits() {
  local got
  got=$(output_with "$@")
  [ "$got" = "$plain" ] || fail "$* changes bits:"$'\n'"$plain"$'\n'"became"$'\n'"$got"
}
nearly() {
  local got
  got=$(output_with "$@")
  paste -d ' ' <(echo "$plain") <(echo "$got") |
    awk '$1 != $4 || ($6 - $3) ^ 2 > (0.01 * $3) ^ 2 { exit 1 }' ||
    fail "$* changes numbers:"$'\n'"$plain"$'\n'"became"$'\n'"$got"
}

same_bits -DEIGEN_DEFAULT_TO_ROW_MAJOR -DEIGEN_INITIALIZE_MATRICES_BY_NAN -DEIGEN_NO_AUTOMATIC_RESIZING
same_bits -DEIGEN_DEFAULT_DENSE_INDEX_TYPE=int -DEIGEN_MAX_ALIGN_BYTES=16 -DEIGEN_NO_DEBUG
nearly -DEIGEN_DONT_VECTORIZE
nearly -DEIGEN_MAX_ALIGN_BYTES=0

compile -fsyntax-only -DEIGEN_DEFAULT_DENSE_INDEX_TYPE=int -DEIGEN_DEFAULT_TO_ROW_MAJOR tests/build/image_program.cpp
