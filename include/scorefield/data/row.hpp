/// What users know of a row of data: constant, positive, bounded, or best seen by its ranks.
#pragma once

namespace scorefield {

namespace detail {

enum class RowKind { any, constant, positive, bounded, ranked };

}  // namespace detail

/// What is known of the numbers in a row of data. Samples of rows that are constant, positive or bounded are so too.
struct Row {
  detail::RowKind kind;
  double lower = 0, upper = 0;

  /// Nothing: mean and deviation are fitted. A row whose numbers are all the same is taken for a constant.
  static Row any() { return {detail::RowKind::any}; }
  /// One number in all samples, which comes back exactly.
  static Row constant() { return {detail::RowKind::constant}; }
  /// Above 0, as masses and times are: through the logarithm.
  static Row positive() { return {detail::RowKind::positive}; }
  /// Above `lower` and below `upper`, both finite: through the logit.
  static Row bounded(double lower, double upper) { return {detail::RowKind::bounded, lower, upper}; }
  /// With heavy tails: through the normal quantiles of ranks, linear between sqrt(n) of the data's n numbers, at most
  /// 256, and beyond them as steep as on average. Samples lie between the data's numbers and a little outside: round
  /// those of integers, and of categories make conditions by one_hot.
  static Row ranked() { return {detail::RowKind::ranked}; }
};

}  // namespace scorefield
