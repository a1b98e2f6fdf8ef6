#!/usr/bin/env bash
# The example mnist, briefly: what it leaves, that an interrupted run ends with the bits of one that was not, on another
# number of threads, and what it refuses. Takes half a minute on two cores.
#
#   tests/examples/mnist.sh PROGRAM FOLDER      FOLDER is made anew
set -euo pipefail
source "$(dirname "$0")/common.sh"
program=$(realpath "$1")
rm -rf "$2" && mkdir -p "$2" && cd "$2"

# interrupt WHEN: what runs in the background, which then ends with status 130. By SIGTERM, which is handled as SIGINT is:
# that is ignored by what a shell runs in the background.
interrupt() {
  local status=0
  kill -TERM $!
  wait $! || status=$?
  [ $status = 130 ] || fail "an interrupt $1 gave exit status $status, not 130"
}
same() { cmp "$1" "$2" || fail "$1 and $2 differ"; }

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

# Labels: ten rows of digits in turn, or the one that is asked for; a run and a model are known to have learnt them.
{
  printf '\0\0\10\1\0\0\1\220'
  for _ in {1..40}; do printf '\0\1\2\3\4\5\6\7\10\11'; done
} | gzip >data/train-labels.idx1-ubyte.gz
labelled=("$program" --data data --epochs 0.3 --batch 8 --samples 12 --sampler-steps 2)
"${labelled[@]}" --labels --threads 1 --output labelled
labels() { tail -c 48 "$1"/labels.npy | od -An -v -t d4 | xargs; }
[ "$(labels labelled)" = "0 1 2 3 4 5 6 7 8 9 0 1" ] || fail "labels.npy has not all ten digits in turn"
"${labelled[@]}" --labels --threads 2 --output resumed &
until [ -d resumed ]; do kill -0 $! || fail "a run ended before it began"; sleep 0.01; done
interrupt "while it learns labels"
cmp -s labelled/model.safetensors resumed/model.safetensors && fail "the interrupt came too late"
"${labelled[@]}" --resume --output resumed
for file in labelled/*; do same "$file" "resumed/${file#*/}"; done
load=("$program" --load labelled/model.safetensors --samples 12 --sampler-steps 2)
"${load[@]}" --output labelled/drawn
for file in {samples,labels}.npy {samples,evolution}.png evolution.gif; do same labelled/$file labelled/drawn/$file; done
"${load[@]}" --digit 3 --guidance 1.5 --output labelled/threes
[ "$(labels labelled/threes)" = "3 3 3 3 3 3 3 3 3 3 3 3" ] || fail "labels.npy has not the digit that was asked for"
cmp -s labelled/samples.npy labelled/threes/samples.npy && fail "--digit changes nothing"
"$program" --load parts/model.safetensors --samples 1 --sampler-steps 1 --output labelled/threes
[ ! -e labelled/threes/labels.npy ] || fail "labels stay beside samples that have none"

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
refuses '--load and --labels' --load labelled/model.safetensors --labels
for option in digit guidance; do
  refuses "--$option: expected a model that learnt labels" --load parts/model.safetensors --$option 3
  refuses "--$option: expected a model that learnt labels" --data data --$option 3 --output minutes
done
refuses '--labels: network tutorial learns none' --labels --network tutorial --output minutes
refuses '--labels: the run to be resumed learns none' --resume --labels --data data --output parts
mkdir unlabelled
ln -s ../data/train-images-idx3-ubyte unlabelled
refuses 'train-labels-idx1-ubyte.gz, train-labels.idx1-ubyte, ' --labels --data unlabelled --output minutes
printf '\0\0\10\1\0\0\0\3abc' >unlabelled/train-labels-idx1-ubyte
refuses 'expected a label for each of 400 images in ' --labels --data unlabelled --output minutes
{
  printf '\0\0\10\1\0\0\1\220'
  printf '\1%.0s' {1..399}
  printf '\12'
} >unlabelled/train-labels-idx1-ubyte
refuses 'expected labels from 0 to 9 in unlabelled/train-labels-idx1-ubyte, got 10 for image 399' \
  --labels --data unlabelled --output minutes
refuses 'there is no nowhere/checkpoint.safetensors' --resume --output nowhere
refuses 'train-images-idx3-ubyte.gz' --data whole --output minutes
refuses 'give the folder it is in' --data data/train-images-idx3-ubyte --output minutes
echo "mnist: all as it should be"
