#!/usr/bin/env bash
# Runs a program on ranks, each in a network namespace of its own, between which there is a link of a given rate: what
# machines on a switch would be, but for the cores, which are this machine's. Needs root, iproute2 and Open MPI.
#
#   benchmarks/ranks/links.sh RATE RANKS PROGRAM [ARGUMENT...]        RATE as of tc: 1gbit, 10gbit
set -euo pipefail
[ $# -ge 3 ] || { echo "usage: $0 RATE RANKS PROGRAM [ARGUMENT...]" >&2 && exit 2; }
rate=$1 ranks=$2 name=sf$$
shift 2

scratch=$(mktemp -d)
finish() {
  for ((i = 1; i <= ranks; ++i)); do ip netns del "$name-$i" 2>/dev/null || true; done
  ip link del "$name" 2>/dev/null || true
  rm -rf "$scratch"
}
trap finish EXIT

# mpirun begins its daemons by this, as it would by ssh.
cat >"$scratch/agent" <<AGENT
#!/bin/sh
host=\$1
shift
exec ip netns exec "$name-\${host##*.}" sh -c "\$*"
AGENT
chmod +x "$scratch/agent"

ip link add "$name" type bridge
ip addr add 10.77.0.254/24 dev "$name"
ip link set "$name" up
hosts='' shape=(root tbf rate "$rate" burst 256kb latency 50ms)
for ((i = 1; i <= ranks; ++i)); do
  ip netns add "$name-$i"
  ip link add "$name-$i" type veth peer name in netns "$name-$i"
  ip link set "$name-$i" master "$name" up
  ip -n "$name-$i" addr add "10.77.0.$i/24" dev in
  ip -n "$name-$i" link set in up
  ip -n "$name-$i" link set lo up
  # Both ways: what a rank sends, and what its port of the switch hands it.
  tc -n "$name-$i" qdisc add dev in "${shape[@]}"
  tc qdisc add dev "$name-$i" "${shape[@]}"
  hosts+="${hosts:+,}10.77.0.$i"
done
mpirun --allow-run-as-root --mca plm_rsh_agent "$scratch/agent" --mca btl self,tcp --mca btl_tcp_if_include 10.77.0.0/24 \
  --mca oob_tcp_if_include 10.77.0.0/24 --mca mpi_yield_when_idle 1 --bind-to none -n "$ranks" -host "$hosts" "$@"
