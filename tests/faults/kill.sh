#!/usr/bin/env bash
# A run of the example mnist that is killed again and again, at any moment, and resumed until it is done, leaves every
# file with the bits of a run that nobody killed. Takes a second or two a round.
#
#   tests/faults/kill.sh PROGRAM FOLDER [ROUNDS]      FOLDER is made anew; 100 rounds, each of which kills at most once
set -euo pipefail
source "$(dirname "$0")/killed_runs.sh"
program=$(realpath "$1")
rounds=${3:-100}
rm -rf "$2" && mkdir -p "$2" && cd "$2"
RANDOM=1

# 100 images of whatever bytes are at hand: 90 to train on, so that an epoch is 90 steps of 1. Checkpoints come before
# the first step, after step 50, and at the end, after step 60.
images data "$program" 100
run=("$program" --data data --epochs 0.67 --batch 1 --samples 2 --sampler-steps 2 --threads 1)

begin=$(now)
"${run[@]}" --output whole >/dev/null 2>log || fail "a run failed: $(tail -n 3 log)"
took=$(($(now) - begin))

kills=0 resumed=0 finished=0
for ((round = 1; round <= rounds; ++round)); do
  look_for_run
  "${run[@]}" --output parts "${resume[@]}" >/dev/null 2>log &
  pid=$!
  random_moment $took
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
  look_for_run
  "${run[@]}" --output parts "${resume[@]}" >/dev/null 2>log || fail "the last run failed: $(tail -n 3 log)"
  compare
fi
[ $kills -gt 0 ] || fail "no kill came in time"
echo "kill: $kills kills, $resumed resumed, $finished runs came to their end; all files as they should be"
