#!/usr/bin/env bash
# Runs every fuzz target, as many at a time as there are cores, and fails on any finding: a crash, a report of a
# sanitizer, an exception that a reader does not promise, a second of the processor in one file, or memory beyond its
# limit (target.hpp). What was learnt stays in BUILD_FOLDER/fuzz/corpus, where the next run goes on.
#
#   cmake --preset fuzz && cmake --build --preset fuzz
#   tests/fuzz/run.sh BUILD_FOLDER SECONDS_PER_READER [READER...]
set -euo pipefail
if [ $# -lt 2 ]; then
  echo "usage: tests/fuzz/run.sh BUILD_FOLDER SECONDS_PER_READER [READER...]" >&2
  exit 2
fi
here=$(cd "$(dirname "$0")" && pwd)
build=$(realpath "$1")
seconds=$2
readers=("${@:3}")
if [ ${#readers[@]} = 0 ]; then
  for program in "$build"/bin/scorefield_fuzz_*; do
    [ -x "$program" ] || { echo "fuzz: there is no target in $build/bin; cmake --build --preset fuzz" >&2 && exit 2; }
    readers+=("${program##*/scorefield_fuzz_}")
  done
fi
folder=$build/fuzz
rm -rf "$folder/seeds"
"$build/bin/scorefield_seeds" "$folder/seeds"

# A single request for too much is a report of its own, and freed memory is not kept for long.
export ASAN_OPTIONS=max_allocation_size_mb=64:quarantine_size_mb=4 UBSAN_OPTIONS=print_stacktrace=1

fuzz() {
  local reader=$1 length=65536 words=()
  local corpus=$folder/corpus/$reader findings=$folder/findings/$reader log=$folder/$reader.log
  mkdir -p "$corpus" "$findings"
  [ "$reader" != idx ] || length=1024 # which may be a gzip stream of a thousand times as much
  [ ! -f "$here/${reader%_gzip}.dict" ] || words=(-dict="$here/${reader%_gzip}.dict")
  local status=0
  # The timeout is of the clock, which a busy machine may take: it is for what never ends.
  "$build/bin/scorefield_fuzz_$reader" -max_total_time="$seconds" -timeout=10 -max_len=$length -rss_limit_mb=256 \
    -print_final_stats=1 -artifact_prefix="$findings/" "${words[@]}" "$corpus" "$folder/seeds/$reader" >"$log" 2>&1 || status=$?
  if [ $status != 0 ]; then
    grep -v '^#[0-9]*[[:space:]]*\(NEW\|REDUCE\|pulse\)' "$log" | tail -n 60 >&2
    local reproducer
    reproducer=$(sed -n 's/.*Test unit written to //p' "$log" | tail -n 1)
    echo "fuzz: $reader: a finding: ${reproducer:-see $log}" >&2
    return 1
  fi
  local executions
  executions=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
  echo "fuzz: $reader: no finding in $executions executions, $((executions / (seconds > 0 ? seconds : 1))) a second"
}

# Waits for all, so that one finding hides no other.
failed=0
running=0
for reader in "${readers[@]}"; do
  if [ $running -ge "$(nproc)" ]; then
    wait -n || failed=1
    running=$((running - 1))
  fi
  fuzz "$reader" &
  running=$((running + 1))
done
for ((; running > 0; --running)); do wait -n || failed=1; done
exit $failed
