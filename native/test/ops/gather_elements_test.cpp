#include <gtest/gtest.h>

#include <limits>

#include "op_harness.hpp"

namespace optcmp::test {
namespace {

/// Along axis 1 of [2, 4, 3], each for itself; one counts from the end, one place is picked twice.
const Shape kAll{2, 4, 3}, kPicked{2, 2, 3};
const std::vector<float> kIndices{3, 1, 0, -4, 1, 2, 2, 0, 3, 2, -1, 1};

TensorId indices(OpHarness& harness, std::vector<float> values) {
  const TensorId id = harness.b.tensor("indices", kPicked, Role::Constant);
  harness.b.program.tensors[id].dtype = DataType::I32;
  harness.b.program.tensors[id].data = std::move(values);
  return id;
}

template <class Visit>
void each_pick(const Visit& visit) {
  for (std::size_t a = 0; a < 2; ++a) {
    for (std::size_t k = 0; k < 2; ++k) {
      for (std::size_t b = 0; b < 3; ++b) {
        const std::size_t pick = (a * 2 + k) * 3 + b;
        const int place = static_cast<int>(kIndices[pick] + (kIndices[pick] < 0 ? 4 : 0));
        visit((a * 4 + static_cast<std::size_t>(place)) * 3 + b, pick);
      }
    }
  }
}

TEST(GatherElements, PicksEachForItself) {
  const auto x = random_values(kAll, 1);
  OpHarness harness(1);
  const TensorId y = harness.output(kPicked);
  harness.b.op("gather_elements", {harness.input(kAll, x), indices(harness, kIndices)}, {y},
               {{"axis", 1.0}});
  harness.run(2);
  std::vector<double> expected(static_cast<std::size_t>(elements(kPicked)));
  each_pick([&](std::size_t all, std::size_t pick) { expected[pick] = x[all]; });
  expect_close(harness.result(y), expected, 0);
}

TEST(GatherElements, ScatterAddsUpWhatIsPutTwice) {
  const auto x = random_values(kPicked, 1);
  OpHarness harness(1);
  const TensorId y = harness.output(kAll);
  harness.b.op("scatter_elements", {harness.input(kPicked, x), indices(harness, kIndices)}, {y},
               {{"axis", 1.0}, {"length", 4.0}});
  harness.run(2);
  std::vector<double> expected(static_cast<std::size_t>(elements(kAll)));
  each_pick([&](std::size_t all, std::size_t pick) { expected[all] += x[pick]; });
  expect_close(harness.result(y), expected, 1e-6);
}

TEST(GatherElements, RefusesIndicesOutside) {
  for (const float outside : {4.0f, -5.0f}) {
    auto values = kIndices;
    values[7] = outside;
    OpHarness harness(1);
    harness.b.op("gather_elements",
                 {harness.input(kAll, random_values(kAll, 1)), indices(harness, values)},
                 {harness.output(kPicked)}, {{"axis", 1.0}});
    EXPECT_THROW(harness.run(1), std::out_of_range) << outside;
  }
}

TEST(GatherElements, RefusesShapesThatDoNotFit) {
  OpHarness harness(1);
  harness.b.op("gather_elements", {harness.input({2, 4}, {}), indices(harness, kIndices)},
               {harness.output(kPicked)}, {{"axis", 1.0}});
  EXPECT_THROW(harness.run(), std::invalid_argument);
}

/// The places found along axis 1, as what they pick of the numbers 0, 1, …
std::vector<float> top(std::vector<float> values, double count, bool largest) {
  const Shape shape{1, static_cast<std::int64_t>(values.size()), 1};
  const Shape found{1, static_cast<std::int64_t>(count), 1};
  std::vector<float> numbers(values.size());
  for (std::size_t k = 0; k < numbers.size(); ++k) numbers[k] = static_cast<float>(k);
  OpHarness harness(1);
  const TensorId places = harness.b.tensor("places", found, Role::Temporary);
  harness.b.program.tensors[places].dtype = DataType::I32;
  const TensorId y = harness.output(found);
  harness.b.op("top_indices", {harness.input(shape, std::move(values))}, {places},
               {{"axis", 1.0}, {"count", count}, {"largest", largest}});
  harness.b.op("gather_elements", {harness.input(shape, std::move(numbers)), places}, {y},
               {{"axis", 1.0}});
  harness.run(1);
  return harness.result(y);
}

TEST(TopIndices, AreOrderedAndOfEqualsTheFirstFirst) {
  EXPECT_EQ(top({1, 3, -2, 3, 0}, 3, true), (std::vector<float>{1, 3, 0}));
  EXPECT_EQ(top({1, 3, -2, 3, -2}, 3, false), (std::vector<float>{2, 4, 0}));
  const float nan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(top({1, nan, 2, nan}, 4, true), (std::vector<float>{1, 3, 2, 0}));
}

TEST(TopIndices, RefusesMoreThanThereAre) {
  EXPECT_THROW(top({1, 2}, 3, true), std::invalid_argument);
}

}  // namespace
}  // namespace optcmp::test
