#include "scorefield/network/unet.hpp"

#include "network/network_checks.hpp"

namespace sf = scorefield;
namespace test = scorefield::test;

namespace {

/// Of 2 x 4 and 1 x 2 pixels once folded, with attention.
using TwoSizes = sf::UNet<double, sf::ImageShape{4, 8, 1},
                          sf::UNetOptions{.fold = 2, .blocks = 2, .groups = 2, .heads = 3, .embedding = 4}, 4, 6>;
/// Of 7, 4 and 2 pixels an edge: halved from an odd number and from an even one.
using ThreeSizes = sf::UNet<double, sf::ImageShape{7, 7, 1}, sf::UNetOptions{.groups = 2, .embedding = 4}, 4, 4, 4>;
static_assert(sf::Network<TwoSizes>);
static_assert(sf::Network<ThreeSizes>);

template <sf::ImageShape image, sf::UNetOptions options, sf::Index... widths>
concept MakesUNet = requires {
  typename sf::UNet<float, image, options, widths...>;
};
static_assert(MakesUNet<sf::ImageShape{28, 28, 1}, sf::UNetOptions{}, 8, 16, 24, 32>);
static_assert(MakesUNet<sf::ImageShape{28, 27, 1}, sf::UNetOptions{}, 8>);
static_assert(!MakesUNet<sf::ImageShape{28, 27, 1}, sf::UNetOptions{}, 8, 8>);
static_assert(!MakesUNet<sf::ImageShape{28, 28, 1}, sf::UNetOptions{.fold = 3}, 8>);
static_assert(!MakesUNet<sf::ImageShape{28, 28, 1}, sf::UNetOptions{}, 12>);
static_assert(!MakesUNet<sf::ImageShape{28, 28, 1}, sf::UNetOptions{.groups = 0}, 8>);
static_assert(!MakesUNet<sf::ImageShape{28, 28, 1}, sf::UNetOptions{.blocks = 0}, 8>);
static_assert(MakesUNet<sf::ImageShape{28, 28, 1}, sf::UNetOptions{.heads = 3}, 8, 24>);
static_assert(!MakesUNet<sf::ImageShape{28, 28, 1}, sf::UNetOptions{.heads = 3}, 24, 8>);
static_assert(!MakesUNet<sf::ImageShape{28, 28, 1}, sf::UNetOptions{}>);
// Odd in both directions, which are halved alike, or in one, where they are not.
static_assert(MakesUNet<sf::ImageShape{7, 7, 1}, sf::UNetOptions{}, 8, 8>);
static_assert(!MakesUNet<sf::ImageShape{7, 8, 1}, sf::UNetOptions{}, 8, 8>);
// A group of one number is normalised to 0.
static_assert(!MakesUNet<sf::ImageShape{1, 1, 1}, sf::UNetOptions{}, 8>);
static_assert(!MakesUNet<sf::ImageShape{2, 2, 1}, sf::UNetOptions{}, 8, 8>);
static_assert(MakesUNet<sf::ImageShape{2, 2, 1}, sf::UNetOptions{}, 8, 16>);

}  // namespace

TEST_CASE("a U-Net keeps the promises of a network", "[network]") {
  test::check_network(TwoSizes{});
  test::check_network(ThreeSizes{});
}

TEST_CASE("a U-Net starts as 0", "[network]") {
  const TwoSizes network;
  const auto x = test::normals<double>(network.dimension(), 3, "x");
  CHECK(test::outputs(network, test::starting_values(network), x, test::times<double>(3)).isZero(0));
}
