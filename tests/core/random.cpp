#include "scorefield/core/random.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/tolerances.hpp"

namespace sf = scorefield;
namespace test = scorefield::test;

namespace {

template <class Scalar>
sf::Matrix<Scalar> normals(sf::Index rows, sf::Index cols, std::string_view purpose = "test", sf::Index step = 0) {
  sf::Matrix<Scalar> m(rows, cols);
  sf::Random(sf::Seed{1}, purpose).normal(sf::view(m), 0, step);
  return m;
}

template <class Scalar>
sf::Matrix<Scalar> uniforms(sf::Index rows, sf::Index cols) {
  sf::Matrix<Scalar> m(rows, cols);
  sf::Random(sf::Seed{1}, "test").uniform(sf::view(m), 0, 0);
  return m;
}

/// sqrt(n) times the largest distance between the distribution of x and F: above 2.2 in 1 of 8,000 seeds.
template <class Scalar, class Distribution>
double kolmogorov_smirnov(const sf::Matrix<Scalar>& x, const Distribution& f) {
  std::vector<Scalar> sorted(x.data(), x.data() + x.size());
  std::sort(sorted.begin(), sorted.end());
  const auto n = static_cast<double>(sorted.size());
  double worst = 0;
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    const double expected = f(static_cast<double>(sorted[i]));
    worst = std::max({worst, expected - static_cast<double>(i) / n, static_cast<double>(i + 1) / n - expected});
  }
  return std::sqrt(n) * worst;
}

double correlation(const sf::Matrix<double>& a, const sf::Matrix<double>& b) {
  return (a.array() * b.array()).sum() / (a.norm() * b.norm());
}

double normal_cdf(double x) { return std::erfc(-x / std::numbers::sqrt2) / 2; }

}  // namespace

TEST_CASE("Philox gives the published answers", "[core]") {
  // kat_vectors of Random123, the library of the generator's authors.
  using Block = std::array<std::uint32_t, 4>;
  CHECK(sf::philox4x32_10(Block{0, 0, 0, 0}, 0) == Block{0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8});
  CHECK(sf::philox4x32_10(Block{0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF}, 0xFFFFFFFFFFFFFFFF) ==
        Block{0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD});
  CHECK(sf::philox4x32_10(Block{0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344}, 0x299F31D0A4093822) ==
        Block{0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1});
}

TEST_CASE("Philox gives each lane what it gives one", "[core]") {
  sf::PhiloxBlocks<16> blocks;
  const auto word = [](std::size_t w, std::size_t l) { return static_cast<std::uint32_t>(0x9E3779B9u * (w + 4 * l)); };
  for (std::size_t w = 0; w < 4; ++w)
    for (std::size_t l = 0; l < 16; ++l) blocks.words[w][l] = word(w, l);
  sf::philox4x32_10(blocks, 0x0123456789ABCDEF);
  for (std::size_t l = 0; l < 16; ++l) {
    const auto one = sf::philox4x32_10({word(0, l), word(1, l), word(2, l), word(3, l)}, 0x0123456789ABCDEF);
    for (std::size_t w = 0; w < 4; ++w) CHECK(blocks.words[w][l] == one[w]);
  }
}

TEMPLATE_TEST_CASE("uniform numbers are in (0, 1] and uniform", "[core]", float, double) {
  const auto u = uniforms<TestType>(4, 250'000);
  CHECK(u.minCoeff() > 0);
  CHECK(u.maxCoeff() <= 1);
  // A million numbers: the mean of u^k is known within its deviation, of which five are allowed.
  const auto values = u.template cast<double>().array();
  for (int k = 1; k <= 4; ++k)
    CHECK(std::abs(values.pow(k).mean() - 1.0 / (k + 1)) <
          5 * std::sqrt((1.0 / (2 * k + 1) - 1.0 / ((k + 1) * (k + 1))) / 1e6));
  CHECK(kolmogorov_smirnov(u, [](double x) { return x; }) < 2.2);

  using Bits = sf::detail::RandomBits<TestType>;
  CHECK(Bits::unit(0) > 0);
  CHECK(Bits::unit(~typename Bits::Bits{0}) <= 1);
  CHECK(std::abs(Bits::centred(0)) <= TestType(0.5));
  CHECK(std::abs(Bits::centred(~typename Bits::Bits{0})) <= TestType(0.5));
}

TEMPLATE_TEST_CASE("normal numbers are normal", "[core]", float, double) {
  constexpr sf::Index n = 1'000'000;
  const auto z = normals<TestType>(4, n / 4);
  const auto values = z.template cast<double>().array();
  // Moments 0, 1, 0, 3 within five deviations: those of z, z^2, z^3 and z^4 are 1, sqrt 2, sqrt 15 and sqrt 96.
  CHECK(std::abs(values.mean()) < 5 * std::sqrt(1.0 / n));
  CHECK(std::abs(values.square().mean() - 1) < 5 * std::sqrt(2.0 / n));
  CHECK(std::abs(values.cube().mean()) < 5 * std::sqrt(15.0 / n));
  CHECK(std::abs(values.square().square().mean() - 3) < 5 * std::sqrt(96.0 / n));
  CHECK(kolmogorov_smirnov(z, normal_cdf) < 2.2);
  // Counts beyond k deviations are Poisson's: 2700, 63 and 0.6 are expected.
  for (const double k : {3.0, 4.0, 5.0}) {
    const double expected = 2 * normal_cdf(-k) * n;
    CHECK(std::abs(static_cast<double>((values.abs() > k).count()) - expected) < 5 * std::sqrt(expected) + 1);
  }
}

TEMPLATE_TEST_CASE("normal numbers reach far tails and all directions", "[core]", float, double) {
  using Bits = typename sf::detail::RandomBits<TestType>::Bits;
  constexpr int top = 8 * sizeof(Bits) - 2;
  // The smallest uniform number makes the largest radius; the upper two bits of the angle turn it.
  const TestType radius = std::sqrt(-2 * std::log(sf::detail::RandomBits<TestType>::unit(0)));
  CHECK(radius == Catch::Approx(std::same_as<TestType, float> ? 6.66 : 8.57).margin(0.005));
  const TestType expected[4][2] = {{1, 1}, {-1, 1}, {-1, -1}, {1, -1}};
  for (Bits quarter = 0; quarter < 4; ++quarter) {
    // Half a turn from the lower end of a quarter: the diagonals.
    constexpr std::size_t lanes = 16;
    const Bits radius_bits[lanes] = {};
    Bits angle_bits[lanes];
    std::fill_n(angle_bits, lanes, quarter << top | ((Bits{1} << top) - 1));
    TestType first[lanes], second[lanes];
    sf::detail::box_muller<TestType, lanes>(radius_bits, angle_bits, first, second);
    const double diagonal = static_cast<double>(radius) / std::numbers::sqrt2;
    for (std::size_t l = 0; l < lanes; ++l) {
      CHECK(first[l] == Catch::Approx(expected[quarter][0] * diagonal).epsilon(1e-6));
      CHECK(second[l] == Catch::Approx(expected[quarter][1] * diagonal).epsilon(1e-6));
    }
  }
}

TEST_CASE("draws for other purposes, steps, samples, rows and seeds are independent", "[core]") {
  // The correlation of n independent normal pairs has deviation 1 / sqrt(n).
  constexpr sf::Index n = 100'000;
  const double bound = 5 / std::sqrt(static_cast<double>(2 * n));
  const auto z = normals<double>(2, n);
  CHECK(std::abs(correlation(z, normals<double>(2, n, "other"))) < bound);
  CHECK(std::abs(correlation(z, normals<double>(2, n, "test", 1))) < bound);
  sf::Matrix<double> other(2, n);
  sf::Random(sf::Seed{2}, "test").normal(sf::view(other), 0, 0);
  CHECK(std::abs(correlation(z, other)) < bound);
  sf::Random(sf::Seed{1}, "test").normal(sf::view(other), 1, 0);
  CHECK(other.leftCols(n - 1) == z.rightCols(n - 1));
  CHECK(std::abs(correlation(z, other)) < bound);

  const auto tall = normals<double>(6, n);
  for (sf::Index i = 0; i < 6; ++i)
    for (sf::Index j = 0; j < i; ++j) {
      CHECK(std::abs(correlation(tall.row(i), tall.row(j))) < 5 / std::sqrt(static_cast<double>(n)));
      // Box and Muller's pairs share a radius: squares would show an error that values hide.
      const sf::Matrix<double> a = tall.row(i).array().square() - 1, b = tall.row(j).array().square() - 1;
      CHECK(std::abs(correlation(a, b)) < 5 / std::sqrt(static_cast<double>(n)));
    }
}

TEMPLATE_TEST_CASE("a fill in pieces has the bits of one fill, in any dimension", "[core]", float, double) {
  const sf::Random random(sf::Seed{3}, "test");
  constexpr sf::Index n = 67, first_sample = (sf::Index{1} << 32) - 30, step = (sf::Index{1} << 40) + 5;
  const auto check = [&](const auto& fill) {
    for (sf::Index d = 1; d <= 9; ++d) {
      sf::Matrix<TestType> whole(d, n), pieces(d, n), taller(d + 1, n);
      fill(sf::view(whole), first_sample);
      fill(sf::view(taller), first_sample);
      CHECK(taller.topRows(d) == whole);
      for (const sf::Index width : {1, 2, 7, 16, 66}) {
        pieces.setZero();
        for (sf::Index first = 0; first < n; first += width)
          fill(sf::columns(pieces, first, std::min(width, n - first)), first_sample + first);
        CHECK(pieces == whole);
      }
      sf::Matrix<TestType> none(d, 0);
      fill(sf::view(none), first_sample);
    }
  };
  SECTION("normal") {
    check([&](auto out, sf::Index sample) { random.normal<TestType>(out, sample, step); });
  }
  SECTION("uniform") {
    check([&](auto out, sf::Index sample) { random.uniform<TestType>(out, sample, step); });
  }
}

TEMPLATE_TEST_CASE("the last sample and the last step have numbers of their own", "[core]", float, double) {
  const sf::Random random(sf::Seed{3}, "test");
  for (const sf::Index d : {2, 5}) {
    sf::Matrix<TestType> two(d, 2), last(d, 1);
    random.normal(sf::view(two), sf::most_samples - 2, sf::most_steps - 1);
    random.normal(sf::view(last), sf::most_samples - 1, sf::most_steps - 1);
    CHECK(two.col(1) == last);
    CHECK(two.col(0) != last);
  }
}

TEST_CASE("whole numbers below a count are equally likely", "[core]") {
  const sf::Random random(sf::Seed{4}, "test");
  constexpr int n = 70'000;
  std::vector<double> counts(7);
  for (sf::Index i = 0; i < n; ++i) ++counts[static_cast<std::size_t>(random.below(7, i, 0))];
  for (const double count : counts) CHECK(std::abs(count - n / 7) < 5 * std::sqrt(n / 7.0));
  CHECK(random.below(1, 0, 0) == 0);
  CHECK(random.below(sf::Index{1} << 32, 5, 0) == static_cast<sf::Index>(random.bits(5, 0)[0]));
}

TEMPLATE_TEST_CASE("the logarithm of random numbers is accurate over (0, 1]", "[core]", float, double) {
  CHECK(sf::detail::log_unit(TestType(1)) == 0);
  double worst = 0, near_one = 0;
  const auto see = [&](TestType u) {
    const auto expected = std::log(static_cast<long double>(u));
    const double error = test::ulps(sf::detail::log_unit(u), expected);
    worst = std::max(worst, error);
    if (u > TestType(0.75)) near_one = std::max(near_one, error);
  };
  for (int i = 1; i <= 100'000; ++i) see(static_cast<TestType>(i) / 100'000);
  for (int i = 1; i <= 1000; ++i) see(static_cast<TestType>(1 - i * test::Tolerance<TestType>::epsilon / 2));
  for (TestType u = 1; u >= (static_cast<TestType>(std::same_as<TestType, float> ? 0x1p-32 : 0x1p-53));
       u *= TestType(0.999))
    see(u);
  // Where log u is small nothing cancels: only s and the series round, each some times by half a unit. Elsewhere the
  // two summands have opposite signs, the larger being at most twice the sum, and ln 2 is itself rounded.
  CHECK(near_one < 3);
  CHECK(worst < 4);
}

TEMPLATE_TEST_CASE("Box and Muller's formula is accurate for all bits", "[core]", float, double) {
  using Traits = sf::detail::RandomBits<TestType>;
  using Bits = typename Traits::Bits;
  constexpr std::size_t lanes = 16;
  constexpr int sign = 8 * sizeof(Bits) - 1;
  double worst = 0;
  for (std::uint64_t block = 0; block < 20'000; ++block) {
    Bits r[lanes], a[lanes];
    TestType first[lanes], second[lanes];
    for (std::size_t l = 0; l < lanes; ++l) {
      const auto word = sf::philox4x32_10({static_cast<std::uint32_t>(block), static_cast<std::uint32_t>(l), 0, 0}, 9);
      r[l] = static_cast<Bits>(std::uint64_t{word[0]} << 32 | word[1]) >> (block % 2 == 0 ? 0 : block % sign);
      a[l] = static_cast<Bits>(std::uint64_t{word[2]} << 32 | word[3]);
    }
    sf::detail::box_muller<TestType, lanes>(r, a, first, second);
    for (std::size_t l = 0; l < lanes; ++l) {
      const long double radius = std::sqrt(-2 * std::log(static_cast<long double>(Traits::unit(r[l]))));
      const long double angle = (static_cast<long double>(Traits::centred(a[l])) + (a[l] >> (sign - 1))) *
                                (std::numbers::pi_v<long double> / 2);
      if (radius == 0) continue;
      worst = std::max(worst, static_cast<double>(std::abs(first[l] - radius * std::cos(angle)) / radius));
      worst = std::max(worst, static_cast<double>(std::abs(second[l] - radius * std::sin(angle)) / radius));
    }
  }
  // Half of 4 ulps from the logarithm, and half a unit each from the root, the sine and the product.
  CHECK(worst < 4 * test::Tolerance<TestType>::epsilon);
}
