#include <gtest/gtest.h>

#include "op_harness.hpp"

namespace optcmp::test {
namespace {

/// Slices along axis 1 of [3, 5, 4], one of them twice.
const Shape kTable{3, 5, 4}, kPicked{3, 2, 2, 4};
const std::vector<float> kIndices{4, 1, 0, 1};

TensorId indices(OpHarness& harness, std::vector<float> values) {
  const TensorId id = harness.b.tensor("indices", {2, 2}, Role::Constant);
  harness.b.program.tensors[id].dtype = DataType::I32;
  harness.b.program.tensors[id].data = std::move(values);
  return id;
}

template <class Visit>
void each_pick(const Visit& visit) {
  for (std::size_t a = 0; a < 3; ++a) {
    for (std::size_t k = 0; k < 4; ++k) {
      for (std::size_t b = 0; b < 4; ++b) {
        visit((a * 5 + static_cast<std::size_t>(kIndices[k])) * 4 + b, (a * 4 + k) * 4 + b);
      }
    }
  }
}

TEST(Gather, PicksSlices) {
  const auto x = random_values(kTable, 1);
  OpHarness harness(1);
  const TensorId y = harness.output(kPicked);
  harness.b.op("gather", {harness.input(kTable, x), indices(harness, kIndices)}, {y},
               {{"axis", 1.0}});
  harness.run(2);
  std::vector<double> expected(static_cast<std::size_t>(elements(kPicked)));
  each_pick([&](std::size_t from, std::size_t to) { expected[to] = x[from]; });
  expect_close(harness.result(y), expected, 0);
}

TEST(Gather, GradientAddsUpWhatIsPickedTwice) {
  const auto dy = random_values(kPicked, 1);
  OpHarness harness(1);
  const TensorId dx = harness.output(kTable);
  harness.b.op("gather_grad", {harness.input(kPicked, dy), indices(harness, kIndices)}, {dx},
               {{"axis", 1.0}});
  harness.run(2);
  std::vector<double> expected(static_cast<std::size_t>(elements(kTable)));
  each_pick([&](std::size_t to, std::size_t from) { expected[to] += dy[from]; });
  expect_close(harness.result(dx), expected, 1e-6);
}

TEST(Gather, RefusesIndicesOutside) {
  for (const float outside : {5.0f, -1.0f}) {
    OpHarness harness(1);
    harness.b.op("gather", {harness.input(kTable, {}), indices(harness, {0, outside, 0, 0})},
                 {harness.output(kPicked)}, {{"axis", 1.0}});
    EXPECT_THROW(harness.run(), std::invalid_argument);
  }
}

TEST(Gather, GradientLeavesThePaddingOut) {
  OpHarness harness(1);
  const TensorId dx = harness.output(kTable);
  harness.b.op("gather_grad",
               {harness.input(kPicked, random_values(kPicked, 1)), indices(harness, kIndices)},
               {dx}, {{"axis", 1.0}, {"padding", 4.0}});
  harness.run(2);
  const auto result = harness.result(dx);
  for (std::size_t i = 0; i < result.size(); ++i) {
    if (i / 4 % 5 == 4) {
      EXPECT_EQ(result[i], 0) << i;
    }
    if (i / 4 % 5 == 1) {
      EXPECT_NE(result[i], 0) << i;
    }
  }
}

TEST(Gather, PicksByIndicesThatAreMoved) {
  const auto x = random_values(kTable, 1);
  OpHarness harness(1);
  const TensorId moved = harness.b.tensor("moved", {2, 2}, Role::Temporary);
  harness.b.program.tensors[moved].dtype = DataType::I32;
  harness.b.program.tensors[moved].limit = 5;
  const TensorId y = harness.output(kPicked);
  harness.b.op("transpose", {indices(harness, {4, 0, 1, 1})}, {moved},
               {{"perm", std::vector<double>{1, 0}}});
  harness.b.op("gather", {harness.input(kTable, x), moved}, {y}, {{"axis", 1.0}});
  harness.run(2);
  std::vector<double> expected(static_cast<std::size_t>(elements(kPicked)));
  each_pick([&](std::size_t from, std::size_t to) { expected[to] = x[from]; });
  expect_close(harness.result(y), expected, 0);
}

TEST(Gather, RefusesMovedIndicesBeyondTheirLimit) {
  OpHarness harness(1);
  const TensorId moved = harness.b.tensor("moved", {4}, Role::Temporary);
  harness.b.program.tensors[moved].dtype = DataType::I32;
  harness.b.program.tensors[moved].limit = 4;
  harness.b.op("reshape", {indices(harness, kIndices)}, {moved}, {});
  harness.b.op("gather", {harness.input(kTable, {}), moved}, {harness.output({3, 4, 4})},
               {{"axis", 1.0}});
  EXPECT_THROW(harness.run(), std::invalid_argument);
}

TEST(ToIndex, CountsFromTheEndAndRefusesWhatIsOutside) {
  const auto pick = [](std::vector<float> places) {
    OpHarness harness(1);
    const auto x = random_values(kTable, 1);
    const TensorId index = harness.b.tensor("index", {2, 2}, Role::Temporary);
    harness.b.program.tensors[index].dtype = DataType::I32;
    harness.b.program.tensors[index].limit = 5;
    const TensorId y = harness.output(kPicked);
    harness.b.op("to_index", {harness.input({2, 2}, std::move(places))}, {index},
                 {{"length", 5.0}});
    harness.b.op("gather", {harness.input(kTable, x), index}, {y}, {{"axis", 1.0}});
    harness.run(1);
    return harness.result(y);
  };
  EXPECT_EQ(pick({4, 1, 0, 1}), pick({-1, -4, -5, 1}));
  for (const float outside : {5.0f, -6.0f, 0.5f}) {
    EXPECT_THROW(pick({0, outside, 0, 0}), std::out_of_range) << outside;
  }
}

}  // namespace
}  // namespace optcmp::test
