/// What an axis of a plot shows, and which numbers stand on it.
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

/// The numbers on an axis from `low` to low + side: two to seven multiples of 1, 2 or 5 times a power of ten.
inline std::vector<double> ticks(double low, double side) {
  const double rough = side / 4, power = std::pow(10, std::floor(std::log10(rough)));
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
