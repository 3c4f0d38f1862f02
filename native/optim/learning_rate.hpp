// The learning rate of each step: a schedule, and what it has learned from measurements.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "optim/rule.hpp"
#include "optim/scalar_program.hpp"

namespace optcmp::optim {

class LearningRate {
 public:
  /// `schedule` must be valid. Throws std::invalid_argument unless `initial` is finite.
  LearningRate(Schedule schedule, double initial);

  /// Of step `t` (from 0). Allocates nothing.
  double at(std::uint64_t t);

  /// Tells the schedule a measurement, for the steps to come; most do not ask for any.
  void observe(double value);

  /// In the order of the schedule's state; checkpointed by the caller.
  const std::vector<double>& state() const { return state_; }
  /// Throws std::invalid_argument when there are not as many values as the schedule has state.
  void set_state(std::vector<double> values);

 private:
  std::string name_;
  double initial_;
  ScalarProgram rate_;
  ScalarProgram feedback_;
  std::vector<double> state_;
  // Where each value goes in the inputs, or comes from in the outputs.
  std::size_t t_, lr_, value_;
  std::vector<std::size_t> rate_input_, feedback_input_, feedback_output_;
};

}  // namespace optcmp::optim
