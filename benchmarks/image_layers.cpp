/// The layers of networks on images, each on a chunk of 16 of them, at the shapes that the networks have.
/// benchmarks/peers does the same work with PyTorch, and finds it by the names given here.
#include <scorefield/layer.hpp>
#include <scorefield/layer/sequential.hpp>
#include <scorefield/layer/skip_connection.hpp>
#include <scorefield/network/unet.hpp>
#include <string>

#include "peak.hpp"

namespace {

namespace sf = scorefield;

constexpr sf::Index chunk = 16, embedding = 128, groups = 8;

/// A layer on a chunk, and what its calls take.
template <sf::Layer Layer>
struct Setup {
  const Layer& layer;
  sf::Index contexts = layer.context_size();
  sf::Vector<float> p{layer.parameter_count()}, g = sf::Vector<float>::Zero(layer.parameter_count());
  sf::Matrix<float> x{layer.inputs(), chunk}, y{layer.outputs(), chunk}, upstream{layer.outputs(), chunk};
  sf::Matrix<float> dy{layer.outputs(), chunk}, dx{layer.inputs(), chunk};
  sf::Matrix<float> c{contexts, chunk}, dc = sf::Matrix<float>::Zero(contexts, chunk);
  typename Layer::Workspace workspace = layer.workspace(chunk);

  explicit Setup(const Layer& of) : layer(of) {
    const sf::Random random(sf::Seed{0}, "benchmark");
    random.normal(sf::MatrixView<float>(p.data(), p.size(), 1), 0, 0);  // blocks start with weights that are 0
    p *= 0.1f;
    random.normal(sf::view(x), 0, 1);
    random.normal(sf::view(upstream), 0, 2);
    random.normal(sf::view(c), 0, 3);
  }

  void evaluate() { layer.evaluate(in(p), in(x), in(c), sf::view(y), workspace); }
  void forward() { layer.forward(in(p), in(x), in(c), sf::view(y), workspace); }
  void backward() {
    dy = upstream;  // scratch afterwards
    layer.backward(in(p), in(x), in(c), in(y), sf::view(dy), sf::view(dx), sf::view(dc), sf::view(g), workspace);
  }

 private:
  /// An operand to read only.
  template <class M>
  static auto in(const M& m) {
    return sf::view(m);
  }
};

/// Runs `work` until the time is up; `flops` are its floating-point operations, 0 where none count.
template <class Work>
void measure(benchmark::State& state, sf::Index parameters, double flops, const Work& work) {
  for (auto _ : state) {
    work();
    benchmark::ClobberMemory();
  }
  state.counters["parameters"] = static_cast<double>(parameters);
  if (flops > 0) bench::report_flops<float>(state, static_cast<double>(state.iterations()) * flops);
}

/// Adds evaluate/name and forward_backward/name; `flops` are those of one image, forward.
template <sf::Layer Layer>
void add(const std::string& name, const Layer& layer, double flops = 0) {
  benchmark::RegisterBenchmark(("evaluate/" + name).c_str(), [=](benchmark::State& state) {
    Setup<Layer> s(layer);
    measure(state, s.p.size(), chunk * flops, [&] { s.evaluate(); });
  });
  benchmark::RegisterBenchmark(("forward_backward/" + name).c_str(), [=](benchmark::State& state) {
    Setup<Layer> s(layer);
    measure(state, s.p.size(), 3 * chunk * flops, [&] {
      s.forward();
      s.backward();
    });
  });
}

/// "kind/28x28x1/14x14x4".
template <class Layer>
std::string named(const char* kind, const Layer& layer) {
  const auto of = [](const sf::ImageShape& shape) {
    return sf::text(shape.height, "x", shape.width, "x", shape.channels);
  };
  return sf::text(kind, "/", of(layer.input_shape()), "/", of(layer.output_shape()));
}

/// What does no products.
template <class Layer>
void add_image_map(const char* kind, const Layer& layer) {
  add(named(kind, layer), layer);
}

/// `pixels` are those that each number of a weight is multiplied with; the context's is so once.
template <class Layer>
void add_products(const std::string& name, const Layer& layer, sf::Index pixels, double more_flops = 0) {
  sf::ParameterLayout layout;
  layer.declare(layout, "");
  double products = 0;
  for (const auto& piece : layout.pieces())
    if (piece.cols > 1)
      products += static_cast<double>(piece.size() * (piece.name == "modulation.weight" ? 1 : pixels));
  add(name, layer, 2 * products + more_flops);
}

void add_convolution(const sf::ImageShape& input, sf::Index channels, const sf::ConvolutionOptions& options = {}) {
  const sf::Convolution<float> layer(input, channels, options);
  add_products(named(options.kernel == 1 ? "convolution_1x1" : "convolution", layer), layer,
               layer.output_shape().pixels());
}

void add_transposed_convolution(const sf::ImageShape& input, sf::Index channels, sf::Index output_padding = 1) {
  const sf::TransposedConvolution<float> layer(input, channels, {.output_padding = output_padding});
  add_products(named("transposed_convolution", layer), layer, input.pixels());
}

void add_residual_block(const sf::ImageShape& input, sf::Index channels) {
  const sf::ResidualBlock<float> layer(input, channels, groups, embedding);
  add_products(named("residual_block", layer), layer, input.pixels());
}

void add_self_attention(const sf::ImageShape& shape, sf::Index heads) {
  const auto pixels = static_cast<double>(shape.pixels());
  const sf::SelfAttention<float> layer(shape, heads);
  add_products(named("self_attention", layer), layer, shape.pixels(),
               4 * pixels * pixels * static_cast<double>(shape.channels));
}

/// Around layers that cost little, and followed by a convolution of single pixels.
void add_skip_connection(const sf::ImageShape& shape) {
  const sf::MaxPool<float> down(shape);
  const sf::Convolution<float> after({shape.height, shape.width, 2 * shape.channels}, shape.channels,
                                     {.kernel = 1, .padding = 0});
  const sf::SkipConnection skip(shape, sf::Sequential(down, sf::UpsampleNearest<float>(down.output_shape(), 2)), after);
  add_products(named("skip_connection", skip), skip, shape.pixels());
}

[[maybe_unused]] const bool added = [] {
  // Of TutorialUNet.
  add_convolution({28, 28, 2}, 32);
  add_convolution({14, 14, 32}, 64);
  add_convolution({7, 7, 64}, 128);
  add_convolution({4, 4, 128}, 256);
  add_convolution({2, 2, 256}, 256);
  add_convolution({28, 28, 64}, 32);
  add_convolution({28, 28, 32}, 1);
  add_transposed_convolution({2, 2, 256}, 256);
  add_transposed_convolution({4, 4, 512}, 128, 0);
  add_transposed_convolution({7, 7, 256}, 64);
  add_transposed_convolution({14, 14, 128}, 32);
  add_image_map("max_pool", sf::MaxPool<float>({28, 28, 32}));
  add_image_map("max_pool", sf::MaxPool<float>({7, 7, 128}, {.padding = 1}));

  // Of UNet, 28 x 28 folded to 14 x 14, with 48 and 96 channels.
  add_convolution({14, 14, 4}, 48);
  add_convolution({14, 14, 48}, 48);
  add_convolution({14, 14, 96}, 48);
  add_convolution({7, 7, 96}, 96);
  add_convolution({14, 14, 48}, 4);
  add_convolution({14, 14, 96}, 48, {.kernel = 1, .padding = 0});
  add_convolution({14, 14, 48}, 96, {.stride = 2});
  add_transposed_convolution({7, 7, 96}, 48);
  add_image_map("space_to_depth", sf::SpaceToDepth<float>({28, 28, 1}, 2));
  add_image_map("depth_to_space", sf::DepthToSpace<float>({14, 14, 4}, 2));
  add_image_map("group_norm", sf::GroupNorm<float, sf::SiLU>({14, 14, 48}, groups));
  add_image_map("group_norm", sf::GroupNorm<float, sf::SiLU>({7, 7, 96}, groups));
  add_residual_block({14, 14, 48}, 48);
  add_residual_block({14, 14, 96}, 48);
  add_residual_block({7, 7, 96}, 96);
  add_self_attention({7, 7, 96}, 2);
  add_skip_connection({14, 14, 48});
  add_products("time_embedding", sf::detail::time_embedding<float>(embedding), 1);

  // Of neither, for networks of one's own.
  add_image_map("average_pool", sf::AveragePool<float>({28, 28, 32}));
  add_image_map("upsample_nearest", sf::UpsampleNearest<float>({14, 14, 32}, 2));
  return true;
}();

}  // namespace
