/// ResidualMlp: a residual multilayer perceptron, told the log signal-to-noise ratio and a condition.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "scorefield/core/read_settings.hpp"
#include "scorefield/core/settings.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/layer/activation/silu.hpp"
#include "scorefield/layer/dense.hpp"
#include "scorefield/layer/residual_dense.hpp"
#include "scorefield/layer/sequential.hpp"
#include "scorefield/layer/sinusoidal_embedding.hpp"
#include "scorefield/layer/zero_initialised.hpp"
#include "scorefield/network/detail/checks.hpp"
#include "scorefield/network/time_embedded.hpp"

namespace scorefield {

struct ResidualMlpOptions {
  Index width = 128;     // of every block
  Index blocks = 3;      // residual blocks, of two layers each
  Index embedding = 64;  // numbers that tell the blocks the noise level and the condition
  Index condition = 0;   // numbers that each sample is given
};

namespace detail {

/// Embeds half the log signal-to-noise ratio: sines and cosines of wave lengths from 1.6 to 130, then a dense layer.
template <Real S>
auto noise_embedding(Index size) {
  return Sequential(SinusoidalEmbedding<S>(32, {.highest = 4, .lowest = 0.05}), Dense<S, SiLU>(32, size));
}

template <Real S>
using ResidualLayers = Sequential<Dense<S>, LayerList<ResidualDense<S>>, ZeroInitialised<Dense<S>>>;

/// The options, or InvalidArgument where they make no network on samples of so many numbers.
inline const ResidualMlpOptions& checked(Index dimension, const ResidualMlpOptions& o) {
  const auto least = [](const char* name, Index value, Index smallest, const char* hint) {
    check_least("ResidualMlp", name, value, smallest, hint);
  };
  least("samples of numbers", dimension, 1, "pass the data's rows");
  least("a width", o.width, 1, "usual are 64 to 512");
  least("a number of blocks", o.blocks, 1, "usual are 2 to 6");
  least("an embedding", o.embedding, 1, "usual are 32 to 256 numbers");
  least("a condition", o.condition, 0, "0 is for samples that are given nothing");
  return o;
}

template <Real S>
ResidualLayers<S> residual_layers(Index dimension, const ResidualMlpOptions& o) {
  return ResidualLayers<S>(
      Dense<S>(dimension, o.width),
      LayerList(std::vector(static_cast<std::size_t>(o.blocks), ResidualDense<S>(o.width, o.embedding))),
      ZeroInitialised(Dense<S>(o.width, dimension)));
}

}  // namespace detail

/// The network for tables and other vectors: ResidualMlp<float>(d, {.width = 128, .blocks = 3, .condition = k}). Each
/// block is scaled and shifted by what it is told of the noise level and the condition. The network starts as 0. It
/// learns far finer detail than an Mlp, which is told the time as one more number.
template <Real S>
class ResidualMlp : public TimeEmbedded<decltype(detail::noise_embedding<S>(0)), detail::ResidualLayers<S>> {
 public:
  /// Throws InvalidArgument unless all sizes are positive; condition may be 0.
  explicit ResidualMlp(Index dimension, const ResidualMlpOptions& options = {})
      : ResidualMlp(detail::checked(dimension, options), dimension) {}

  std::string settings() const {
    return settings_text("ResidualMlp", {{"dimension", this->dimension()},
                                         {"width", options_.width},
                                         {"blocks", options_.blocks},
                                         {"embedding", options_.embedding},
                                         {"condition", options_.condition}});
  }
  static ResidualMlp from_settings(const ReadSettings& settings) {
    settings.of("ResidualMlp");
    const auto size = [&](const char* key) { return settings.get<Index>(key, detail::largest_stored_size); };
    return ResidualMlp(size("dimension"), {.width = size("width"),
                                           .blocks = settings.get<Index>("blocks", detail::largest_stored_count),
                                           .embedding = size("embedding"),
                                           .condition = size("condition")});
  }

 private:
  ResidualMlp(const ResidualMlpOptions& options, Index dimension)
      : ResidualMlp::TimeEmbedded(detail::noise_embedding<S>(options.embedding),
                                  detail::residual_layers<S>(dimension, options), 64, options.condition,
                                  NoiseClock::half_log_snr),
        options_(options) {}

  ResidualMlpOptions options_;
};

}  // namespace scorefield
