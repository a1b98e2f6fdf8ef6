#!/bin/bash
# Trains mnist on 4 nodes of a Slurm cluster, a rank on each with all its cores:
#
#   sbatch examples/slurm.sh DIR      the folder with MNIST's train-images-idx3-ubyte
#
# in a checkout where `cmake --preset mpi && cmake --build --preset mpi` has been done. At most eight ranks share a batch,
# unless TrainingOptions::gradient_slots asks for more slots. Submitted again, also with another number of nodes, it goes
# on with the run that the time limit ended, to the same bits.
#SBATCH --job-name=mnist
#SBATCH --nodes=4
#SBATCH --ntasks-per-node=1
#SBATCH --cpus-per-task=16
#SBATCH --time=01:00:00
#SBATCH --signal=TERM@60
set -euo pipefail

resume=()
[ ! -e mnist/checkpoint.safetensors ] || resume=(--resume)
length=(--epochs 60)
[ ${#resume[@]} = 0 ] || length=() # the run knows it
# Where Slurm's MPI is another one, take: mpirun --map-by ppr:1:node:PE="$SLURM_CPUS_PER_TASK"
srun --kill-on-bad-exit=1 --cpus-per-task="$SLURM_CPUS_PER_TASK" \
  build/mpi/bin/mnist --data "$1" "${length[@]}" --output mnist --threads "$SLURM_CPUS_PER_TASK" "${resume[@]}"
