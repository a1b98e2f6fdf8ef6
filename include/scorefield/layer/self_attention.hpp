/// Multi-head self-attention over the pixels of an image.
#pragma once

#include <cassert>
#include <cmath>
#include <string>
#include <utility>

#include "scorefield/core/error.hpp"
#include "scorefield/core/image_shape.hpp"
#include "scorefield/core/parameters.hpp"
#include "scorefield/core/product.hpp"
#include "scorefield/core/random.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/layer/dense.hpp"
#include "scorefield/layer/detail/part_of.hpp"
#include "scorefield/layer/detail/runs.hpp"
#include "scorefield/layer/detail/softmax.hpp"

namespace scorefield {

/// Multi-head attention over the pixels of an image, without a residual connection. Query, key and value q, k, v of a
/// pixel are affine in its channels. Each of `heads` runs of d channels makes of them
///   v softmax(k^T q / sqrt(d)),    q, k and v being d x pixels, with the softmax over each column,
/// and the output is affine in the heads' results. These are four maps of channels to channels, each started as Dense.
/// Vaswani et al. 2017, arXiv:1706.03762, equation 1 and section 3.2.2. It suits images of a few hundred pixels: time
/// grows with the square of their number, as does the memory. The memory is that of one head of one sample, because
/// backward computes the weights anew.
template <Real S>
class SelfAttention {
 public:
  using Scalar = S;

  struct Workspace {
    typename Dense<Scalar>::Workspace map;        // of whichever map is at work
    ProductRoom<Scalar> room;                     // of the heads' products
    Matrix<Scalar> query, key, value, mixed;      // channels x (pixels columns); mixed are the heads' results
    Matrix<Scalar> dquery, dkey, dvalue, dmixed;  // the gradients of the loss by them
    // Of one head of one sample, d x pixels; product is what a multiplication writes.
    Matrix<Scalar> head_query, head_key, head_value, head_dmixed, product;
    Matrix<Scalar> weights, dweights;  // of the same, pixels x pixels: column i says what pixel i looks at
  };

  /// Throws InvalidArgument unless heads divides the channels.
  SelfAttention(const ImageShape& shape, Index heads)
      : shape_(detail::checked_shape("SelfAttention", shape)), heads_(heads), map_(shape.channels, shape.channels) {
    if (heads < 1 || shape.channels % heads != 0)
      throw InvalidArgument("SelfAttention", "a number of heads that divides the channels",
                            text(heads, " heads for ", shape.channels, " channels"),
                            "usual are 1, or 32 to 64 channels a head");
  }

  const ImageShape& input_shape() const { return shape_; }
  const ImageShape& output_shape() const { return shape_; }
  Index inputs() const { return shape_.size(); }
  Index context_size() const { return 0; }
  Index outputs() const { return shape_.size(); }
  Index parameter_count() const { return 4 * map_.parameter_count(); }

  void declare(ParameterLayout& layout, const std::string& prefix) const {
    for (const char* map : {"query.", "key.", "value.", "output."}) map_.declare(layout, prefix + map);
  }

  void initialise(VectorView<Scalar> p, const Random& random, Index index) const {
    for (Index i = 0; i < 4; ++i) {
      const Index offset = i * map_.parameter_count();
      map_.initialise(segment(p, offset, map_.parameter_count()), random, index + offset);
    }
  }

  Workspace workspace(Index columns) const {
    const Index c = shape_.channels, all = shape_.pixels() * columns, pixels = shape_.pixels(), d = c / heads_;
    ProductRoom<Scalar> room;
    room.reserve_left_transposed(pixels, d, pixels);
    room.reserve(d, pixels, pixels);
    room.reserve_right_transposed(d, pixels, pixels);
    using M = Matrix<Scalar>;
    return {map_.workspace(all), std::move(room), M(c, all),    M(c, all),         M(c, all),        M(c, all),
            M(c, all),           M(c, all),       M(c, all),    M(c, all),         M(d, pixels),     M(d, pixels),
            M(d, pixels),        M(d, pixels),    M(d, pixels), M(pixels, pixels), M(pixels, pixels)};
  }

  void evaluate(ConstVectorView<Scalar> p, ConstMatrixView<Scalar> x, ConstMatrixView<Scalar> c, MatrixView<Scalar> y,
                Workspace& w) const {
    forward(p, x, c, y, w);
  }

  void forward(ConstVectorView<Scalar> p, ConstMatrixView<Scalar> x, ConstMatrixView<Scalar> c, MatrixView<Scalar> y,
               Workspace& w) const {
    assert(p.size() == parameter_count() && x.rows() == inputs() && y.rows() == outputs() && x.cols() == y.cols());
    const ConstMatrixView<Scalar> of = pixels(x);
    const Index all = of.cols();
    map_.evaluate(part(p, 0), of, c, columns(w.query, 0, all), w.map);
    map_.evaluate(part(p, 1), of, c, columns(w.key, 0, all), w.map);
    map_.evaluate(part(p, 2), of, c, columns(w.value, 0, all), w.map);
    for_each_head(x.cols(), w, [&](const Head& head) {
      multiply(read(w.head_value), read(w.weights), view(w.product), w.room);
      write_head(w.product, head, w.mixed);
    });
    map_.evaluate(part(p, 3), read(w.mixed, all), c, pixels(y), w.map);
  }

  void backward(ConstVectorView<Scalar> p, ConstMatrixView<Scalar> x, ConstMatrixView<Scalar> c,
                ConstMatrixView<Scalar> y, MatrixView<Scalar> dy, MatrixView<Scalar> dx, MatrixView<Scalar> dc,
                VectorView<Scalar> g, Workspace& w) const {
    const ConstMatrixView<Scalar> of = pixels(x);
    const Index all = of.cols();
    map_.backward(part(p, 3), read(w.mixed, all), c, pixels(y), pixels(dy), columns(w.dmixed, 0, all), dc, part(g, 3),
                  w.map);

    for_each_head(x.cols(), w, [&](const Head& head) {
      read_head(w.dmixed, head, w.head_dmixed);
      w.product.setZero();
      add_multiply_right_transposed(read(w.head_dmixed), read(w.weights), view(w.product), w.room);
      write_head(w.product, head, w.dvalue);
      multiply_left_transposed(read(w.head_value), read(w.head_dmixed), view(w.dweights), w.room);
      detail::softmax_columns_backward(read(w.weights), view(w.dweights), scale());
      multiply(read(w.head_key), read(w.dweights), view(w.product), w.room);
      write_head(w.product, head, w.dquery);
      w.product.setZero();
      add_multiply_right_transposed(read(w.head_query), read(w.dweights), view(w.product), w.room);
      write_head(w.product, head, w.dkey);
    });

    // dx is the sum of three; the second and third come where a gradient that has been used was.
    const Index wanted = dx.cols() == 0 ? 0 : all;
    const auto back = [&](Index i, Matrix<Scalar>& value, Matrix<Scalar>& dvalue, MatrixView<Scalar> to) {
      map_.backward(part(p, i), of, c, read(value, all), columns(dvalue, 0, all), to, dc, part(g, i), w.map);
    };
    back(0, w.query, w.dquery, pixels(dx));
    back(1, w.key, w.dkey, columns(w.dquery, 0, wanted));
    detail::add_to(pixels(dx), read(w.dquery, wanted));
    back(2, w.value, w.dvalue, columns(w.dkey, 0, wanted));
    detail::add_to(pixels(dx), read(w.dkey, wanted));
  }

 private:
  Scalar scale() const { return 1 / std::sqrt(static_cast<Scalar>(shape_.channels / heads_)); }

  /// Of the parameters or their gradient, what is the i-th map's.
  template <class View>
  View part(View p, Index i) const {
    return detail::part_of(p, i * map_.parameter_count(), map_.parameter_count());
  }

  /// A batch of images as one column a pixel.
  template <class View>
  View pixels(View m) const {
    return {m.data(), shape_.channels, shape_.pixels() * m.cols()};
  }

  static ConstMatrixView<Scalar> read(const Matrix<Scalar>& m) { return view(m); }
  static ConstMatrixView<Scalar> read(const Matrix<Scalar>& m, Index count) { return columns(m, 0, count); }

  /// One head of one sample: where its numbers begin in the matrices for all samples.
  struct Head {
    Index offset;
  };
  void read_head(const Matrix<Scalar>& all, const Head& head, Matrix<Scalar>& one) const {
    detail::copy_runs(all.data() + head.offset, all.rows(), one.rows(), one.data(), one.rows(), one.cols());
  }
  void write_head(const Matrix<Scalar>& one, const Head& head, Matrix<Scalar>& all) const {
    detail::copy_runs(one.data(), one.rows(), one.rows(), all.data() + head.offset, all.rows(), one.cols());
  }

  /// f(head) for each head of each sample, after its query, key, value and weights.
  template <class F>
  void for_each_head(Index samples, Workspace& w, const F& f) const {
    const Index d = shape_.channels / heads_;
    for (Index j = 0; j < samples; ++j)
      for (Index h = 0; h < heads_; ++h) {
        const Head head{j * shape_.size() + h * d};
        read_head(w.query, head, w.head_query);
        read_head(w.key, head, w.head_key);
        read_head(w.value, head, w.head_value);
        multiply_left_transposed(read(w.head_key), read(w.head_query), view(w.weights), w.room);
        detail::softmax_columns(view(w.weights), scale());
        f(head);
      }
  }

  ImageShape shape_;
  Index heads_;
  Dense<Scalar> map_;
};

}  // namespace scorefield
