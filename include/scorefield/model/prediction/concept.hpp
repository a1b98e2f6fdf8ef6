/// What a meaning of the network's output must offer.
#pragma once

#include <concepts>

#include "scorefield/core/parameters.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/network/concept.hpp"
#include "scorefield/sde/concept.hpp"

namespace scorefield {

/// What a network is called with.
template <Real Scalar>
struct NetworkInput {
  ConstMatrixView<Scalar> x;  // d x n
  ConstVectorView<Scalar> t;  // n
};

/// What a network predicts of x(t) = alpha(t) x0 + sigma(t) eps, and with it the score, which for the best of all
/// predictions of eps is -eps / sigma. Whatever it is, the score is linear in the network's output F. Calls are const
/// and allocate nothing; for x and F (d x n), t (n), and n at most the network's chunk_size():
///   validate(d)                   throws InvalidArgument where samples of d numbers do not fit
///   workspace(network)
///   input(sde, x, t, workspace)   what the network is to be called with: views of x and t, or of the workspace
///   score(x, F, workspace)        after that input, turns F into the score, in place
///   backward(dF, workspace)       after that input, turns the gradient of a loss by the score into the one by F, in
///                                 place
template <class P, class Equation, class Net>
concept Prediction = std::copy_constructible<P> && Sde<Equation> && Network<Net> &&
    requires(const P& prediction, const Equation& sde, const Net& network, Index d,
             ConstMatrixView<typename Net::Scalar> x, ConstVectorView<typename Net::Scalar> t,
             MatrixView<typename Net::Scalar> out, decltype(prediction.workspace(network))& workspace) {
  prediction.validate(d);
  { prediction.input(sde, x, t, workspace) } -> std::same_as<NetworkInput<typename Net::Scalar>>;
  prediction.score(x, out, workspace);
  prediction.backward(out, workspace);
};

/// A prediction that holds numbers of the data, one flat vector with named pieces. They are not trained, and belong to
/// what is saved of a model:
///   layout(), constants(), set_constants(c)
template <class P>
concept FittedPrediction = requires(P& prediction, const P& constant) {
  { constant.layout() } -> std::convertible_to<ParameterLayout>;
  prediction.set_constants(constant.constants());
};

}  // namespace scorefield
