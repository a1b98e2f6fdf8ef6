/// The layout of a flat parameter vector: pieces with names and shapes, one after the other.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "scorefield/core/types.hpp"

namespace scorefield {

/// One weight or bias: `rows` x `cols` numbers, column-major, from `offset` of the flat vector on.
struct ParameterPiece {
  std::string name;
  Index rows;
  Index cols;
  Index offset;

  Index size() const { return rows * cols; }
};

/// The pieces of a network in the order of its flat parameter vector.
class ParameterLayout {
 public:
  void add(std::string name, Index rows, Index cols) {
    pieces_.push_back({std::move(name), rows, cols, size_});
    size_ += rows * cols;
  }

  const std::vector<ParameterPiece>& pieces() const& { return pieces_; }
  std::vector<ParameterPiece> pieces() && { return std::move(pieces_); }  // of a temporary: a loop may go over it

  /// The number of parameters in all pieces.
  Index size() const { return size_; }

 private:
  std::vector<ParameterPiece> pieces_;
  Index size_ = 0;
};

}  // namespace scorefield
