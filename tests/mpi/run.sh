#!/usr/bin/env bash
# The examples swiss_roll and mnist on 1, 2, 3, 4 and 8 ranks, of 1 or 2 threads: one SHA-256 of all that each leaves. And
# what is refused: by its name, within seconds, and by all ranks. Takes a minute on two cores.
#
#   tests/mpi/run.sh BUILD_FOLDER FOLDER      the folder of the preset mpi; FOLDER is made anew
set -euo pipefail
source "$(dirname "$0")/common.sh"
bin=$(realpath "$1")/bin
rm -rf "$2" && mkdir -p "$2" && cd "$2"

sha() { cat "$@" | sha256sum | head -c 16; }
# Of whatever bytes are at hand. Three steps of 128, eight slots, are less than a report is due after.
images data "$bin/mnist" 2048 # 1,844 to train on

swiss_roll() {
  rm -rf roll
  ranks "$1" "$bin/swiss_roll" --steps 20 --batch 512 --samples 1000 --sampler-steps 3 --threads "$2" --output roll
  sha roll/{samples.npy,loss.csv,evolution.png}
}
mnist() {
  ranks "$1" "$bin/mnist" --data data --epochs 0.2 --batch 128 --samples 10 --sampler-steps 2 --threads "$2" --output digits
  sha digits/* && rm -r digits
}

# same WORK RANKS:THREADS...
same() {
  local work=$1 expected='' got on
  for on in "${@:2}"; do
    got=$($work "${on%:*}" "${on#*:}")
    [ "${expected:=$got}" = "$got" ] || fail "$work on ${on%:*} ranks of ${on#*:} threads gave $got, not $expected"
  done
  echo "$work $expected on any number of ranks and threads"
}
same swiss_roll {1,2,3,4,8}:{1,2}
same mnist 1:1 1:2 2:1 3:2 4:1 8:2 # which takes longer

# Where the folder has a run that is done, no rank is to find it half removed.
for _ in 1 2; do
  ranks 3 "$bin/mnist" --data data --epochs 0.1 --batch 128 --samples 1 --sampler-steps 1 --threads 1 --output again
done

# refuses WHAT COMMAND...: ends with a status that is not 0, within 20 seconds, and a message that has WHAT in it.
refuses() {
  local status=0
  timeout 20 "${mpirun[@]}" "${@:2}" >/dev/null 2>refused || status=$?
  [ $status != 0 ] && [ $status != 124 ] || fail "$1: status $status"
  grep -qF -- "$1" refused || fail "expected '$1', got $(cat refused)"
}
short=(--steps 20 --batch 512 --samples 10 --sampler-steps 1 --output roll)
refuses "expected data of fingerprint" \
  -n 1 "$bin/swiss_roll" "${short[@]}" : -n 1 "$bin/swiss_roll" "${short[@]}" --seed 1
refuses "expected steps 20 on every rank, as on rank 0, got 21 on rank 1" \
  -n 1 "$bin/swiss_roll" "${short[@]}" : -n 1 "$bin/swiss_roll" "${short[@]}" --steps 21
refuses "at most 4 ranks, as many as a batch has gradient slots, got 5" -n 5 "$bin/swiss_roll" "${short[@]}" --batch 256
cp "$bin/swiss_roll" other && printf ' ' >>other
refuses "on every rank, got one of fingerprint" -n 2 "$bin/swiss_roll" "${short[@]}" : -n 1 ./other "${short[@]}"
# One rank alone has a word to say, while the others wait for it.
refuses "--samples: expected 1 to 1000000, got 0" -n 2 "$bin/swiss_roll" "${short[@]}" : \
  -n 1 "$bin/swiss_roll" --samples 0
echo "mpi: what ranks do not share is refused by name"
