#include "scorefield/objective/concept.hpp"

#include "scorefield/model/score_model.hpp"
#include "scorefield/network/mlp.hpp"
#include "scorefield/objective/denoising_score_matching.hpp"
#include "scorefield/sde/variance_preserving.hpp"

#include "sampler/exact_denoiser.hpp"

namespace sf = scorefield;

namespace {

using Float = sf::ScoreModel<sf::VariancePreserving<float>, sf::Mlp<float, 2, 8>>;
using Double = sf::ScoreModel<sf::VariancePreserving<double>, sf::DynamicMlp<double>>;

struct WithoutWorkspace {
  template <class... T>
  void loss(const T&...) const {}
  template <class... T>
  void loss_and_gradient(const T&...) const {}
};
struct NeedsMutable : sf::DenoisingScoreMatching<> {
  template <class... T>
  void loss_and_gradient(T&&...) = delete;
};
struct WithoutGradient : sf::DenoisingScoreMatching<> {
  void loss_and_gradient() const {}
};
struct WithoutLoss : sf::DenoisingScoreMatching<> {
  void loss() const {}
};

static_assert(sf::Objective<sf::DenoisingScoreMatching<>, Float>);
static_assert(sf::Objective<sf::DenoisingScoreMatching<>, Double>);

static_assert(!sf::Objective<sf::DenoisingScoreMatching<>, sf::test::ExactDenoiser<float>>);  // nothing to learn
static_assert(!sf::Objective<sf::DenoisingScoreMatching<>, sf::Mlp<float, 2, 8>>);  // a network, but no equation
static_assert(!sf::Objective<WithoutWorkspace, Float>);
static_assert(!sf::Objective<NeedsMutable, Float>);
static_assert(!sf::Objective<WithoutGradient, Float> && !sf::Objective<WithoutLoss, Float>);

}  // namespace
