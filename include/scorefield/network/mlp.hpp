/// Mlp and DynamicMlp: the multilayer perceptron on a sample, its time and its condition.
#pragma once

#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "scorefield/core/error.hpp"
#include "scorefield/core/parameters.hpp"
#include "scorefield/core/random.hpp"
#include "scorefield/core/read_settings.hpp"
#include "scorefield/core/settings.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/layer/activation/concept.hpp"
#include "scorefield/layer/activation/identity.hpp"
#include "scorefield/layer/activation/log_sigmoid.hpp"
#include "scorefield/layer/concept.hpp"
#include "scorefield/layer/dense.hpp"
#include "scorefield/layer/detail/no_context.hpp"
#include "scorefield/layer/sequential.hpp"
#include "scorefield/network/detail/checks.hpp"
#include "scorefield/sde/condition.hpp"
#include "scorefield/sde/noisy_batch.hpp"

namespace scorefield {

/// (x, t, condition) -> hidden layers -> a linear layer to R^d. `Hidden` is a layer. The pieces are named
/// "hidden.<i>.weight", "hidden.<i>.bias", "output.weight" and "output.bias".
template <Layer Hidden, Layer Output>
class Perceptron {
  using Layers = Sequential<Hidden, Output>;

 public:
  using Scalar = typename Hidden::Scalar;

  struct Workspace {
    Matrix<Scalar> input, input_gradient;  // the layers' inputs x chunk_size
    typename Layers::Workspace layers;
  };

  /// Throws InvalidArgument unless the layers have inputs for d numbers, the time and what is told of a condition of
  /// `condition` numbers, and look at no context.
  Perceptron(Hidden hidden, Output output, Index condition = 0)
      : layers_(std::move(hidden), std::move(output)), condition_(detail::checked_condition("Perceptron", condition)) {
    if (layers_.inputs() != layers_.outputs() + 1 + detail::told_size(condition))
      throw InvalidArgument("Perceptron",
                            text(1 + detail::told_size(condition),
                                 " inputs more than outputs, for the time and a condition of ", condition, " numbers"),
                            text(layers_.inputs(), " inputs and ", layers_.outputs(), " outputs"),
                            "take d + 1 inputs for samples of d numbers, and k + 1 more where they are given k");
    detail::check_no_context("Perceptron", layers_);
  }

  Index dimension() const { return layers_.outputs(); }
  Index condition_size() const { return condition_; }
  /// More columns share the reading of weights that are too many for the second cache.
  Index chunk_size() const { return layers_.parameter_count() < (1 << 18) ? 64 : 128; }

  ParameterLayout layout() const {
    ParameterLayout layout;
    layers_.template layer<0>().declare(layout, "hidden.");
    layers_.template layer<1>().declare(layout, "output.");
    return layout;
  }

  void initialise(VectorView<Scalar> p, const Random& random) const { layers_.initialise(p, random, 0); }

  Workspace workspace() const {
    const Index inputs = layers_.inputs(), n = chunk_size();
    return {Matrix<Scalar>(inputs, n), Matrix<Scalar>(inputs, n), layers_.workspace(n)};
  }

  void evaluate(ConstVectorView<Scalar> p, const NoisyBatch<Scalar>& batch, MatrixView<Scalar> y, Workspace& w) const {
    layers_.evaluate(p, joined(batch, w), detail::no_context<Scalar>(), y, w.layers);
  }

  void forward(ConstVectorView<Scalar> p, const NoisyBatch<Scalar>& batch, MatrixView<Scalar> y, Workspace& w) const {
    layers_.forward(p, joined(batch, w), detail::no_context<Scalar>(), y, w.layers);
  }

  void backward(ConstVectorView<Scalar> p, const NoisyBatch<Scalar>& batch, ConstMatrixView<Scalar> y,
                MatrixView<Scalar> dy, MatrixView<Scalar> dx, VectorView<Scalar> g, Workspace& w) const {
    layers_.backward(p, columns(std::as_const(w.input), 0, batch.size()), detail::no_context<Scalar>(), y, dy,
                     columns(w.input_gradient, 0, dx.cols()), detail::no_context_gradient<Scalar>(), g, w.layers);
    if (dx.cols() > 0) dx = columns(w.input_gradient, 0, dx.cols()).topRows(dimension());
  }

 private:
  static ConstMatrixView<Scalar> joined(const NoisyBatch<Scalar>& batch, Workspace& w) {
    auto input = columns(w.input, 0, batch.size());
    input.topRows(batch.x.rows()) = batch.x;
    input.row(batch.x.rows()) = batch.t.transpose();
    if (batch.condition.rows() > 0) input.bottomRows(batch.condition.rows()) = batch.condition;
    return columns(std::as_const(w.input), 0, batch.size());
  }

  Layers layers_;
  Index condition_;
};

namespace detail {

template <Real Scalar, Activation F, Index Inputs, Index First, Index... Rest>
auto static_layers() {
  const std::tuple first{Dense<Scalar, F, Inputs, First>{}};
  if constexpr (sizeof...(Rest) == 0)
    return first;
  else
    return std::tuple_cat(first, static_layers<Scalar, F, First, Rest...>());
}

template <Real Scalar, Activation F, Index Inputs, Index... Widths>
auto static_hidden() {
  return std::apply([](auto... layer) { return Sequential(layer...); }, static_layers<Scalar, F, Inputs, Widths...>());
}

template <Real Scalar, Activation F>
auto dynamic_hidden(Index inputs, const std::vector<Index>& widths) {
  std::vector<Dense<Scalar, F>> layers;
  for (const Index width : widths) inputs = layers.emplace_back(inputs, width).outputs();
  return LayerList(std::move(layers));
}

template <Index First, Index... Rest>
constexpr Index last_of() {
  Index last = First;
  ((last = Rest), ...);
  return last;
}

/// What StaticMlp and DynamicMlp tell of themselves, which is the same for the same layers.
template <Activation F>
std::string mlp_settings(Index dimension, const std::vector<Index>& widths, Index condition) {
  return settings_text(
      "Mlp",
      {{"dimension", dimension}, {"widths", list_text(widths)}, {"activation", F::name}, {"condition", condition}});
}

}  // namespace detail

/// An MLP whose sizes are part of its type. Samples have Dimension numbers; the hidden layers, each followed by F, have
/// these widths; the output layer is linear.
template <Real S, Activation F, Index Dimension, Index... Widths>
requires(sizeof...(Widths) > 0) class StaticMlp
    : public Perceptron<decltype(detail::static_hidden<S, F, Dimension + 1, Widths...>()),
                        Dense<S, Identity, detail::last_of<Widths...>(), Dimension>> {
 public:
  StaticMlp() : StaticMlp::Perceptron(detail::static_hidden<S, F, Dimension + 1, Widths...>(), {}) {}

  std::string settings() const requires requires { F::name; }
  { return detail::mlp_settings<F>(Dimension, {Widths...}, 0); }
};

/// The usual MLP: Mlp<float, 2, 64, 64, 64> takes samples of 2 numbers through three hidden layers of 64.
template <Real S, Index Dimension, Index... Widths>
using Mlp = StaticMlp<S, LogSigmoid, Dimension, Widths...>;

struct MlpOptions {
  Index condition = 0;  // numbers that each sample is given
};

/// An MLP whose sizes are known at run time: DynamicMlp<float>(2, {64, 64, 64}), or, for samples that are given 3
/// numbers each, DynamicMlp<float>(2, {64, 64, 64}, {.condition = 3}). Throws InvalidArgument unless the dimension and
/// every width are positive and there is a hidden layer.
template <Real S, Activation F = LogSigmoid>
class DynamicMlp : public Perceptron<LayerList<Dense<S, F>>, Dense<S>> {
 public:
  DynamicMlp(Index dimension, const std::vector<Index>& widths, const MlpOptions& options = {})
      : DynamicMlp(checked(options, dimension, widths), dimension, widths) {}

  std::string settings() const requires requires { F::name; }
  { return detail::mlp_settings<F>(this->dimension(), widths_, this->condition_size()); }
  static DynamicMlp from_settings(const ReadSettings& settings) {
    settings.of("Mlp");
    return DynamicMlp(settings.get<Index>("dimension", detail::largest_stored_size),
                      settings.get<std::vector<Index>>("widths", detail::largest_stored_size),
                      {.condition = settings.get<Index>("condition", detail::largest_stored_size)});
  }

 private:
  DynamicMlp(const MlpOptions& options, Index dimension, const std::vector<Index>& widths)
      : DynamicMlp::Perceptron(
            detail::dynamic_hidden<S, F>(dimension + 1 + detail::told_size(options.condition), widths),
            // g++ 12 warns of a last width that it does not see to be there.
            Dense<S>(widths.empty() ? 1 : widths.back(), dimension), options.condition),
        widths_(widths) {}

  static const MlpOptions& checked(const MlpOptions& options, Index dimension, const std::vector<Index>& widths) {
    if (dimension < 1)
      throw InvalidArgument("DynamicMlp", "samples of at least one number", text(dimension), "pass the data's rows");
    if (widths.empty())
      throw InvalidArgument("DynamicMlp", "at least one hidden layer", "no width",
                            "usual are {64, 64} to {512, 512, 512}");
    for (const Index width : widths)
      if (width < 1)
        throw InvalidArgument("DynamicMlp", "positive widths", text("a width of ", width), "usual are 32 to 512");
    return options;
  }

  std::vector<Index> widths_;
};

}  // namespace scorefield
