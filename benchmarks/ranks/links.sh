#!/usr/bin/env bash
# Runs a program on ranks, each in a network namespace of its own, between which there is a link of a given rate: what
# machines on a switch would be, but for the cores, which are this machine's. Needs root, iproute2 and Open MPI.
#
#   benchmarks/ranks/links.sh RATE RANKS PROGRAM [ARGUMENT...]        RATE as of tc: 1gbit, 10gbit
set -euo pipefail
rate=$1 ranks=$2
shift 2

scratch=$(mktemp -d)
finish() {
  for ((i = 1; i <= ranks; ++i)); do ip netns del "rank$i" 2>/dev/null || true; done
  ip link del ranks 2>/dev/null || true
  rm -rf "$scratch"
}
trap finish EXIT
finish
mkdir -p "$scratch"

# mpirun begins its daemons by this, as it would by ssh.
cat >"$scratch/agent" <<'AGENT'
#!/bin/sh
host=$1
shift
exec ip netns exec "rank${host##*.}" sh -c "$*"
AGENT
chmod +x "$scratch/agent"

ip link add ranks type bridge
ip addr add 10.77.0.254/24 dev ranks
ip link set ranks up
hosts=''
for ((i = 1; i <= ranks; ++i)); do
  ip netns add "rank$i"
  ip link add "out$i" type veth peer name in netns "rank$i"
  ip link set "out$i" master ranks up
  ip -n "rank$i" addr add "10.77.0.$i/24" dev in
  ip -n "rank$i" link set in up
  ip -n "rank$i" link set lo up
  tc -n "rank$i" qdisc add dev in root tbf rate "$rate" burst 256kb latency 50ms
  hosts+="${hosts:+,}10.77.0.$i"
done
mpirun --allow-run-as-root --mca plm_rsh_agent "$scratch/agent" --mca btl self,tcp --mca btl_tcp_if_include 10.77.0.0/24 \
  --mca oob_tcp_if_include 10.77.0.0/24 --mca mpi_yield_when_idle 1 --bind-to none -n "$ranks" -host "$hosts" "$@"
