#!/usr/bin/env bash
# What a user who passes something else meets is a sentence: which argument, what it must offer, which file shows one.
#
#   tests/build/front_doors.sh COMPILER
set -euo pipefail
compiler=$1
here=$(cd "$(dirname "$0")/../.." && pwd)
eigen=${EIGEN_INCLUDE:-/usr/include/eigen3}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# refused SENTENCE STATEMENTS: a program of these does not compile, and the first error has the sentence.
refused() {
  printf '#include <scorefield/scorefield.hpp>\nnamespace sf = scorefield;\nstruct Other { double learning_rate = 1; };\n%s\n' \
    "int main() { sf::Mlp<float, 2, 4> mlp; sf::VariancePreserving<float> vp; sf::ScoreModel model{vp, mlp, sf::Seed{0}};
     sf::Matrix<float> data(2, 9); (void)data; (void)model; $2 }" >"$folder/program.cpp"
  if "$compiler" -std=c++20 -fsyntax-only -I "$here/include" -isystem "$eigen" "$folder/program.cpp" 2>"$folder/log"; then
    echo "front doors: this compiled: $2" >&2
    exit 1
  fi
  if ! grep -m 1 'error:' "$folder/log" | grep -q "$1"; then
    echo "front doors: expected \"$1\" in the first error of: $2" >&2
    head -n 20 "$folder/log" >&2
    exit 1
  fi
}

refused 'ScoreModel: the first argument is an equation' 'sf::ScoreModel other{mlp, mlp, sf::Seed{0}};'
refused 'ScoreModel: the second argument is a network' 'sf::ScoreModel other{vp, vp, sf::Seed{0}};'
refused 'compute in the same scalar' 'sf::ScoreModel other{sf::VariancePreserving<double>{}, mlp, sf::Seed{0}};'
refused 'the argument before the seed is a prediction' 'sf::ScoreModel other{vp, mlp, Other{}, sf::Seed{0}};'
refused 'leaves no signal at t = 1' 'sf::ScoreModel other{sf::RectifiedFlow<float>{}, mlp, sf::Seed{0}};'
refused 'leaves no signal at t = 1' \
  'sf::ScoreModel other{sf::RectifiedFlow<float>{}, mlp, sf::EdmPreconditioning{}, sf::Seed{0}};'
refused 'sample: the first argument is a denoiser' 'sf::sample(data, sf::Ddim{}, 1, sf::Seed{0});'
refused 'sample: the second argument is a sampler' 'sf::sample(model, Other{}, 1, sf::Seed{0});'
refused 'Trainer: the second argument is an optimizer' 'sf::Trainer trainer{sf::DenoisingScoreMatching{}, Other{}};'
refused 'Trainer: the third argument is a learning-rate schedule' \
  'sf::Trainer trainer{sf::DenoisingScoreMatching{}, sf::Adam{}, Other{}};'
refused 'Trainer::fit: the first argument of the trainer is an objective' \
  'sf::Trainer{Other{}, sf::Adam{}}.fit(model, data, {.steps = 1});'
refused "data are of the model's scalar" \
  'sf::Trainer{sf::DenoisingScoreMatching{}, sf::Adam{}}.fit(model, Eigen::MatrixXi(2, 9), {.steps = 1});'
refused 'give the Dataset a name' \
  'sf::Trainer{sf::DenoisingScoreMatching{}, sf::Adam{}}.start(model, data, {.steps = 1});'
refused 'the run would outlive the model' \
  'const sf::Dataset named{data}; sf::Trainer{sf::DenoisingScoreMatching{}, sf::Adam{}}.start(
     sf::ScoreModel{vp, mlp, sf::Seed{0}}, named, {.steps = 1});'
refused 'a callback is called with' \
  'sf::Trainer{sf::DenoisingScoreMatching{}, sf::Adam{}}.fit(model, data, {.steps = 1}, Other{});'
echo "front doors: each says what it wants"
