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
images data "$program" 2048
run=("$program" --data data --epochs 1.45 --batch 49 --samples 2 --sampler-steps 2 --threads 1)
begin=$(now)
ranks 1 "${run[@]}" --output whole
took=$(($(now) - begin))

kills=0 finished=0
for ((round = 1; round <= rounds; ++round)); do
  count=$((2 + RANDOM % 3))
  look_for_run
  "${mpirun[@]}" -n $count "${run[@]}" --output parts "${resume[@]}" >/dev/null 2>log &
  pid=$!
  random_moment $took
  mapfile -t ranks_of < <(pgrep -P $pid -f -- "$program" || true)
  killed=
  if [ ${#ranks_of[@]} -gt 0 ]; then
    kill -KILL "${ranks_of[RANDOM % ${#ranks_of[@]}]}" 2>/dev/null && killed=$(now)
  fi
  status=0
  wait $pid || status=$?
  if [ $status = 0 ]; then
    finished=$((finished + 1))
    compare
    rm -r parts
  else
    [ -n "$killed" ] || fail "round $round gave exit status $status: $(tail -n 5 log)"
    survived=$(($(now) - killed))
    [ $survived -lt 10000 ] || fail "a job went on for $survived ms without one of its ranks"
    grep -q 'rank [0-9].*signal 9' log || fail "nothing names the rank that was killed: $(tail -n 5 log)"
    kills=$((kills + 1))
  fi
done
if [ -d parts ]; then
  look_for_run
  ranks 3 "${run[@]}" --output parts "${resume[@]}"
  compare
fi
[ $kills -gt 0 ] || fail "no kill came in time"
echo "mpi: $kills kills of a rank, $finished runs came to their end; all files as they should be"
