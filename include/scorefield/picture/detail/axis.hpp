/// Axes of plots: the numbers they show, and the ticks with labels that stand on them.
#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <string>
#include <vector>

namespace scorefield {

/// From low to high.
struct AxisRange {
  double low, high;
};

namespace detail {

/// Where the bulk of numbers is: all but the outermost hundredth on either side, and a quarter of that range more on
/// either side, but not beyond the numbers. For a normal distribution this is 3.5 deviations.
inline AxisRange bulk(std::vector<double> numbers) {
  std::ranges::sort(numbers);
  const auto left_out = numbers.size() / 100;
  const double low = numbers[left_out], high = numbers[numbers.size() - 1 - left_out];
  const double margin = (high - low) / 4;
  return {std::max(numbers.front(), low - margin), std::min(numbers.back(), high + margin)};
}

/// Numbers from `low` to low + length, which is above 0.
struct Axis {
  double low, length;

  /// Where a number is on it: 0 is its low end and 1 its high one.
  double share(double number) const { return (number - low) / length; }
  bool shows(double number) const { return share(number) >= 0 && share(number) <= 1; }
};

/// The axis that shows a range with 4 % more on either side; an axis of length 1 where the range has no extent. Its
/// length is infinite where numbers do not reach that far.
inline Axis with_margin(AxisRange range) {
  const double extent = range.high - range.low, length = extent > 0 ? 1.08 * extent : 1;
  return {range.low / 2 + range.high / 2 - length / 2, length};
}

/// The numbers on an axis from `low` to low + side: multiples of 1, 2 or 5 times a power of ten, about as many as
/// asked for. About four are two to seven.
inline std::vector<double> ticks(double low, double side, double about = 4) {
  const double rough = side / about, power = std::pow(10, std::floor(std::log10(rough)));
  const double step = power * (rough <= 1.5 * power ? 1 : rough <= 3.5 * power ? 2 : rough <= 7.5 * power ? 5 : 10);
  const double first = std::ceil(low / step);
  std::vector<double> numbers;
  for (int k = 0; k < 7 && (first + k) * step <= low + side; ++k) numbers.push_back((first + k) * step);
  return numbers;
}

inline std::string tick_label(double number) {
  std::array<char, 32> characters;
  const auto end =
      std::to_chars(characters.begin(), characters.end(), number == 0 ? 0 : number, std::chars_format::general, 6).ptr;
  return {characters.begin(), end};
}

}  // namespace detail
}  // namespace scorefield
