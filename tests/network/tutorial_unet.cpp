#include "scorefield/network/tutorial_unet.hpp"

#include "network/network_checks.hpp"

namespace sf = scorefield;
namespace test = scorefield::test;

static_assert(sf::Network<sf::TutorialUNet<float>>);

TEST_CASE("the tutorial's network has its parameters", "[network]") {
  const sf::TutorialUNet<float> network;
  CHECK(network.layout().size() == 2'361'409);
  CHECK(network.dimension() == 784);
  test::check_layout(network);
}

// Only two, for they cost; its parts have all the other checks.
TEST_CASE("images do not depend on each other in the tutorial's network", "[network]") {
  const sf::TutorialUNet<float> network;
  test::check_columns_on_their_own(network, test::starting_values(network), 2);
}
