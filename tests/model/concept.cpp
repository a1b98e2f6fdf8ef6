#include "scorefield/model/concept.hpp"

#include "scorefield/model/score_model.hpp"
#include "scorefield/network/mlp.hpp"
#include "scorefield/sde/variance_preserving.hpp"

#include "sampler/exact_denoiser.hpp"
#include "support/catch.hpp"

namespace sf = scorefield;

namespace {

using Equation = sf::VariancePreserving<float>;
using Net = sf::Mlp<float, 2, 8>;
using Model = sf::ScoreModel<Equation, Net>;

template <class Equation, class Net>
concept Combine = requires {
  typename sf::ScoreModel<Equation, Net>;
};

// A model that forgot one thing. What is derived from, it has.
struct WithoutEquation : Model {
  using Model::Model;
  int sde() const { return 0; }
};
struct WithoutChunks : Model {
  using Model::Model;
  void chunk_size() const {}
};
struct OtherWorkspace : Model {
  using Model::Model;
  int workspace() const { return 0; }
};
struct ScoreNeedsMutable : Model {
  using Model::Model;
  void score(sf::ConstMatrixView<float>, sf::ConstVectorView<float>, sf::MatrixView<float>, Workspace&) {}
};
struct WithoutBackward : Model {
  using Model::Model;
  void score_backward() const {}
};
struct ParametersFixed : Model {
  using Model::Model;
  void set_parameters() {}
};

static_assert(sf::ScoreFunction<Model>);
static_assert(sf::TrainableModel<Model>);
static_assert(sf::TrainableModel<sf::ScoreModel<sf::VariancePreserving<double>, sf::DynamicMlp<double>>>);
static_assert(sf::ScoreFunction<sf::test::ExactDenoiser<float>>);
static_assert(sf::ScoreFunction<sf::test::ExactDenoiser<double>>);

static_assert(!sf::TrainableModel<sf::test::ExactDenoiser<float>>);  // nothing to learn
static_assert(!sf::ScoreFunction<WithoutEquation>);
static_assert(!sf::ScoreFunction<WithoutChunks>);
static_assert(!sf::ScoreFunction<OtherWorkspace>);
static_assert(!sf::ScoreFunction<ScoreNeedsMutable>);
static_assert(sf::ScoreFunction<WithoutBackward> && !sf::TrainableModel<WithoutBackward>);
static_assert(sf::ScoreFunction<ParametersFixed> && !sf::TrainableModel<ParametersFixed>);
static_assert(!sf::ScoreFunction<Net>);

// One scalar throughout.
static_assert(Combine<Equation, Net>);
static_assert(!Combine<sf::VariancePreserving<double>, Net>);
static_assert(!Combine<Net, Equation>);

}  // namespace

TEST_CASE("a model is a value", "[model]") {
  Model model{Equation{}, Net{}, sf::Seed{1}};
  const Model copy = model;
  model.set_parameters(sf::Vector<float>::Zero(model.parameters().size()));
  CHECK(copy.parameters() != model.parameters());
  CHECK(copy.parameters() == Model(Equation{}, Net{}, sf::Seed{1}).parameters());
}
