# What the scripts that try several processes share.

source "$(dirname "$0")/../faults/killed_runs.sh"

# More processes than cores, as root in a container as well; ones that wait let others work.
mpirun=(mpirun --oversubscribe --mca mpi_yield_when_idle 1 --mca btl_vader_single_copy_mechanism none)
[ "$(id -u)" != 0 ] || mpirun+=(--allow-run-as-root)

# ranks COUNT COMMAND...: runs it on so many ranks, quietly.
ranks() { timeout 120 "${mpirun[@]}" -n "$@" >/dev/null 2>log || fail "${*:1:2} failed: $(tail -n 5 log)"; }
