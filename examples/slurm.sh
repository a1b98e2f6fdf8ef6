#!/bin/bash
# Trains mnist on 4 nodes of a Slurm cluster, two ranks on each:
#
#   sbatch examples/slurm.sh DIR      the folder with MNIST's train-images-idx3-ubyte
#
# in a checkout that all nodes see, where `cmake --preset mpi && cmake --build --preset mpi` has been done. A batch of 128 is
# eight chunks of 16 images, in eight gradient slots: as many ranks as may share it, so that more cores would be idle.
# Submitted again, also with fewer ranks, it goes on with the run that the time limit ended, to the same bits.
#SBATCH --job-name=mnist
#SBATCH --nodes=4
#SBATCH --ntasks-per-node=2
#SBATCH --cpus-per-task=1
#SBATCH --time=01:00:00
#SBATCH --signal=TERM@60
set -euo pipefail

run=(--epochs 60 --batch 128)
[ ! -e mnist/checkpoint.safetensors ] || run=(--resume) # which knows both
# Where Slurm's MPI is another one, take: mpirun --map-by ppr:2:node
srun --kill-on-bad-exit=1 build/mpi/bin/mnist --data "$1" "${run[@]}" --output mnist --threads 1
