/// What a training step costs on ranks: by measurement, and by a model of it for links and numbers of ranks that are
/// not at hand. On ranks that mpirun starts it measures and compares; alone it prints the table of the model.
///
///   scorefield_ranks [CORES]      that the ranks share, where these are fewer
#include <algorithm>
#include <bit>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <scorefield/core/chunks.hpp>
#include <scorefield/core/parallel/communicator.hpp>
#include <scorefield/data.hpp>
#include <scorefield/model.hpp>
#include <scorefield/network.hpp>
#include <scorefield/objective.hpp>
#include <scorefield/optimizer.hpp>
#include <scorefield/sde.hpp>
#include <scorefield/training.hpp>
#include <scorefield/training/mpi.hpp>
#include <string>
#include <vector>

#include "../recipe.hpp"

namespace {

namespace sf = scorefield;

/// What is between two ranks: the seconds that a message takes besides its bytes, and bytes a second.
struct Link {
  double latency, bandwidth;
};

/// A step of a network on a batch, which takes one rank of one thread so many seconds.
struct Work {
  std::string name;
  sf::Index batch, chunk, parameters;
  double seconds;

  sf::Index chunks() const { return sf::Chunks{batch, chunk}.pieces(); }
  /// There are eight, as is usual, or one for each rank, but no more than chunks.
  sf::Index slots(int ranks) const { return std::min<sf::Index>(chunks(), std::max(8, ranks)); }
};

/// The slots of the rank that has the most.
double most_slots(const Work& work, int ranks) {
  return static_cast<double>(sf::rank_range(work.slots(ranks), 0, ranks).count);
}

/// Bytes that this rank sends in a step, as detail/parameter_shares.hpp reckons them, but for the few of the squares.
double bytes(const Work& work, int ranks) {
  const auto r = static_cast<double>(ranks), p = static_cast<double>(work.parameters);
  return sizeof(float) *
         (most_slots(work, ranks) * (p - p / r) + (r - 1) / r * p + (r - 1) / r * static_cast<double>(work.batch));
}

/// Messages that a rank sends one after the other: slots go to each other rank in turn, parameters from neighbour to
/// neighbour; losses, squares, and the word of callbacks, which fit() broadcasts, go by halves.
double messages(const Work& work, int ranks) {
  const double halves = std::bit_width(static_cast<unsigned>(ranks - 1));
  return most_slots(work, ranks) * (ranks - 1) + (ranks - 1) + 3 * halves;
}

/// Seconds of a step. A rank computes by slots and by its share of the parameters: it takes what the one with the most
/// slots takes of one rank's time. That more than eight slots are more to clear and to add is left out. Where
/// `ranks_a_core` ranks share a core, each takes as many times as long.
double predicted(const Work& work, int ranks, const Link& link, double ranks_a_core = 1) {
  if (ranks == 1) return work.seconds;
  const double share = most_slots(work, ranks) / static_cast<double>(work.slots(ranks)) * ranks_a_core;
  return share * work.seconds + bytes(work, ranks) / link.bandwidth + messages(work, ranks) * link.latency;
}

/// Seconds that f takes where all ranks call it: the median of three rounds of so many times.
template <class F>
double seconds_of(sf::Communicator* ranks, sf::Index times, const F& f) {
  using Clock = std::chrono::steady_clock;
  std::vector<double> all;
  for (int round = 0; round < 3; ++round) {
    sf::wait_for_all(ranks);
    const auto begin = Clock::now();
    for (sf::Index i = 0; i < times; ++i) f();
    all.push_back(std::chrono::duration<double>(Clock::now() - begin).count() / static_cast<double>(times));
  }
  std::ranges::sort(all);
  return sf::of_first_rank(ranks, all[all.size() / 2]);
}

/// The link by which ranks pass bytes round, each to its neighbour.
Link measured_link(sf::Communicator& ranks) {
  const auto seconds = [&](std::size_t count, sf::Index times) {
    const auto size = static_cast<std::size_t>(ranks.size()), rank = static_cast<std::size_t>(ranks.rank());
    std::vector<std::byte> from(count), to(count);
    std::vector<sf::Communicator::Part> sent(size, {0, 0}), received(size, {0, 0});
    sent[(rank + 1) % size].count = received[(rank + size - 1) % size].count = count;
    return seconds_of(&ranks, times, [&] { ranks.all_to_all(from.data(), sent, to.data(), received); });
  };
  constexpr std::size_t large = 1 << 22;  // about what a rank sends of a slot
  const double latency = seconds(8, 1000);
  return {latency, static_cast<double>(large) / (seconds(large, 20) - latency)};
}

/// Measures steps: on one thread, and then on all threads where this process is alone, or else on all ranks.
template <class Model>
Work measure(const std::string& name, const Model& model, const sf::Dataset<float>& data, sf::Index batch, sf::Mpi& mpi,
             const Link& link, double ranks_a_core) {
  const auto trainer = bench::trainer();
  sf::TrainingOptions options{.steps = sf::Index{1} << 40, .batch_size = batch, .threads = 1};
  Work work{name, batch, model.chunk_size(), model.parameters().size(), 0};
  const auto timed = [](auto run, sf::Communicator* ranks) {
    run.advance();
    const double one = seconds_of(ranks, 1, [&] { run.advance(); });
    const auto times = std::max<sf::Index>(1, std::llround(0.1 / one));
    return seconds_of(ranks, sf::of_first_rank(ranks, times), [&] { run.advance(); });
  };
  const auto alone = [&](int threads) {
    options.threads = threads;
    return timed(trainer.start(model, data, options), nullptr);
  };
  work.seconds = sf::of_first_rank(&mpi, mpi.rank() == 0 ? alone(1) : 0);
  if (work.chunks() < mpi.size()) return work;
  double together = 0;
  if (mpi.size() == 1) {
    together = alone(0);
  } else {
    options.gradient_slots = work.slots(mpi.size());
    together = timed(trainer.over(&mpi).start(model, data, options), &mpi);
  }
  if (mpi.rank() != 0) return work;
  std::printf("| %s, batch %td | %.3g ms | %.3g ms |", name.c_str(), static_cast<std::ptrdiff_t>(batch),
              1e3 * work.seconds, 1e3 * together);
  if (mpi.size() > 1) std::printf(" %.3g ms |", 1e3 * predicted(work, mpi.size(), link, ranks_a_core));
  std::printf("\n");
  return work;
}

/// Prints efficiencies by the model, in percent: the time of one rank by `ranks` times that of so many; "-" where the
/// batch has fewer chunks.
void print_table(const std::vector<Work>& all) {
  struct Named {
    const char* name;  // in Gbit/s
    Link link;         // that carries 0.94 of it, with the latency of Ethernet, or of what bypasses the kernel
  };
  constexpr Named links[] = {{"1", {30e-6, 0.117e9}}, {"10", {25e-6, 1.17e9}}, {"100", {2e-6, 11.7e9}}};
  std::printf("\n| work | one rank | Gbit/s |");
  for (int ranks = 2; ranks <= 256; ranks *= 2) std::printf(" %d |", ranks);
  std::printf("\n|---|---|---|---|---|---|---|---|---|---|---|\n");
  for (const auto& work : all)
    for (const auto& [name, link] : links) {
      std::printf("| %s, batch %td | %.3g ms | %s |", work.name.c_str(), static_cast<std::ptrdiff_t>(work.batch),
                  1e3 * work.seconds, name);
      for (int ranks = 2; ranks <= 256; ranks *= 2)
        if (work.chunks() < ranks)
          std::printf(" - |");
        else
          std::printf(" %.0f |", 100 * work.seconds / (ranks * predicted(work, ranks, link)));
      std::printf("\n");
    }
}

}  // namespace

int main(int argc, char** argv) {
  sf::Mpi mpi(argc, argv);
  const int cores = argc > 1 ? std::atoi(argv[1]) : mpi.size();
  if (cores < 1) {
    std::fprintf(stderr, "usage: scorefield_ranks [CORES], from 1 on, got %s\n", argv[1]);
    return mpi.finish(2);
  }
  const double ranks_a_core = std::max(1.0, static_cast<double>(mpi.size()) / cores);
  Link link{};
  if (mpi.size() > 1) {
    link = measured_link(mpi);
    if (mpi.rank() == 0)
      std::printf(
          "%d ranks: %.2g us a message, %.3g GB/s\n\n| work | one thread | ranks | by the model |\n|---|---|---|---|\n",
          mpi.size(), 1e6 * link.latency, link.bandwidth / 1e9);
  } else {
    std::printf("| work | one thread | all threads |\n|---|---|---|\n");
  }

  sf::Matrix<float> pixels(28 * 28, 1024);
  sf::Random(sf::Seed{0}, "benchmark").uniform(sf::view(pixels), 0, 0);
  const sf::Dataset<float> images(pixels);
  const sf::ScoreModel unet{sf::VariancePreserving<float>{},
                            sf::UNet<float>({28, 28, 1}, {.widths = {48, 96}, .fold = 2, .heads = 2}),
                            sf::LinearDenoiserCorrection<float>::fit(images), sf::Seed{0}};
  std::vector<Work> all;
  const auto measured = [&](const std::string& name, const auto& model, const sf::Dataset<float>& data,
                            sf::Index batch) {
    all.push_back(measure(name, model, data, batch, mpi, link, ranks_a_core));
  };
  // A larger batch takes as many times as long.
  const auto reckoned = [&](sf::Index times) {
    all.push_back(all.back());
    all.back().batch *= times;
    all.back().seconds *= static_cast<double>(times);
  };
  measured("UNet", unet, images, 64);
  measured("UNet", unet, images, 256);
  reckoned(4);
  reckoned(4);
  const auto narrow = bench::model<float>(64), wide = bench::model<float>(1024);
  measured("MLP of 3 x 64", narrow, bench::data<float>(256), 256);
  measured("MLP of 3 x 64", narrow, bench::data<float>(4096), 4096);
  measured("MLP of 3 x 1024", wide, bench::data<float>(256), 256);
  reckoned(16);
  if (mpi.size() == 1) print_table(all);
  return mpi.finish(0);
}
