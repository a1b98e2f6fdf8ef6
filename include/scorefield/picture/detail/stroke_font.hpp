/// Labels drawn with a pen: every character is a few strokes, so that it is smooth at any size.
#pragma once

#include <algorithm>
#include <string_view>
#include <vector>

#include "scorefield/core/types.hpp"
#include "scorefield/picture/canvas.hpp"

namespace scorefield {
namespace detail {

/// A character on a grid of which the baseline is row 3, the x-height row 9, and the height of capitals row 12.
struct Glyph {
  char character;
  int width;
  /// Strokes with spaces in between. A point is a letter for the column (a is 0) and a hexadecimal digit for the row.
  /// The pen passes through points with a capital, and is drawn towards the others: they are the control points of a
  /// quadratic B-spline.
  std::string_view strokes;
};

inline constexpr Glyph glyphs[] = {
    {' ', 2, ""},
    {'0', 6, "Dcgcg3a3acDc"},
    {'1', 6, "BaDcD3"},
    {'2', 6, "A9acgcg8A3G3"},
    {'3', 6, "Aaacfcf8C8 C8g8g3a3A5"},
    {'4', 6, "E3EcA6G6"},
    {'5', 6, "FcAcA8c9g9g3a3A5"},
    {'6', 6, "Fbfcaca3g3g9a9A6"},
    {'7', 6, "AcGcC3"},
    {'8', 6, "Dcfcf8b8bcDc D8g8g3a3a8D8"},
    {'9', 6, "B4b3g3gcaca6g6G9"},
    {'.', 0, "A3A3"},
    {',', 1, "B4A1"},
    {':', 0, "A3A3 A8A8"},
    {'-', 5, "A7F7"},
    {'+', 6, "A7G7 DaD4"},
    {'=', 6, "A9G9 A6G6"},
    {'/', 4, "A2Ed"},
    {'(', 2, "Cdaba4C1"},
    {')', 2, "Adcbc4A1"},
    {'_', 6, "A2G2"},
    {'%', 8, "Aaacdcd8a8Aa GcC3 F5f7i7i3f3F5"},
    {'#', 6, "CcB3 FcE3 A9G9 A6G6"},
    {'a', 5, "F9F3 F6f9a9a3f3F6"},
    {'b', 5, "AcA3 A6a9f9f3a3A6"},
    {'c', 5, "F8f9a9a3f3F4"},
    {'d', 5, "FcF3 F6f9a9a3f3F6"},
    {'e', 5, "A6F6f9a9a3f3F4"},
    {'f', 4, "EcbcB9B3 A9D9"},
    {'g', 5, "F9F2f0a0A1 F6f9a9a3f3F6"},
    {'h', 5, "AcA3 A6a9f9F6F3"},
    {'i', 0, "A9A3 AcAc"},
    {'j', 2, "C9C2c0A0 CcCc"},
    {'k', 5, "AcA3 E9A5 C7F3"},
    {'l', 0, "AcA3"},
    {'m', 8, "A9A3 A6a9e9E6E3 E6e9i9I6I3"},
    {'n', 5, "A9A3 A6a9f9F6F3"},
    {'o', 5, "A6a9f9f3a3A6"},
    {'p', 5, "A9A0 A6a9f9f3a3A6"},
    {'q', 5, "F9F0 F6f9a9a3f3F6"},
    {'r', 3, "A9A3 A6a9D9"},
    {'s', 4, "E8e9a9a6e6e3a3A4"},
    {'t', 4, "BbB5b3E3 A9D9"},
    {'u', 5, "A9A6a3f3F6 F9F3"},
    {'v', 6, "A9D3G9"},
    {'w', 8, "A9C3E9G3I9"},
    {'x', 5, "A9F3 F9A3"},
    {'y', 6, "A9D3 G9D3c0A0"},
    {'z', 5, "A9F9A3F3"},
    {'A', 6, "A3DcG3 B6F6"},
    {'B', 6, "A3AcDcfcf8D8A8 D8g8g3D3A3"},
    {'C', 6, "Gagcaca3g3G5"},
    {'D', 6, "A3AcCcgcg3C3A3"},
    {'E', 5, "FcAcA3F3 A8E8"},
    {'F', 5, "FcAcA3 A8E8"},
    {'G', 6, "Gagcaca3g3G6G7D7"},
    {'H', 6, "AcA3 GcG3 A8G8"},
    {'I', 4, "AcEc CcC3 A3E3"},
    {'J', 4, "EcE6e3a3A5"},
    {'K', 6, "AcA3 GcA6 C8G3"},
    {'L', 5, "AcA3F3"},
    {'M', 8, "A3AcE5IcI3"},
    {'N', 6, "A3AcG3Gc"},
    {'O', 8, "Ecici3a3acEc"},
    {'P', 6, "A3AcDcgcg7D7A7"},
    {'Q', 8, "Ecici3a3acEc F5I2"},
    {'R', 6, "A3AcDcgcg7D7A7 D7G3"},
    {'S', 6, "Gagcaca8g8g3a3A5"},
    {'T', 6, "AcGc DcD3"},
    {'U', 6, "AcA6a3g3G6Gc"},
    {'V', 6, "AcD3Gc"},
    {'W', 8, "AcC3EbG3Ic"},
    {'X', 6, "AcG3 GcA3"},
    {'Y', 6, "AcD8Gc D8D3"},
    {'Z', 6, "AcGcA3G3"},
};

/// Text is UTF-8, where bytes 10xxxxxx continue a character that an earlier one began: the first alone is drawn.
inline bool continues_character(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }

/// An empty box stands for characters that the font has not.
inline const Glyph& glyph(char character) {
  static constexpr Glyph box{0, 5, "A3AcFcF3A3"};
  const auto* found = std::ranges::find(glyphs, character, &Glyph::character);
  return found == std::end(glyphs) ? box : *found;
}

/// Distances in rows of the grid.
inline constexpr double cap_height = 9, letter_gap = 2.7, pen_width = 1.1, dot_width = 1.6;

struct PenPoint {
  double x, y;
  bool corner;
};

inline std::vector<PenPoint> pen_points(std::string_view stroke) {
  std::vector<PenPoint> points;
  for (std::size_t i = 0; i + 1 < stroke.size(); i += 2) {
    const char column = stroke[i], row = stroke[i + 1];
    const bool corner = column < 'a';
    points.push_back({static_cast<double>(column - (corner ? 'A' : 'a')),
                      static_cast<double>(row - (row < 'a' ? '0' : 'a' - 10)), corner});
  }
  return points;
}

/// Calls line(from, to) along one stroke.
template <class Line>
void trace(std::string_view stroke, const Line& line) {
  constexpr int pieces = 8;  // of a bend
  const auto points = pen_points(stroke);
  PenPoint pen = points.front();
  for (std::size_t i = 1; i < points.size(); ++i) {
    const PenPoint control = points[i];
    if (control.corner) {
      line(pen, control);
      pen = control;
      continue;
    }
    const PenPoint next = points[i + 1];
    const PenPoint end = next.corner ? next : PenPoint{(control.x + next.x) / 2, (control.y + next.y) / 2, false};
    const PenPoint start = pen;
    for (int piece = 1; piece <= pieces; ++piece) {
      const double s = static_cast<double>(piece) / pieces, r = 1 - s;
      const PenPoint to{r * r * start.x + 2 * r * s * control.x + s * s * end.x,
                        r * r * start.y + 2 * r * s * control.y + s * s * end.y, false};
      line(pen, to);
      pen = to;
    }
  }
}

/// Calls line(x0, y0, x1, y1, width) along the strokes of text whose capitals are `size` high: x to the right from 0, y
/// up from the baseline at 0.
template <class Line>
void trace_text(std::string_view text, double size, const Line& line) {
  constexpr double baseline = 3;
  const double unit = size / cap_height;
  double x = 0;
  for (const char c : text) {
    if (continues_character(c)) continue;
    const auto& letter = glyph(c);
    for (auto rest = letter.strokes; !rest.empty();) {
      const auto end = std::min(rest.find(' '), rest.size());
      trace(rest.substr(0, end), [&](const PenPoint& from, const PenPoint& to) {
        const bool dot = from.x == to.x && from.y == to.y;
        line(x + unit * from.x, unit * (from.y - baseline), x + unit * to.x, unit * (to.y - baseline),
             unit * (dot ? dot_width : pen_width));
      });
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    x += unit * (letter.width + letter_gap);
  }
}

}  // namespace detail

/// The width in pixels of text, UTF-8, whose capitals are `size` pixels high.
inline double text_width(std::string_view text, double size) {
  double width = -detail::letter_gap;
  for (const char c : text)
    if (!detail::continues_character(c)) width += detail::glyph(c).width + detail::letter_gap;
  return std::max(0.0, width * size / detail::cap_height);
}

/// Draws text, UTF-8, from x on, its baseline at y, its capitals `size` pixels high. Letters from A to Z, digits, space
/// and .,:-+=/()_%# have a shape; every other character is an empty box.
inline void draw_text(Canvas& canvas, std::string_view text, double x, double y, double size, Colour colour) {
  detail::trace_text(text, size, [&](double x0, double y0, double x1, double y1, double width) {
    canvas.line(x + x0, y - y0, x + x1, y - y1, width, colour);
  });
}

/// The same, turned to read upwards from y on, its baseline at x.
inline void draw_text_upwards(Canvas& canvas, std::string_view text, double x, double y, double size, Colour colour) {
  detail::trace_text(text, size, [&](double x0, double y0, double x1, double y1, double width) {
    canvas.line(x - y0, y - x0, x - y1, y - x1, width, colour);
  });
}

}  // namespace scorefield
