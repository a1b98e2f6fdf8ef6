/// Rank histograms: whether posteriors are calibrated (simulation-based calibration).
///
/// Where a truth and L draws come of one distribution, the rank of the truth among them, 0 to L, is each as likely. So
/// a histogram of the ranks of many truths, each among draws of its own posterior, is flat but for chance. One that
/// bulges at its ends tells of posteriors that are too narrow, in its middle of such that are too wide, and a slope of
/// a bias. Talts et al. 2018, "Validating Bayesian Inference Algorithms with Simulation-Based Calibration",
/// arXiv:1804.06788.
#pragma once

#include <cstdint>
#include <vector>

#include "scorefield/core/error.hpp"
#include "scorefield/core/random.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/metric/binomial_band.hpp"

namespace scorefield {

/// How many truths were in an interval of their posterior, and in which band that count lies where it is calibrated.
struct Coverage {
  double nominal, share;  // of all truths: as the interval has it, and as it was found
  CountBand band;
  bool calibrated;  // whether the count is in the band
};

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
    const auto& numbers = truth.eval();  // which copies no plain matrix
    const auto& drawn = draws.eval();
    if (!numbers.allFinite() || !drawn.allFinite())
      throw NonFinite("RankHistogram::add", "finite numbers", "a NaN or an infinity", "look for what made it");
    for (Index row = 0; row < d; ++row) {
      Index below = 0, equal = 0;
      for (Index j = 0; j < draws_; ++j) {
        below += drawn(row, j) < numbers(row, 0);
        equal += drawn(row, j) == numbers(row, 0);
      }
      const std::int64_t rank = below + (equal > 0 ? ties_.below(equal + 1, observations_, row) : 0);
      ++counts_(static_cast<Index>(rank * bins / (std::int64_t{draws_} + 1)), row);
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

  /// Of the posterior's central interval of one coordinate, which leaves out so many of the outermost bins on either
  /// side: of 20 bins, leaving out 1 is the interval of 90 %. Throws InvalidArgument for another coordinate, where no
  /// bin is left, and as binomial_band does.
  Coverage coverage(Index row, Index left_out, double band_coverage = 0.99) const {
    const Index bins = counts_.rows();
    if (row < 0 || row >= counts_.cols() || left_out < 1 || 2 * left_out >= bins)
      throw InvalidArgument("RankHistogram::coverage",
                            text("a coordinate below ", counts_.cols(), ", and at least one of ", bins,
                                 " bins left out on either side and one not"),
                            text(row, " and ", left_out), "of 20 bins, leaving out 1 is the interval of 90 %");
    const Index inside = counts_.col(row).segment(left_out, bins - 2 * left_out).sum();
    const double nominal = 1 - 2 * static_cast<double>(left_out) / static_cast<double>(bins);
    const auto band = binomial_band(observations_, nominal, band_coverage);
    return {nominal, static_cast<double>(inside) / static_cast<double>(observations_), band, band.contains(inside)};
  }

  /// How many of the bins x d counts are outside of their band. Where posteriors are calibrated, it is a share of (1 -
  /// coverage) on average at most; chance gives more at times. Throws likewise.
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
