/// UniPC: the unified predictor-corrector of the probability flow.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

#include "scorefield/core/error.hpp"
#include "scorefield/core/simd/packet.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/sampler/grid/log_snr_grid.hpp"
#include "scorefield/sampler/rule/denoised_step.hpp"
#include "scorefield/sampler/rule/detail/multistep.hpp"
#include "scorefield/sampler/rule/sampling_path.hpp"

namespace scorefield {

/// What B(h) of UniPC is: h, or exp(h) - 1, which is usual.
enum class UniPcVariant { b1, b2 };

/// An exponential multistep method that corrects each step, once the model has been evaluated where it led, with that
/// evaluation: one a step, and an order more. For 5 to 15 evaluations. Of order `order` + 1, the last step and its
/// correction apart; samples between steps are the predicted ones. The variant matters only where the polynomial is a
/// line: in predictors of order 2 and correctors of order 1. Zhao et al. 2023, arXiv:2302.04867, with data prediction;
/// the last steps keep their order, but for one to t = 0.
struct UniPc {
  static constexpr const char* name = "UniPc";
  static constexpr std::size_t kept = 4;  // where the last step began, corrected; three denoised samples
  using Grid = LogSnrGrid;

  Index steps = 10;  // evaluations of the model
  Index order = 2;   // of the predictor: 1 to 3
  UniPcVariant variant = UniPcVariant::b2;
  double t_last = 1e-3;        // in (0, 1): where the grid's steps end; see that of DpmSolverPlusPlus
  bool last_denoising = true;  // whether the last step goes from there to 0, and leaves x without noise

  /// Throws InvalidArgument unless order is 1, 2 or 3.
  void check(const auto&) const {
    if (order < 1 || order > 3) throw InvalidArgument(name, "order 1, 2 or 3", text(order), "2 is usual");
  }

  template <Sde Equation>
  auto move(const SamplingPath<Equation>& path, Index step, std::size_t) const {
    using Step = DenoisedStep<typename Equation::Scalar>;
    const Index last = std::max<Index>(step - 1, 0);
    const bool corrects = step > 0 && path.changes_finitely(last);
    return [corrects, begun = Step(path.sde(), path.time(last), path.time(last + 1)),
            next = Step(path.sde(), path.time(step), path.time(step + 1)),
            c = packets<Equation>(corrects ? shares(path, last, true) : detail::FourNumbers{}),
            p = packets<Equation>(shares(path, step, false))](const auto& x, const auto& x0, const auto& from,
                                                              const auto& x1, const auto& x2, const auto& x3,
                                                              const auto&) {
      const auto seen = multiply_add(c[3], x3, multiply_add(c[2], x2, multiply_add(c[1], x1, multiply(c[0], x0))));
      const auto here = corrects ? begun.moved(from, seen) : x;
      const auto ahead = multiply_add(p[2], x2, multiply_add(p[1], x1, multiply(p[0], x0)));
      return std::array{next.moved(here, ahead), here, x0, x1, x2};
    };
  }

 private:
  template <Sde Equation>
  static auto packets(const detail::FourNumbers& of) {
    const auto one = [&](std::size_t i) { return broadcast(static_cast<typename Equation::Scalar>(of[i])); };
    return std::array{one(0), one(1), one(2), one(3)};
  }

  /// Of the denoised samples in that of a step: with its end, if corrected, then its beginning and those before.
  template <Sde Equation>
  detail::FourNumbers shares(const SamplingPath<Equation>& path, Index step, bool corrected) const {
    const Index before = path.remembered(step, order - 1);
    auto places = detail::places_before(path, step, before);
    if (corrected) places = {1, places[0], places[1], places[2]};
    const auto values = static_cast<std::size_t>(before + 1 + corrected);
    const double h = path.lambda(step + 1) - path.lambda(step), b = variant == UniPcVariant::b1 ? h : -std::expm1(-h);
    if (values != 2) return detail::shares_of(places, values, detail::denoised_integrals(h));
    // The middle of the line, as exactly as B(h) has it.
    const double other = b / (-std::expm1(-h) * 2 * (corrected ? 1 : places[1]));
    return corrected ? detail::FourNumbers{other, 1 - other} : detail::FourNumbers{1 - other, other};
  }
};

}  // namespace scorefield
