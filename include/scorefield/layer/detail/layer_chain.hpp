/// The base class of Sequential and LayerList: layers one after the other.
#pragma once

#include <cstddef>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "scorefield/core/error.hpp"
#include "scorefield/core/parameters.hpp"
#include "scorefield/core/random.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/layer/concept.hpp"
#include "scorefield/layer/detail/layer_watch.hpp"
#include "scorefield/layer/detail/part_of.hpp"

namespace scorefield::detail {

// A list of layers, or of their workspaces, is a tuple or a vector. These few functions make them alike.

/// f(list[i], ws[i]).
template <class... L, class... W, class F>
void apply_at(const std::tuple<L...>& list, std::tuple<W...>& ws, std::size_t i, const F& f) {
  [&]<std::size_t... I>(std::index_sequence<I...>) { ((i == I ? f(std::get<I>(list), std::get<I>(ws)) : void()), ...); }
  (std::index_sequence_for<L...>{});
}
template <class L, class W, class F>
void apply_at(const std::vector<L>& list, std::vector<W>& ws, std::size_t i, const F& f) {
  f(list[i], ws[i]);
}

template <class... L, class F>
void for_each(const std::tuple<L...>& list, const F& f) {
  std::apply([&](const auto&... layer) { (f(layer), ...); }, list);
}
template <class L, class F>
void for_each(const std::vector<L>& list, const F& f) {
  for (const auto& layer : list) f(layer);
}

template <class... L>
auto workspaces(const std::tuple<L...>& list, Index columns) {
  return std::apply([&](const auto&... layer) { return std::tuple{layer.workspace(columns)...}; }, list);
}
template <class L>
auto workspaces(const std::vector<L>& list, Index columns) {
  std::vector<typename L::Workspace> w;
  for (const auto& layer : list) w.push_back(layer.workspace(columns));
  return w;
}

/// y = last(... second(first(x))), itself a layer. All layers get the same context. The pieces of layer i are named
/// "<i>.weight" and the like.
template <Real S, class List>
class LayerChain {
 public:
  using Scalar = S;

  struct Workspace {
    decltype(workspaces(std::declval<const List&>(), Index{})) layers;
    std::vector<Matrix<Scalar>> outputs;    // of each layer but the last: outputs x columns
    std::vector<Matrix<Scalar>> gradients;  // of the loss by them
  };

  Index inputs() const { return inputs_; }
  Index context_size() const { return context_size_; }
  Index outputs() const { return outputs_; }
  Index parameter_count() const { return parameter_count_; }

  void declare(ParameterLayout& layout, const std::string& prefix) const {
    std::size_t i = 0;
    for_each(layers_, [&](const auto& layer) { layer.declare(layout, prefix + std::to_string(i++) + "."); });
  }

  void initialise(VectorView<Scalar> p, const Random& random, Index index) const {
    std::size_t i = 0;
    for_each(layers_, [&](const auto& layer) {
      const Index offset = offsets_[i++];
      layer.initialise(segment(p, offset, layer.parameter_count()), random, index + offset);
    });
  }

  Workspace workspace(Index columns) const {
    Workspace w{workspaces(layers_, columns), {}, {}};
    std::size_t i = 0;
    for_each(layers_, [&](const auto& layer) {
      if (++i == offsets_.size()) return;
      w.outputs.emplace_back(layer.outputs(), columns);
      w.gradients.emplace_back(layer.outputs(), columns);
    });
    return w;
  }

  void evaluate(ConstVectorView<Scalar> p, ConstMatrixView<Scalar> x, ConstMatrixView<Scalar> c, MatrixView<Scalar> y,
                Workspace& w) const {
    for_each_in_order(p, x, y, w, [c](const auto& layer, auto& own, auto q, auto in, auto out) {
      layer.evaluate(q, in, c, out, own);
    });
  }

  void forward(ConstVectorView<Scalar> p, ConstMatrixView<Scalar> x, ConstMatrixView<Scalar> c, MatrixView<Scalar> y,
               Workspace& w) const {
    for_each_in_order(p, x, y, w, [c](const auto& layer, auto& own, auto q, auto in, auto out) {
      layer.forward(q, in, c, out, own);
    });
  }

  void backward(ConstVectorView<Scalar> p, ConstMatrixView<Scalar> x, ConstMatrixView<Scalar> c,
                ConstMatrixView<Scalar> y, MatrixView<Scalar> dy, MatrixView<Scalar> dx, MatrixView<Scalar> dc,
                VectorView<Scalar> g, Workspace& w) const {
    const Index n = dy.cols();
    const std::size_t last = offsets_.size() - 1;
    for (std::size_t i = last + 1; i-- > 0;) {
      apply_at(layers_, w.layers, i, [&](const auto& layer, auto& own) {
        layer.backward(segment(p, offsets_[i], layer.parameter_count()), i == 0 ? x : output(w, i - 1, n), c,
                       i == last ? y : output(w, i, n), i == last ? dy : columns(w.gradients[i], 0, n),
                       i == 0 ? dx : columns(w.gradients[i - 1], 0, n), dc,
                       part_of(g, offsets_[i], layer.parameter_count()), own);
      });
    }
  }

 protected:
  /// `operation` is what messages name.
  LayerChain(const char* operation, List layers) : layers_(std::move(layers)) {
    Index i = 0;
    for_each(layers_, [&](const auto& layer) {
      if (i == 0)
        inputs_ = layer.inputs();
      else if (layer.inputs() != outputs_)
        throw InvalidArgument(operation, text("layer ", i, " to take the ", outputs_, " outputs of the one before"),
                              text("one of ", layer.inputs(), " inputs"), "make neighbouring widths equal");
      outputs_ = layer.outputs();
      if (const Index size = layer.context_size(); size > 0) {
        if (context_size_ > 0 && size != context_size_)
          throw InvalidArgument(operation, text("one context, of ", context_size_, " numbers"),
                                text("layer ", i, " with one of ", size), "make them equal");
        context_size_ = size;
      }
      offsets_.push_back(parameter_count_);
      parameter_count_ += layer.parameter_count();
      ++i;
    });
    if (i == 0) throw InvalidArgument(operation, "at least one layer", "none", "pass the layers in order");
  }

  const List& layers() const { return layers_; }

 private:
  static ConstMatrixView<Scalar> output(const Workspace& w, std::size_t i, Index n) {
    return columns(w.outputs[i], 0, n);
  }

  /// Calls run(layer, its workspace, its parameters, its input, its output) for one layer after the other.
  template <class Run>
  void for_each_in_order(ConstVectorView<Scalar> p, ConstMatrixView<Scalar> x, MatrixView<Scalar> y, Workspace& w,
                         const Run& run) const {
    const Index n = x.cols();
    const std::size_t last = offsets_.size() - 1;
    for (std::size_t i = 0; i <= last; ++i) {
      apply_at(layers_, w.layers, i, [&](const auto& layer, auto& own) {
        const auto q = segment(p, offsets_[i], layer.parameter_count());
        const auto out = i == last ? y : columns(w.outputs[i], 0, n);
        run(layer, own, q, i == 0 ? x : output(w, i - 1, n), out);
        if (auto* watch = LayerWatch::active()) watch->look(q.data(), q.size(), out);
      });
    }
  }

  List layers_;
  std::vector<Index> offsets_;  // of each layer's parameters
  Index inputs_ = 0, outputs_ = 0, context_size_ = 0, parameter_count_ = 0;
};

}  // namespace scorefield::detail
