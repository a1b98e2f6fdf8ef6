#include "scorefield/network/unet.hpp"

#include <utility>

#include "network/network_checks.hpp"

namespace sf = scorefield;
namespace test = scorefield::test;
using sf::Index;

static_assert(sf::Network<sf::UNet<float>>);
static_assert(sf::Network<sf::UNet<double>>);

namespace {

/// Of 2 x 4 and 1 x 2 pixels once folded, with attention.
sf::UNet<double> two_sizes() {
  return {{.height = 4, .width = 8, .channels = 1},
          {.widths = {4, 6}, .fold = 2, .blocks = 2, .groups = 2, .heads = 3, .embedding = 4}};
}

sf::UNet<double> small(const sf::ImageShape& image, const std::vector<Index>& widths, Index fold = 1) {
  return {image, {.widths = widths, .fold = fold, .groups = 2, .embedding = 4}};
}

std::string names(const sf::UNet<double>& network) {
  std::string all;
  for (const auto& piece : network.layout().pieces())
    all += sf::text(piece.name, " ", piece.rows, " x ", piece.cols, ", ");
  return all;
}

void check_refused(const sf::ImageShape& image, const sf::UNetOptions& options, const std::string& message) {
  CHECK_THROWS_WITH(sf::UNet<float>(image, options), test::contains("UNet: expected " + message));
}

}  // namespace

TEST_CASE("a U-Net keeps the promises of a network", "[network]") {
  test::check_network(two_sizes());
  // Of 7, 4 and 2 pixels an edge: halved from an odd number and from an even one.
  test::check_network(small({7, 7, 1}, {4, 4, 4}));
}

TEST_CASE("a U-Net keeps the promises of a network on images whose sides do not divide", "[network]") {
  // Padded to whole folds at both sides or one, and halved from an odd and an even number.
  test::check_network(small({5, 7, 2}, {4, 4}, 2));
  test::check_network(small({4, 5, 1}, {4, 2}, 2));
  test::check_network(small({3, 6, 1}, {2, 4}));
}

TEST_CASE("a U-Net keeps the promises of a network on sequences", "[network]") {
  const auto check = [](Index length, Index channels, const sf::UNetOptions& options) {
    test::check_network(sf::UNet<double>({.height = 1, .width = length, .channels = channels}, options));
  };
  check(31, 2, {.widths = {4, 4}, .groups = 2, .embedding = 4, .condition = 3});
  check(17, 3, {.widths = {2, 4, 6}, .kernel = 5, .groups = 2, .heads = 3, .embedding = 4, .condition = 1});
  check(17, 1, {.widths = {4, 4}, .fold = 2, .kernel = 5, .blocks = 2, .groups = 2, .heads = 2, .embedding = 4});
  check(16, 2, {.widths = {4, 2}, .fold = 3, .groups = 2, .embedding = 4, .condition = 2});
  check(5, 1, {.widths = {2, 4, 4}, .kernel = 7, .groups = 2, .embedding = 4});
}

TEST_CASE("a U-Net that is given a condition keeps the promises of a network", "[network]") {
  test::check_network(sf::UNet<double>({3, 4, 1}, {.widths = {4, 4}, .groups = 2, .embedding = 4, .condition = 2}));
}

TEST_CASE("a U-Net takes images of any size", "[network]") {
  const auto dimension = [](const sf::ImageShape& image) {
    const sf::UNet<float> network(image, {.widths = {8, 16, 24}, .fold = 2, .heads = 4, .embedding = 8});
    const auto p = test::parameters(network);
    CHECK(test::outputs(network, p, test::normals<float>(image.size(), 2, "x"), test::times<float>(2)).allFinite());
    return network.dimension();
  };
  CHECK(dimension({30, 28, 1}) == 30 * 28);
  CHECK(dimension({31, 17, 1}) == 31 * 17);
  CHECK(dimension({32, 20, 3}) == 32 * 20 * 3);
  CHECK(dimension({1, 100, 2}) == 200);
}

TEST_CASE("a U-Net pads images with zeros to whole folds and crops what comes out", "[network]") {
  const auto [image, whole] = GENERATE(std::pair{sf::ImageShape{5, 4, 2}, sf::ImageShape{6, 6, 2}},
                                       std::pair{sf::ImageShape{1, 11, 2}, sf::ImageShape{1, 12, 2}});
  const auto network = small(image, {4, 4}, 3), of_whole = small(whole, {4, 4}, 3);
  REQUIRE(network.layout().size() == of_whole.layout().size());
  REQUIRE(test::starting_values(network) == test::starting_values(of_whole));
  const auto p = test::parameters(network);
  const auto t = test::times<double>(3);
  const auto x = test::normals<double>(image.size(), 3, "x");
  sf::Matrix<double> padded = sf::Matrix<double>::Zero(whole.size(), 3), expected(image.size(), 3);
  const Index rows = image.height, numbers = image.width * image.channels, of_whole_row = whole.width * whole.channels;
  const auto for_each_number = [&](const auto& f) {
    for (Index row = 0; row < rows; ++row)
      for (Index i = 0; i < numbers; ++i) f(row * numbers + i, row * of_whole_row + i);
  };
  for_each_number([&](Index i, Index j) { padded.row(j) = x.row(i); });
  const auto y = test::outputs(of_whole, p, padded, t);
  for_each_number([&](Index i, Index j) { expected.row(i) = y.row(j); });
  CHECK(test::outputs(network, p, x, t) == expected);
}

TEST_CASE("a U-Net starts as 0", "[network]") {
  const auto network = two_sizes();
  const auto x = test::normals<double>(network.dimension(), 3, "x");
  CHECK(test::outputs(network, test::starting_values(network), x, test::times<double>(3)).isZero(0));
}

TEST_CASE("the pieces of a U-Net have the names and shapes that files know them by", "[network]") {
  const sf::UNet<double> network({4, 4, 1}, {.widths = {2, 4}, .fold = 2, .groups = 1, .heads = 2, .embedding = 3});
  CHECK(names(network) ==
        "time.1.weight 3 x 64, time.1.bias 3 x 1, time.2.weight 3 x 3, time.2.bias 3 x 1, "
        "body.1.weight 2 x 36, body.1.bias 2 x 1, body.2.norm.weight 2 x 1, body.2.norm.bias 2 x 1, "
        "body.2.first.weight 2 x 18, body.2.first.bias 2 x 1, body.2.modulation.weight 4 x 3, "
        "body.2.modulation.bias 4 x 1, body.2.second.weight 2 x 18, body.2.second.bias 2 x 1, "
        "body.3.inner.0.weight 4 x 18, body.3.inner.0.bias 4 x 1, body.3.inner.1.norm.weight 4 x 1, "
        "body.3.inner.1.norm.bias 4 x 1, body.3.inner.1.first.weight 4 x 36, "
        "body.3.inner.1.first.bias 4 x 1, body.3.inner.1.modulation.weight 8 x 3, "
        "body.3.inner.1.modulation.bias 8 x 1, body.3.inner.1.second.weight 4 x 36, "
        "body.3.inner.1.second.bias 4 x 1, body.3.inner.2.norm.weight 4 x 1, "
        "body.3.inner.2.norm.bias 4 x 1, body.3.inner.2.attention.query.weight 4 x 4, "
        "body.3.inner.2.attention.query.bias 4 x 1, body.3.inner.2.attention.key.weight 4 x 4, "
        "body.3.inner.2.attention.key.bias 4 x 1, body.3.inner.2.attention.value.weight 4 x 4, "
        "body.3.inner.2.attention.value.bias 4 x 1, body.3.inner.2.attention.output.weight 4 x 4, "
        "body.3.inner.2.attention.output.bias 4 x 1, body.3.inner.3.norm.weight 4 x 1, "
        "body.3.inner.3.norm.bias 4 x 1, body.3.inner.3.first.weight 4 x 36, "
        "body.3.inner.3.first.bias 4 x 1, body.3.inner.3.modulation.weight 8 x 3, "
        "body.3.inner.3.modulation.bias 8 x 1, body.3.inner.3.second.weight 4 x 36, "
        "body.3.inner.3.second.bias 4 x 1, body.3.inner.4.weight 4 x 18, body.3.inner.4.bias 2 x 1, "
        "body.3.after.norm.weight 4 x 1, body.3.after.norm.bias 4 x 1, body.3.after.first.weight 2 x 36, "
        "body.3.after.first.bias 2 x 1, body.3.after.modulation.weight 4 x 3, "
        "body.3.after.modulation.bias 4 x 1, body.3.after.second.weight 2 x 18, "
        "body.3.after.second.bias 2 x 1, body.3.after.shortcut.weight 2 x 4, "
        "body.3.after.shortcut.bias 2 x 1, body.4.weight 2 x 1, body.4.bias 2 x 1, body.5.weight 4 x 18, "
        "body.5.bias 4 x 1, ");
}

TEST_CASE("the kernels and folds of a U-Net on sequences have one row", "[network]") {
  const auto weights = [](Index kernel) {
    const sf::UNet<double> network({1, 13, 3},
                                   {.widths = {2, 4}, .fold = 2, .kernel = kernel, .groups = 1, .embedding = 1});
    std::string all;
    for (const auto& piece : network.layout().pieces())
      if (piece.name.starts_with("body") && piece.cols > 1)
        all += sf::text(piece.name, " ", piece.rows, " x ", piece.cols / kernel, " ", piece.cols % kernel, ", ");
    return all;
  };
  // Times the kernel, and what the shortcut, of single pixels, leaves over.
  const std::string up_to_shortcut =
      "body.2.weight 2 x 6 0, body.3.first.weight 2 x 2 0, body.3.second.weight 2 x 2 0, "
      "body.4.inner.0.weight 4 x 2 0, body.4.inner.1.first.weight 4 x 4 0, body.4.inner.1.second.weight 4 x 4 0, "
      "body.4.inner.2.first.weight 4 x 4 0, body.4.inner.2.second.weight 4 x 4 0, body.4.inner.3.weight 4 x 2 0, "
      "body.4.after.first.weight 2 x 4 0, body.4.after.second.weight 2 x 2 0, ";
  CHECK(weights(3) == up_to_shortcut + "body.4.after.shortcut.weight 2 x 1 1, body.6.weight 6 x 2 0, ");
  CHECK(weights(5) == up_to_shortcut + "body.4.after.shortcut.weight 2 x 0 4, body.6.weight 6 x 2 0, ");
}

TEST_CASE("a U-Net refuses options that make none, and says what would do", "[network]") {
  const sf::ImageShape image{.height = 28, .width = 28, .channels = 1};
  check_refused({28, 0, 1}, {.widths = {8}}, "an image of positive height, width and channels, got 28 x 0 x 1");
  check_refused(image, {}, "a width for each size, from fine to coarse, got none; say {.widths = {48, 96}}");
  check_refused(image, {.widths = {8}, .fold = 0}, "a fold from 1 on, got 0");
  check_refused(image, {.widths = {8}, .fold = 29}, "a fold that is not larger than the image, got 29 for 28 x 28");
  check_refused({1, 28, 1}, {.widths = {8}, .fold = 29}, "a fold that is not larger than the image, got 29 for 1 x 28");
  check_refused(image, {.widths = {8}, .kernel = 5},
                "a kernel of 3 for images of more than one row, got 5 for 28 x 28; other kernels are for sequences, "
                "images of height 1");
  for (const Index kernel : {-3, 0, 1, 2, 4, 6})
    check_refused({1, 28, 1}, {.widths = {8}, .kernel = kernel},
                  sf::text("an odd kernel from 3 on, got ", kernel, "; sequences have 3 or 5"));
  check_refused(image, {.widths = {8}, .blocks = 0}, "a number of blocks from 1 on, got 0");
  check_refused(image, {.widths = {8}, .groups = 0}, "a number of groups from 1 on, got 0");
  check_refused(image, {.widths = {8}, .heads = -1}, "a number of heads from 0 on, got -1");
  check_refused(image, {.widths = {8}, .embedding = 0}, "an embedding from 1 on, got 0");
  check_refused(image, {.widths = {8, 0}}, "positive widths that 8 groups divide, got a width of 0");
  check_refused(image, {.widths = {-8}}, "positive widths that 8 groups divide, got a width of -8");
  check_refused(image, {.widths = {8, 20}}, "positive widths that 8 groups divide, got a width of 20; take 16 or 24");
  check_refused(image, {.widths = {12}, .groups = 16},
                "positive widths that 16 groups divide, got a width of 12; take 16 or a multiple of it");
  check_refused(image, {.widths = {24, 8}, .heads = 3},
                "a number of heads that divides the coarsest width, 8, got 3; take 2 or 4");
  check_refused(image, {.widths = {8}, .heads = 9},
                "a number of heads that divides the coarsest width, 8, got 9; take 8");
  CHECK_NOTHROW(sf::UNet<float>(image, {.widths = {8, 24}, .heads = 3}));
  // A group of one number is normalised to 0.
  check_refused({1, 1, 1}, {.widths = {8}},
                "groups of more than one number, since one alone is normalised to 0, got 8 groups of 8 channels at the "
                "size of a single pixel; take a width of 16 there, fewer groups, or fewer sizes");
  check_refused({2, 2, 1}, {.widths = {8, 8}}, "groups of more than one number");
  check_refused({1, 1, 1}, {.widths = {8, 16}}, "groups of more than one number");
  CHECK_NOTHROW(sf::UNet<float>({2, 2, 1}, {.widths = {8, 16}}));
}
