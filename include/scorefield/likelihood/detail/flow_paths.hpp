/// The probability flow of many samples, each by its own adaptive steps, and the integral of the flow's divergence.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include "scorefield/core/chunks.hpp"
#include "scorefield/core/dormand_prince_pair.hpp"
#include "scorefield/core/error.hpp"
#include "scorefield/core/parallel/parallel_for.hpp"
#include "scorefield/core/random.hpp"
#include "scorefield/core/simd/fused.hpp"
#include "scorefield/core/simd/packet.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/model/concept.hpp"
#include "scorefield/sde/concept.hpp"
#include "scorefield/sde/half_log_snr.hpp"
#include "scorefield/sde/noisy_batch.hpp"

namespace scorefield::detail {

/// The angle of a time: alpha = r cos(angle), sigma = r sin(angle), from 0 without noise to pi / 2 without signal.
template <Sde Equation>
double noise_angle(const Equation& sde, typename Equation::Scalar t) {
  return std::atan2(static_cast<double>(sde.deviation(t)), static_cast<double>(sde.signal(t)));
}
/// The r of a time.
template <Sde Equation>
double noise_radius(const Equation& sde, typename Equation::Scalar t) {
  return std::hypot(static_cast<double>(sde.deviation(t)), static_cast<double>(sde.signal(t)));
}

/// From which angle to which, and how.
struct FlowSettings {
  const char* operation;
  double from, to;
  bool opens = false, closes = false;  // whether `from`, or `to`, stands for angle 0
  double tolerance = 1e-4;
  Index max_steps = 1000;
  int threads = 0;
};

/// How the trace of a Jacobian is found: by products with each unit vector, or with random probes v, Rademacher's or
/// normal ones, whose E[v v^T] is I; by no products where it is not asked for. Hutchinson 1990, Comm. Stat. Simul. 19.
struct TraceEstimate {
  Index products = 0;
  bool exact = true, normal = false;
  std::int64_t first = 0;  // the number of sample 0
  Random random{Seed{0}, "trace probes"};

  /// How many estimates of a trace there are.
  Index size() const { return exact ? std::min<Index>(products, 1) : products; }

  /// Writes the probes of a sample, d x products, where the trace is estimated.
  template <Real Scalar>
  void draw(MatrixView<Scalar> probes, Index sample) const {
    random.normal(MatrixView<Scalar>(probes.data(), probes.size(), 1), first + sample, 0);
    if (normal) return;
    for (Scalar& number : probes.reshaped()) number = number < 0 ? Scalar(-1) : Scalar(1);
  }
};

/// All equations have one flow, in the angle of their noise and in y = x / r:
///   dy/dangle = v(y) = (cos(angle) y - D(r y)) / sin(angle),
/// Salimans and Ho 2022, arXiv:2202.00512, appendix D. It is tame at both ends: v is -D where no signal is left, and
/// about angle times minus the score of the data where there is no noise, so that the way from angle 0 to a small one
/// is half of that angle times v there, but for its fourth power. Along the flow the log density of y falls by the
/// divergence of v, whose integral is kept beside y: Chen et al. 2018, arXiv:1806.07366, theorem 1. A step is as long
/// as the errors of both allow: of y as DormandPrincePair says, with `tolerance` absolute and relative, of the integral
/// tolerance sqrt(d), which is what such errors of d numbers change in a log density. A sample's numbers depend on no
/// other sample. Steps allocate nothing. Refers to the model.
template <Denoiser Model>
class FlowPaths {
 public:
  using Scalar = typename Model::Scalar;

  /// points: y, d x n. told: what the network is told of their conditions.
  FlowPaths(const Model& model, Matrix<Scalar> points, Matrix<Scalar> told, const FlowSettings& settings,
            const TraceEstimate& trace = {})
      : model_(&model),
        settings_(settings),
        trace_(trace),
        threads_(resolve_threads(settings.threads)),
        last_angle_(noise_angle(model.sde(), Scalar(1))),
        points_(std::move(points)),
        slopes_(points_.rows(), points_.cols()),
        told_(std::move(told)),
        integrals_(Matrix<double>::Zero(trace.size(), points_.cols())),
        divergences_(trace.size(), points_.cols()) {
    const Index n = points_.cols();
    const double way = settings.to - settings.from;
    // The fifth root is how lengths of steps go with what is tolerated.
    const double first = std::min(0.3 * std::pow(settings.tolerance, 0.2), std::abs(way));
    samples_.assign(static_cast<std::size_t>(n), {settings.from, std::copysign(first, way)});
    for (Index j = 0; j < n; ++j) active_.push_back(j);
    // Fewer samples on their way may be more groups, but never more than there are samples.
    for (Index i = 0; i < std::min<Index>(threads_, n); ++i) rooms_.push_back(make_room());
  }

  bool done() const { return active_.empty(); }

  /// Takes or refuses a step of each sample that is on its way. Throws InvalidArgument after too many.
  void step() {
    if (steps_ >= settings_.max_steps)
      throw InvalidArgument(settings_.operation, text("every sample at its end within ", steps_, " steps"),
                            text(active_.size(), " on their way, sample ", active_[0], " at noise of level ",
                                 std::tan(samples_[static_cast<std::size_t>(active_[0])].angle)),
                            "raise the tolerance or max_steps; floats do not allow much less than 1e-6");
    const Chunks cut = groups();
    parallel_for(cut.pieces(), threads_, [&](Index i, int worker) {
      auto& room = rooms_[static_cast<std::size_t>(worker)];
      room.members = {active_.data() + cut.first(i), static_cast<std::size_t>(cut.length(i))};
      meet(room);
      if (steps_ == 0) begin(room);
      move(room);
    });
    std::erase_if(active_, [&](Index j) { return samples_[static_cast<std::size_t>(j)].rests; });
    ++steps_;
  }

  /// y, d x n.
  const Matrix<Scalar>& points() const { return points_; }
  /// The integral of the divergence by each probe (one for the exact trace, none without), whose number is rows.
  const Matrix<double>& integrals() const { return integrals_; }
  /// How often the denoiser was asked on the way of a sample.
  Index evaluations(Index j) const { return samples_[static_cast<std::size_t>(j)].evaluations; }

 private:
  struct Sample {
    double angle, h;  // it stands at this angle, and tries to go to angle + h
    bool refused = false, rests = false;
    Index evaluations = 0;
  };

  /// What a thread works with, on a group of up to g = chunk_size samples.
  struct Room {
    std::span<const Index> members;             // their numbers
    Matrix<Scalar> told, probes;                // (k + 1) x g, and d x g products
    Matrix<Scalar> point;                       // d x g: where slopes are evaluated
    Vector<double> angle;                       // g, of the point
    std::array<Matrix<Scalar>, 7> slopes;       // d x g each
    std::array<Matrix<double>, 7> divergences;  // estimates x g each
    NoiseLevels<Scalar> levels;
    Matrix<Scalar> x, denoised, by_denoised, by_x;  // d x g
    typename Model::Workspace model;
  };

  /// The samples on their way, cut into groups of like sizes. How they are cut changes no bit.
  Chunks groups() const {
    const auto n = static_cast<Index>(active_.size());
    const Index rounds = Chunks{n, model_->chunk_size() * threads_}.pieces();
    return {n, std::max<Index>(1, Chunks{n, std::max<Index>(1, rounds * threads_)}.pieces())};
  }

  static Index size(const Room& room) { return static_cast<Index>(room.members.size()); }
  Sample& sample(const Room& room, Index j) {
    return samples_[static_cast<std::size_t>(room.members[static_cast<std::size_t>(j)])];
  }

  Room make_room() const {
    const Index d = points_.rows(), g = model_->chunk_size(), backward = trace_.products > 0 ? g : 0;
    Room of{{},
            Matrix<Scalar>(told_.rows(), g),
            Matrix<Scalar>(d, trace_.exact ? 0 : g * trace_.products),
            Matrix<Scalar>(d, g),
            Vector<double>(g),
            {},
            {},
            NoiseLevels<Scalar>(g),
            Matrix<Scalar>(d, g),
            Matrix<Scalar>(d, g),
            Matrix<Scalar>(d, backward),
            Matrix<Scalar>(d, backward),
            model_->workspace()};
    for (auto& slopes : of.slopes) slopes.resize(d, g);
    for (auto& divergences : of.divergences) divergences.resize(trace_.size(), g);
    return of;
  }

  /// What is the same all along the ways of the group.
  void meet(Room& room) const {
    for (Index j = 0; j < size(room); ++j) {
      const Index of = room.members[static_cast<std::size_t>(j)];
      room.told.col(j) = told_.col(of);
      if (!trace_.exact) trace_.draw(columns(room.probes, j * trace_.products, trace_.products), of);
    }
  }

  /// The slopes at the samples themselves, which are at first at angle 0 where the way opens there.
  void begin(Room& room) {
    const Index n = size(room);
    for (Index j = 0; j < n; ++j) {
      room.angle(j) = settings_.from;
      room.point.col(j) = points_.col(room.members[static_cast<std::size_t>(j)]);
    }
    evaluate(room, 0);
    if (settings_.opens) {
      for (Index j = 0; j < n; ++j) {
        const Index of = room.members[static_cast<std::size_t>(j)];
        go(settings_.from / 2, room, 0, j);
        room.point.col(j) = points_.col(of);
      }
      evaluate(room, 0);
    }
    for (Index j = 0; j < n; ++j) keep_slope(room, 0, j);
  }

  /// A step of each sample of the group.
  void move(Room& room) {
    const Index n = size(room);
    for (Index j = 0; j < n; ++j) {
      const Index of = room.members[static_cast<std::size_t>(j)];
      room.slopes[0].col(j) = slopes_.col(of);
      room.divergences[0].col(j) = divergences_.col(of);
    }
    for (std::size_t s = 1; s < 7; ++s) {
      for (Index j = 0; j < n; ++j) {
        const auto& at = sample(room, j);
        room.angle(j) = multiply_add(DormandPrincePair::nodes[s], at.h, at.angle);
        combine(room, s, at.h, j);
      }
      evaluate(room, s);
    }
    for (Index j = 0; j < n; ++j) advance(room, j);
  }

  /// point = y + h times the slopes before s, by their shares.
  void combine(Room& room, std::size_t s, double h, Index j) const {
    const auto shares = DormandPrincePair::shares(s, static_cast<Scalar>(h));
    const auto sum = [&](const auto& y, const auto&... slopes) {
      auto total = y;
      std::size_t k = 0;
      ((total = multiply_add(broadcast(shares[k++]), slopes, total)), ...);
      return total;
    };
    auto k = slopes_of(room, j);
    // Slopes from s on are another sample's, and may be no numbers: their shares are 0 of the first one.
    std::fill(k.begin() + static_cast<std::ptrdiff_t>(s), k.end(), k[0]);
    const Scalar* y = columns(points_, room.members[static_cast<std::size_t>(j)], 1).data();
    transform(columns(room.point, j, 1).data(), points_.rows(), sum, y, k[0], k[1], k[2], k[3], k[4], k[5]);
  }

  static std::array<const Scalar*, 6> slopes_of(const Room& room, Index j) {
    std::array<const Scalar*, 6> of;
    for (std::size_t k = 0; k < 6; ++k) of[k] = columns(room.slopes[k], j, 1).data();
    return of;
  }

  /// Takes the step of sample j of the group unless it errs too much, and chooses the next one.
  void advance(Room& room, Index j) {
    auto& at = sample(room, j);
    const Index of = room.members[static_cast<std::size_t>(j)];
    const AdaptiveStep step(error(room, at, j), at.refused);
    at.refused = !step.accepted;
    if (step.accepted) {
      points_.col(of) = room.point.col(j);
      for (std::size_t k = 0; k < 6; ++k) integrate(at.h * DormandPrincePair::tableau[6][k], room, k, j);
      keep_slope(room, 6, j);
      const bool arrives = std::abs(settings_.to - at.angle) <= std::abs(at.h);
      at.angle = arrives ? settings_.to : at.angle + at.h;
      at.rests = arrives || !std::isfinite(step.factor) || !points_.col(of).allFinite();
      // A slope that is none is found in the result, which it may not have come to.
      if (!std::isfinite(step.factor)) points_.col(of).setConstant(std::numeric_limits<Scalar>::quiet_NaN());
      if (arrives && settings_.closes) go(-settings_.to / 2, room, 6, j);
    }
    const double left = settings_.to - at.angle;
    at.h = std::copysign(std::min(std::abs(at.h * step.factor), std::abs(left)), left);
  }

  /// The error of a step in units of what is tolerated: the larger one of the point's and the integral's.
  double error(const Room& room, const Sample& at, Index j) const {
    const double tolerance = settings_.tolerance;
    const double of_point = DormandPrincePair::error(
        static_cast<Scalar>(at.h), tolerance, tolerance, points_.rows(),
        columns(points_, room.members[static_cast<std::size_t>(j)], 1).data(), columns(room.point, j, 1).data(),
        slopes_of(room, j), [](const auto&, const auto& slope) { return slope; }, columns(room.slopes[6], j, 1).data());
    if (trace_.products == 0) return of_point;
    double sum = 0;
    for (std::size_t k = 0; k < 7; ++k)
      for (Index i = 0; i < trace_.size(); ++i)
        sum = multiply_add(DormandPrincePair::errors[k], room.divergences[k](i, j), sum);
    const double allowed = tolerance * std::sqrt(static_cast<double>(points_.rows()));
    const double of_integral = std::abs(at.h * sum) / (static_cast<double>(trace_.size()) * allowed);
    // Not a number where one of them is none.
    return of_integral > of_point || std::isnan(of_integral) ? of_integral : of_point;
  }

  /// Moves sample j of the group, and its integrals, along slope s for a piece of its way.
  void go(double piece, const Room& room, std::size_t s, Index j) {
    const Index of = room.members[static_cast<std::size_t>(j)];
    const auto along = [h = broadcast(static_cast<Scalar>(piece))](const auto& y, const auto& v) {
      return multiply_add(h, v, y);
    };
    Scalar* y = columns(points_, of, 1).data();
    transform(y, points_.rows(), along, static_cast<const Scalar*>(y), columns(room.slopes[s], j, 1).data());
    integrate(piece, room, s, j);
  }
  void integrate(double piece, const Room& room, std::size_t s, Index j) {
    const Index of = room.members[static_cast<std::size_t>(j)];
    for (Index i = 0; i < integrals_.rows(); ++i)
      integrals_(i, of) = multiply_add(piece, room.divergences[s](i, j), integrals_(i, of));
  }

  void keep_slope(const Room& room, std::size_t s, Index j) {
    const Index of = room.members[static_cast<std::size_t>(j)];
    slopes_.col(of) = room.slopes[s].col(j);
    divergences_.col(of) = room.divergences[s].col(j);
  }

  /// Slope s and its divergence at the points and angles of the room.
  void evaluate(Room& room, std::size_t s) {
    const auto& sde = model_->sde();
    const Index n = size(room);
    for (Index j = 0; j < n; ++j) {
      const double angle = room.angle(j);
      room.levels.set(j, sde, angle >= last_angle_ ? Scalar(1) : time_of_half_log_snr(sde, -std::log(std::tan(angle))));
      ++sample(room, j).evaluations;
    }
    const auto batch =
        room.levels.around(columns(std::as_const(room.x), 0, n), columns(std::as_const(room.told), 0, n));
    for (Index j = 0; j < n; ++j) room.x.col(j) = static_cast<Scalar>(Level(batch, j).radius) * room.point.col(j);
    const auto denoised = columns(room.denoised, 0, n);
    if constexpr (DifferentiableDenoiser<Model>) {
      if (trace_.products > 0) {
        model_->denoise_forward(batch, denoised, room.model);
        find_divergences(batch, room, s);
      } else {
        model_->denoise(batch, denoised, room.model);
      }
    } else {
      model_->denoise(batch, denoised, room.model);
    }
    for (Index j = 0; j < n; ++j) {
      const Level level(batch, j);
      const auto cosine = broadcast(static_cast<Scalar>(level.cosine)),
                 share = broadcast(static_cast<Scalar>(1 / level.sine));
      const auto slope = [&](const auto& y, const auto& x0) {
        return multiply(share, multiply_add(cosine, y, negate(x0)));
      };
      transform(columns(room.slopes[s], j, 1).data(), points_.rows(), slope,
                static_cast<const Scalar*>(columns(room.point, j, 1).data()),
                static_cast<const Scalar*>(columns(room.denoised, j, 1).data()));
    }
  }

  /// The r and the angle of a batch's column. They are those of its time in the model's scalar, to which D belongs, and
  /// which may be off a little.
  struct Level {
    double radius, cosine, sine;

    Level(const NoisyBatch<Scalar>& batch, Index j) {
      const auto alpha = static_cast<double>(batch.alpha(j)), sigma = static_cast<double>(batch.sigma(j));
      radius = std::sqrt(multiply_add(alpha, alpha, sigma * sigma));
      cosine = alpha / radius;
      sine = sigma / radius;
    }
  };

  /// v^T (dv/dy) v for each probe v, after denoise_forward.
  void find_divergences(const NoisyBatch<Scalar>& batch, Room& room, std::size_t s) const {
    const Index n = batch.size(), d = points_.rows();
    auto by_denoised = columns(room.by_denoised, 0, n), by_x = columns(room.by_x, 0, n);
    const auto probe = [&](Index product, Index j) { return room.probes.col(j * trace_.products + product); };
    room.divergences[s].setZero();
    for (Index product = 0; product < trace_.products; ++product) {
      by_denoised.setZero();
      for (Index j = 0; j < n; ++j)
        if (trace_.exact)
          by_denoised(product, j) = 1;
        else
          by_denoised.col(j) = probe(product, j);
      model_->denoise_backward(batch, by_denoised, by_x, room.model);
      for (Index j = 0; j < n; ++j) {
        const Level level(batch, j);
        const auto along = [&](double v, Scalar through) {
          return multiply_add(level.cosine, v, -level.radius * static_cast<double>(through));
        };
        double sum = 0;
        if (trace_.exact) {
          sum = along(1, by_x(product, j));
        } else {
          for (Index i = 0; i < d; ++i) {
            const auto v = static_cast<double>(probe(product, j)(i));
            sum = multiply_add(v, along(v, by_x(i, j)), sum);
          }
        }
        room.divergences[s](trace_.exact ? 0 : product, j) += sum / level.sine;
      }
    }
  }

  const Model* model_;
  FlowSettings settings_;
  TraceEstimate trace_;
  int threads_;
  double last_angle_;  // at t = 1
  Matrix<Scalar> points_, slopes_, told_;
  Matrix<double> integrals_, divergences_;
  std::vector<Sample> samples_;
  std::vector<Index> active_;  // the samples on their way
  std::vector<Room> rooms_;
  Index steps_ = 0;
};

}  // namespace scorefield::detail
