// Draws from a model that is part of the program: nothing is read from a file.
#include <cstdio>
#include <scorefield/model/embedded_model.hpp>
#include <scorefield/sampler.hpp>

#include "model.hpp"
#include "two_moons.hpp"  // written by write_header.cpp

int main() {
  const auto model = sf::load<Model>(two_moons);
  const auto samples = sf::sample(model, sf::DpmSolverPlusPlus{}, 5, sf::Seed{1});
  for (sf::Index j = 0; j < samples.cols(); ++j)
    std::printf("%7.3f %7.3f\n", static_cast<double>(samples(0, j)), static_cast<double>(samples(1, j)));
}
