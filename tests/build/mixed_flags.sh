#!/usr/bin/env bash
# Files that are compiled for different instruction sets, or with Eigen macros that change what a matrix is, do not
# link; files that agree in these do, whatever else they are compiled with. On x86-64.
#
#   tests/build/mixed_flags.sh [compiler]
set -euo pipefail
cd "$(dirname "$0")"

compiler=${1:-c++}
eigen=${EIGEN_INCLUDE:-/usr/include/eigen3}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

compile() {
  "$compiler" -std=c++20 -Wall -Wextra -Wpedantic -Werror -I../../include -isystem "$eigen" "$@"
}
link_with() { "$compiler" "$folder/main.o" "$folder/other.o" -o "$folder/program" "$@" 2>"$folder/errors"; }
fail() {
  echo "mixed_flags.sh: $1" >&2
  exit 1
}

compile -O2 -march=x86-64-v3 -c target_main.cpp -o "$folder/main.o"

# The first word are the linker's flags, the others the other file's. On a machine without AVX2 nothing can be run.
links() {
  compile "${@:2}" -c target_other.cpp -o "$folder/other.o"
  link_with $1 || fail "${*:2} does not link: $(cat "$folder/errors")"
  ! grep -q avx2 /proc/cpuinfo || "$folder/program" || fail "${*:2} links, and computes something wrong"
}
does_not_link() {
  compile "${@:2}" -c target_other.cpp -o "$folder/other.o"
  ! link_with $1 || fail "${*:2} links"
  grep -q scorefield_files_differ_in_march_or_EIGEN_macros "$folder/errors" ||
    fail "the linker does not say what differs: $(cat "$folder/errors")"
}

linkers=('')
for linker in gold lld; do
  ! command -v ld.$linker >/dev/null || linkers+=("-fuse-ld=$linker")
done
for linker in "${linkers[@]}"; do
  links "$linker" -O0 -march=haswell -DNDEBUG -DEIGEN_DEFAULT_TO_ROW_MAJOR
  does_not_link "$linker" -O2 -march=x86-64
done
does_not_link '' -O0 -march=x86-64
does_not_link '' -O2 -march=x86-64-v4
does_not_link '' -O2 -march=x86-64-v3 -mno-fma
does_not_link '' -O2 -march=x86-64-v3 -DEIGEN_MAX_ALIGN_BYTES=16
does_not_link '' -O2 -march=x86-64-v3 -DEIGEN_DONT_VECTORIZE
does_not_link '' -O2 -march=x86-64-v3 -DEIGEN_DEFAULT_DENSE_INDEX_TYPE=int

# Two files of one target that become one file of the assembler.
compile -O2 -march=x86-64-v3 -flto -c target_main.cpp -o "$folder/main.o"
compile -O2 -march=x86-64-v3 -flto -c target_other.cpp -o "$folder/other.o"
[ "$("$compiler" --version | grep -c clang)" != 0 ] || link_with -flto || fail "-flto: $(cat "$folder/errors")"
