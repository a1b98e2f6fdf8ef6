/// How much of its stack a thread takes. The library's own bound is 16 KiB a function; a thread has 128 KiB where the C
/// library is musl, and 64 in a browser.
///
/// Sanitizers put room around each variable on the stack, so that nothing can be said of its size with them.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SCOREFIELD_TEST_SANITIZED
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define SCOREFIELD_TEST_SANITIZED
#endif
#endif

#if __has_include(<pthread.h>) && !defined(SCOREFIELD_TEST_SANITIZED)

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <memory>
#include <pthread.h>
#include <type_traits>

#include "scorefield/model/prediction/linear_denoiser_correction.hpp"
#include "scorefield/model/score_model.hpp"
#include "scorefield/network/mlp.hpp"
#include "scorefield/network/unet.hpp"
#include "scorefield/objective/denoising_score_matching.hpp"
#include "scorefield/optimizer/muon.hpp"
#include "scorefield/sampler/rule/euler_maruyama.hpp"
#include "scorefield/sampler/sample.hpp"
#include "scorefield/sde/variance_preserving.hpp"
#include "scorefield/training/trainer.hpp"

#include "support/catch.hpp"
#include "support/gradient_check.hpp"

namespace sf = scorefield;
namespace test = scorefield::test;

namespace {

/// The bytes of its stack that a thread takes for f(), with what the C library keeps there.
template <class F>
std::size_t stack_of(F f) {
  constexpr std::size_t page = 4096, size = std::size_t{1} << 20;
  constexpr auto paint = std::byte{0xa5};
  const std::unique_ptr<std::byte, decltype(&std::free)> stack(static_cast<std::byte*>(std::aligned_alloc(page, size)),
                                                               &std::free);
  REQUIRE(stack);
  std::fill_n(stack.get(), size, paint);
  pthread_attr_t attributes;
  pthread_t thread;
  const auto run = [](void* of) -> void* { return (*static_cast<F*>(of))(), nullptr; };
  REQUIRE(pthread_attr_init(&attributes) == 0);
  REQUIRE(pthread_attr_setstack(&attributes, stack.get(), size) == 0);
  REQUIRE(pthread_create(&thread, &attributes, run, &f) == 0);
  REQUIRE(pthread_join(thread, nullptr) == 0);
  pthread_attr_destroy(&attributes);
  const auto* end = stack.get() + size;
  return static_cast<std::size_t>(
      end - std::find_if(stack.get(), stack.get() + size, [](std::byte b) { return b != paint; }));
}

/// Of a thread that makes a model of the network that make_network() gives, trains it by one step and draws samples in
/// one.
template <class MakeNetwork>
std::size_t stack_of_run(const MakeNetwork& make_network) {
  using Network = decltype(make_network());
  using Scalar = typename Network::Scalar;
  const sf::Dataset<Scalar> data(test::normals<Scalar>(make_network().dimension(), 16, "data"));
  return stack_of([&] {
    const sf::ScoreModel model{sf::VariancePreserving<Scalar>{}, make_network(), sf::Seed{0}};
    auto run = sf::Trainer{sf::DenoisingScoreMatching{}, sf::Muon{}}.start(
        model, data, {.steps = 1, .batch_size = 16, .threads = 1});
    run.advance();
    sf::sample(model, sf::EulerMaruyama{.steps = 1}, 16, sf::Seed{1}, {.threads = 1});
  });
}

/// With optimisation every local variable of a function has its place for as long as it is used; without, for good.
#if defined(__OPTIMIZE__)
constexpr std::size_t bound = 64 * 1024;
#else
constexpr std::size_t bound = 128 * 1024;
#endif

}  // namespace

TEMPLATE_TEST_CASE("a thread with a small stack trains and samples an MLP", "[training]", float, double) {
  // Of widths at which operands are copied, in panels and in blocks.
  CHECK(stack_of_run([] { return sf::DynamicMlp<TestType>(20, {130, 1024}); }) < bound);
  // And of a model that looks at the data along other axes.
  const sf::Matrix<TestType> turned = sf::Matrix<TestType>::Identity(200, 200).rowwise().reverse();
  const sf::Vector<TestType> zeros = sf::Vector<TestType>::Zero(200), ones = sf::Vector<TestType>::Ones(200);
  CHECK(stack_of([&] { sf::LinearDenoiserCorrection<TestType>(zeros, ones, turned); }) < bound);
}

TEST_CASE("a thread with a small stack trains and samples a U-Net", "[training]") {
  // Convolutions by Winograd's way and by windows, which are copied from 128 channels on.
  CHECK(stack_of_run([] {
          return sf::UNet<float>({8, 8, 1}, {.widths = {16, 128}, .heads = 2, .embedding = 32});
        }) < bound);
  // And on sequences.
  CHECK(stack_of_run([] {
          return sf::UNet<float>({1, 64, 2}, {.widths = {16, 128}, .kernel = 5, .heads = 2, .embedding = 32});
        }) < bound);
}

#endif
