#include "optim/learning_rate.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <stdexcept>

#include "rule_builder.hpp"

namespace optcmp::optim::test {
namespace {

/// lr · least of all measurements.
Schedule follows_the_least() {
  return {"least",
          {{"lr", "least"}, {{Operator::Mul, {in(0), in(1)}}}, {{"lr", result(0)}}},
          {{"least", 8}},
          {{"value", "least"}, {{Operator::Min, {in(0), in(1)}}}, {{"least", result(0)}}}};
}

TEST(LearningRate, FollowsWhatItObserves) {
  LearningRate rate(follows_the_least(), 0.5);
  EXPECT_EQ(rate.at(0), 4);
  rate.observe(3);
  rate.observe(6);
  EXPECT_EQ(rate.at(1), 1.5);
  EXPECT_EQ(rate.state(), std::vector<double>{3});
}

TEST(LearningRate, GoesOnFromItsState) {
  LearningRate rate(follows_the_least(), 0.5);
  rate.set_state({2});
  EXPECT_EQ(rate.at(7), 1);
  EXPECT_THROW(rate.set_state({}), std::invalid_argument);
  EXPECT_EQ(rate.at(7), 1);
}

TEST(LearningRate, OfAScheduleWithoutFeedbackIgnoresMeasurements) {
  LearningRate rate(constant_schedule(), 0.5);
  rate.observe(std::numeric_limits<double>::quiet_NaN());
  EXPECT_EQ(rate.at(3), 0.5);
}

TEST(LearningRate, MustBeginFinite) {
  EXPECT_THROW(LearningRate(constant_schedule(), std::numeric_limits<double>::infinity()),
               std::invalid_argument);
}

}  // namespace
}  // namespace optcmp::optim::test
