/// Corner plots (pairs plots): every coordinate of samples by itself and against every other.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "scorefield/core/error.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/picture/canvas.hpp"
#include "scorefield/picture/detail/axis.hpp"
#include "scorefield/picture/detail/pairs_layout.hpp"
#include "scorefield/picture/detail/plot.hpp"

namespace scorefield {

/// Samples, d x n, and what the legend calls them.
struct PairsSet {
  template <class Derived>
  PairsSet(const Eigen::MatrixBase<Derived>& shown, std::string called)
      : samples(shown.template cast<double>()), name(std::move(called)) {}

  Matrix<double> samples;
  std::string name;
};

struct PairsOptions {
  /// Of the d coordinates; none, or one each.
  std::vector<std::string> names = {};
  /// The side of a panel in pixels, from 64 to 1,000.
  Index panel_size = 150;
  /// A point that is marked in every panel, as the truth where it is known: none, or d numbers.
  std::vector<double> marked = {};
};

namespace detail {

inline void check_pairs(const std::vector<PairsSet>& sets, const PairsOptions& options) {
  if (sets.empty()) throw InvalidArgument("pairs", "at least one set of samples", "none", "pass samples to show");
  constexpr Index most = 32;
  const Index d = sets.front().samples.rows();
  if (d < 1 || d > most)
    throw InvalidArgument("pairs", text("samples of 1 to ", most, " coordinates"), text(d),
                          "choose some: samples.topRows(8)");
  for (const auto& [samples, name] : sets) {
    if (samples.rows() != d || samples.cols() == 0)
      throw InvalidArgument("pairs", text(d, " x n samples, as in the first set, in \"", name, '"'),
                            text(samples.rows(), " x ", samples.cols()), "a column is a sample");
    for (Index j = 0; j < samples.cols(); ++j)
      if (!samples.col(j).allFinite())
        throw NonFinite("pairs", text("finite samples in \"", name, '"'), text("a NaN or an infinity in column ", j),
                        "leave such samples out");
  }
  const auto check_count = [d](const char* what, std::size_t count) {
    if (count != 0 && static_cast<Index>(count) != d)
      throw InvalidArgument("pairs", text("no ", what, ", or one for each of the ", d, " coordinates"), text(count),
                            "give them in the order of the rows of the samples");
  };
  check_count("names", options.names.size());
  check_count("marked numbers", options.marked.size());
  for (const double number : options.marked)
    if (!std::isfinite(number))
      throw NonFinite("pairs", "marked numbers that are finite", text(number), "leave them out to mark nothing");
  constexpr Index least_size = 64, most_size = 1000;
  if (options.panel_size < least_size || options.panel_size > most_size)
    throw InvalidArgument("pairs", text("a panel size of ", least_size, " to ", most_size, " pixels"),
                          text(options.panel_size), "draw larger or smaller panels");
}

/// An axis for each coordinate, with the bulk of every set on it and what is marked.
inline std::vector<Axis> pairs_axes(const std::vector<PairsSet>& sets, const std::vector<double>& marked) {
  std::vector<Axis> axes;
  for (Index row = 0; row < sets.front().samples.rows(); ++row) {
    AxisRange range{std::numeric_limits<double>::max(), std::numeric_limits<double>::lowest()};
    const auto widen = [&range](double low, double high) {
      range = {std::min(range.low, low), std::max(range.high, high)};
    };
    for (const auto& set : sets) {
      const auto numbers = set.samples.row(row);
      const auto of_set = bulk({numbers.begin(), numbers.end()});
      widen(of_set.low, of_set.high);
    }
    if (!marked.empty()) widen(marked[static_cast<std::size_t>(row)], marked[static_cast<std::size_t>(row)]);
    axes.push_back(with_margin(range));
    if (!std::isfinite(axes.back().length))
      throw InvalidArgument("pairs", text("samples in a range that a double can hold in row ", row),
                            text("from ", range.low, " to ", range.high), "leave such samples out");
  }
  return axes;
}

/// The share of n numbers in each of `bins` equal parts of an axis; numbers beyond it are in none.
template <class Numbers>
std::vector<double> shares_in_bins(const Numbers& numbers, const Axis& axis, std::size_t bins) {
  std::vector<double> shares(bins);
  for (Index j = 0; j < numbers.size(); ++j)
    if (axis.shows(numbers(j)))
      shares[std::min(bins - 1, static_cast<std::size_t>(axis.share(numbers(j)) * static_cast<double>(bins)))] +=
          1 / static_cast<double>(numbers.size());
  return shares;
}

/// Histograms of row `row` of all sets, one over the other.
inline void draw_histograms(Canvas& canvas, const std::vector<PairsSet>& sets, Index row, PlotFrame frame) {
  // Bins as many as the cube root of the samples asks for, and at least five pixels wide.
  Index fewest = std::numeric_limits<Index>::max();
  for (const auto& set : sets) fewest = std::min(fewest, set.samples.cols());
  const double wanted = 3 * std::cbrt(static_cast<double>(fewest));
  const auto bins = static_cast<std::size_t>(std::clamp(wanted, 8.0, frame.width / 5));

  std::vector<std::vector<double>> shares;
  double highest = 0;
  for (const auto& set : sets) {
    shares.push_back(shares_in_bins(set.samples.row(row), frame.axes.across, bins));
    highest = std::max(highest, *std::max_element(shares.back().begin(), shares.back().end()));
  }
  frame.axes.up = {0, highest > 0 ? 1.08 * highest : 1};
  for (std::size_t k = 0; k < sets.size(); ++k)
    draw_bars(canvas, shares[k], frame, accent(k, sets.size()), sets.size() == 1 ? 0.35 : 0.18);
}

/// Rows `across` and `up` of all sets against each other. Their samples take turns, so that no set hides another.
inline void draw_pair(Canvas& canvas, const std::vector<PairsSet>& sets, Index across, Index up,
                      const PlotFrame& frame) {
  constexpr Index most_drawn = 10'000;  // of a set; more make no difference to the eye
  std::vector<PointPen> pens;
  std::vector<std::int64_t> drawn;  // since an Index may be too short for products
  for (const auto& set : sets) {
    const Index count = std::min(most_drawn, set.samples.cols());
    drawn.push_back(count);
    pens.emplace_back(frame, count, accent(pens.size(), sets.size()));
  }
  const std::int64_t turns = *std::max_element(drawn.begin(), drawn.end());
  for (std::int64_t turn = 0; turn < turns; ++turn)
    for (std::size_t k = 0; k < sets.size(); ++k) {
      if (turn * drawn[k] % turns >= drawn[k]) continue;  // the turns of a smaller set are spread over all
      const auto column = turn * drawn[k] / turns * sets[k].samples.cols() / drawn[k];
      const auto sample = sets[k].samples.col(static_cast<Index>(column));
      pens[k].draw(canvas, frame, sample(across), sample(up));
    }
}

/// Lines through what is marked; `up` only in panels of two coordinates.
inline void draw_mark(Canvas& canvas, const PlotFrame& frame, double across, std::optional<double> up) {
  constexpr Colour colour{0.1f, 0.1f, 0.1f};
  constexpr double opacity = 0.75;
  canvas.rectangle(std::floor(frame.x(across)), frame.top, 1, frame.height, colour, opacity);
  if (!up) return;
  canvas.rectangle(frame.left, std::floor(frame.y(*up)), frame.width, 1, colour, opacity);
  canvas.disc(std::floor(frame.x(across)) + 0.5, std::floor(frame.y(*up)) + 0.5, 3.5, colour);
}

/// The names of sets, as the legend has them.
inline std::vector<std::string> legend_of(const std::vector<PairsSet>& sets) {
  std::vector<std::string> names;
  for (const auto& set : sets) names.push_back(set.name);
  return names;
}

}  // namespace detail

/// Draws a panel for each coordinate of the samples on the diagonal, with the histogram of every set, and below it one
/// for each two coordinates, with their points; the sets have colours, which a legend names. Axes are those of the bulk
/// of the numbers, without regard to a few far ones, and each coordinate has its own. Throws InvalidArgument when there
/// is no set, sets are not d x n with n > 0 and d from 1 to 32, or an option is out of range or of another length;
/// NonFinite when a sample or what is marked is not finite.
inline Canvas pairs(const std::vector<PairsSet>& sets, const PairsOptions& options = {}) {
  using Style = detail::PlotStyle;
  detail::check_pairs(sets, options);
  const auto axes = detail::pairs_axes(sets, options.marked);
  const auto legend = detail::legend_of(sets);
  const detail::PairsLayout layout(options.panel_size, !options.names.empty(), legend, axes);
  Canvas canvas(static_cast<Index>(layout.width), static_cast<Index>(layout.height));
  const auto d = axes.size();
  for (std::size_t row = 0; row < d; ++row)
    for (std::size_t column = 0; column <= row; ++column) {
      const auto frame = layout.frame(row, column, axes);
      if (row == column)
        detail::draw_histograms(canvas, sets, static_cast<Index>(row), frame);
      else
        detail::draw_pair(canvas, sets, static_cast<Index>(column), static_cast<Index>(row), frame);
      if (!options.marked.empty())
        detail::draw_mark(canvas, frame, options.marked[column],
                          row == column ? std::nullopt : std::optional(options.marked[row]));
      detail::draw_frame(canvas, frame);
      if (row + 1 == d) detail::draw_ticks_below(canvas, detail::ticks_that_fit(frame.axes.across, frame.width), frame);
      if (column == 0 && row > 0)
        detail::draw_ticks_left(canvas, detail::ticks(frame.axes.up.low, frame.axes.up.length), frame);
      if (options.names.empty()) continue;
      if (row + 1 == d) detail::draw_centred(canvas, options.names[column], frame, layout.height - Style::margin);
      if (column == 0 && row > 0)
        detail::draw_name_left(canvas, options.names[row], frame, Style::margin + Style::title_size);
    }
  detail::draw_legend(canvas, legend, layout);
  return canvas;
}

}  // namespace scorefield
