/// Denoisers, steppers and samplers whose types are forgotten: what a suite does with each is compiled once.
#pragma once

#include <any>
#include <concepts>
#include <functional>
#include <memory>
#include <utility>

#include "scorefield/core/random.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/sampler/sample.hpp"
#include "scorefield/sde/variance_preserving.hpp"

namespace scorefield::test {

/// Any that has a score, under the variance-preserving equation. Copies share it.
template <Real S>
class AnyDenoiser {
 public:
  using Scalar = S;
  using Workspace = std::any;

  template <class Model>
  requires(!std::same_as<Model, AnyDenoiser>) explicit AnyDenoiser(Model model)
      : held_(std::make_shared<const Holder<Model>>(std::move(model))) {}

  const VariancePreserving<S>& sde() const { return held_->sde(); }
  Index dimension() const { return held_->dimension(); }
  Index chunk_size() const { return held_->chunk_size(); }
  Workspace workspace() const { return held_->workspace(); }
  void denoise(const NoisyBatch<S>& batch, MatrixView<S> out, Workspace& w) const { held_->denoise(batch, out, w); }
  void score(const NoisyBatch<S>& batch, MatrixView<S> out, Workspace& w) const { held_->score(batch, out, w); }
  void prior(MatrixView<S> z, Workspace& w) const { held_->prior(z, w); }

 private:
  struct Held {
    virtual ~Held() = default;
    virtual const VariancePreserving<S>& sde() const = 0;
    virtual Index dimension() const = 0;
    virtual Index chunk_size() const = 0;
    virtual Workspace workspace() const = 0;
    virtual void denoise(const NoisyBatch<S>& batch, MatrixView<S> out, Workspace& w) const = 0;
    virtual void score(const NoisyBatch<S>& batch, MatrixView<S> out, Workspace& w) const = 0;
    virtual void prior(MatrixView<S> z, Workspace& w) const = 0;
  };

  template <class Model>
  struct Holder final : Held {
    Model model;

    explicit Holder(Model of) : model(std::move(of)) {}

    const VariancePreserving<S>& sde() const override { return model.sde(); }
    Index dimension() const override { return model.dimension(); }
    Index chunk_size() const override { return model.chunk_size(); }
    Workspace workspace() const override { return model.workspace(); }
    void denoise(const NoisyBatch<S>& batch, MatrixView<S> out, Workspace& w) const override {
      model.denoise(batch, out, own(w));
    }
    void score(const NoisyBatch<S>& batch, MatrixView<S> out, Workspace& w) const override {
      model.score(batch, out, own(w));
    }
    void prior(MatrixView<S> z, Workspace& w) const override { model.prior(z, own(w)); }

   private:
    static typename Model::Workspace& own(Workspace& w) { return *std::any_cast<typename Model::Workspace>(&w); }
  };

  std::shared_ptr<const Held> held_;
};

template <Real Scalar>
struct AnyStepper {
  std::function<bool()> done;
  std::function<Scalar()> time;
  std::function<const Matrix<Scalar>&()> samples;
  std::function<void()> step;
  std::function<AnyStepper()> copy;

  template <class Stepper>
  static AnyStepper of(Stepper stepper) {
    const auto held = std::make_shared<Stepper>(std::move(stepper));
    return {[held] { return held->done(); }, [held] { return held->time(); },
            [held]() -> const Matrix<Scalar>& { return held->samples(); }, [held] { held->step(); },
            [held] { return of(Stepper(*held)); }};
  }
};

/// The start and the sample of the library, for one sampler.
template <Real Scalar>
struct AnySampler {
  std::function<AnyStepper<Scalar>(const AnyDenoiser<Scalar>&, Index, Seed, const SampleOptions&)> start;
  std::function<Matrix<Scalar>(const AnyDenoiser<Scalar>&, Index, Seed, const SampleOptions&)> sample;

  template <class Method>
  static AnySampler of(const Method& method) {
    return {[method](const AnyDenoiser<Scalar>& model, Index count, Seed seed, const SampleOptions& options) {
              return AnyStepper<Scalar>::of(scorefield::start(model, method, count, seed, options));
            },
            [method](const AnyDenoiser<Scalar>& model, Index count, Seed seed, const SampleOptions& options) {
              return scorefield::sample(model, method, count, seed, options);
            }};
  }
};

}  // namespace scorefield::test
