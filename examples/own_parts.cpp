// Every part of the library is a concept (concept.hpp of its folder) that a type of your own can satisfy. Here are an
// equation, a layer, an optimizer, a callback and a sampler, trained on two moons.
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <scorefield/scorefield.hpp>
#include <string>

namespace sf = scorefield;

// An equation: variance-preserving with the signal on a cosine, Nichol and Dhariwal 2021, arXiv:2102.09672. From
// alpha = cos(a t) and sigma = sin(a t) follow f = alpha' / alpha and g^2 = (sigma^2)' - 2 f sigma^2.
struct CosineEquation {
  using Scalar = float;
  static constexpr float a = 1.5f;  // a little less than pi/2, where the noise would come infinitely fast

  float drift(float t) const { return -a * std::tan(a * t); }
  float diffusion(float t) const { return std::sqrt(2 * a * std::tan(a * t)); }
  float signal(float t) const { return std::cos(a * t); }
  float deviation(float t) const { return std::sin(a * t); }
};
static_assert(sf::Sde<CosineEquation>);

// A layer: y = sin(w x), number by number, with a learnt frequency w for each.
class Sine {
 public:
  using Scalar = float;
  struct Workspace {
    sf::Matrix<float> slope;  // width x columns: cos(w x)
  };
  using P = sf::ConstVectorView<float>;
  using Const = sf::ConstMatrixView<float>;
  using Mutable = sf::MatrixView<float>;

  explicit Sine(sf::Index width) : width_(width) {}

  sf::Index inputs() const { return width_; }
  sf::Index outputs() const { return width_; }
  sf::Index parameter_count() const { return width_; }
  void declare(sf::ParameterLayout& layout, const std::string& prefix) const {
    layout.add(prefix + "frequency", width_, 1);
  }
  void initialise(sf::VectorView<float> w, const sf::Random&, sf::Index) const { w.setOnes(); }
  Workspace workspace(sf::Index columns) const { return {sf::Matrix<float>(width_, columns)}; }

  // Number by number, because an array sine rounds differently where it cannot fill a register.
  void evaluate(P w, Const x, Mutable y, Workspace&) const {
    for (sf::Index j = 0; j < x.cols(); ++j)
      for (sf::Index i = 0; i < width_; ++i) y(i, j) = std::sin(w(i) * x(i, j));
  }
  void forward(P w, Const x, Mutable y, Workspace& kept) const {
    evaluate(w, x, y, kept);
    for (sf::Index j = 0; j < x.cols(); ++j)
      for (sf::Index i = 0; i < width_; ++i) kept.slope(i, j) = std::cos(w(i) * x(i, j));
  }
  void backward(P w, Const x, Const, Mutable dy, Mutable dx, sf::VectorView<float> dw, Workspace& kept) const {
    dy.array() *= sf::columns(kept.slope, 0, x.cols()).array();
    dw += dy.cwiseProduct(x).rowwise().sum();
    if (dx.cols() > 0) dx = w.asDiagonal() * dy;
  }

 private:
  sf::Index width_;
};
static_assert(sf::Layer<Sine>);

// An optimizer: Lion, Chen et al. 2023, arXiv:2302.06675, algorithm 2. Each parameter moves by the learning rate, in
// the direction of a running mean.
struct Lion {
  double learning_rate = 1e-3;
  static constexpr std::size_t state_vectors = 1;  // the running mean

  void validate() const {
    if (!(learning_rate > 0))
      throw sf::InvalidArgument("Lion", "a positive learning rate", sf::text(learning_rate), "a tenth of Adam's");
  }
  template <sf::Real Scalar>
  void update(sf::VectorView<Scalar> p, sf::ConstVectorView<Scalar> g, std::array<sf::VectorView<Scalar>, 1> state,
              double rate, sf::Index) const {
    auto& [mean] = state;
    p -= static_cast<Scalar>(rate) * (Scalar(0.9) * mean + Scalar(0.1) * g).cwiseSign();
    mean = Scalar(0.99) * mean + Scalar(0.01) * g;
  }
};
static_assert(sf::Optimizer<Lion>);

// A callback: anything that can be called with the progress. One that keeps nothing can be a lambda.
struct SmoothedLoss {
  double value = 1;

  void operator()(const sf::Progress<float>& progress) {
    value += 0.01 * (progress.loss - value);
    if (progress.step % 1000 == 0) std::printf("step %5td  loss %.3f\n", progress.step, value);
  }
};
static_assert(sf::TrainingCallback<SmoothedLoss, float>);

// A sampler: Euler's method on the probability-flow equation dx = (f x - g^2 score / 2) dt, Song et al. 2021,
// arXiv:2011.13456, equation 13. Once the prior is drawn, nothing is random.
struct FlowEuler {
  sf::Index steps = 100;

  template <sf::ScoreFunction Model>
  class Stepper {
   public:
    using Scalar = typename Model::Scalar;

    Stepper(const Model& model, const sf::SampleRequest& request, sf::Index steps)
        : batch_(model, request), times_(sf::uniform_time_grid<Scalar>("FlowEuler", steps)) {}

    void step() {
      const auto& sde = batch_.model().sde();
      const Scalar t = times_(step_), dt = t - times_(step_ + 1), g = sde.diffusion(t);
      const auto keep = sf::broadcast(1 - sde.drift(t) * dt), pull = sf::broadcast(g * g * dt / 2);
      const auto move = [&](const auto& x, const auto& score) {
        return sf::multiply_add(pull, score, sf::multiply(keep, x));
      };
      batch_.with_score(t, [&](auto chunk) {
        sf::transform(chunk.x.data(), chunk.x.size(), move, chunk.x.data(), chunk.score.data());
      });
      ++step_;
    }
    bool done() const { return step_ + 1 == times_.size(); }
    Scalar time() const { return times_(step_); }
    const sf::Matrix<Scalar>& samples() const { return batch_.samples(); }

   private:
    sf::SampleBatch<Model> batch_;
    sf::Vector<Scalar> times_;
    sf::Index step_ = 0;
  };

  template <sf::ScoreFunction Model>
  Stepper<Model> start(const Model& model, const sf::SampleRequest& request) const {
    return {model, request, steps};
  }
};

void describe(const char* name, const sf::Matrix<float>& x) {
  const sf::Vector<float> mean = x.rowwise().mean();
  const sf::Vector<float> variance = (x.colwise() - mean).rowwise().squaredNorm() / static_cast<float>(x.cols());
  std::printf("%-8s mean (%5.2f, %5.2f)  deviation (%4.2f, %4.2f)\n", name, mean(0), mean(1), std::sqrt(variance(0)),
              std::sqrt(variance(1)));
}

int main() {
  const auto data = sf::two_moons<float>(4000);

  // Layers compose to a network that takes (x, t), and with an equation to a model.
  using Wide = sf::Dense<float>;
  sf::Perceptron network{sf::Sequential{Wide(3, 32), Sine(32), Wide(32, 32), Sine(32)}, Wide(32, 2)};
  sf::ScoreModel model{CosineEquation{}, network, sf::Seed{0}};
  static_assert(sf::Sampler<FlowEuler, decltype(model)>);

  sf::Trainer trainer{sf::DenoisingScoreMatching{.t_min = 0.02}, Lion{.learning_rate = 1e-3}, sf::CosineRate{}};
  trainer.fit(model, data, {.steps = 3000}, SmoothedLoss{});

  describe("data", data);
  describe("samples", sf::sample(model, FlowEuler{}, 4000, sf::Seed{1}));
}
