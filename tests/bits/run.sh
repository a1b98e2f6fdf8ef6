#!/usr/bin/env bash
# Draws and trains with every program of some builds on 1, 2, 3 and 8 threads, in one batch and in many, and wants one
# SHA-256 a build of all that comes out: parameters and samples. Where there is QEMU, its processor must come to the same:
# estimates, of roots for one, differ between makers of processors. Prints the table of builds.
#
#   tests/bits/run.sh BUILD_FOLDER...      with target scorefield_bits built, and the examples where there are any
set -euo pipefail

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

sha() { sha256sum | head -c 16; }
swiss_roll() {
  "$1" --steps 3 --samples 3000 --sampler-steps 3 --seed 5 --threads "$2" --output "$scratch/roll" >"$scratch/log" 2>&1
  sha <"$scratch/roll/samples.npy"
}
mnist() {
  "$1" --epochs 0.002 --batch 40 --samples 40 --sampler-steps 2 --seed 5 --threads "$2" --output "$scratch/digits" \
    >"$scratch/log" 2>&1
  cat "$scratch/digits/"{samples.npy,model.safetensors} | sha
  rm -r "$scratch/digits"
}
# one FOLDER WORK VALUE...: fails where there are two values.
one() {
  local folder=$1 work=$2
  shift 2
  local values
  values=$(printf '%s\n' "$@" | sort -u)
  if [ "$(wc -l <<<"$values")" != 1 ]; then
    printf '%s: %s depends on threads, batches or the processor:\n%s\n' "$folder" "$work" "$(printf '%s\n' "$@")" >&2
    exit 1
  fi
  printf '%-24s %s %s\n' "$work" "$values" "$(basename "$folder")"
}

for folder; do
  for program in "$folder"/bin/scorefield_bits_*; do
    [ -x "$program" ] || continue
    for work in $("$program"); do
      values=()
      for threads in 1 2 3 8; do
        for pieces in 1 7; do values+=("$("$program" "$work" $threads $pieces | sha)"); done
      done
      # It knows no AVX-512, which a native build may use.
      if [[ $folder != *native* ]] && command -v qemu-x86_64 >/dev/null && [ "$(uname -m)" = x86_64 ]; then
        values+=("$(qemu-x86_64 -cpu max "$program" "$work" 1 1 | sha)")
      fi
      one "$folder" "$work" "${values[@]}"
    done
  done
  for example in swiss_roll mnist; do
    [ -x "$folder/bin/$example" ] || continue
    values=()
    for threads in 1 2 3 8; do values+=("$($example "$folder/bin/$example" $threads)"); done
    one "$folder" "$example" "${values[@]}"
  done
done | tee "$scratch/table" # with pipefail: a difference ends the script
echo "Different bits by work, over $# builds:"
awk '{ if (!seen[$1 $2]++) count[$1]++ } END { for (work in count) printf "%-24s %d\n", work, count[work] }' \
  "$scratch/table" | sort
