// Every part of the library is a concept (concept.hpp of its folder) that a type of your own can satisfy. Here are an
// equation, a layer, an optimizer, a callback, an objective and a sampler, trained on two moons.
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <scorefield/scorefield.hpp>
#include <string>
#include <utility>

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
  sf::Index context_size() const { return 0; }  // it does not look at a context, such as an embedding of the time
  sf::Index outputs() const { return width_; }
  sf::Index parameter_count() const { return width_; }
  void declare(sf::ParameterLayout& layout, const std::string& prefix) const {
    layout.add(prefix + "frequency", width_, 1);
  }
  void initialise(sf::VectorView<float> w, const sf::Random&, sf::Index) const { w.setOnes(); }
  Workspace workspace(sf::Index columns) const { return {sf::Matrix<float>(width_, columns)}; }

  // Number by number, because an array sine rounds differently where it cannot fill a register.
  void evaluate(P w, Const x, Const, Mutable y, Workspace&) const {
    for (sf::Index j = 0; j < x.cols(); ++j)
      for (sf::Index i = 0; i < width_; ++i) y(i, j) = std::sin(w(i) * x(i, j));
  }
  void forward(P w, Const x, Const context, Mutable y, Workspace& kept) const {
    evaluate(w, x, context, y, kept);
    for (sf::Index j = 0; j < x.cols(); ++j)
      for (sf::Index i = 0; i < width_; ++i) kept.slope(i, j) = std::cos(w(i) * x(i, j));
  }
  void backward(P w, Const x, Const, Const, Mutable dy, Mutable dx, Mutable, sf::VectorView<float> dw,
                Workspace& kept) const {
    dy.array() *= sf::columns(kept.slope, 0, x.cols()).array();
    if (dw.size() > 0) dw += dy.cwiseProduct(x).rowwise().sum();
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

// An objective: the pseudo-Huber distance sqrt(|e|^2 + c^2) - c of the noise's error e in place of its square, which is
// moved less by what is far off, as Song and Dhariwal 2023, arXiv:2310.14189, section 3.3, train with. The model
// computes the error, and takes back a gradient that is a multiple of it.
struct PseudoHuberMatching {
  template <sf::TrainableModel Model>
  struct Workspace {
    sf::NoiseLevels<float> levels;
    sf::Matrix<float> time, noise, x, error;  // 1 x chunk_size, and d x chunk_size
    sf::Vector<float> root, scale;            // chunk_size
    typename Model::Workspace model;
  };

  template <sf::TrainableModel Model>
  Workspace<Model> workspace(const Model& model) const {
    const sf::Index d = model.dimension(), n = model.chunk_size();
    const sf::Matrix<float> samples(d, n);
    return {sf::NoiseLevels<float>(n), sf::Matrix<float>(1, n), samples,          samples, samples,
            sf::Vector<float>(n),      sf::Vector<float>(n),    model.workspace()};
  }

  template <sf::TrainableModel Model>
  void loss(const Model& model, sf::ConstVectorView<float> p, const sf::Examples<float>& examples, const sf::Draw& draw,
            sf::Index, sf::VectorView<float> losses, Workspace<Model>& w) const {
    auto error = sf::columns(w.error, 0, examples.size());
    model.error(p, make_noisy(model, examples.x0, draw, w), error, w.model);
    write_losses(error, losses);
  }

  template <sf::TrainableModel Model>
  void loss_and_gradient(const Model& model, sf::ConstVectorView<float> p, const sf::Examples<float>& examples,
                         const sf::Draw& draw, sf::Index batch_size, sf::VectorView<float> losses,
                         sf::VectorView<float> gradient, Workspace<Model>& w) const {
    auto error = sf::columns(w.error, 0, examples.size());
    const auto task = make_noisy(model, examples.x0, draw, w);
    model.error_forward(p, task, error, w.model);
    write_losses(error, losses);
    for (sf::Index j = 0; j < examples.size(); ++j) w.scale(j) = 1 / ((losses(j) + c) * static_cast<float>(batch_size));
    model.error_backward(p, task, sf::segment(sf::view(std::as_const(w.scale)), 0, examples.size()), error, gradient,
                         w.model);
  }

 private:
  static constexpr float c = 0.5f;

  // Data with the noise of this draw, at times that are uniform in [0.02, 1]. By the weight alpha^2 of a squared error
  // of the denoised sample, errors of the noise count.
  template <sf::TrainableModel Model>
  sf::DenoisingTask<float> make_noisy(const Model& model, sf::ConstMatrixView<float> x0, const sf::Draw& draw,
                                      Workspace<Model>& w) const {
    const sf::Index n = x0.cols();
    sf::Random(draw.seed, "training time").uniform(sf::columns(w.time, 0, n), draw.first_sample, draw.step);
    sf::Random(draw.seed, "training noise").normal(sf::columns(w.noise, 0, n), draw.first_sample, draw.step);
    for (sf::Index j = 0; j < n; ++j) w.levels.set(j, model.sde(), 0.02f + 0.98f * w.time(0, j));
    const auto noisy = w.levels.around(sf::columns(std::as_const(w.x), 0, n));
    for (sf::Index j = 0; j < n; ++j) {
      w.x.col(j) = noisy.alpha(j) * x0.col(j) + noisy.sigma(j) * w.noise.col(j);
      w.root(j) = noisy.alpha(j);
    }
    return {noisy, x0, sf::columns(std::as_const(w.noise), 0, n), sf::segment(sf::view(std::as_const(w.root)), 0, n)};
  }

  static void write_losses(const sf::MatrixView<float>& error, sf::VectorView<float> losses) {
    for (sf::Index j = 0; j < error.cols(); ++j) losses(j) = std::sqrt(error.col(j).squaredNorm() + c * c) - c;
  }
};

// A sampler, for which the library has the stepper: Euler's method on the probability-flow equation
// dx = (f x - g^2 score / 2) dt, Song et al. 2021, arXiv:2011.13456, equation 13. Once the prior is drawn, nothing is
// random.
struct FlowEuler {
  static constexpr const char* name = "FlowEuler";
  static constexpr sf::Estimate estimate = sf::Estimate::score;
  using Grid = sf::UniformGrid;  // unless sf::on_grid says another

  sf::Index steps = 100;  // what a user chooses

  // From one time to the next: a function of packets, samples and their scores.
  auto move(const auto& path, sf::Index step, std::size_t) const {
    const auto t = path.time(step), dt = t - path.time(step + 1), g = path.sde().diffusion(t);
    const auto keep = sf::broadcast(1 - path.sde().drift(t) * dt), pull = sf::broadcast(g * g * dt / 2);
    return [keep, pull](const auto& x, const auto& score, const auto&) {
      return std::array{sf::multiply_add(pull, score, sf::multiply(keep, x))};
    };
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

  static_assert(sf::Objective<PseudoHuberMatching, decltype(model)>);

  sf::Trainer trainer{PseudoHuberMatching{}, Lion{.learning_rate = 1e-3}, sf::CosineRate{}};
  trainer.fit(model, data, {.steps = 3000}, SmoothedLoss{});

  describe("data", data);
  describe("samples", sf::sample(model, FlowEuler{}, 4000, sf::Seed{1}));
}
