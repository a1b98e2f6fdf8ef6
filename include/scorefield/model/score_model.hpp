/// The score model: an equation and a network that learns to denoise its marginals.
#pragma once

#include <cassert>
#include <concepts>
#include <cstdint>
#include <utility>

#include "scorefield/core/chunks.hpp"
#include "scorefield/core/error.hpp"
#include "scorefield/core/parameters.hpp"
#include "scorefield/core/random.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/model/denoising_task.hpp"
#include "scorefield/model/detail/in_units.hpp"
#include "scorefield/model/prediction/concept.hpp"
#include "scorefield/model/prediction/score_prediction.hpp"
#include "scorefield/network/concept.hpp"
#include "scorefield/sde/concept.hpp"
#include "scorefield/sde/condition.hpp"
#include "scorefield/sde/noisy_batch.hpp"

namespace scorefield {

/// The denoised sample D(x, t) = E[x(0) | x(t) = x], from what the network predicts: the score, the noise, the velocity
/// or what a linear denoiser leaves over. The score grad log p_t(x) is a view of it. A model is a value: equation,
/// network, prediction, the flat vector of the network's parameters, and the units of its data, where it has them: then
/// it computes in its own, and users pass and get the data's.
template <class Equation, class Net, class Predicted = ScorePrediction, class DataUnits = NoUnits>
class ScoreModel {
  static_assert(Sde<Equation>,
                "ScoreModel: the first argument is an equation, with drift, diffusion, signal and deviation of a time; "
                "scorefield/sde/concept.hpp says what is missing, sde/variance_preserving.hpp shows one");
  static_assert(Network<Net>,
                "ScoreModel: the second argument is a network, with evaluate, forward and backward of a noisy batch; "
                "scorefield/network/concept.hpp says what is missing, network/mlp.hpp shows one");
  static_assert(std::same_as<typename Equation::Scalar, typename Net::Scalar>,
                "ScoreModel: equation and network compute in the same scalar, float or double");
  static_assert(Prediction<Predicted, Net>,
                "ScoreModel: the argument before the seed is a prediction, of what the network's output means, in the "
                "network's scalar, or units of it; scorefield/model/prediction/concept.hpp says what is missing, "
                "model/prediction/velocity_prediction.hpp shows one");
  static_assert(std::same_as<DataUnits, NoUnits> || detail::UnitsOfData<DataUnits, typename Net::Scalar>,
                "ScoreModel: the last argument before the seed is units of the network's scalar, as "
                "Units<float>::fit(data) of floats");
  static_assert(
      leaves_signal<Equation>() || !needs_signal<Predicted>(),
      "ScoreModel: an equation that leaves no signal at t = 1, which the prediction divides by: predict the "
      "velocity or the data (VelocityPrediction, FlowVelocityPrediction, DataPrediction), or correct a linear "
      "denoiser");

 public:
  using Scalar = typename Net::Scalar;

  struct Workspace {
    typename Net::Workspace network;
    [[no_unique_address]] decltype(std::declval<const Predicted&>().workspace(std::declval<const Net&>())) prediction;
    Matrix<Scalar> output, by_output;  // d x chunk_size: the network's, and the gradient of a loss by it
    const Scalar *input, *time;        // the samples and times that the network was told
  };

  /// The network starts from random parameters.
  ScoreModel(Equation sde, Net network, Seed seed) requires std::default_initializable<Predicted>
      : ScoreModel(std::move(sde), std::move(network), Predicted{}, seed) {}

  /// Throws InvalidArgument where the prediction is for samples of another size than the network, or needs signal that
  /// the equation does not leave at t = 1.
  ScoreModel(Equation sde, Net network, Predicted prediction, Seed seed)
      : ScoreModel(std::move(sde), std::move(network), std::move(prediction), DataUnits{}, seed) {}

  /// Data, and conditions, come in units of their own, as Units<float>::fit(data) finds them. Throws InvalidArgument
  /// where these are of another size than the network.
  ScoreModel(Equation sde, Net network, DataUnits units, Seed seed) requires std::default_initializable<Predicted> &&
      detail::UnitsOfData<DataUnits, typename Net::Scalar>
      : ScoreModel(std::move(sde), std::move(network), Predicted{}, std::move(units), seed) {}
  ScoreModel(Equation sde, Net network, Predicted prediction, DataUnits units, Seed seed)
      : ScoreModel(std::move(sde), std::move(network), std::move(prediction), std::move(units)) {
    network_.initialise(view(parameters_), Random(seed, "initialise"));
  }

  /// With parameters that were learnt before. Throws like the above and like set_parameters.
  ScoreModel(Equation sde, Net network, Predicted prediction, DataUnits units, const Vector<Scalar>& parameters)
      : ScoreModel(std::move(sde), std::move(network), std::move(prediction), std::move(units)) {
    set_parameters(parameters);
  }

  const Equation& sde() const { return sde_; }
  const Net& network() const { return network_; }
  const Predicted& prediction() const { return prediction_; }
  const DataUnits& units() const { return units_; }
  Index dimension() const { return network_.dimension(); }
  Index chunk_size() const { return network_.chunk_size(); }
  /// The numbers that a sample is given; 0 for a network that looks at none.
  Index condition_size() const { return detail::condition_size(network_); }
  Workspace workspace() const {
    const Index d = dimension(), n = chunk_size();
    return {network_.workspace(),
            prediction_.workspace(network_),
            Matrix<Scalar>(d, n),
            Matrix<Scalar>(d, n),
            nullptr,
            nullptr};
  }

  const Vector<Scalar>& parameters() const { return parameters_; }

  /// Throws InvalidArgument unless there are as many as the network has, NonFinite unless all are finite.
  void set_parameters(const Vector<Scalar>& parameters) {
    if (parameters.size() != parameters_.size())
      throw InvalidArgument("ScoreModel::set_parameters", text(parameters_.size(), " parameters"),
                            text(parameters.size()), "take them from a model with the same network");
    if (!parameters.allFinite())
      throw NonFinite("ScoreModel::set_parameters", "finite parameters", "a NaN or an infinity",
                      "look for the training step that made it");
    parameters_ = parameters;
  }

  /// The fingerprint of the data that it was trained on; 0 before. It is kept in files, and means nothing to the model.
  std::uint64_t trained_on() const { return trained_on_; }
  void set_trained_on(std::uint64_t fingerprint) { trained_on_ = fingerprint; }

  /// Sets the constants of the prediction, and throws as it does.
  void set_constants(const Vector<Scalar>& constants) requires FittedPrediction<Predicted> {
    prediction_.set_constants(constants);
  }

  /// The denoised samples, d x n, of a batch. Throws InvalidArgument unless n is at most chunk_size(), which is what a
  /// workspace has room for, and the shapes agree.
  void denoise(const NoisyBatch<Scalar>& batch, MatrixView<Scalar> out, Workspace& w) const {
    check_views("ScoreModel::denoise", batch, out);
    network_.evaluate(view(parameters_), input(batch, w), out, w.network);
    prediction_.denoised(batch, out, w.prediction);
  }

  /// The score grad log p_t(x), d x n, of a batch, straight from the network's output. Throws like denoise.
  void score(const NoisyBatch<Scalar>& batch, MatrixView<Scalar> out, Workspace& w) const {
    check_views("ScoreModel::score", batch, out);
    network_.evaluate(view(parameters_), input(batch, w), out, w.network);
    prediction_.score(batch, out, w.prediction);
  }

  /// The denoised sample of each column of x (d x n) at time t in (0, 1], given the condition; all in the data's units:
  /// where a row's are no straight map, what the mean in the model's own stands for. There a constant row has no noise.
  /// Throws InvalidArgument for another shape or time.
  Matrix<Scalar> denoised(const Matrix<Scalar>& x, Scalar t, const Condition& condition = {}) const {
    auto denoised = in_chunks("ScoreModel::denoised", x, t, condition,
                              [this](const auto& batch, auto out, auto& w) { this->denoise(batch, out, w); });
    if constexpr (detail::HasUnits<ScoreModel>) return units_.to_data(denoised);
    return denoised;
  }

  /// The score of each column of x (d x n) at time t in (0, 1], given such a condition: the gradient by x in the data's
  /// units. Throws like denoised.
  Matrix<Scalar> score(const Matrix<Scalar>& x, Scalar t, const Condition& condition = {}) const {
    auto score = in_chunks("ScoreModel::score", x, t, condition,
                           [this](const auto& batch, auto out, auto& w) { this->score(batch, out, w); });
    if constexpr (detail::HasUnits<ScoreModel>) return units_.score_to_data(x, score);
    return score;
  }

  /// Turns standard normals z (d x n, n at most chunk_size()) into samples of the prior, at t = 1.
  void prior(MatrixView<Scalar> z, Workspace& w) const {
    prediction_.prior(sde_.signal(Scalar(1)), sde_.deviation(Scalar(1)), z, w.prediction);
  }

  /// As denoise, without its checks, keeping what denoise_backward needs.
  void denoise_forward(const NoisyBatch<Scalar>& batch, MatrixView<Scalar> out, Workspace& w) const {
    assert(batch.size() <= chunk_size());
    auto output = columns(w.output, 0, batch.size());
    network_.forward(view(parameters_), input(batch, w), output, w.network);
    out = output;
    prediction_.denoised(batch, out, w.prediction);
  }

  /// After that denoise_forward: the product of a vector with the derivative of D by x. Given the gradient of a loss by
  /// D (d x n, scratch afterwards), writes the one by x to dx.
  void denoise_backward(const NoisyBatch<Scalar>& batch, MatrixView<Scalar> d, MatrixView<Scalar> dx,
                        Workspace& w) const {
    auto by_output = columns(w.by_output, 0, batch.size());
    by_output = d;
    prediction_.denoised_backward(batch, by_output, w.prediction);
    network_.backward(view(parameters_), seen(batch, w), output_of(batch, w), by_output, dx,
                      VectorView<Scalar>(nullptr, 0), w.network);
    prediction_.input_backward(batch, ConstMatrixView<Scalar>(d.data(), d.rows(), d.cols()), dx, w.prediction);
  }

  /// The weighted error of a task for parameters that may not be the model's own.
  void error(ConstVectorView<Scalar> parameters, const DenoisingTask<Scalar>& task, MatrixView<Scalar> error,
             Workspace& w) const {
    assert(task.noisy.size() <= chunk_size());
    network_.evaluate(parameters, input(task.noisy, w), columns(w.output, 0, error.cols()), w.network);
    prediction_.error(task, output_of(task.noisy, w), error, w.prediction);
  }

  /// The same, keeping what error_backward needs.
  void error_forward(ConstVectorView<Scalar> parameters, const DenoisingTask<Scalar>& task, MatrixView<Scalar> error,
                     Workspace& w) const {
    assert(task.noisy.size() <= chunk_size());
    network_.forward(parameters, input(task.noisy, w), columns(w.output, 0, error.cols()), w.network);
    prediction_.error(task, output_of(task.noisy, w), error, w.prediction);
  }

  /// After that error_forward: adds to `gradient` the gradient by the parameters of a loss whose gradient by column j
  /// of the error is scale(j) times that column. The error is scratch afterwards.
  void error_backward(ConstVectorView<Scalar> parameters, const DenoisingTask<Scalar>& task,
                      ConstVectorView<Scalar> scale, MatrixView<Scalar> error, VectorView<Scalar> gradient,
                      Workspace& w) const {
    prediction_.error_backward(task, scale, error, w.prediction);
    network_.backward(parameters, seen(task.noisy, w), output_of(task.noisy, w), error,
                      MatrixView<Scalar>(nullptr, dimension(), 0), gradient, w.network);
  }

 private:
  ScoreModel(Equation sde, Net network, Predicted prediction, DataUnits units)
      : sde_(std::move(sde)),
        network_(std::move(network)),
        prediction_(std::move(prediction)),
        units_(std::move(units)),
        parameters_(network_.layout().size()) {
    if constexpr (detail::HasUnits<ScoreModel>) check_units();
    prediction_.validate(network_.dimension());
    check_signal();
  }

  /// What the network is called with.
  NoisyBatch<Scalar> input(const NoisyBatch<Scalar>& batch, Workspace& w) const {
    const auto told = prediction_.input(batch, w.prediction);
    w.input = told.x.data();
    w.time = told.t.data();
    return told;
  }
  /// The same afterwards.
  static NoisyBatch<Scalar> seen(const NoisyBatch<Scalar>& batch, const Workspace& w) {
    return {ConstMatrixView<Scalar>(w.input, batch.x.rows(), batch.x.cols()),
            ConstVectorView<Scalar>(w.time, batch.size()), batch.alpha, batch.sigma, batch.condition};
  }

  static ConstMatrixView<Scalar> output_of(const NoisyBatch<Scalar>& batch, const Workspace& w) {
    return columns(w.output, 0, batch.size());
  }

  template <class Evaluate>
  Matrix<Scalar> in_chunks(const char* operation, const Matrix<Scalar>& x, Scalar t, const Condition& condition,
                           const Evaluate& evaluate) const {
    if (x.rows() != dimension())
      throw InvalidArgument(operation, text("samples of ", dimension(), " rows"), text(x.rows(), " x ", x.cols()),
                            "a column is a sample");
    if (!(t > 0 && t <= 1)) throw InvalidArgument(operation, "a time in (0, 1]", text(t), "0 is data and 1 is noise");
    const auto told = detail::told(operation, *this, condition, x.cols());
    const Matrix<Scalar>& own = in_own_units(x);
    Matrix<Scalar> out(x.rows(), x.cols());
    auto w = workspace();
    NoiseLevels<Scalar> levels(chunk_size());
    levels.fill(chunk_size(), sde_, t);
    const Chunks chunks{x.cols(), chunk_size()};
    for (Index i = 0; i < chunks.pieces(); ++i) {
      const Index first = chunks.first(i), n = chunks.length(i);
      evaluate(levels.around(columns(own, first, n), columns(told, first, n)), columns(out, first, n), w);
    }
    return out;
  }

  decltype(auto) in_own_units(const Matrix<Scalar>& x) const {
    if constexpr (detail::HasUnits<ScoreModel>)
      return units_.to_model(x);
    else
      return (x);
  }

  void check_units() const {
    const Index d = dimension(), k = condition_size();
    if constexpr (requires { prediction_.validate_units(); })
      if (units_.dimension() > 0) prediction_.validate_units();
    if (units_.dimension() == 0 || (units_.dimension() == d && units_.condition_size() == k)) return;
    throw InvalidArgument("ScoreModel",
                          text("units of samples of ", d, " numbers and conditions of ", k, ", as the network has"),
                          text(units_.dimension(), " and ", units_.condition_size()),
                          "a column of the data is a sample; the network is for as many numbers, and for conditions by "
                          "its option .condition");
  }

  /// What types do not say.
  void check_signal() const {
    bool needed = needs_signal<Predicted>();
    if constexpr (requires { prediction_.needs_signal(); }) needed = prediction_.needs_signal();
    if (needed && !(sde_.signal(Scalar(1)) > 0))
      throw InvalidArgument("ScoreModel", "an equation that leaves signal at t = 1, which the prediction divides by",
                            "one that leaves none",
                            "predict the velocity or the data (VelocityPrediction, FlowVelocityPrediction, "
                            "DataPrediction), or correct a linear denoiser");
  }

  void check_views(const char* operation, const NoisyBatch<Scalar>& batch, MatrixView<Scalar> out) const {
    const Index d = dimension(), n = batch.size();
    if (n <= chunk_size() && batch.x.rows() == d && batch.t.size() == n && batch.alpha.size() == n &&
        batch.sigma.size() == n && out.rows() == d && out.cols() == n &&
        batch.condition.rows() == detail::told_size(condition_size()) && batch.condition.cols() == n)
      return;
    throw InvalidArgument(
        operation,
        text("samples and results of ", d, " rows, a level and a condition of ", detail::told_size(condition_size()),
             " rows for each, and at most ", chunk_size(), " of them"),
        text(batch.x.rows(), " x ", n, " samples, ", out.rows(), " x ", out.cols(), " results, ", batch.t.size(),
             " levels and ", batch.condition.rows(), " x ", batch.condition.cols(), " conditions"),
        "cut larger batches into chunks, or leave that to denoised(x, t) and score(x, t)");
  }

  Equation sde_;
  Net network_;
  [[no_unique_address]] Predicted prediction_;
  [[no_unique_address]] DataUnits units_;
  Vector<Scalar> parameters_;
  std::uint64_t trained_on_ = 0;
};

// clang 14 looks at no constraints of a constructor when it deduces: what is before the seed is told apart here.
template <class Equation, class Net, class Predicted>
ScoreModel(Equation, Net, Predicted, Seed) -> ScoreModel<Equation, Net, Predicted>;
template <class Equation, class Net, class DataUnits>
requires detail::UnitsOfData<DataUnits, typename Net::Scalar> ScoreModel(Equation, Net, DataUnits, Seed)
->ScoreModel<Equation, Net, ScorePrediction, DataUnits>;

}  // namespace scorefield
