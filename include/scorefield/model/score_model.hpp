/// An equation and a network that learns the score of its marginals.
#pragma once

#include <cassert>
#include <concepts>
#include <utility>

#include "scorefield/core/chunks.hpp"
#include "scorefield/core/error.hpp"
#include "scorefield/core/parameters.hpp"
#include "scorefield/core/random.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/model/prediction/concept.hpp"
#include "scorefield/model/prediction/score_prediction.hpp"
#include "scorefield/network/concept.hpp"
#include "scorefield/sde/concept.hpp"

namespace scorefield {

/// The score s(x, t) = grad log p_t(x), from what the network predicts: the score itself, the noise, ... A model is a
/// value: equation, network, prediction and the flat vector of the network's parameters.
template <Sde Equation, Network Net, class Predicted = ScorePrediction>
requires std::same_as<typename Equation::Scalar, typename Net::Scalar> && Prediction<Predicted, Equation, Net>
class ScoreModel {
 public:
  using Scalar = typename Net::Scalar;

  struct Workspace {
    typename Net::Workspace network;
    [[no_unique_address]] decltype(std::declval<const Predicted&>().workspace(std::declval<const Net&>())) prediction;
  };

  /// The network starts from random parameters.
  ScoreModel(Equation sde, Net network, Seed seed) requires std::default_initializable<Predicted>
      : ScoreModel(std::move(sde), std::move(network), Predicted{}, seed) {}

  /// Throws InvalidArgument where the prediction is for samples of another size than the network.
  ScoreModel(Equation sde, Net network, Predicted prediction, Seed seed)
      : sde_(std::move(sde)),
        network_(std::move(network)),
        prediction_(std::move(prediction)),
        parameters_(network_.layout().size()) {
    prediction_.validate(network_.dimension());
    network_.initialise(view(parameters_), Random(seed, "initialise"));
  }

  const Equation& sde() const { return sde_; }
  const Net& network() const { return network_; }
  const Predicted& prediction() const { return prediction_; }
  Index dimension() const { return network_.dimension(); }
  Index chunk_size() const { return network_.chunk_size(); }
  Workspace workspace() const { return {network_.workspace(), prediction_.workspace(network_)}; }

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

  /// Sets the constants of the prediction, and throws as it does.
  void set_constants(const Vector<Scalar>& constants) requires FittedPrediction<Predicted> {
    prediction_.set_constants(constants);
  }

  /// score (d x n) of x (d x n) at times t (n). Throws InvalidArgument unless n is at most chunk_size(), which is what
  /// a workspace has room for, and the shapes agree.
  void score(ConstMatrixView<Scalar> x, ConstVectorView<Scalar> t, MatrixView<Scalar> score, Workspace& w) const {
    check_views(x, t, score);
    const auto input = prediction_.input(sde_, x, t, w.prediction);
    network_.evaluate(view(parameters_), input.x, input.t, score, w.network);
    prediction_.score(x, score, w.prediction);
  }

  /// The score of each column of x (d x n) at time t in (0, 1]. Throws InvalidArgument for another shape or time.
  Matrix<Scalar> score(const Matrix<Scalar>& x, Scalar t) const {
    if (x.rows() != dimension())
      throw InvalidArgument("ScoreModel::score", text("samples of ", dimension(), " rows"),
                            text(x.rows(), " x ", x.cols()), "a column is a sample");
    if (!(t > 0 && t <= 1))
      throw InvalidArgument("ScoreModel::score", "a time in (0, 1]", text(t), "0 is data and 1 is noise");
    Matrix<Scalar> out(x.rows(), x.cols());
    auto w = workspace();
    const Chunks chunks{x.cols(), chunk_size()};
    const Vector<Scalar> times = Vector<Scalar>::Constant(chunk_size(), t);
    for (Index i = 0; i < chunks.pieces(); ++i) {
      const Index first = chunks.first(i), n = chunks.length(i);
      score(columns(x, first, n), segment(view(times), 0, n), columns(out, first, n), w);
    }
    return out;
  }

  /// As `score`, without its checks, for parameters that are not the model's own, keeping what score_backward needs.
  void score_forward(ConstVectorView<Scalar> parameters, ConstMatrixView<Scalar> x, ConstVectorView<Scalar> t,
                     MatrixView<Scalar> score, Workspace& w) const {
    assert(x.cols() <= chunk_size());
    const auto input = prediction_.input(sde_, x, t, w.prediction);
    network_.forward(parameters, input.x, input.t, score, w.network);
    prediction_.score(x, score, w.prediction);
  }

  /// Adds to `gradient` the gradient of a loss by the parameters, dscore (d x n, scratch afterwards) being the one by
  /// the score of that score_forward.
  void score_backward(ConstVectorView<Scalar> parameters, MatrixView<Scalar> dscore, VectorView<Scalar> gradient,
                      Workspace& w) const {
    prediction_.backward(dscore, w.prediction);
    network_.backward(parameters, dscore, MatrixView<Scalar>(nullptr, dimension(), 0), gradient, w.network);
  }

 private:
  void check_views(ConstMatrixView<Scalar> x, ConstVectorView<Scalar> t, MatrixView<Scalar> score) const {
    const Index d = dimension(), n = x.cols();
    if (n > chunk_size() || x.rows() != d || t.size() != n || score.rows() != d || score.cols() != n)
      throw InvalidArgument(
          "ScoreModel::score",
          text("samples and scores of ", d, " rows, a time for each, and at most ", chunk_size(), " of them"),
          text(x.rows(), " x ", n, " samples, ", score.rows(), " x ", score.cols(), " scores and ", t.size(), " times"),
          "cut larger batches into chunks, or leave that to score(x, t)");
  }

  Equation sde_;
  Net network_;
  [[no_unique_address]] Predicted prediction_;
  Vector<Scalar> parameters_;
};

}  // namespace scorefield
