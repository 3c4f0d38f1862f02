#include <gtest/gtest.h>

#include <cmath>

#include "op_harness.hpp"
#include "ops/max_pool_kernels.hpp"

namespace optcmp::test {
namespace {

struct Case {
  std::int64_t n, c, h, w, kh, kw, sh, sw;
  std::vector<std::int64_t> pads;

  std::int64_t oh() const { return (h + pads[0] + pads[2] - kh) / sh + 1; }
  std::int64_t ow() const { return (w + pads[1] + pads[3] - kw) / sw + 1; }
  Shape x() const { return {n, c, h, w}; }
  Shape y() const { return {n, c, oh(), ow()}; }
  std::map<std::string, Attribute> attributes() const {
    return {{"kernel", std::vector<double>{double(kh), double(kw)}},
            {"strides", std::vector<double>{double(sh), double(sw)}},
            {"pads", std::vector<double>(pads.begin(), pads.end())}};
  }
};

/// Calls window(index of y, indices of x within the window).
template <class Window>
void for_each_window(const Case& k, const Window& window) {
  for (std::int64_t plane = 0; plane < k.n * k.c; ++plane)
    for (std::int64_t y = 0; y < k.oh(); ++y)
      for (std::int64_t x = 0; x < k.ow(); ++x) {
        std::vector<std::size_t> inside;
        for (std::int64_t i = 0; i < k.kh; ++i)
          for (std::int64_t j = 0; j < k.kw; ++j) {
            const std::int64_t iy = y * k.sh + i - k.pads[0], ix = x * k.sw + j - k.pads[1];
            if (iy < 0 || iy >= k.h || ix < 0 || ix >= k.w) continue;
            inside.push_back(static_cast<std::size_t>((plane * k.h + iy) * k.w + ix));
          }
        window(static_cast<std::size_t>((plane * k.oh() + y) * k.ow() + x), inside);
      }
}

const Case kCases[] = {
    {2, 32, 8, 8, 2, 2, 2, 2, {0, 0, 0, 0}}, {2, 20, 9, 7, 2, 2, 2, 2, {0, 0, 0, 0}},
    {2, 3, 8, 8, 3, 3, 2, 2, {1, 1, 1, 1}},  {1, 16, 7, 9, 3, 2, 1, 1, {1, 0, 1, 1}},
    {1, 5, 9, 9, 2, 2, 3, 3, {0, 0, 0, 0}},  {1, 2, 20, 20, 18, 17, 1, 1, {0, 0, 0, 0}},
};

/// x passes through a 1×1 convolution by the identity first, so that the pool gets its layout.
TensorId in_layout_of_convolution(OpHarness& harness, const Case& k, std::vector<float> x) {
  std::vector<float> identity(static_cast<std::size_t>(k.c * k.c), 0.0f);
  for (std::int64_t c = 0; c < k.c; ++c) identity[static_cast<std::size_t>(c * k.c + c)] = 1;
  const TensorId y = harness.b.tensor("conv", k.x());
  harness.b.op("conv2d",
               {harness.input(k.x(), std::move(x)), harness.input({k.c, k.c, 1, 1}, identity)},
               {y});
  return y;
}

class Pool2d : public testing::TestWithParam<Case> {};

TEST_P(Pool2d, MaxAndGradient) {
  const Case& k = GetParam();
  const auto x = random_values(k.x(), 1), dy = random_values(k.y(), 2);
  for (const bool relu : {false, true}) {
    for (const bool convolved : {false, true}) {
      OpHarness harness(k.n);
      const TensorId from =
          convolved ? in_layout_of_convolution(harness, k, x) : harness.input(k.x(), x);
      const TensorId y = harness.output(k.y()), dx = harness.output(k.x());
      const TensorId pooled = harness.b.tensor("pooled", k.y()), argmax = harness.b.argmax(k.y());
      auto attributes = k.attributes();
      attributes["relu"] = relu;
      harness.b.op("max_pool2d", {from}, {pooled, argmax}, attributes);
      harness.b.op("reshape", {pooled}, {y});
      harness.b.op("max_pool2d_grad", {harness.input(k.y(), dy), argmax}, {dx}, attributes);
      harness.run(convolved ? 2 : 1);
      std::vector<double> ey(dy.size()), ex(x.size());
      for_each_window(k, [&](std::size_t o, const std::vector<std::size_t>& inside) {
        std::size_t best = inside[0];
        for (const std::size_t i : inside) best = x[i] > x[best] ? i : best;
        ey[o] = relu ? std::max(x[best], 0.0f) : x[best];
        if (!relu || x[best] > 0) ex[best] += dy[o];
      });
      expect_close(harness.result(y), ey, 0);
      expect_close(harness.result(dx), ex, 1e-6);
    }
  }
}

TEST_P(Pool2d, AverageAndGradient) {
  const Case& k = GetParam();
  const auto x = random_values(k.x(), 1), dy = random_values(k.y(), 2);
  for (const bool include : {false, true}) {
    OpHarness harness(k.n);
    const TensorId y = harness.output(k.y()), dx = harness.output(k.x());
    auto attributes = k.attributes();
    attributes["count_include_pad"] = include;
    harness.b.op("avg_pool2d", {harness.input(k.x(), x)}, {y}, attributes);
    harness.b.op("avg_pool2d_grad", {harness.input(k.y(), dy)}, {dx}, attributes);
    harness.run();
    std::vector<double> ey(dy.size()), ex(x.size());
    for_each_window(k, [&](std::size_t o, const std::vector<std::size_t>& inside) {
      const double count = include ? double(k.kh * k.kw) : double(inside.size());
      for (const std::size_t i : inside) {
        ey[o] += x[i] / count;
        ex[i] += dy[o] / count;
      }
    });
    expect_close(harness.result(y), ey);
    expect_close(harness.result(dx), ex);
  }
}

INSTANTIATE_TEST_SUITE_P(Shapes, Pool2d, testing::ValuesIn(kCases));

TEST(MaxPool2d, NanWinsAndPassesRelu) {
  const Case k{1, 1, 2, 4, 2, 2, 2, 2, {0, 0, 0, 0}};
  OpHarness harness(1);
  const TensorId y = harness.output(k.y());
  auto attributes = k.attributes();
  attributes["relu"] = true;
  harness.b.op("max_pool2d", {harness.input(k.x(), {1, NAN, -1, -2, 5, 2, -3, -INFINITY})}, {y},
               attributes);
  harness.run();
  EXPECT_TRUE(std::isnan(harness.result(y)[0]));
  EXPECT_EQ(harness.result(y)[1], 0);
}

TEST(MaxPool2d, RefusesAForeignArgmax) {
  const Case k{1, 2, 4, 4, 2, 2, 2, 2, {0, 0, 0, 0}};
  OpHarness harness(1);
  const TensorId argmax = harness.b.argmax(k.y());
  harness.b.op("max_pool2d", {harness.input(k.x(), random_values(k.x(), 1))},
               {harness.b.tensor("y", k.y()), argmax}, k.attributes());
  auto other = k.attributes();
  other["relu"] = true;
  harness.b.op("max_pool2d_grad", {harness.input(k.y(), random_values(k.y(), 1)), argmax},
               {harness.output(k.x())}, other);
  EXPECT_THROW(harness.run(), std::invalid_argument);
}

// Every instruction set that this processor has gives the same bits.
TEST(MaxPoolKernels, AgreeBetweenInstructionSets) {
  std::vector<const ops::MaxPoolKernelSet*> sets{&ops::max_pool_portable};
#ifdef OPTCMP_X86
  if (__builtin_cpu_supports("avx2")) sets.push_back(&ops::max_pool_avx2);
  if (__builtin_cpu_supports("avx512vl")) sets.push_back(&ops::max_pool_avx512);
#endif
  for (const std::size_t inner : {1, 8, 16, 37}) {
    for (const std::size_t stride : {1, 2}) {
      ops::MaxPoolPlan p{3, inner, 6, 6, 0, 0, 2, 2, stride, stride, 0, 0, true, false};
      p.out_height = p.out_width = (6 - 2) / stride + 1;
      const Shape in{3, 6, 6, static_cast<std::int64_t>(inner)};
      const Shape out{3, static_cast<std::int64_t>(p.out_height),
                      static_cast<std::int64_t>(p.out_width), static_cast<std::int64_t>(inner)};
      const auto x = random_values(in, 1), dy = random_values(out, 2);
      std::vector<float> y0, dx0;
      std::vector<std::uint8_t> m0;
      for (const auto* set : sets) {
        std::vector<float> y(dy.size()), dx(x.size(), NAN);
        std::vector<std::uint8_t> m(dy.size());
        set->small.forward(p, x.data(), y.data(), m.data(), 0, 3);
        set->small.backward(p, dy.data(), m.data(), dx.data(), 0, 3);
        if (set == sets[0]) {
          y0 = y;
          dx0 = dx;
          m0 = m;
        }
        EXPECT_EQ(y, y0);
        EXPECT_EQ(m, m0);
        EXPECT_EQ(dx, dx0);

        AlignedBuffer streamed(dx.size() * sizeof(float));
        p.stream = true;
        set->small.backward(p, dy.data(), m.data(), streamed.floats(), 0, 3);
        p.stream = false;
        EXPECT_TRUE(std::equal(dx.begin(), dx.end(), streamed.floats()));
      }
    }
  }
}

}  // namespace
}  // namespace optcmp::test
