#!/usr/bin/env bash
# A run of the example mnist of which a random rank is killed at a random moment, again and again, and which is resumed on
# another number of ranks until it is done, leaves every file with the bits of a run of one process that nobody killed.
# Takes some five seconds a round.
#
#   tests/mpi/kill.sh BUILD_FOLDER FOLDER [ROUNDS]      the folder of the preset mpi; FOLDER is made anew; 10 rounds
set -euo pipefail
source "$(dirname "$0")/common.sh"
program=$(realpath "$1")/bin/mnist
rounds=${3:-10}
rm -rf "$2" && mkdir -p "$2" && cd "$2"
RANDOM=1

# Of whatever bytes are at hand, 55 steps of 49, four slots: checkpoints come before the first, after step 50, and at
# the end.
images data "$program"
run=("$program" --data data --epochs 1.45 --batch 49 --samples 2 --sampler-steps 2 --threads 1)
begin=$(date +%s%N)
ranks 1 "${run[@]}" --output whole
took=$((($(date +%s%N) - begin) / 1000000)) # milliseconds

compare() {
  rm -f parts/.scorefield-*.tmp
  [ "$(ls -A whole)" = "$(ls -A parts)" ] || fail "a resumed run left $(ls -A parts | tr '\n' ' ')"
  local file
  for file in whole/*; do
    cmp "$file" "parts/${file#*/}" || fail "$file and parts/${file#*/} differ"
  done
}

kills=0 finished=0
for ((round = 1; round <= rounds; ++round)); do
  count=$((2 + RANDOM % 3)) resume=()
  [ ! -e parts/checkpoint.safetensors ] || resume=(--resume)
  "${mpirun[@]}" -n $count "${run[@]}" --output parts "${resume[@]}" >/dev/null 2>log &
  pid=$!
  # Up to half as much again as one process takes, so that some come to a checkpoint and some to the end.
  milliseconds=$((took * 3 * RANDOM / 2 / 32768))
  sleep $((milliseconds / 1000)).$(printf %03d $((milliseconds % 1000)))
  mapfile -t ranks_of < <(pgrep -P $pid -f -- "$program" || true)
  killed=
  if [ ${#ranks_of[@]} -gt 0 ]; then
    kill -KILL "${ranks_of[RANDOM % ${#ranks_of[@]}]}" 2>/dev/null && killed=$(date +%s%N)
  fi
  status=0
  wait $pid || status=$?
  if [ $status = 0 ]; then
    finished=$((finished + 1))
    compare
    rm -r parts
  else
    [ -n "$killed" ] || fail "round $round gave exit status $status: $(tail -n 5 log)"
    survived=$((($(date +%s%N) - killed) / 1000000))
    [ $survived -lt 10000 ] || fail "a job went on for $survived ms without one of its ranks"
    grep -q 'rank [0-9].*signal 9' log || fail "nothing names the rank that was killed: $(tail -n 5 log)"
    kills=$((kills + 1))
  fi
done
if [ -d parts ]; then
  resume=()
  [ ! -e parts/checkpoint.safetensors ] || resume=(--resume)
  ranks 3 "${run[@]}" --output parts "${resume[@]}"
  compare
fi
[ $kills -gt 0 ] || fail "no kill came in time"
echo "mpi: $kills kills of a rank, $finished runs came to their end; all files as they should be"
