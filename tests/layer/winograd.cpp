// Winograd's minimal filtering against sums over windows.
#include "scorefield/layer/detail/convolution/winograd.hpp"

#include <algorithm>

#include "scorefield/layer/detail/convolution/border.hpp"
#include "scorefield/layer/detail/convolution/window.hpp"

#include "support/catch.hpp"
#include "support/gradient_check.hpp"
#include "support/tolerances.hpp"

namespace sf = scorefield;
namespace test = scorefield::test;
using sf::Index;

namespace {

/// A convolution of 3 x 3, and its gradients by the input and the weights for one by the output.
template <class Scalar>
struct WinogradResults {
  sf::Matrix<Scalar> y, dx, gradient;
};

/// Of normal numbers.
struct Case {
  sf::ImageShape input;
  Index channels, padding, columns;

  sf::ImageShape output() const { return {input.height + 2 * padding - 2, input.width + 2 * padding - 2, channels}; }
  Index window() const { return 9 * input.channels; }
  sf::Matrix<float> x() const { return test::normals<float>(input.size(), columns, "x"); }
  sf::Matrix<float> dy() const { return test::normals<float>(output().size(), columns, "dy"); }
  sf::Matrix<float> weights() const { return test::normals<float>(channels, window(), "weights"); }
  sf::Matrix<float> bias() const { return test::normals<float>(channels, 1, "bias"); }

  template <class Scalar>
  WinogradResults<Scalar> none() const {
    return {sf::Matrix<Scalar>(output().size(), columns), sf::Matrix<Scalar>(input.size(), columns),
            sf::Matrix<Scalar>::Ones(channels, window())};
  }

  template <class Scalar>
  WinogradResults<Scalar> by_winograd() const {
    const sf::detail::Winograd winograd(input, output(), padding);
    auto w = winograd.workspace<Scalar>(columns);
    auto to = none<Scalar>();
    const sf::Matrix<Scalar> from = x().cast<Scalar>(), back = dy().cast<Scalar>(), matrix = weights().cast<Scalar>();
    const sf::Matrix<Scalar> b = bias().cast<Scalar>();
    winograd.convolve<Scalar>(matrix.data(), b.data(), sf::view(from), sf::view(to.y), w);
    winograd.add_gradient<Scalar>(sf::view(back), sf::view(from), to.gradient.data(), w);
    winograd.convolve_back<Scalar>(matrix.data(), sf::view(back), sf::view(to.dx), w);
    return to;
  }

  template <class Scalar>
  WinogradResults<Scalar> by_windows() const {
    const sf::detail::Window window(input, output(), 3, 1, padding);
    auto w = window.workspace<Scalar>(columns);
    auto to = none<Scalar>();
    const sf::Matrix<Scalar> matrix = weights().cast<Scalar>(), b = bias().cast<Scalar>();
    const auto bordered = [&](const sf::Matrix<Scalar>& images, const sf::ImageShape& shape, const auto& border) {
      sf::Matrix<Scalar> larger = sf::Matrix<Scalar>::Zero(border.around(shape).size(), columns);
      sf::detail::copy_inside<Scalar>(sf::view(images), shape, border, sf::view(larger));
      return larger;
    };
    const sf::Matrix<Scalar> back = dy().cast<Scalar>();
    const sf::Matrix<Scalar> wide = bordered(x().cast<Scalar>(), input, window.gather_border());
    const sf::Matrix<Scalar> narrow = bordered(back, output(), window.scatter_border());
    window.gather<Scalar>(matrix.data(), b.data(), sf::view(wide), sf::view(to.y), w);
    window.add_gradient<Scalar>(sf::view(back), sf::view(wide), to.gradient.data(), w);
    window.scatter<Scalar>(matrix.data(), nullptr, sf::view(narrow), sf::view(to.dx), w);
    return to;
  }
};

/// The root of the mean square of what two differ by, over that of `exact`.
template <class Scalar>
double error(const sf::Matrix<Scalar>& got, const sf::Matrix<double>& exact) {
  return (got.template cast<double>() - exact).norm() / exact.norm();
}

template <class Scalar>
void check_same(const Case& c) {
  CAPTURE(c.input.height, c.input.width, c.input.channels, c.channels, c.padding, c.columns);
  const auto exact = c.by_windows<double>();
  const auto got = c.by_winograd<Scalar>();
  // Sums of a thousand terms leave some five epsilon, Winograd's some ten. A constant that is wrong in its fifth
  // digit would show.
  const double bound = 20 * test::Tolerance<Scalar>::epsilon;
  CHECK(error(got.y, exact.y) < bound);
  CHECK(error(got.dx, exact.dx) < bound);
  CHECK(error(got.gradient, exact.gradient) < bound);
}

}  // namespace

TEMPLATE_TEST_CASE("Winograd's filtering is a convolution in every shape", "[layer]", float, double) {
  constexpr Index packet = sf::packet_size<TestType>;
  for (Index height = 1; height <= 9; ++height)
    for (Index width = 1; width <= 9; ++width)
      for (const Index padding : {0, 1, 2})
        if (std::min(height, width) + 2 * padding >= 3)
          check_same<TestType>({{height, width, packet}, 2 * packet, padding, 1 + (height + width) % 3});
  for (const Index padding : {0, 1, 2}) {
    check_same<TestType>({{7, 6, 5 * packet}, packet, padding, 5});
    check_same<TestType>({{14, 15, 2 * packet}, 7 * packet, padding, 16});
  }
  check_same<TestType>({{5, 9, 144}, 160, 1, 7});
  CHECK(Case{{7, 7, packet}, packet, 1, 0}.by_winograd<TestType>().gradient.isOnes(0));
}

TEST_CASE("Winograd's filtering in float errs some two times as much as sums over windows", "[layer]") {
  for (const Case& c : {Case{{14, 14, 64}, 64, 1, 4}, Case{{7, 7, 128}, 96, 1, 4}}) {
    const auto exact = c.by_windows<double>();
    const auto winograd = c.by_winograd<float>(), windows = c.by_windows<float>();
    // Measured: 1.6 to 2.0 times 2e-7 to 6e-7.
    CHECK(error(winograd.y, exact.y) < 2.5 * error(windows.y, exact.y));
    CHECK(error(winograd.dx, exact.dx) < 2.5 * error(windows.dx, exact.dx));
    CHECK(error(winograd.gradient, exact.gradient) < 2.5 * error(windows.gradient, exact.gradient));
  }
}
