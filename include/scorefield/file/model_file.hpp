/// The parameters of a model among the tensors of a file.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "scorefield/core/error.hpp"
#include "scorefield/core/parameters.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/file/tensors.hpp"

namespace scorefield {

/// Adds one tensor a piece, prefix + its name. A piece of rows x cols numbers, being column-major, is a tensor of shape
/// (cols, rows): the same memory in C order, the transpose to who reads it in Python. Throws InvalidArgument when the
/// vector is not as long as the layout, or a name is taken.
template <Real Scalar>
void add_parameters(Tensors& tensors, const std::string& prefix, const ParameterLayout& layout,
                    const Vector<Scalar>& parameters) {
  if (parameters.size() != layout.size())
    throw InvalidArgument("add_parameters", text(layout.size(), " parameters"), text(parameters.size()),
                          "pass the layout of the network that they belong to");
  for (const auto& piece : layout.pieces())
    tensors.add(prefix + piece.name, {piece.cols, piece.rows}, segment(view(parameters), piece.offset, piece.size()));
}

/// The flat vector of which add_parameters made tensors. Throws InvalidArgument, which names the piece, when one is
/// missing, is of another scalar or shape, or there are tensors with this prefix that the layout does not have.
template <Real Scalar>
Vector<Scalar> read_parameters(const Tensors& tensors, const std::string& prefix, const ParameterLayout& layout) {
  Vector<Scalar> parameters(layout.size());
  std::set<std::string> names;
  for (const auto& piece : layout.pieces()) {
    const auto& name = *names.insert(prefix + piece.name).first;
    segment(view(parameters), piece.offset, piece.size()) = tensors.get<Scalar>(name, {piece.cols, piece.rows});
  }
  for (auto other = tensors.all().lower_bound(prefix); other != tensors.all().end() && other->first.starts_with(prefix);
       ++other)
    if (!names.contains(other->first))
      throw InvalidArgument("read_parameters", text("the ", names.size(), " pieces of the network"),
                            text("tensor \"", other->first, "\" as well"), "build the network that was written");
  return parameters;
}

}  // namespace scorefield
