#include "scorefield/sampler/concept.hpp"

#include "scorefield/model/score_model.hpp"
#include "scorefield/network/mlp.hpp"
#include "scorefield/sampler/rule/ddim.hpp"
#include "scorefield/sampler/rule/dpm_solver_plus_plus.hpp"
#include "scorefield/sampler/rule/euler_maruyama.hpp"
#include "scorefield/sampler/sample.hpp"

#include "sampler/exact_score.hpp"
#include "support/catch.hpp"

namespace sf = scorefield;

namespace {

using Trained = sf::ScoreModel<sf::VariancePreserving<float>, sf::Mlp<float, 2, 8>>;
using Exact = sf::test::ExactScore<double>;

struct Complete {
  void step() {}
  bool done() const { return true; }
  double time() const { return 0; }
  const sf::Matrix<float>& samples() const { return x; }
  sf::Matrix<float> x;
};
struct WithoutTime {
  void step() {}
  bool done() const { return true; }
  const sf::Matrix<float>& samples() const { return x; }
  sf::Matrix<float> x;
};
struct DoneIsACount : Complete {
  int done() const { return 1; }
};
struct LooksOnlyWhenMutable : Complete {
  const sf::Matrix<float>& samples() { return x; }
};

template <class Stepper>
struct Starting {
  template <class Model>
  Stepper start(const Model&, const sf::SampleRequest&) const {
    return {};
  }
};
struct StartsWithoutARequest {
  template <class Model>
  Complete start(const Model&) const {
    return {};
  }
};
struct StartsOnce {
  template <class Model>
  Complete start(const Model&, const sf::SampleRequest&) {
    return {};
  }
};

static_assert(sf::Sampler<sf::EulerMaruyama, Trained>);
static_assert(sf::Sampler<sf::EulerMaruyama, Exact>);
static_assert(sf::Sampler<sf::Ddim, Trained> && sf::Sampler<sf::Ddim, Exact>);
static_assert(sf::Sampler<sf::DpmSolverPlusPlus, Trained> && sf::Sampler<sf::DpmSolverPlusPlus, Exact>);
static_assert(sf::SamplerStepper<sf::EulerMaruyama::Stepper<Exact>>);
static_assert(sf::Sampler<Starting<Complete>, Exact>);

static_assert(!sf::SamplerStepper<WithoutTime>);
static_assert(!sf::SamplerStepper<DoneIsACount>);
static_assert(!sf::SamplerStepper<LooksOnlyWhenMutable>);
static_assert(!sf::Sampler<Starting<WithoutTime>, Exact>);
static_assert(!sf::Sampler<StartsWithoutARequest, Exact>);
static_assert(!sf::Sampler<StartsOnce, Exact>);
static_assert(!sf::Sampler<sf::EulerMaruyama, sf::GaussianMixture<double>>);  // a score, but no equation

}  // namespace

TEST_CASE("a sampler of the user's own is drawn from", "[sampler]") {
  const Trained model{sf::VariancePreserving<float>{}, sf::Mlp<float, 2, 8>{}, sf::Seed{0}};
  CHECK(sf::sample(model, Starting<Complete>{}, 0, sf::Seed{0}).size() == 0);
}
