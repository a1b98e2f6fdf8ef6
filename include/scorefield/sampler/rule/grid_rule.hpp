/// GridRule: the sampling rule that a method makes of an equation and a grid of times; on_grid and on_times.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <type_traits>
#include <utility>

#include "scorefield/core/types.hpp"
#include "scorefield/sampler/concept.hpp"
#include "scorefield/sampler/grid/concept.hpp"
#include "scorefield/sampler/rule/sampling_path.hpp"
#include "scorefield/sde/concept.hpp"

namespace scorefield {

/// A method on the path that it goes: what the stepper runs. What the method does not say is as GridMethod has it.
template <class Method, Sde Equation>
requires GridMethod<Method, Equation>
class GridRule {
  using Path = SamplingPath<Equation>;

 public:
  using Scalar = typename Equation::Scalar;
  static constexpr const char* name = Method::name;
  static constexpr std::size_t kept = detail::kept_by<Method>;
  static constexpr std::size_t stages = [] {
    if constexpr (requires { Method::stages; })
      return std::size_t{Method::stages};
    else
      return std::size_t{1};
  }();
  static constexpr Estimate estimate = [] {
    if constexpr (requires { Method::estimate; })
      return Method::estimate;
    else
      return Estimate::denoised;
  }();

  /// Throws InvalidArgument for times that are no path, and what the method's check throws.
  GridRule(Method method, Equation sde, Vector<Scalar> times)
      : path_(Method::name, std::move(sde), std::move(times)), method_(std::move(method)) {
    if constexpr (requires { method_.check(path_); }) method_.check(path_);
  }

  const Vector<Scalar>& times() const { return path_.times(); }

  bool draws_noise() const {
    if constexpr (requires { method_.draws_noise(); })
      return method_.draws_noise();
    else
      return false;
  }

  bool draws_noise(std::size_t stage) const {
    if constexpr (requires { method_.draws_noise(stage); })
      return method_.draws_noise(stage);
    else
      return draws_noise();
  }

  std::size_t stages_of(Index step) const {
    if constexpr (requires { method_.stages_of(path_, step); })
      return method_.stages_of(path_, step);
    else
      return stages;
  }

  EvaluationPoint<Scalar> at(Index step, std::size_t stage) const {
    if constexpr (requires { method_.at(path_, step, stage); })
      return method_.at(path_, step, stage);
    else
      return {path_.time(step)};
  }

  template <class... Column>  // none, or the one that the method looks at
  auto move(Index step, std::size_t stage, const Column&... column) const requires
      requires(const Method& method, const Path& path) {
    method.move(path, step, stage, column...);
  }
  { return method_.move(path_, step, stage, column...); }

 private:
  Path path_;
  Method method_;
};

/// A method on a grid of its user's choice, and on times: see on_grid and on_times.
template <class Method, class Grid>
struct OnGrid {
  Method method;
  Grid grid;

  /// Throws InvalidArgument where time_grid and GridRule do.
  template <Sde Equation>
  requires GridMethod<Method, Equation> && TimeGrid<Grid, Equation>
  auto rule(const Equation& sde) const {
    GridEnds ends{method.steps, 0};
    if constexpr (requires { method.t_last; }) ends.t_last = method.t_last;
    if constexpr (requires { method.last_denoising; }) ends.last_denoising = method.last_denoising;
    return GridRule<Method, Equation>(method, sde, time_grid(Method::name, grid, sde, ends));
  }
};
template <class Method>
struct OnTimes {
  Method method;
  Vector<double> times;

  /// Throws InvalidArgument where GridRule does.
  template <Sde Equation>
  requires GridMethod<Method, Equation>
  auto rule(const Equation& sde) const {
    return GridRule<Method, Equation>(method, sde, times.template cast<typename Equation::Scalar>());
  }
};

/// A sampler that takes the steps of a method on another grid than its own: sample(model, on_grid(Ddim{.steps = 20},
/// KarrasGrid{}), n, seed).
template <class Method, class Grid>
OnGrid<Method, Grid> on_grid(Method method, Grid grid) {
  return {std::move(method), std::move(grid)};
}
/// The same on given times, two or more in [0, 1], falling, or rising from above 0 on, which take data to noise.
template <class Method, class Times>
OnTimes<Method> on_times(Method method, const Eigen::MatrixBase<Times>& times) {
  return {std::move(method), times.template cast<double>()};
}
template <class Method>
OnTimes<Method> on_times(Method method, std::initializer_list<double> times) {
  return {std::move(method), Eigen::Map<const Vector<double>>(times.begin(), static_cast<Index>(times.size()))};
}

namespace detail {

template <class S, Sde Equation>
auto rule_of(const S& sampler, const Equation& sde) {
  if constexpr (SamplingRule<S>)
    return sampler;
  else if constexpr (GridMethod<S, Equation>)
    return on_grid(sampler, typename S::Grid{}).rule(sde);
  else
    return sampler.rule(sde);
}

}  // namespace detail

}  // namespace scorefield
