#include "scorefield/model/concept.hpp"

#include "scorefield/model/score_model.hpp"
#include "scorefield/network/mlp.hpp"
#include "scorefield/sde/variance_preserving.hpp"

#include "sampler/exact_denoiser.hpp"
#include "support/catch.hpp"

namespace sf = scorefield;

namespace {

using Equation = sf::VariancePreserving<float>;
using SmallMlp = sf::Mlp<float, 2, 8>;
using Model = sf::ScoreModel<Equation, SmallMlp>;

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
struct DenoisesOnlyWhenMutable : Model {
  using Model::Model;
  void denoise(const sf::NoisyBatch<float>&, sf::MatrixView<float>, Workspace&) {}
};
struct WithoutPrior : Model {
  using Model::Model;
  void prior() const {}
};
struct WithoutBackward : Model {
  using Model::Model;
  void error_backward() const {}
};
struct WithoutError : Model {
  using Model::Model;
  void error() const {}
};
struct NotBackToItsInput : Model {
  using Model::Model;
  void denoise_backward() const {}
};
struct ParametersFixed : Model {
  using Model::Model;
  void set_parameters() {}
};

static_assert(sf::Denoiser<Model> && sf::TrainableModel<Model> && sf::DifferentiableDenoiser<Model>);
static_assert(sf::TrainableModel<sf::ScoreModel<sf::VariancePreserving<double>, sf::DynamicMlp<double>>>);
static_assert(sf::Denoiser<sf::test::ExactDenoiser<float>> && sf::Denoiser<sf::test::ExactDenoiser<double>>);

static_assert(!sf::TrainableModel<sf::test::ExactDenoiser<float>>);  // nothing to learn
static_assert(!sf::Denoiser<WithoutEquation>);
static_assert(!sf::Denoiser<WithoutChunks>);
static_assert(!sf::Denoiser<OtherWorkspace>);
static_assert(!sf::Denoiser<DenoisesOnlyWhenMutable> && !sf::Denoiser<WithoutPrior>);
static_assert(sf::Denoiser<WithoutBackward> && !sf::TrainableModel<WithoutBackward>);
static_assert(sf::Denoiser<WithoutError> && !sf::TrainableModel<WithoutError>);
static_assert(sf::TrainableModel<NotBackToItsInput> && !sf::DifferentiableDenoiser<NotBackToItsInput>);
static_assert(sf::Denoiser<ParametersFixed> && !sf::TrainableModel<ParametersFixed>);
static_assert(!sf::Denoiser<SmallMlp>);

}  // namespace

TEST_CASE("a model is a value", "[model]") {
  Model model{Equation{}, SmallMlp{}, sf::Seed{1}};
  const Model copy = model;
  model.set_parameters(sf::Vector<float>::Zero(model.parameters().size()));
  CHECK(copy.parameters() != model.parameters());
  CHECK(copy.parameters() == Model(Equation{}, SmallMlp{}, sf::Seed{1}).parameters());
}
