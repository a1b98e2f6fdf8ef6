// Bits of likelihoods, latents and posterior samples of a network on vectors.
#include <scorefield/likelihood/latents.hpp>
#include <scorefield/likelihood/likelihood_bound.hpp>
#include <scorefield/likelihood/log_density.hpp>
#include <scorefield/posterior/dps.hpp>
#include <scorefield/posterior/known.hpp>
#include <scorefield/posterior/moment_matching.hpp>
#include <scorefield/posterior/pi_gdm.hpp>
#include <utility>

#include "program.hpp"

namespace sf = scorefield;

namespace {

auto trained(const bits::Cut& cut) {
  const sf::Matrix<float> data = sf::swiss_roll<float>(700);
  return bits::train(sf::ScoreModel{sf::VariancePreserving<float>{}, sf::DynamicMlp<float, sf::SiLU>(2, {33, 20}),
                                    sf::LinearDenoiserCorrection<float>::fit(data), sf::Seed{1}},
                     sf::Trainer{sf::DenoisingScoreMatching{}, sf::Adam{}}, data,
                     {.steps = 100, .batch_size = 300, .seed = 3}, 31, cut);
}

/// Writes f(points, first), a column each, of the pieces of 101 points in turn.
template <class F>
void write_of_pieces(const bits::Cut& cut, const F& f) {
  const sf::Matrix<float> points = sf::swiss_roll<float>(101, {.seed = 7});
  const sf::Chunks pieces{points.cols(), (points.cols() + cut.pieces - 1) / cut.pieces};
  for (sf::Index i = 0; i < pieces.pieces(); ++i)
    bits::write(f(sf::Matrix<float>(points.middleCols(pieces.first(i), pieces.length(i))), pieces.first(i)));
}

/// A column for each sample: its value and its standard error.
sf::Matrix<double> both(const auto& of) {
  sf::Matrix<double> rows(2, of.value.size());
  rows.row(0) = of.value.transpose();
  rows.row(1) = of.standard_error.transpose();
  return rows;
}

void log_densities(const bits::Cut& cut) {
  const auto model = trained(cut);
  for (const auto trace : {sf::Trace::exact, sf::Trace::rademacher, sf::Trace::normal})
    write_of_pieces(cut, [&](const sf::Matrix<float>& x, sf::Index first) {
      return both(sf::log_density(model, x, {.trace = trace, .seed = 5, .first = first, .threads = cut.threads}));
    });
}

void likelihood_bounds(const bits::Cut& cut) {
  const auto model = trained(cut);
  write_of_pieces(cut, [&](const sf::Matrix<float>& x, sf::Index first) {
    return both(sf::likelihood_bound(model, x, {.seed = 5, .first = first, .threads = cut.threads}));
  });
}

void latents(const bits::Cut& cut) {
  const auto model = trained(cut);
  write_of_pieces(cut, [&](const sf::Matrix<float>& x, sf::Index) {
    const auto z = sf::encode(model, x, {.threads = cut.threads});
    sf::Matrix<float> rows(4, x.cols());
    rows << z, sf::decode(model, z, {.threads = cut.threads});
    return rows;
  });
}

void posteriors(const bits::Cut& cut) {
  const auto model = trained(cut);
  const auto sum = [] {
    return sf::LinearMeasurement<float>(sf::matrix_operator<float>(sf::Matrix<float>::Ones(1, 2)),
                                        sf::Vector<float>::Constant(1, 0.3f), 0.1);
  };
  const sf::DpmSolverPlusPlus sampler{.steps = 16, .stochasticity = 1};
  bits::draw(sf::MomentMatching{model, sum()}, sampler, 301, cut);
  bits::draw(sf::PiGdm{model, sum()}, sampler, 301, cut);
  bits::draw(sf::Dps{model, sum()}, sampler, 301, cut);
  bits::draw(sf::Known{model, {1}, sf::Vector<float>::Constant(1, 0.3f)}, sampler, 301, cut);
}

}  // namespace

int main(int argc, char** argv) {
  return bits::run(argc, argv, bits::Work{"log-densities", log_densities},
                   bits::Work{"likelihood-bounds", likelihood_bounds}, bits::Work{"latents", latents},
                   bits::Work{"posteriors", posteriors});
}
