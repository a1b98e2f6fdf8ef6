// The ways that public samplers take with the same denoiser on the same levels: the numbers and what wrote them are in
// tests/reference/.
#include <cmath>

#include "scorefield/sampler.hpp"
#include "scorefield/sde.hpp"

#include "reference/sampler_values.hpp"
#include "sampler/exact_denoiser.hpp"
#include "support/catch.hpp"

namespace sf = scorefield;
namespace public_ways = scorefield::test::reference;

namespace {

/// Of one method, on the levels as times of an equation.
template <class Equation>
void check_way(const Equation& sde, const auto& method, const public_ways::SamplerWay& way) {
  const sf::test::ExactDenoiser<double, Equation> model(sf::test::two_normals<double>(), sde);
  const auto steps = static_cast<sf::Index>(way.size());
  sf::Vector<double> times(steps + 1);
  for (sf::Index i = 0; i <= steps; ++i)
    times(i) = sf::time_of_half_log_snr(sde, -std::log(public_ways::sampler_levels[static_cast<std::size_t>(i)]));
  const sf::ConstMatrixView<double> start(public_ways::sampler_start.data(), 2, 3);
  auto stepper = sf::start(model, sf::on_times(method, times), sf::Matrix<double>(sde.signal(times(0)) * start), 0);
  for (const auto& expected : way) {
    stepper.step();
    const sf::Matrix<double> y = stepper.samples() / sde.signal(stepper.time());
    CAPTURE(method.name, stepper.time());
    // Both round to double, but for schedulers that step in float, on numbers up to 30.
    CHECK((y - sf::ConstMatrixView<double>(expected.data(), 2, 3)).cwiseAbs().maxCoeff() < 2e-6);
  }
}

}  // namespace

TEST_CASE("samplers go the ways of public ones", "[sampler]") {
  const sf::EdmEquation<double> edm(20);
  const sf::VariancePreserving<double> vp;
  const sf::RectifiedFlow<double> straight;
  using sf::FlowScheme, sf::UniPcVariant;
  check_way(edm, sf::ProbabilityFlow{.scheme = FlowScheme::euler}, public_ways::euler_way);
  check_way(edm, sf::ProbabilityFlow{.scheme = FlowScheme::heun}, public_ways::heun_way);
  check_way(edm, sf::EdmHeun{}, public_ways::heun_way);
  check_way(edm, sf::ProbabilityFlow{.scheme = FlowScheme::midpoint}, public_ways::midpoint_way);
  check_way(straight, sf::ProbabilityFlow{}, public_ways::rectified_euler_way);
  // What is exact in the logarithm of the signal-to-noise ratio goes the same way on any equation.
  const auto check = [&](const auto& method, const public_ways::SamplerWay& way) {
    check_way(vp, method, way);
    check_way(edm, method, way);
    check_way(straight, method, way);
  };
  check(sf::Ddim{}, public_ways::ddim_way);
  check(sf::DpmSolverPlusPlus{}, public_ways::two_m_way);
  check(sf::DpmSolverPlusPlus2S{}, public_ways::two_s_way);
  check(sf::DpmSolverPlusPlus3M{}, public_ways::three_m_way);
  check(sf::UniPc{.order = 1, .variant = UniPcVariant::b1}, public_ways::unipc_bh1_1_way);
  check(sf::UniPc{.order = 2, .variant = UniPcVariant::b1}, public_ways::unipc_bh1_2_way);
  check(sf::UniPc{.order = 3, .variant = UniPcVariant::b1}, public_ways::unipc_bh1_3_way);
  check(sf::UniPc{.order = 1, .variant = UniPcVariant::b2}, public_ways::unipc_bh2_1_way);
  check(sf::UniPc{.order = 2, .variant = UniPcVariant::b2}, public_ways::unipc_bh2_2_way);
  check(sf::UniPc{.order = 3, .variant = UniPcVariant::b2}, public_ways::unipc_bh2_3_way);
  check(sf::Deis{.order = 1}, public_ways::deis_1_way);
  check(sf::Deis{.order = 2}, public_ways::deis_2_way);
  check(sf::Deis{.order = 3}, public_ways::deis_3_way);
}
