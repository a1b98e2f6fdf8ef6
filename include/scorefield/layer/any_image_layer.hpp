/// AnyImageLayer: a layer on images whose type is forgotten (type erasure), for networks composed at run time.
#pragma once

#include <cassert>
#include <concepts>
#include <memory>
#include <string>
#include <utility>

#include "scorefield/core/image_shape.hpp"
#include "scorefield/core/parameters.hpp"
#include "scorefield/core/random.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/layer/concept.hpp"
#include "scorefield/layer/image_pair.hpp"

namespace scorefield {

/// Holds a layer on images of whatever type, and is such a layer. std::vector<AnyImageLayer<float>> are layers of any
/// number, which LayerList puts one after the other. Copies share the layer. A call costs one virtual call, which is
/// nothing beside the work on a chunk of images. It takes a pair of images where the layer that it holds does.
template <Real S>
class AnyImageLayer {
  struct Memory {
    virtual ~Memory() = default;
  };

 public:
  using Scalar = S;
  using Workspace = std::unique_ptr<Memory>;

  template <class L>
  requires(!std::same_as<L, AnyImageLayer>) &&
      ImageLayer<L>&& std::same_as<typename L::Scalar, S> AnyImageLayer(L layer)
      : held_(std::unique_ptr<const Held>(new Holder<L>(std::move(layer)))) {}

  const ImageShape& input_shape() const { return held_->input; }
  const ImageShape& output_shape() const { return held_->output; }
  Index inputs() const { return held_->input.size(); }
  Index context_size() const { return held_->context_size; }
  Index outputs() const { return held_->output.size(); }
  Index parameter_count() const { return held_->parameter_count; }
  /// Whether x may be a pair whose second image has channels.
  bool takes_pairs() const { return held_->takes_pairs; }

  void declare(ParameterLayout& layout, const std::string& prefix) const { held_->declare(layout, prefix); }
  void initialise(VectorView<Scalar> p, const Random& random, Index index) const {
    held_->initialise(p, random, index);
  }
  Workspace workspace(Index columns) const { return held_->workspace(columns); }

  void evaluate(ConstVectorView<Scalar> p, const ConstImagePairView<Scalar>& x, ConstMatrixView<Scalar> c,
                MatrixView<Scalar> y, Workspace& w) const {
    held_->evaluate(p, x, c, y, *w);
  }
  void forward(ConstVectorView<Scalar> p, const ConstImagePairView<Scalar>& x, ConstMatrixView<Scalar> c,
               MatrixView<Scalar> y, Workspace& w) const {
    held_->forward(p, x, c, y, *w);
  }
  void backward(ConstVectorView<Scalar> p, const ConstImagePairView<Scalar>& x, ConstMatrixView<Scalar> c,
                ConstMatrixView<Scalar> y, MatrixView<Scalar> dy, const ImagePairView<Scalar>& dx,
                MatrixView<Scalar> dc, VectorView<Scalar> g, Workspace& w) const {
    held_->backward(p, x, c, y, dy, dx, dc, g, *w);
  }

 private:
  struct Held {
    ImageShape input, output;
    Index context_size, parameter_count;
    bool takes_pairs;

    template <class L>
    explicit Held(const L& layer)
        : input(layer.input_shape()),
          output(layer.output_shape()),
          context_size(layer.context_size()),
          parameter_count(layer.parameter_count()),
          takes_pairs(PairLayer<L>) {}
    virtual ~Held() = default;

    virtual void declare(ParameterLayout& layout, const std::string& prefix) const = 0;
    virtual void initialise(VectorView<S> p, const Random& random, Index index) const = 0;
    virtual Workspace workspace(Index columns) const = 0;
    virtual void evaluate(ConstVectorView<S> p, const ConstImagePairView<S>& x, ConstMatrixView<S> c, MatrixView<S> y,
                          Memory& w) const = 0;
    virtual void forward(ConstVectorView<S> p, const ConstImagePairView<S>& x, ConstMatrixView<S> c, MatrixView<S> y,
                         Memory& w) const = 0;
    virtual void backward(ConstVectorView<S> p, const ConstImagePairView<S>& x, ConstMatrixView<S> c,
                          ConstMatrixView<S> y, MatrixView<S> dy, const ImagePairView<S>& dx, MatrixView<S> dc,
                          VectorView<S> g, Memory& w) const = 0;
  };

  template <class L>
  struct MemoryOf final : Memory {
    typename L::Workspace workspace;

    MemoryOf(const L& layer, Index columns) : workspace(layer.workspace(columns)) {}
  };

  template <class L>
  struct Holder final : Held {
    L layer;

    explicit Holder(L of) : Held(of), layer(std::move(of)) {}

    void declare(ParameterLayout& layout, const std::string& prefix) const override { layer.declare(layout, prefix); }
    void initialise(VectorView<S> p, const Random& random, Index index) const override {
      layer.initialise(p, random, index);
    }
    Workspace workspace(Index columns) const override { return Workspace(new MemoryOf<L>(layer, columns)); }
    void evaluate(ConstVectorView<S> p, const ConstImagePairView<S>& x, ConstMatrixView<S> c, MatrixView<S> y,
                  Memory& w) const override {
      layer.evaluate(p, taken(x), c, y, own(w));
    }
    void forward(ConstVectorView<S> p, const ConstImagePairView<S>& x, ConstMatrixView<S> c, MatrixView<S> y,
                 Memory& w) const override {
      layer.forward(p, taken(x), c, y, own(w));
    }
    void backward(ConstVectorView<S> p, const ConstImagePairView<S>& x, ConstMatrixView<S> c, ConstMatrixView<S> y,
                  MatrixView<S> dy, const ImagePairView<S>& dx, MatrixView<S> dc, VectorView<S> g,
                  Memory& w) const override {
      layer.backward(p, taken(x), c, y, dy, taken(dx), dc, g, own(w));
    }

   private:
    static typename L::Workspace& own(Memory& w) { return static_cast<MemoryOf<L>&>(w).workspace; }

    /// The pair, or its one image where the layer takes no pairs.
    template <class View>
    static auto taken(const ImagePair<View>& images) {
      if constexpr (PairLayer<L>) {
        return images;
      } else {
        assert(images.second.rows() == 0);
        return images.first;
      }
    }
  };

  std::shared_ptr<const Held> held_;
};

}  // namespace scorefield
