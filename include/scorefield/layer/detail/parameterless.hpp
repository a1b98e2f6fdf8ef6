/// Base classes of layers without parameters: the parts of a Layer that are empty there.
#pragma once

#include <string>

#include "scorefield/core/image_shape.hpp"
#include "scorefield/core/parameters.hpp"
#include "scorefield/core/random.hpp"
#include "scorefield/core/types.hpp"

namespace scorefield::detail {

/// What a Layer says of parameters and context where it has neither.
template <Real S>
class Parameterless {
 public:
  using Scalar = S;

  Index context_size() const { return 0; }
  Index parameter_count() const { return 0; }
  void declare(ParameterLayout&, const std::string&) const {}
  void initialise(VectorView<Scalar>, const Random&, Index) const {}
};

/// A map of images to images that keeps nothing of a forward pass either.
template <Real S>
class ImageMap : public Parameterless<S> {
 public:
  struct Workspace {};

  const ImageShape& input_shape() const { return input_; }
  const ImageShape& output_shape() const { return output_; }
  Index inputs() const { return input_.size(); }
  Index outputs() const { return output_.size(); }
  Workspace workspace(Index) const { return {}; }

 protected:
  ImageMap(const ImageShape& input, const ImageShape& output) : input_(input), output_(output) {}

 private:
  ImageShape input_, output_;
};

}  // namespace scorefield::detail
