#include "optim/learning_rate.hpp"

#include <cmath>
#include <stdexcept>
#include <string>
#include <utility>

namespace optcmp::optim {

LearningRate::LearningRate(Schedule schedule, double initial)
    : name_(std::move(schedule.name)),
      initial_(initial),
      rate_(std::move(schedule.code)),
      feedback_(std::move(schedule.feedback)),
      t_(rate_.input_named("t")),
      lr_(rate_.input_named("lr")),
      value_(feedback_.input_named("value")) {
  if (!std::isfinite(initial)) throw std::invalid_argument("lr is not a finite number");
  for (const StateSlot& slot : schedule.state) {
    state_.push_back(slot.init);
    rate_input_.push_back(rate_.input_named(slot.name));
    feedback_input_.push_back(feedback_.input_named(slot.name));
    feedback_output_.push_back(feedback_.output_named(slot.name));
  }
}

double LearningRate::at(std::uint64_t t) {
  rate_.set_input(t_, static_cast<double>(t));
  rate_.set_input(lr_, initial_);
  for (std::size_t k = 0; k < state_.size(); ++k) rate_.set_input(rate_input_[k], state_[k]);
  rate_.run();
  return rate_.output(0);
}

void LearningRate::observe(double value) {
  feedback_.set_input(value_, value);
  for (std::size_t k = 0; k < state_.size(); ++k)
    feedback_.set_input(feedback_input_[k], state_[k]);
  feedback_.run();
  for (std::size_t k = 0; k < state_.size(); ++k) state_[k] = feedback_.output(feedback_output_[k]);
}

void LearningRate::set_state(std::vector<double> values) {
  if (values.size() != state_.size()) {
    throw std::invalid_argument("schedule '" + name_ + "' has " + std::to_string(state_.size()) +
                                " states, got " + std::to_string(values.size()));
  }
  state_ = std::move(values);
}

}  // namespace optcmp::optim
