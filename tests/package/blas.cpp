// Built with EIGEN_USE_BLAS: Eigen's products are then another library's, ours are not.
#include <cstdio>
#include <scorefield/scorefield.hpp>

namespace sf = scorefield;

int main() {
  const Eigen::MatrixXf a = Eigen::MatrixXf::Random(100, 100), b = Eigen::MatrixXf::Random(100, 100);
  const Eigen::MatrixXf product = a * b;
  const float off = (product - a.lazyProduct(b)).cwiseAbs().maxCoeff();

  const auto data = sf::swiss_roll<float>(1000, {.noise = 1, .seed = 0});
  sf::ScoreModel model{sf::VariancePreserving<float>{}, sf::Mlp<float, 2, 64, 64>{}, sf::Seed{0}};
  const sf::Trainer trainer{sf::DenoisingScoreMatching{}, sf::Adam{}};
  trainer.fit(model, data, {.epochs = 20});
  const auto samples = sf::sample(model, sf::EulerMaruyama{.steps = 10}, 100, sf::Seed{1});
  std::printf("product off by %g, %td samples\n", static_cast<double>(off), samples.cols());
  return off < 1e-4f ? 0 : 1;
}
