#!/usr/bin/env bash
# A run of the example mnist that is killed again and again, at any moment, and resumed until it is done, leaves every
# file with the bits of a run that nobody killed. Takes a second or two a round.
#
#   tests/faults/kill.sh PROGRAM FOLDER [ROUNDS]      FOLDER is made anew; 100 rounds, each of which kills at most once
set -euo pipefail
program=$(realpath "$1")
rounds=${3:-100}
rm -rf "$2" && mkdir -p "$2" && cd "$2"
RANDOM=1

fail() {
  echo "kill: $1" >&2
  exit 1
}

# 100 images of whatever bytes are at hand: 90 to train on, so that an epoch is 90 steps of 1. Checkpoints come before
# the first step, after step 50, and at the end, after step 60.
mkdir data
{
  printf '\0\0\10\3\0\0\0\144\0\0\0\34\0\0\0\34'
  head -c $((100 * 784)) "$program"
} >data/train-images-idx3-ubyte
run=("$program" --data data --epochs 0.67 --batch 1 --samples 2 --sampler-steps 2 --threads 1)

begin=$(date +%s%N)
"${run[@]}" --output whole >/dev/null 2>log || fail "a run failed: $(tail -n 3 log)"
took=$((($(date +%s%N) - begin) / 1000000)) # milliseconds

# What a run has left, file by file. A kill may leave temporary files, which have a name of their own.
compare() {
  rm -f parts/.scorefield-*.tmp
  [ "$(ls -A whole)" = "$(ls -A parts)" ] || fail "a resumed run left $(ls -A parts | tr '\n' ' ')"
  local file
  for file in whole/*; do
    cmp "$file" "parts/${file#*/}" || fail "$file and parts/${file#*/} differ"
  done
}

kills=0 resumed=0 finished=0
for ((round = 1; round <= rounds; ++round)); do
  resume=()
  [ ! -e parts/checkpoint.safetensors ] || resume=(--resume)
  "${run[@]}" --output parts "${resume[@]}" >/dev/null 2>log &
  pid=$!
  # Up to half as much again as a whole run takes, so that some come to a checkpoint and some to the end.
  milliseconds=$((took * 3 * RANDOM / 2 / 32768))
  sleep $((milliseconds / 1000)).$(printf %03d $((milliseconds % 1000)))
  kill -KILL $pid 2>/dev/null || true
  status=0
  wait $pid 2>/dev/null || status=$?
  resumed=$((resumed + ${#resume[@]}))
  case $status in
    0)
      finished=$((finished + 1))
      compare
      rm -r parts
      ;;
    137) kills=$((kills + 1)) ;;
    *) fail "round $round gave exit status $status: $(tail -n 3 log)" ;;
  esac
done
# The last run comes to its end.
if [ -d parts ]; then
  resume=()
  [ ! -e parts/checkpoint.safetensors ] || resume=(--resume)
  "${run[@]}" --output parts "${resume[@]}" >/dev/null 2>log || fail "the last run failed: $(tail -n 3 log)"
  compare
fi
[ $kills -gt 0 ] || fail "no kill came in time"
echo "kill: $kills kills, $resumed resumed, $finished runs came to their end; all files as they should be"
