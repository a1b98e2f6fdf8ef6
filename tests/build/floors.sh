#!/usr/bin/env bash
# The structure of the headers: an include points to a lower floor or into its own room, and core/simd/ alone names
# Eigen's internals.
set -euo pipefail
cd "$(dirname "$0")/../../include/scorefield"
declare -A floor=([core]=0 [sde]=1 [layer]=1 [optimizer]=1 [data]=1 [network]=2 [model]=3 [objective]=4 [sampler]=4
                  [likelihood]=4 [posterior]=4 [training]=5 [file]=6 [picture]=1 [metric]=1)
failed=0
while IFS=: read -r header include; do
  room=${header%%/*}
  to=$(sed 's|.*"scorefield/\([a-z]*\)[/.].*|\1|' <<<"$include")
  if [ "$room" != "$to" ] && [ "${floor[$to]}" -ge "${floor[$room]}" ]; then
    echo "floors: $header looks up, or across, at $to" >&2
    failed=1
  fi
done < <(grep -r '#include "scorefield/' */ || true)
if grep -rl 'Eigen::internal' . | grep -v '^./core/simd/' >&2; then
  echo "floors: only core/simd/ names Eigen::internal" >&2
  failed=1
fi
[ $failed = 0 ] && echo "floors: includes point down, and core/simd/ alone names Eigen's internals"
