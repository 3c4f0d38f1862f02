// transpose, slice, split, reshape of parts, pad, concat and expand, alone and one after another.
#include <gtest/gtest.h>

#include "op_harness.hpp"

namespace optcmp::test {
namespace {

using Numbers = std::vector<double>;
using Position = std::vector<std::int64_t>;

/// `from(position)` for every position of a tensor, in row-major order.
template <class From>
std::vector<double> every(const Shape& shape, const From& from) {
  std::vector<double> values;
  Position position(shape.size(), 0);
  for (std::int64_t index = 0; index < elements(shape); ++index) {
    std::int64_t rest = index;
    for (std::size_t axis = shape.size(); axis-- > 0; rest /= shape[axis]) {
      position[axis] = rest % shape[axis];
    }
    values.push_back(from(position));
  }
  return values;
}

float item(const std::vector<float>& values, const Shape& shape, const Position& position) {
  std::int64_t index = 0;
  for (std::size_t axis = 0; axis < shape.size(); ++axis) {
    index = index * shape[axis] + position[axis];
  }
  return values[static_cast<std::size_t>(index)];
}

/// y = 1·x + 0 through an op that reads in row-major order.
TensorId copied(OpHarness& harness, TensorId x, const Shape& shape) {
  const TensorId zero = harness.input({1}, {0});
  const TensorId y = harness.output(shape);
  harness.b.op("add", {x, zero}, {y});
  return y;
}

const Shape kShape{3, 4, 5};

class Views : public testing::Test {
 protected:
  OpHarness harness{1};
  std::vector<float> values = random_values(kShape, 1);
  TensorId x = harness.input(kShape, values);
  float at(const Position& position) const { return item(values, kShape, position); }
};

TEST_F(Views, Transpose) {
  const TensorId view = harness.b.tensor("view", {5, 3, 4});
  harness.b.op("transpose", {x}, {view}, {{"perm", Numbers{2, 0, 1}}});
  const TensorId y = copied(harness, view, {5, 3, 4});
  const TensorId own = harness.output({4, 3, 5});
  harness.b.op("transpose", {x}, {own}, {{"perm", Numbers{1, 0, 2}}});
  harness.run();
  expect_close(harness.result(y),
               every({5, 3, 4},
                     [&](const Position& p) {
                       return at({p[1], p[2], p[0]});
                     }),
               0);
  expect_close(harness.result(own),
               every({4, 3, 5},
                     [&](const Position& p) {
                       return at({p[1], p[0], p[2]});
                     }),
               0);
}

TEST_F(Views, SliceForwardsAndBackwards) {
  const TensorId view = harness.b.tensor("view", {3, 2, 2});
  harness.b.op("slice", {x}, {view},
               {{"axes", Numbers{1, 2}},
                {"starts", Numbers{1, 0}},
                {"steps", Numbers{2, 3}},
                {"lengths", Numbers{2, 2}}});
  const TensorId y = copied(harness, view, {3, 2, 2});
  const TensorId back = harness.output({3, 4, 3});
  harness.b.op("slice", {x}, {back},
               {{"axes", Numbers{2}},
                {"starts", Numbers{4}},
                {"steps", Numbers{-2}},
                {"lengths", Numbers{3}}});
  harness.run();
  expect_close(harness.result(y),
               every({3, 2, 2},
                     [&](const Position& p) {
                       return at({p[0], 1 + 2 * p[1], 3 * p[2]});
                     }),
               0);
  expect_close(harness.result(back),
               every({3, 4, 3},
                     [&](const Position& p) {
                       return at({p[0], p[1], 4 - 2 * p[2]});
                     }),
               0);
}

TEST_F(Views, PadWithStepsAndBackwards) {
  const Shape shape{3, 4, 11};
  for (const bool forwards : {true, false}) {
    OpHarness h(1);
    const TensorId y = h.output(shape);
    h.b.op("pad", {h.input(kShape, values)}, {y},
           {{"axes", Numbers{2}},
            {"starts", Numbers{forwards ? 1.0 : 9.0}},
            {"steps", Numbers{forwards ? 2.0 : -2.0}},
            {"lengths", Numbers{11}},
            {"value", 0.5}});
    h.run(2);
    expect_close(h.result(y),
                 every(shape,
                       [&](const Position& p) {
                         if (p[2] % 2 == 0 || p[2] > 9) return 0.5f;
                         const std::int64_t k = (p[2] - 1) / 2;
                         return at({p[0], p[1], forwards ? k : 4 - k});
                       }),
                 0);
  }
}

TEST_F(Views, SplitAndConcat) {
  const TensorId a = harness.b.tensor("a", {3, 1, 5}), b = harness.b.tensor("b", {3, 3, 5});
  harness.b.op("split", {x}, {a, b}, {{"axis", 1.0}, {"lengths", Numbers{1, 3}}});
  const TensorId y = harness.output(kShape);
  harness.b.op("concat", {b, a}, {y}, {{"axis", 1.0}});
  harness.run(2);
  expect_close(harness.result(y),
               every(kShape,
                     [&](const Position& p) {
                       return at({p[0], (p[1] + 1) % 4, p[2]});
                     }),
               0);
}

TEST_F(Views, ReshapeOfAPartAndOfATransposed) {
  const TensorId part = harness.b.tensor("part", {3, 2, 5});
  harness.b.op("slice", {x}, {part},
               {{"axes", Numbers{1}},
                {"starts", Numbers{2}},
                {"steps", Numbers{1}},
                {"lengths", Numbers{2}}});
  const TensorId flat = harness.b.tensor("flat", {3, 10});
  harness.b.op("reshape", {part}, {flat});
  const TensorId y = copied(harness, flat, {3, 10});
  const TensorId turned = harness.b.tensor("turned", {5, 3, 4});
  harness.b.op("transpose", {x}, {turned}, {{"perm", Numbers{2, 0, 1}}});
  const TensorId all = harness.b.tensor("all", {60});
  harness.b.op("reshape", {turned}, {all});
  const TensorId z = copied(harness, all, {60});
  harness.run();
  expect_close(harness.result(y),
               every({3, 10},
                     [&](const Position& p) {
                       return at({p[0], 2 + p[1] / 5, p[1] % 5});
                     }),
               0);
  expect_close(harness.result(z),
               every({5, 3, 4},
                     [&](const Position& p) {
                       return at({p[1], p[2], p[0]});
                     }),
               0);
}

TEST_F(Views, Expand) {
  const auto row = random_values({3, 1, 5}, 2);
  const TensorId y = harness.output({2, 3, 4, 5});
  harness.b.op("expand", {harness.input({3, 1, 5}, row)}, {y});
  harness.run(2);
  expect_close(harness.result(y),
               every({2, 3, 4, 5},
                     [&](const Position& p) {
                       return item(row, {3, 1, 5}, {p[1], 0, p[3]});
                     }),
               0);
}

TEST_F(Views, AreNotOverwrittenWhileTheyAreRead) {
  // relu works in place where it may; the whole tensor is read again after it.
  const TensorId sum = harness.b.tensor("sum", kShape), part = harness.b.tensor("part", {3, 4, 2});
  const TensorId cut = harness.b.tensor("cut", {3, 4, 2});
  harness.b.op("add", {x, x}, {sum});
  harness.b.op("slice", {sum}, {part},
               {{"axes", Numbers{2}},
                {"starts", Numbers{0}},
                {"steps", Numbers{1}},
                {"lengths", Numbers{2}}});
  harness.b.op("relu", {part}, {cut});
  const TensorId y = copied(harness, sum, kShape), z = copied(harness, cut, {3, 4, 2});
  harness.run();
  expect_close(harness.result(y), every(kShape, [&](const Position& p) { return 2 * at(p); }), 0);
  expect_close(harness.result(z),
               every({3, 4, 2}, [&](const Position& p) { return std::max(0.0f, 2 * at(p)); }), 0);
}

TEST_F(Views, RefuseWhatLeavesTheTensor) {
  const auto refused = [](const char* kind, const Shape& y, const Attribute& starts,
                          const Attribute& steps, double length) {
    OpHarness h(1);
    h.b.op(
        kind, {h.input(kShape, {})}, {h.output(y)},
        {{"axes", Numbers{2}}, {"starts", starts}, {"steps", steps}, {"lengths", Numbers{length}}});
    EXPECT_THROW(h.run(), std::invalid_argument);
  };
  refused("slice", {3, 4, 3}, Numbers{3}, Numbers{1}, 3);
  refused("slice", {3, 4, 3}, Numbers{1}, Numbers{-1}, 3);
  refused("slice", {3, 4, 2}, Numbers{0}, Numbers{0}, 2);
  refused("pad", {3, 4, 6}, Numbers{2}, Numbers{1}, 6);
  OpHarness h(1);
  h.b.op("transpose", {h.input(kShape, {})}, {h.output({3, 3, 5})}, {{"perm", Numbers{0, 0, 2}}});
  EXPECT_THROW(h.run(), std::invalid_argument);
}

struct Stack {
  Shape a, b, y;
  bool transpose_a, transpose_b;
};

class MatmulOfStacks : public ProductTest<Stack> {};

TEST_P(MatmulOfStacks, BroadcastsAndScales) {
  const auto& [as, bs, ys, ta, tb] = c;
  const auto a = random_values(as, 1), b = random_values(bs, 2);
  OpHarness harness(1);
  const TensorId y = harness.output(ys);
  harness.b.op("matmul", {harness.input(as, a), harness.input(bs, b)}, {y},
               {{"transpose_a", ta}, {"transpose_b", tb}, {"alpha", 0.5}});
  harness.run(2, precision);
  const auto ra = as_factors(a, precision), rb = as_factors(b, precision);
  const auto operand = [](const std::vector<float>& values, const Shape& shape, const Position& p,
                          std::int64_t row, std::int64_t column, bool transposed) {
    if (transposed) std::swap(row, column);
    Position at(shape.size());
    for (std::size_t back = 3; back <= shape.size(); ++back) {
      const std::int64_t size = shape[shape.size() - back];
      at[shape.size() - back] = size == 1 ? 0 : p[p.size() - back];
    }
    at[shape.size() - 2] = row;
    at[shape.size() - 1] = column;
    return double(item(values, shape, at));
  };
  const std::int64_t inner = as[as.size() - (ta ? 2 : 1)];
  expect_close(harness.result(y),
               every(ys, [&, as = as, bs = bs, ta = ta, tb = tb](const Position& p) {
                 double sum = 0;
                 for (std::int64_t k = 0; k < inner; ++k) {
                   sum += operand(ra, as, p, p[p.size() - 2], k, ta) *
                          operand(rb, bs, p, k, p[p.size() - 1], tb);
                 }
                 return 0.5 * sum;
               }));
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, MatmulOfStacks,
    testing::Combine(testing::Values(Stack{{2, 3, 4, 5}, {2, 3, 5, 6}, {2, 3, 4, 6}, false, false},
                                     Stack{{2, 3, 5, 4}, {2, 3, 6, 5}, {2, 3, 4, 6}, true, true},
                                     Stack{{3, 4, 5}, {2, 1, 5, 6}, {2, 3, 4, 6}, false, false},
                                     Stack{{4, 5}, {3, 6, 5}, {3, 4, 6}, false, true},
                                     Stack{{3, 1, 5}, {5, 1}, {3, 1, 1}, false, false}),
                     kPrecisions));

class MatmulOfViews : public ProductTest<Shape> {};

TEST_P(MatmulOfViews, ReadsHeads) {
  // [T, H, D] transposed to [H, T, D], as attention reads it.
  const Shape& shape = c;
  const auto q = random_values(shape, 1), k = random_values(shape, 2);
  OpHarness harness(1);
  const TensorId heads_q = harness.b.tensor("q", {2, 6, 3}),
                 heads_k = harness.b.tensor("k", {2, 6, 3});
  harness.b.op("transpose", {harness.input(shape, q)}, {heads_q}, {{"perm", Numbers{1, 0, 2}}});
  harness.b.op("transpose", {harness.input(shape, k)}, {heads_k}, {{"perm", Numbers{1, 0, 2}}});
  const TensorId y = harness.output({2, 6, 6});
  harness.b.op("matmul", {heads_q, heads_k}, {y}, {{"transpose_b", true}});
  harness.run(1, precision);
  const auto rq = as_factors(q, precision), rk = as_factors(k, precision);
  expect_close(
      harness.result(y), every({2, 6, 6}, [&](const Position& p) {
        double sum = 0;
        for (std::int64_t d = 0; d < 3; ++d) {
          sum += double(item(rq, shape, {p[1], p[0], d})) * item(rk, shape, {p[2], p[0], d});
        }
        return sum;
      }));
}

INSTANTIATE_TEST_SUITE_P(Shapes, MatmulOfViews,
                         testing::Combine(testing::Values(Shape{6, 2, 3}), kPrecisions));

}  // namespace
}  // namespace optcmp::test
