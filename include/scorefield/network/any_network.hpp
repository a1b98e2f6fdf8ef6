/// AnyNetwork: a network whose type is forgotten (type erasure), for models that are read from files.
#pragma once

#include <concepts>
#include <memory>
#include <string>
#include <utility>

#include "scorefield/core/image_shape.hpp"
#include "scorefield/core/parameters.hpp"
#include "scorefield/core/random.hpp"
#include "scorefield/core/settings.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/network/concept.hpp"
#include "scorefield/sde/condition.hpp"
#include "scorefield/sde/noisy_batch.hpp"

namespace scorefield {

/// Holds a network of whatever type that tells its settings, and is a Network itself. Copies share it. A call costs one
/// virtual call, which is nothing beside the work on a chunk of samples.
template <Real S>
class AnyNetwork {
  struct Memory {
    virtual ~Memory() = default;
  };

 public:
  using Scalar = S;
  using Workspace = std::unique_ptr<Memory>;

  // Not itself first, or the question whether it can be copied would lead back here.
  template <class Net>
  requires(!std::same_as<Net, AnyNetwork>) &&
      Network<Net>&& HasSettings<Net>&& std::same_as<typename Net::Scalar, S> AnyNetwork(Net network)
      : held_(std::make_shared<const Holder<Net>>(std::move(network))) {}

  Index dimension() const { return held_->dimension(); }
  Index chunk_size() const { return held_->chunk_size(); }
  Index condition_size() const { return held_->condition_size(); }
  /// Of no channels where samples are no images.
  ImageShape image_shape() const { return held_->image_shape(); }
  ParameterLayout layout() const { return held_->layout(); }
  std::string settings() const { return held_->settings(); }
  void initialise(VectorView<S> p, const Random& random) const { held_->initialise(p, random); }
  Workspace workspace() const { return held_->workspace(); }

  void evaluate(ConstVectorView<S> p, const NoisyBatch<S>& batch, MatrixView<S> y, Workspace& w) const {
    held_->evaluate(p, batch, y, *w);
  }
  void forward(ConstVectorView<S> p, const NoisyBatch<S>& batch, MatrixView<S> y, Workspace& w) const {
    held_->forward(p, batch, y, *w);
  }
  void backward(ConstVectorView<S> p, const NoisyBatch<S>& batch, ConstMatrixView<S> y, MatrixView<S> dy,
                MatrixView<S> dx, VectorView<S> g, Workspace& w) const {
    held_->backward(p, batch, y, dy, dx, g, *w);
  }

 private:
  struct Held {
    virtual ~Held() = default;
    virtual Index dimension() const = 0;
    virtual Index chunk_size() const = 0;
    virtual Index condition_size() const = 0;
    virtual ImageShape image_shape() const = 0;
    virtual ParameterLayout layout() const = 0;
    virtual std::string settings() const = 0;
    virtual void initialise(VectorView<S> p, const Random& random) const = 0;
    virtual Workspace workspace() const = 0;
    virtual void evaluate(ConstVectorView<S> p, const NoisyBatch<S>& batch, MatrixView<S> y, Memory& w) const = 0;
    virtual void forward(ConstVectorView<S> p, const NoisyBatch<S>& batch, MatrixView<S> y, Memory& w) const = 0;
    virtual void backward(ConstVectorView<S> p, const NoisyBatch<S>& batch, ConstMatrixView<S> y, MatrixView<S> dy,
                          MatrixView<S> dx, VectorView<S> g, Memory& w) const = 0;
  };

  template <class Net>
  struct MemoryOf final : Memory {
    typename Net::Workspace workspace;

    explicit MemoryOf(const Net& network) : workspace(network.workspace()) {}
  };

  template <class Net>
  struct Holder final : Held {
    Net network;

    explicit Holder(Net of) : network(std::move(of)) {}

    Index dimension() const override { return network.dimension(); }
    Index chunk_size() const override { return network.chunk_size(); }
    Index condition_size() const override { return detail::condition_size(network); }
    ImageShape image_shape() const override {
      if constexpr (requires { network.image_shape(); })
        return network.image_shape();
      else
        return {};
    }
    ParameterLayout layout() const override { return network.layout(); }
    std::string settings() const override { return network.settings(); }
    void initialise(VectorView<S> p, const Random& random) const override { network.initialise(p, random); }
    Workspace workspace() const override { return std::make_unique<MemoryOf<Net>>(network); }
    void evaluate(ConstVectorView<S> p, const NoisyBatch<S>& batch, MatrixView<S> y, Memory& w) const override {
      network.evaluate(p, batch, y, own(w));
    }
    void forward(ConstVectorView<S> p, const NoisyBatch<S>& batch, MatrixView<S> y, Memory& w) const override {
      network.forward(p, batch, y, own(w));
    }
    void backward(ConstVectorView<S> p, const NoisyBatch<S>& batch, ConstMatrixView<S> y, MatrixView<S> dy,
                  MatrixView<S> dx, VectorView<S> g, Memory& w) const override {
      network.backward(p, batch, y, dy, dx, g, own(w));
    }

   private:
    static typename Net::Workspace& own(Memory& w) { return static_cast<MemoryOf<Net>&>(w).workspace; }
  };

  std::shared_ptr<const Held> held_;
};

}  // namespace scorefield
