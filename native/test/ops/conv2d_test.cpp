#include <gtest/gtest.h>

#include "op_harness.hpp"

namespace optcmp::test {
namespace {

struct Case {
  std::int64_t n, c, h, w, o, kh, kw, sh, sw, dh, dw, groups;
  std::vector<std::int64_t> pads;

  std::int64_t oh() const { return (h + pads[0] + pads[2] - dh * (kh - 1) - 1) / sh + 1; }
  std::int64_t ow() const { return (w + pads[1] + pads[3] - dw * (kw - 1) - 1) / sw + 1; }
  Shape x() const { return {n, c, h, w}; }
  Shape weights() const { return {o, c / groups, kh, kw}; }
  Shape y() const { return {n, o, oh(), ow()}; }

  std::map<std::string, Attribute> attributes() const {
    const auto list = [](std::initializer_list<std::int64_t> v) {
      return std::vector<double>(v.begin(), v.end());
    };
    return {{"strides", list({sh, sw})},
            {"dilations", list({dh, dw})},
            {"pads", std::vector<double>(pads.begin(), pads.end())},
            {"groups", static_cast<double>(groups)}};
  }
};

/// Calls visit(index of y, of x, of w) for every product in the convolution.
template <class Visit>
void for_each_product(const Case& k, const Visit& visit) {
  const std::int64_t cg = k.c / k.groups, og = k.o / k.groups;
  for (std::int64_t n = 0; n < k.n; ++n)
    for (std::int64_t o = 0; o < k.o; ++o)
      for (std::int64_t y = 0; y < k.oh(); ++y)
        for (std::int64_t x = 0; x < k.ow(); ++x)
          for (std::int64_t c = 0; c < cg; ++c)
            for (std::int64_t i = 0; i < k.kh; ++i)
              for (std::int64_t j = 0; j < k.kw; ++j) {
                const std::int64_t iy = y * k.sh + i * k.dh - k.pads[0];
                const std::int64_t ix = x * k.sw + j * k.dw - k.pads[1];
                if (iy < 0 || iy >= k.h || ix < 0 || ix >= k.w) continue;
                visit(((n * k.o + o) * k.oh() + y) * k.ow() + x,
                      ((n * k.c + o / og * cg + c) * k.h + iy) * k.w + ix,
                      ((o * cg + c) * k.kh + i) * k.kw + j);
              }
}

const Case kCases[] = {
    {2, 1, 9, 9, 20, 5, 5, 1, 1, 1, 1, 1, {2, 2, 2, 2}},
    {2, 32, 8, 8, 64, 5, 5, 1, 1, 1, 1, 1, {2, 2, 2, 2}},
    {2, 3, 8, 7, 5, 3, 2, 2, 1, 1, 1, 1, {1, 0, 0, 1}},
    {1, 16, 10, 10, 32, 3, 3, 1, 1, 2, 2, 1, {0, 0, 0, 0}},
    {2, 6, 6, 6, 4, 3, 3, 1, 1, 1, 1, 2, {1, 1, 1, 1}},
    {2, 16, 6, 6, 16, 3, 3, 2, 2, 1, 1, 16, {1, 1, 1, 1}},
    {3, 48, 7, 7, 33, 1, 1, 1, 1, 1, 1, 1, {0, 0, 0, 0}},
};

class Conv2d : public ProductTest<Case> {
 protected:
  const Case& k = c;
  std::vector<float> rounded(const std::vector<float>& values) const {
    return as_factors(values, precision);
  }
};

TEST_P(Conv2d, ForwardWithBiasAndRelu) {
  const auto x = random_values(k.x(), 1), w = random_values(k.weights(), 2),
             b = random_values({k.o}, 3);
  for (const bool relu : {false, true}) {
    OpHarness harness(k.n);
    const TensorId y = harness.output(k.y());
    auto attributes = k.attributes();
    attributes["relu"] = relu;
    harness.b.op("conv2d",
                 {harness.input(k.x(), x), harness.input(k.weights(), w), harness.input({k.o}, b)},
                 {y}, attributes);
    harness.run(relu ? 2 : 1, precision);
    const auto rx = rounded(x), rw = rounded(w);
    std::vector<double> expected(static_cast<std::size_t>(elements(k.y())));
    for (std::size_t i = 0; i < expected.size(); ++i) {
      expected[i] = b[i / static_cast<std::size_t>(k.oh() * k.ow()) % b.size()];
    }
    for_each_product(k,
                     [&](auto yi, auto xi, auto wi) { expected[yi] += double(rx[xi]) * rw[wi]; });
    if (relu) {
      for (double& e : expected) e = std::max(e, 0.0);
    }
    expect_close(harness.result(y), expected);
  }
}

TEST_P(Conv2d, Gradients) {
  const auto x = random_values(k.x(), 1), w = random_values(k.weights(), 2),
             dy = random_values(k.y(), 3);
  OpHarness harness(k.n);
  const TensorId dx = harness.output(k.x()), dw = harness.output(k.weights()),
                 db = harness.output({k.o});
  const TensorId dy_id = harness.input(k.y(), dy);
  harness.b.op("conv2d_grad_input", {dy_id, harness.input(k.weights(), w)}, {dx}, k.attributes());
  harness.b.op("conv2d_grad_weight", {harness.input(k.x(), x), dy_id}, {dw, db}, k.attributes());
  harness.run(1, precision);
  const auto rx = rounded(x), rw = rounded(w), rdy = rounded(dy);
  std::vector<double> ex(x.size()), ew(w.size()), eb(static_cast<std::size_t>(k.o));
  for_each_product(k, [&](auto yi, auto xi, auto wi) {
    ex[xi] += double(rdy[yi]) * rw[wi];
    ew[wi] += double(rdy[yi]) * rx[xi];
  });
  for (std::size_t i = 0; i < dy.size(); ++i) {
    eb[i / static_cast<std::size_t>(k.oh() * k.ow()) % eb.size()] += rdy[i];
  }
  expect_close(harness.result(dx), ex);
  expect_close(harness.result(dw), ew);
  expect_close(harness.result(db), eb);
}

INSTANTIATE_TEST_SUITE_P(Shapes, Conv2d, testing::Combine(testing::ValuesIn(kCases), kPrecisions));

TEST(Conv2dTest, RefusesWhatDoesNotFit) {
  const auto refuse = [](Shape x, Shape w, Shape y, std::map<std::string, Attribute> attributes) {
    OpHarness harness(1);
    harness.b.op("conv2d", {harness.input(x, {}), harness.input(w, {})}, {harness.output(y)},
                 std::move(attributes));
    EXPECT_THROW(harness.run(), std::invalid_argument);
  };
  refuse({1, 2, 5, 5}, {3, 3, 3, 3}, {1, 3, 3, 3}, {});  // channels
  refuse({1, 2, 5, 5}, {3, 2, 3, 3}, {1, 3, 5, 5}, {});  // result
  refuse({1, 2, 2, 2}, {3, 2, 3, 3}, {1, 3, 1, 1}, {});  // kernel too large
  refuse({1, 2, 5, 5}, {3, 2, 3, 3}, {1, 3, 3, 3}, {{"stride", 1.0}});
  refuse({1, 2, 5, 5}, {3, 2, 3, 3}, {1, 3, 3, 3}, {{"strides", std::vector<double>{0, 1}}});
  refuse({1, 2, 5, 5}, {3, 2, 3, 3}, {1, 3, 3, 3}, {{"groups", 0.5}});
  refuse({1, 2, 25}, {3, 2, 3, 3}, {1, 3, 3, 3}, {});
}

}  // namespace
}  // namespace optcmp::test
