#!/usr/bin/env bash
# The example mnist, briefly: what it leaves, that an interrupted run ends with the bits of one that was not, on another
# number of threads, and what it refuses. Takes half a minute on two cores.
#
#   tests/examples/mnist.sh PROGRAM FOLDER      FOLDER is made anew
set -euo pipefail
program=$(realpath "$1")
rm -rf "$2" && mkdir -p "$2" && cd "$2"

fail() {
  echo "mnist: $1" >&2
  exit 1
}
# interrupt WHEN: what runs in the background, which then ends with status 130. By SIGTERM, which is handled as SIGINT is:
# that is ignored by what a shell runs in the background.
interrupt() {
  local status=0
  kill -TERM $!
  wait $! || status=$?
  [ $status = 130 ] || fail "an interrupt $1 gave exit status $status, not 130"
}
same() { cmp "$1" "$2" || fail "$1 and $2 differ"; }
# refuses WHAT OPTION...: ends with status 2 and a message that has WHAT in it.
refuses() {
  local status=0
  "$program" "${@:2}" 2>refused || status=$?
  [ $status = 2 ] || fail "${*:2} gave exit status $status, not 2"
  grep -qF -- "$1" refused || fail "${*:2} was refused with $(cat refused)"
}

# 400 images of whatever bytes are at hand: 360 to train on, so that an epoch is 45 steps of 8.
mkdir data
{
  printf '\0\0\10\3\0\0\1\220\0\0\0\34\0\0\0\34'
  head -c $((400 * 784)) "$program"
} >data/train-images-idx3-ubyte
run=("$program" --data data --epochs 2.4 --batch 8 --samples 30 --sampler-steps 5)

"${run[@]}" --threads 1 --output whole
for file in checkpoint.safetensors model.safetensors loss.csv samples.npy samples.png evolution.png evolution.gif \
  nearest.png progress_{000012,000023,000045,000090,000108}.png; do
  [ -s whole/$file ] || fail "no $file"
done
[ "$(wc -l <whole/loss.csv)" = 6 ] || fail "loss.csv has not a line for each of five reports"

# Once right at the start, then whenever the loop comes to it.
"${run[@]}" --output parts &
until [ -d parts ]; do kill -0 $! || fail "a run ended before it began"; sleep 0.01; done
interrupt "at the start"
"${run[@]}" --output parts --resume 2>log &
until grep -q 'step 23' log; do kill -0 $! || fail "a run ended before step 23"; sleep 0.1; done
interrupt "after a step"
cmp -s whole/model.safetensors parts/model.safetensors && fail "the interrupt came too late"
refuses '--resume goes on with it' --data data --output parts
refuses '--network tutorial: the run to be resumed has ours' --resume --network tutorial --output parts
refuses '--seed 1: the run to be resumed has 0' --resume --seed 1 --data data --output parts
refuses '--batch 9: the run to be resumed has 8' --resume --batch 9 --data data --output parts
refuses '--epochs 2.5: the run to be resumed has 2.4 epochs' --resume --epochs 2.5 --data data --output parts
refuses 'expected data of fingerprint' --resume --output parts
"${run[@]}" --threads 2 --output parts --resume
for file in whole/*; do same "$file" "parts/${file#*/}"; done

"$program" --load parts/model.safetensors --samples 30 --sampler-steps 5 --output drawn
same whole/samples.npy drawn/samples.npy
head -c 1000000 parts/model.safetensors >cut.safetensors
"$program" --load cut.safetensors 2>refused && fail "a file that was cut off is taken"
grep -qF 'cut.safetensors' refused || fail "a file that was cut off is refused with $(cat refused)"

# The other network and samplers.
"$program" --network tutorial --data data --epochs 0.03 --batch 4 --samples 2 --sampler euler-maruyama \
  --sampler-steps 2 --output tutorial
"$program" --load tutorial/model.safetensors --samples 2 --sampler ddim --sampler-steps 2 --output tutorial/drawn

# Digits that are drawn; minutes are only another name for epochs. A new run clears away what a finished one left.
"$program" --minutes 0.05 --batch 4 --samples 1 --sampler-steps 1 --output minutes 2>log
epochs=$(sed -n 's/.*the same as --epochs //p' log)
cp -r minutes epochs && touch epochs/progress_999999.png
"$program" --epochs "$epochs" --batch 4 --samples 1 --sampler-steps 1 --output epochs
same minutes/model.safetensors epochs/model.safetensors
[ ! -e epochs/progress_999999.png ] || fail "a new run leaves the pictures of the one before"

refuses '--samples: expected 1 to 1000000, got 0' --samples 0
refuses '--sampler: expected euler-maruyama, ddim or dpm-solver' --sampler heun
refuses '--minutes and --epochs' --minutes 1 --epochs 1
refuses '--load and --epochs' --load parts/model.safetensors --epochs 1
refuses 'there is no nowhere/checkpoint.safetensors' --resume --output nowhere
refuses 'train-images-idx3-ubyte.gz' --data whole --output minutes
refuses 'give the folder it is in' --data data/train-images-idx3-ubyte --output minutes
echo "mnist: all as it should be"
