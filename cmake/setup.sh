#!/bin/sh
# Installs what building scorefield needs and this machine does not have.
#
#   sh cmake/setup.sh          compiler, CMake, Ninja, Eigen, Catch2, Google Benchmark, libpng, zlib, giflib,
#                              nlohmann-json, libcsv
#   sh cmake/setup.sh --mpi    also Open MPI, for the preset mpi
#   sh cmake/setup.sh --ci     also Open MPI, clang with libFuzzer, a BLAS for Eigen to be tested with, clang-format, and
#                              QEMU's processor, whose bits are compared
set -eu

case "${1-}" in
'' | --mpi | --ci) ;;
*)
  echo "usage: sh cmake/setup.sh [--mpi | --ci]" >&2
  exit 2
  ;;
esac

have() { command -v "$1" >/dev/null 2>&1; }

have_header() {
  printf '#if !__has_include(<%s>)\n#error\n#endif\n' "$1" |
    "${CXX:-c++}" -E -x c++ -I/usr/include/eigen3 -I/usr/local/include/eigen3 -I/usr/local/include -I/opt/homebrew/include \
      -I/opt/homebrew/include/eigen3 - >/dev/null 2>&1
}

# Concepts, in the language and in the library.
have_cxx20() {
  printf '#include <concepts>\ntemplate <std::integral T> T f(T t) { return t; }\n' |
    "${CXX:-c++}" -std=c++20 -fsyntax-only -x c++ - >/dev/null 2>&1
}

have_cmake() {
  have cmake || return 1
  oldest=$(printf '%s\n3.25\n' "$(cmake --version | sed -n 's/^cmake version //p')" | sort -V | head -n 1)
  [ "$oldest" = 3.25 ]
}

have_blas() {
  out=$(mktemp) || return 1
  result=0
  echo 'int main() {}' | "${CXX:-c++}" -x c++ - -o "$out" -lblas >/dev/null 2>&1 || result=1
  rm -f "$out"
  return $result
}

# Of clang, whose packages leave out what -fsanitize links.
have_fuzzer() {
  out=$(mktemp) || return 1
  result=0
  printf 'extern "C" int LLVMFuzzerTestOneInput(const unsigned char*, unsigned long) { return 0; }\n' |
    clang++ -fsanitize=fuzzer,address,undefined -x c++ - -o "$out" >/dev/null 2>&1 || result=1
  rm -f "$out"
  return $result
}

# Fedora's is found once it is loaded: module load mpi.
have_mpi() { (PATH=$PATH:/usr/lib64/openmpi/bin && have mpicxx && have mpirun); }

find_missing() {
  missing=
  have_cxx20 || missing="$missing compiler"
  have_cmake || missing="$missing cmake"
  have ninja || missing="$missing ninja"
  have_header Eigen/Core || missing="$missing eigen"
  have_header catch2/catch_all.hpp || have_header catch2/catch.hpp || missing="$missing catch2"
  have_header benchmark/benchmark.h || missing="$missing benchmark"
  have_header png.h || missing="$missing png"
  have_header zlib.h || missing="$missing zlib"
  have_header gif_lib.h || missing="$missing gif"
  have_header nlohmann/json.hpp || missing="$missing json"
  have_header csv.h || missing="$missing csv"
  if [ -n "${1-}" ]; then
    have_mpi || missing="$missing mpi"
  fi
  if [ "${1-}" = --ci ]; then
    have clang++ || missing="$missing clang"
    have_fuzzer || missing="$missing fuzzer"
    [ "$(uname -sm)" != "Linux x86_64" ] || have qemu-x86_64 || missing="$missing qemu-user"
    have_blas || missing="$missing blas"
    have clang-format || missing="$missing clang-format"
  fi
}

find_missing "$@"
if [ -z "$missing" ]; then
  echo "Nothing is missing."
  exit 0
fi
echo "Missing:$missing"

by_hand() {
  echo "$1" >&2
  echo "Please install by hand: a C++20 compiler (g++ 11 or clang 14), CMake 3.25, Ninja, Eigen 3.4, Catch2 2.13 or 3," >&2
  echo "Google Benchmark, libpng, zlib, giflib, libcsv and nlohmann-json with their headers; for --mpi also Open MPI; for" >&2
  echo "--ci this as well, clang with libFuzzer, a BLAS, and clang-format." >&2
  exit 1
}

if have apt-get; then
  manager=apt-get
elif have dnf; then
  manager=dnf
elif have pacman; then
  manager=pacman
elif have brew; then
  manager=brew
else
  by_hand "Found none of apt-get, dnf, pacman and brew."
fi

package() {
  case "$manager/$1" in
  apt-get/compiler) echo g++ ;;
  dnf/compiler) echo gcc-c++ ;;
  */compiler) echo gcc ;;
  apt-get/ninja | dnf/ninja) echo ninja-build ;;
  apt-get/eigen) echo libeigen3-dev ;;
  dnf/eigen) echo eigen3-devel ;;
  dnf/catch2) echo catch-devel ;;
  apt-get/benchmark) echo libbenchmark-dev ;;
  dnf/benchmark) echo google-benchmark-devel ;;
  brew/benchmark) echo google-benchmark ;;
  apt-get/png) echo libpng-dev ;;
  dnf/png) echo libpng-devel ;;
  */png) echo libpng ;;
  apt-get/zlib) echo zlib1g-dev ;;
  dnf/zlib) echo zlib-devel ;;
  apt-get/gif) echo libgif-dev ;;
  dnf/gif) echo giflib-devel ;;
  */gif) echo giflib ;;
  apt-get/json) echo nlohmann-json3-dev ;;
  dnf/json) echo json-devel ;;
  */json) echo nlohmann-json ;;
  apt-get/csv) echo libcsv-dev ;;
  dnf/csv) echo libcsv-devel ;;
  */csv) echo libcsv ;;
  apt-get/mpi) echo openmpi-bin libopenmpi-dev ;;
  dnf/mpi) echo openmpi openmpi-devel ;;
  pacman/mpi) echo openmpi ;;
  brew/mpi) echo open-mpi ;;
  brew/clang | brew/fuzzer) echo llvm ;;
  apt-get/fuzzer) echo libclang-rt-dev ;;
  */fuzzer) echo compiler-rt ;;
  apt-get/blas) echo libblas-dev ;;
  dnf/blas) echo blas-devel ;;
  brew/blas) echo openblas ;;
  dnf/clang-format) echo clang-tools-extra ;;
  pacman/clang-format) echo clang ;;
  *) echo "$1" ;;
  esac
}

packages=$(for part in $missing; do package "$part"; done)

sudo=
if [ "$manager" != brew ] && [ "$(id -u)" != 0 ]; then
  have sudo || by_hand "Installing needs root, and there is no sudo."
  sudo=sudo
fi

# shellcheck disable=SC2086  # words on purpose
case $manager in
apt-get)
  $sudo apt-get update
  $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $packages
  ;;
dnf) $sudo dnf install -y $packages ;;
pacman) $sudo pacman -S --needed --noconfirm $packages ;;
brew) brew install $packages ;;
esac

find_missing "$@"
[ -z "$missing" ] || by_hand "Still missing or too old after the installation:$missing."
