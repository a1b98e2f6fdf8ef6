/// Dense, the fully connected (linear) layer, with an activation.
#pragma once

#include <cassert>
#include <concepts>
#include <string>

#include "scorefield/core/error.hpp"
#include "scorefield/core/extent.hpp"
#include "scorefield/core/parameters.hpp"
#include "scorefield/core/product.hpp"
#include "scorefield/core/random.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/layer/activation/concept.hpp"
#include "scorefield/layer/activation/detail/activate.hpp"
#include "scorefield/layer/activation/detail/through_activation.hpp"
#include "scorefield/layer/activation/identity.hpp"
#include "scorefield/layer/detail/uniform_start.hpp"

namespace scorefield {

/// y = f(W x + b), with W (outputs x inputs), b (outputs) and f applied element by element. The sizes are template
/// arguments where they are known, constructor arguments where not. Weights and biases start uniform in
/// +-1/sqrt(inputs).
template <Real S, Activation F = Identity, Index Inputs = Eigen::Dynamic, Index Outputs = Eigen::Dynamic>
class Dense {
  static_assert((Inputs == Eigen::Dynamic || Inputs > 0) && (Outputs == Eigen::Dynamic || Outputs > 0),
                "a layer has at least one input and one output");

 public:
  using Scalar = S;

  struct Workspace {
    Matrix<Scalar> derivative;  // outputs x columns: f' at W x + b
    ProductRoom<Scalar> room;
  };

  Dense() requires(Inputs != Eigen::Dynamic && Outputs != Eigen::Dynamic) = default;

  Dense(Index inputs, Index outputs) : inputs_(inputs), outputs_(outputs) {
    if (inputs < 1 || outputs < 1)
      throw InvalidArgument("Dense", "at least 1 input and 1 output", text(inputs, " and ", outputs),
                            "every width of a network is positive");
    if ((Inputs != Eigen::Dynamic && inputs != Inputs) || (Outputs != Eigen::Dynamic && outputs != Outputs))
      throw InvalidArgument("Dense", text("the sizes of its type, ", Inputs, " and ", Outputs, " (-1: any)"),
                            text(inputs, " and ", outputs), "leave them out where the type says them");
  }

  Index inputs() const { return inputs_; }
  Index context_size() const { return 0; }
  Index outputs() const { return outputs_; }
  Index parameter_count() const { return outputs() * inputs() + outputs(); }

  void declare(ParameterLayout& layout, const std::string& prefix) const {
    layout.add(prefix + "weight", outputs(), inputs());
    layout.add(prefix + "bias", outputs(), 1);
  }

  void initialise(VectorView<Scalar> p, const Random& random, Index index) const {
    detail::start_uniform(p, random, index, inputs());
  }

  Workspace workspace(Index columns) const {
    Workspace w;
    if constexpr (!linear) w.derivative.resize(outputs(), columns);
    w.room.reserve(outputs(), inputs(), columns);
    w.room.reserve_right_transposed(outputs(), columns, inputs());
    w.room.reserve_left_transposed(inputs(), outputs(), columns);
    return w;
  }

  void evaluate(ConstVectorView<Scalar> p, ConstMatrixView<Scalar> x, ConstMatrixView<Scalar>, MatrixView<Scalar> y,
                Workspace& w) const {
    affine(p, x, y, w);
    if constexpr (!linear) activate<F>(y);
  }

  void forward(ConstVectorView<Scalar> p, ConstMatrixView<Scalar> x, ConstMatrixView<Scalar>, MatrixView<Scalar> y,
               Workspace& w) const {
    affine(p, x, y, w);
    if constexpr (!linear) activate<F>(y, columns(w.derivative, 0, y.cols()));
  }

  void backward(ConstVectorView<Scalar> p, ConstMatrixView<Scalar> x, ConstMatrixView<Scalar>, ConstMatrixView<Scalar>,
                MatrixView<Scalar> dy, MatrixView<Scalar> dx, MatrixView<Scalar>, VectorView<Scalar> g,
                Workspace& w) const {
    const bool adds_to_g = g.size() > 0;
    detail::through_activation(dy, linear ? nullptr : w.derivative.data(),
                               adds_to_g ? g.data() + outputs() * inputs() : nullptr);
    const ConstMatrixView<Scalar> dz(dy.data(), dy.rows(), dy.cols());
    if (adds_to_g) add_multiply_right_transposed(dz, x, MatrixView<Scalar>(g.data(), outputs(), inputs()), w.room);
    if (dx.cols() > 0) multiply_left_transposed(weight(p), dz, dx, w.room);
  }

 private:
  static constexpr bool linear = std::same_as<F, Identity>;

  ConstMatrixView<Scalar> weight(ConstVectorView<Scalar> p) const { return {p.data(), outputs(), inputs()}; }

  void affine(ConstVectorView<Scalar> p, ConstMatrixView<Scalar> x, MatrixView<Scalar> y, Workspace& w) const {
    assert(p.size() == parameter_count() && x.rows() == inputs() && y.rows() == outputs() && x.cols() == y.cols());
    multiply_add_bias(weight(p), x, p.data() + outputs() * inputs(), y, w.room);
  }

  [[no_unique_address]] Extent<Inputs> inputs_;
  [[no_unique_address]] Extent<Outputs> outputs_;
};

}  // namespace scorefield
