// Applies an update rule to flat ranges of parameters.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "optim/learning_rate.hpp"
#include "optim/pass.hpp"
#include "optim/rule.hpp"

namespace optcmp::optim {

/// A contiguous range of elements that share coefficients. `state[k]` points at this range's first
/// element of slot k.
struct Range {
  float* parameter;
  const float* gradient;
  float* const* state;
  std::size_t size;
  float l2 = 0;
  float weight_decay = 0;  ///< Decoupled: p ← p − lr·λ·p before the rule.
};

class Updater {
 public:
  /// `hyperparameters` in the order of `rule.hyperparameters`. A rule without a generated kernel is
  /// made into machine code where `fused` and the system allow it, and evaluated otherwise, with
  /// the same results. Throws std::invalid_argument.
  Updater(Rule rule, Schedule schedule, std::vector<double> hyperparameters, double lr,
          InstructionSet set = default_instruction_set(), bool fused = true);
  ~Updater();
  Updater(Updater&&) noexcept;
  Updater& operator=(Updater&&) noexcept;

  std::size_t state_slots() const;
  float state_init(std::size_t slot) const;

  const Rule& rule() const;
  /// Of the last step's scalar code.
  double scalar_output(std::size_t k) const;

  /// Scalar state, checkpointed by the caller.
  const std::vector<double>& scalar_state() const;
  /// Throws std::invalid_argument when there are not as many values as the rule has scalar state.
  void set_scalar_state(std::vector<double> values);
  void set_scalar_state(std::size_t k, double value);

  /// With its own state, checkpointed by the caller too.
  LearningRate& schedule();
  const LearningRate& schedule() const;

  /// Whether step `t` reads the gradient at sampled labels, which the caller then puts into the
  /// state slot kSampledSlot before `begin_step`.
  bool samples(std::uint64_t t);

  /// Runs the schedule and the scalar code of step `t` (from 0), and advances the scalar state.
  /// Once a step, before `update`.
  void begin_step(std::uint64_t t);

  /// Learning rate of the step begun, after the schedule.
  double lr() const;

  /// One fused pass over a range. Thread-safe over disjoint ranges; allocates nothing.
  /// The result does not depend on how ranges are split. Returns false when a gradient, or what
  /// becomes of a parameter or a state, is not finite; where padding is not, it may, too.
  bool update(const Range& range, const GradientPrelude& prelude) const;

  /// `generated/avx512`, `generated/avx2`, `generated/portable`, `fused/avx2` or `evaluator/…`.
  std::string kernel_name() const;

 private:
  struct Plan;
  std::unique_ptr<Plan> plan_;
};

/// Sum of squares in f64, in an order that depends on `size` alone.
double sum_of_squares(const float* values, std::size_t size,
                      InstructionSet set = default_instruction_set());

}  // namespace optcmp::optim
