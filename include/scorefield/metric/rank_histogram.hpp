/// Rank histograms: whether posteriors are calibrated (simulation-based calibration).
///
/// Where a truth and L draws come of one distribution, the rank of the truth among them, 0 to L, is each as likely. So
/// a histogram of the ranks of many truths, each among draws of its own posterior, is flat but for chance. One that
/// bulges at its ends tells of posteriors that are too narrow, in its middle of such that are too wide, and a slope of
/// a bias. Talts et al. 2018, "Validating Bayesian Inference Algorithms with Simulation-Based Calibration",
/// arXiv:1804.06788.
#pragma once

#include <cmath>
#include <vector>

#include "scorefield/core/error.hpp"
#include "scorefield/core/random.hpp"
#include "scorefield/core/types.hpp"

namespace scorefield {

/// Counts from low to high, both of them included.
struct CountBand {
  Index low, high;

  bool contains(Index count) const { return low <= count && count <= high; }
};

/// The central band in which the number of successes of `trials` independent trials, each with the same chance, lies
/// with a probability of at least `coverage`: below it, and above it, is at most half of the rest. Throws
/// InvalidArgument unless there is a trial, and chance and coverage are in (0, 1).
inline CountBand binomial_band(Index trials, double chance, double coverage = 0.99) {
  if (trials < 1 || !(chance > 0 && chance < 1) || !(coverage > 0 && coverage < 1))
    throw InvalidArgument("binomial_band", "at least one trial, and a chance and a coverage in (0, 1)",
                          text(trials, ", ", chance, " and ", coverage), "0.99 is a usual coverage");
  const auto n = static_cast<double>(trials);
  const double tail = (1 - coverage) / 2, log_odds = std::log(chance) - std::log1p(-chance);
  CountBand band{-1, -1};
  double log_probability = n * std::log1p(-chance), sum = 0;  // of k successes, and of at most k
  for (Index k = 0; k <= trials && band.high < 0; ++k) {
    sum += std::exp(log_probability);
    if (band.low < 0 && sum > tail) band.low = k;
    if (sum >= 1 - tail) band.high = k;
    log_probability += std::log(static_cast<double>(trials - k) / static_cast<double>(k + 1)) + log_odds;
  }
  if (band.high < 0) band.high = trials;  // where rounding left the sum below
  return band;
}

/// The ranks of truths among draws of their posteriors, counted in bins, for each of d coordinates.
class RankHistogram {
 public:
  /// draws: how many there are for each truth; draws + 1 is a multiple of bins, so that all bins are as wide. Talts et
  /// al. advise about 20 truths a bin. The seed is for ties. Throws InvalidArgument for other numbers.
  RankHistogram(Index dimension, Index draws, Index bins, Seed seed = 0) : draws_(draws), ties_(seed, "tied ranks") {
    if (dimension < 1 || draws < 1 || bins < 2 || (draws + 1) % bins != 0)
      throw InvalidArgument("RankHistogram",
                            "a dimension and a number of draws from 1 on, and two or more bins that "
                            "divide draws + 1",
                            text(dimension, ", ", draws, " and ", bins), "299 draws go into 15, 20 or 30 bins");
    counts_.setZero(bins, dimension);
  }

  /// truth: d x 1, draws: d x L. A truth that equals some of its draws, as numbers that are whole or constant do, takes
  /// a rank among them by lot. Throws InvalidArgument for other shapes, NonFinite for numbers that are not finite.
  template <class Truth, class Draws>
  void add(const Eigen::MatrixBase<Truth>& truth, const Eigen::MatrixBase<Draws>& draws) {
    const Index d = counts_.cols(), bins = counts_.rows();
    if (truth.rows() != d || truth.cols() != 1 || draws.rows() != d || draws.cols() != draws_)
      throw InvalidArgument("RankHistogram::add", text("a truth of ", d, " x 1 and draws of ", d, " x ", draws_),
                            text(truth.rows(), " x ", truth.cols(), " and ", draws.rows(), " x ", draws.cols()),
                            "a column is a sample");
    if (!truth.allFinite() || !draws.allFinite())
      throw NonFinite("RankHistogram::add", "finite numbers", "a NaN or an infinity", "look for what made it");
    const auto drawn = draws.eval();
    for (Index row = 0; row < d; ++row) {
      Index below = 0, equal = 0;
      for (Index j = 0; j < draws_; ++j) {
        below += drawn(row, j) < truth(row, 0);
        equal += drawn(row, j) == truth(row, 0);
      }
      const Index rank = below + (equal > 0 ? ties_.below(equal + 1, observations_, row) : 0);
      ++counts_(rank * bins / (draws_ + 1), row);
    }
    ++observations_;
  }

  /// bins x d: how many truths have their rank in a bin, the lowest ranks first.
  const Eigen::Matrix<Index, Eigen::Dynamic, Eigen::Dynamic, Eigen::ColMajor>& counts() const { return counts_; }
  /// The bins of one coordinate, for a picture.
  std::vector<double> heights(Index row) const {
    const auto column = counts_.col(row).template cast<double>();
    return {column.begin(), column.end()};
  }
  /// How many truths there were.
  Index observations() const { return observations_; }

  /// The band of one bin's count where posteriors are calibrated. Throws as binomial_band does, before the first truth
  /// too.
  CountBand band(double coverage = 0.99) const {
    return binomial_band(observations_, 1 / static_cast<double>(counts_.rows()), coverage);
  }

  /// How many of the bins x d counts are outside of it: about (1 - coverage) of them, and no more, where posteriors are
  /// calibrated. Throws likewise.
  Index outside(double coverage = 0.99) const {
    const auto inside = band(coverage);
    Index count = 0;
    for (const Index number : counts_.reshaped()) count += !inside.contains(number);
    return count;
  }

 private:
  Index draws_;
  Random ties_;
  Index observations_ = 0;
  Eigen::Matrix<Index, Eigen::Dynamic, Eigen::Dynamic, Eigen::ColMajor> counts_;
};

}  // namespace scorefield
