/// AnySde: an equation whose type is forgotten (type erasure), for models that are read from files.
#pragma once

#include <concepts>
#include <memory>
#include <string>
#include <utility>

#include "scorefield/core/settings.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/sde/concept.hpp"
#include "scorefield/sde/half_log_snr.hpp"
#include "scorefield/sde/slopes.hpp"

namespace scorefield {

/// Holds an equation of whatever type that tells its settings, and is an Sde itself. Copies share it.
template <Real S>
class AnySde {
 public:
  using Scalar = S;

  // Not itself first, or the question whether it can be copied would lead back here.
  template <class Equation>
  requires(!std::same_as<Equation, AnySde>) &&
      Sde<Equation>&& HasSettings<Equation>&& std::same_as<typename Equation::Scalar, S> AnySde(Equation equation)
      : held_(std::make_shared<const Holder<Equation>>(std::move(equation))) {}

  Scalar drift(Scalar t) const { return held_->drift(t); }
  Scalar diffusion(Scalar t) const { return held_->diffusion(t); }
  Scalar signal(Scalar t) const { return held_->signal(t); }
  Scalar deviation(Scalar t) const { return held_->deviation(t); }
  Scalar signal_slope(Scalar t) const { return held_->signal_slope(t); }
  Scalar deviation_slope(Scalar t) const { return held_->deviation_slope(t); }
  Scalar time_of_half_log_snr(double lambda) const { return held_->time_of_half_log_snr(lambda); }
  std::string settings() const { return held_->settings(); }

 private:
  struct Held {
    virtual ~Held() = default;
    virtual S drift(S t) const = 0;
    virtual S diffusion(S t) const = 0;
    virtual S signal(S t) const = 0;
    virtual S deviation(S t) const = 0;
    virtual S signal_slope(S t) const = 0;
    virtual S deviation_slope(S t) const = 0;
    virtual S time_of_half_log_snr(double lambda) const = 0;
    virtual std::string settings() const = 0;
  };

  template <class Equation>
  struct Holder final : Held {
    Equation equation;

    explicit Holder(Equation of) : equation(std::move(of)) {}

    S drift(S t) const override { return equation.drift(t); }
    S diffusion(S t) const override { return equation.diffusion(t); }
    S signal(S t) const override { return equation.signal(t); }
    S deviation(S t) const override { return equation.deviation(t); }
    S signal_slope(S t) const override { return scorefield::signal_slope(equation, t); }
    S deviation_slope(S t) const override { return scorefield::deviation_slope(equation, t); }
    S time_of_half_log_snr(double lambda) const override { return scorefield::time_of_half_log_snr(equation, lambda); }
    std::string settings() const override { return equation.settings(); }
  };

  std::shared_ptr<const Held> held_;
};

}  // namespace scorefield
