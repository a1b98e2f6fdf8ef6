/// Units: the scale of data and conditions, mapped to the mean 0 and deviation 1 (standardisation) that models work in.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "scorefield/core/error.hpp"
#include "scorefield/core/simd/fused.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/data/dataset.hpp"
#include "scorefield/data/detail/fitted_rows.hpp"
#include "scorefield/data/detail/row_map.hpp"
#include "scorefield/data/row.hpp"

namespace scorefield {

/// How Units::fit looks at data.
struct UnitsOptions {
  std::vector<Row> rows = {};        // of samples: any() if there are none, or one each (of channels, if told)
  std::vector<Row> conditions = {};  // the same of conditions
  Index channels = 0;  // of images and sequences, whose pixels share units a channel; 0: a row has its own
};

/// A map of each row of samples, and of what they are given, to mean 0 and deviation 1, and back: u -> z. A model that
/// has it is trained, is given conditions and is drawn from in the data's own units:
///   ScoreModel{equation, network, Units<float>::fit(data), seed}.
/// A prediction that is fitted to data is fitted to what the network sees of them, units.to_model(data).
template <Real S>
class Units {
 public:
  using Scalar = S;

  /// Changes nothing.
  Units() = default;

  /// Throws InvalidArgument, which names row and sample, where a row is not what it is declared to be.
  static Units fit(const Dataset<Scalar>& data, const UnitsOptions& options = {}) {
    const Index d = data.dimension(), channels = options.channels > 0 ? options.channels : d;
    if (options.channels < 0 || d % channels != 0)
      throw InvalidArgument("Units::fit", text("channels that divide the ", d, " rows of the data"),
                            text(options.channels), "they vary fastest; 0 gives each row units of its own");
    Units units;
    units.samples_ = detail::fitted_rows("samples", data.samples(), channels, options.rows);
    if (const Index k = data.condition_size(); k > 0)
      units.conditions_ = detail::fitted_rows("conditions", data.conditions(), k, options.conditions);
    else if (!options.conditions.empty())
      throw InvalidArgument("Units::fit", "no rows of conditions, for the data have none",
                            text(options.conditions.size()), "Dataset{samples, conditions} has them");
    units.dimension_ = d;
    return units;
  }

  /// The same for a matrix or any other Eigen expression, d x n.
  template <class Derived>
  static Units fit(const Eigen::MatrixBase<Derived>& samples, const UnitsOptions& options = {}) {
    static_assert(std::same_as<typename Derived::Scalar, Scalar>,
                  "Units::fit: data are of the units' scalar, float or double; samples.cast<float>() makes them so");
    return fit(Dataset<Scalar>(samples), options);
  }

  /// d and k of the data that they were fitted to; 0 and 0 of those that change nothing.
  Index dimension() const { return dimension_; }
  Index condition_size() const { return static_cast<Index>(conditions_.size()); }

  /// Samples, d x n, in the model's units. Throws InvalidArgument, which names row and sample, for numbers that a row
  /// cannot have, and for another d.
  template <class Derived>
  requires std::same_as<typename Derived::Scalar, Scalar> Matrix<Scalar> to_model(
      const Eigen::MatrixBase<Derived>& samples)
  const {
    Matrix<Scalar> all(samples);
    inward("samples", samples_, view(all));
    return all;
  }

  /// The same of a data set with its conditions.
  Dataset<Scalar> to_model(const Dataset<Scalar>& data) const {
    if (data.condition_size() == 0) return to_model(data.samples());
    return {to_model(data.samples()), conditions_to_model(data.conditions())};
  }

  /// Conditions, k x n, in the model's units; columns of NaN stay so. Throws like to_model.
  template <Real T>
  Matrix<T> conditions_to_model(const Matrix<T>& conditions) const {
    Matrix<T> all = conditions;
    inward("conditions", conditions_, view(all));
    return all;
  }

  /// The same of samples, and of conditions, in place. `of` has their numbers in the data, for messages.
  void samples_to_model_in_place(std::span<const Index> of, MatrixView<Scalar> samples) const {
    inward("samples", samples_, samples, of);
  }
  void conditions_to_model_in_place(std::span<const Index> of, MatrixView<Scalar> conditions) const {
    inward("conditions", conditions_, conditions, of);
  }

  /// And back.
  Matrix<Scalar> conditions_to_data(const Matrix<Scalar>& conditions) const {
    return outward("conditions", conditions_, conditions);
  }

  /// Samples, d x n, in the data's units. Throws InvalidArgument for another d.
  Matrix<Scalar> to_data(const Matrix<Scalar>& samples) const { return outward("samples", samples_, samples); }

  /// The logarithm of the map's density, log |dz/du|, of each of n samples (d x n) in the data's units: a log density
  /// of them is that of their z plus this. Constant rows count for nothing. Throws like to_model.
  Vector<Scalar> log_derivative(const Matrix<Scalar>& samples) const {
    check("samples", samples_, view(samples));
    Vector<Scalar> all(samples.cols());
    for (Index j = 0; j < samples.cols(); ++j) {
      double sum = 0;
      for (Index i = 0; i < samples.rows() && !samples_.empty(); ++i)
        sum += row_of(samples_, i).log_derivative(static_cast<double>(samples(i, j)));
      all(j) = static_cast<Scalar>(sum);
    }
    return all;
  }

  /// The score by samples u (d x n) in the data's units, from that by z: score_z dz/du + d log|dz/du| / du. That of a
  /// constant row is 0. Throws like to_model.
  Matrix<Scalar> score_to_data(const Matrix<Scalar>& samples, const Matrix<Scalar>& score) const {
    check("samples", samples_, view(samples));
    if (score.rows() != samples.rows() || score.cols() != samples.cols())
      throw InvalidArgument("Units::score_to_data", text("a score of ", samples.rows(), " x ", samples.cols()),
                            text(score.rows(), " x ", score.cols()), "pass that of these samples");
    Matrix<Scalar> all = score;
    for (Index j = 0; j < samples.cols(); ++j)
      for (Index i = 0; i < samples.rows() && !samples_.empty(); ++i) {
        const auto& row = row_of(samples_, i);
        const auto u = static_cast<double>(samples(i, j));
        all(i, j) =
            row.constant()
                ? Scalar(0)
                : static_cast<Scalar>(multiply_add(static_cast<double>(score(i, j)), std::exp(row.log_derivative(u)),
                                                   row.slope_of_log_derivative(u)));
      }
    return all;
  }

  /// All of it as numbers, to be kept in a file: d, the number of maps of samples, and that of conditions; then of each
  /// map its kind, lower, upper, mean, deviation, the number m of its ranks, m numbers and m normal quantiles.
  Vector<double> state() const {
    std::vector<double> all{static_cast<double>(dimension_), static_cast<double>(samples_.size()),
                            static_cast<double>(conditions_.size())};
    for (const auto* rows : {&samples_, &conditions_})
      for (const auto& row : *rows) {
        all.insert(all.end(), {static_cast<double>(row.kind), row.lower, row.upper, row.mean, row.deviation,
                               static_cast<double>(row.ranked.size())});
        all.insert(all.end(), row.ranked.begin(), row.ranked.end());
        all.insert(all.end(), row.score.begin(), row.score.end());
      }
    return Eigen::Map<const Vector<double>>(all.data(), static_cast<Index>(all.size()));
  }

  /// What state() gave. Throws InvalidArgument for numbers that are no state.
  static Units from_state(const Vector<double>& state) {
    Units units;
    Index next = 0;
    bool whole = true;
    const auto number = [&] {
      whole = whole && next < state.size() && std::isfinite(state(next));
      return whole ? state(next++) : 0;
    };
    const auto count = [&] {
      const double n = number();
      whole = whole && n >= 0 && n == std::floor(n) && n <= static_cast<double>(state.size()) + 1e9;
      return whole ? static_cast<Index>(n) : 0;
    };
    units.dimension_ = count();
    const std::array<Index, 2> counts{count(), count()};
    const std::array<Rows*, 2> both{&units.samples_, &units.conditions_};
    for (std::size_t of = 0; of < 2; ++of)
      for (Index i = 0; whole && i < counts[of]; ++i) both[of]->push_back(read_row(number, count, whole));
    const auto maps = static_cast<Index>(units.samples_.size());
    if (!whole || next != state.size() || (maps == 0) != (units.dimension_ == 0) ||
        (maps > 0 && units.dimension_ % maps != 0))
      throw InvalidArgument("Units::from_state", "numbers that Units::state gave", text(state.size(), " others"),
                            "read what was written");
    return units;
  }

  /// A line for each map: "samples 0: bounded 0 to 1, mean 0.3, deviation 1.2".
  std::string description() const {
    std::string all;
    const auto add = [&all](const char* of, const Rows& rows) {
      for (std::size_t i = 0; i < rows.size(); ++i) {
        const auto& row = rows[i];
        all += text(of, ' ', i, ": ", detail::kind_names[static_cast<std::size_t>(row.kind)]);
        if (row.kind == detail::RowKind::bounded) all += text(' ', row.lower, " to ", row.upper);
        all +=
            row.constant() ? text(' ', row.mean, '\n') : text(", mean ", row.mean, ", deviation ", row.deviation, '\n');
      }
    };
    add("samples", samples_);
    add("conditions", conditions_);
    return all;
  }

 private:
  using Rows = detail::RowMaps;

  static const detail::RowMap& row_of(const Rows& rows, Index i) {
    return rows[static_cast<std::size_t>(i) % rows.size()];
  }

  template <Real T>
  static void check_rows(const char* of, const Rows& rows, const ConstMatrixView<T>& numbers, Index expected) {
    if (!rows.empty() && numbers.rows() != expected)
      throw InvalidArgument("Units", text(of, " of ", expected, " rows, as in the data they were fitted to"),
                            text(numbers.rows(), " x ", numbers.cols()), "a column is a sample");
  }
  template <Real T>
  void check_rows(const char* of, const Rows& rows, const ConstMatrixView<T>& numbers) const {
    check_rows(of, rows, numbers, &rows == &samples_ ? dimension_ : condition_size());
  }

  /// Calls f(row, i, j) for each number. A division for its row would take as long as its map.
  template <class Numbers, class F>
  static void for_each(const Rows& rows, const Numbers& numbers, const F& f) {
    for (Index j = 0; j < numbers.cols(); ++j)
      for (Index first = 0; first < numbers.rows(); first += static_cast<Index>(rows.size()))
        for (std::size_t of = 0; of < rows.size(); ++of) f(rows[of], first + static_cast<Index>(of), j);
  }

  /// columns: the numbers that messages give to the columns, if these are not their own.
  static void check_number(const char* of, const detail::RowMap& row, double u, Index i, Index j,
                           std::span<const Index> columns = {}) {
    if (!row.takes(u))
      detail::refuse_number("Units", of, row, u, i, columns.empty() ? j : columns[static_cast<std::size_t>(j)]);
  }

  template <Real T>
  void check(const char* of, const Rows& rows, const ConstMatrixView<T>& numbers) const {
    check_rows(of, rows, numbers);
    if (rows.empty()) return;
    for_each(rows, numbers, [&](const detail::RowMap& row, Index i, Index j) {
      check_number(of, row, static_cast<double>(numbers(i, j)), i, j);
    });
  }

  template <Real T>
  void inward(const char* of, const Rows& rows, MatrixView<T> numbers, std::span<const Index> columns = {}) const {
    check_rows(of, rows, ConstMatrixView<T>(numbers.data(), numbers.rows(), numbers.cols()));
    if (rows.empty()) return;
    for_each(rows, numbers, [&](const detail::RowMap& row, Index i, Index j) {
      const auto u = static_cast<double>(numbers(i, j));
      check_number(of, row, u, i, j, columns);
      numbers(i, j) = static_cast<T>(row.to_model(u));
    });
  }

  Matrix<Scalar> outward(const char* of, const Rows& rows, const Matrix<Scalar>& numbers) const {
    check_rows(of, rows, view(numbers));
    Matrix<Scalar> all = numbers;
    if (rows.empty()) return all;
    for_each(rows, all, [&](const detail::RowMap& row, Index i, Index j) {
      const auto u = static_cast<Scalar>(row.to_data(static_cast<double>(all(i, j))));
      all(i, j) = row.takes(static_cast<double>(u)) ? u : row.inside(u);
    });
    return all;
  }

  static detail::RowMap read_row(const auto& number, const auto& count, bool& whole) {
    detail::RowMap row;
    const Index kind = count();
    whole = whole && kind < static_cast<Index>(detail::kind_names.size());
    row.kind = static_cast<detail::RowKind>(kind);
    row.lower = number();
    row.upper = number();
    row.mean = number();
    row.deviation = number();
    const Index ranks = count();
    for (auto* numbers : {&row.ranked, &row.score})
      for (Index i = 0; whole && i < ranks; ++i) numbers->push_back(number());
    const auto rises = [](const std::vector<double>& numbers) {
      return std::adjacent_find(numbers.begin(), numbers.end(), [](double a, double b) { return a >= b; }) ==
             numbers.end();
    };
    const bool is_ranked = row.kind == detail::RowKind::ranked && row.deviation > 0;
    whole = whole && row.deviation >= 0 && (row.kind != detail::RowKind::bounded || row.lower < row.upper) &&
            (is_ranked ? ranks > 1 : ranks == 0) && rises(row.ranked) && rises(row.score);
    return row;
  }

  Index dimension_ = 0;
  Rows samples_, conditions_;  // each shared by rows i, i + size(), i + 2 size(), ...
};

}  // namespace scorefield
