// Whole trainings in which an invalid operation, a division by zero or an overflow ends the program.
#include <cfenv>
#ifdef __GLIBC__  // where traps can be set
#include <utility>

#include "scorefield/network/unet.hpp"
#include "scorefield/optimizer/learning_rate.hpp"
#include "scorefield/optimizer/muon.hpp"

#include "support/catch.hpp"
#include "support/gradient_check.hpp"
#include "training/runs.hpp"

namespace sf = scorefield;
namespace test = scorefield::test;

namespace {

/// While it lives, these operations raise a signal in this thread. Flags that were raised before do not count.
class Traps {
 public:
  Traps() : before_(fegetexcept()) {
    std::feclearexcept(FE_ALL_EXCEPT);
    feenableexcept(FE_INVALID | FE_DIVBYZERO | FE_OVERFLOW);
  }
  ~Traps() {
    std::feclearexcept(FE_ALL_EXCEPT);
    fedisableexcept(FE_ALL_EXCEPT);
    feenableexcept(before_);
  }
  Traps(const Traps&) = delete;
  Traps& operator=(const Traps&) = delete;

 private:
  int before_;
};

/// Sets the traps in the threads of the pool, too, which may have been started before.
struct Trapping : sf::DenoisingScoreMatching<> {
  template <class Model, class Scalar = typename Model::Scalar>
  void loss_and_gradient(const Model& model, sf::ConstVectorView<Scalar> p, const sf::Examples<Scalar>& examples,
                         const sf::Draw& draw, sf::Index batch_size, sf::VectorView<Scalar> losses,
                         sf::VectorView<Scalar> gradient, Workspace<Model>& w) const {
    const Traps traps;
    sf::DenoisingScoreMatching<>::loss_and_gradient(model, p, examples, draw, batch_size, losses, gradient, w);
  }
};

template <class Model, class Method>
void train(Model model, const sf::Dataset<typename Model::Scalar>& data, const Method& method) {
  for (const int threads : {1, 2}) {
    const Traps traps;
    sf::Trainer{Trapping{}, method, sf::Warmup<sf::CosineRate>{.steps = 5}}.fit(
        model, data, {.epochs = 10, .batch_size = 75, .threads = threads, .clip_norm = 1.0, .average = {{}}});
  }
  CHECK(model.parameters().allFinite());
}

}  // namespace

TEMPLATE_TEST_CASE("training an MLP by Adam needs no operation that traps", "[training]", float, double) {
  train(test::small_model<TestType>(), test::small_data<TestType>(200), sf::Adam{});
}

TEST_CASE("training a U-Net by Muon needs no operation that traps", "[training]") {
  const sf::UNet<float> network({.height = 8, .width = 8, .channels = 1}, {.widths = {16, 32}, .fold = 2, .heads = 2});
  const sf::Dataset<float> data{test::normals<float>(64, 100, "images")};
  train(sf::ScoreModel{sf::VariancePreserving<float>{}, network, sf::Seed{1}}, data, sf::Muon{});
}
#endif
