#include <gtest/gtest.h>

#include <cmath>

#include "op_harness.hpp"

namespace optcmp::test {
namespace {

struct Case {
  std::int64_t n, h, t, s, d, e;
  bool causal;
  Shape mask;   ///< Empty for none.
  bool beside;  ///< Heads of one position lie beside each other.
};

class Attention : public testing::TestWithParam<Case> {
 protected:
  Case c = GetParam();
  Shape qs{c.n, c.h, c.t, c.d}, ks{c.n, c.h, c.s, c.d}, vs{c.n, c.h, c.s, c.e},
      ys{c.n, c.h, c.t, c.e}, rows{c.n, c.h, c.t};
  double scale = 0.4;
  std::vector<float> q = random_values(qs, 1), k = random_values(ks, 2), v = random_values(vs, 3),
                     dy = random_values(ys, 4), mask = random_values(c.mask, 5);
  std::vector<double> y, lse, dq, dk, dv;

  void SetUp() override {
    dq.resize(q.size());
    dk.resize(k.size());
    dv.resize(v.size());
    for (std::int64_t row = 0; row < c.n * c.h * c.t; ++row) reference(row);
  }

  double masked(std::int64_t row, std::int64_t column) const {
    if (c.mask.empty()) return 0;
    const Position at{row / (c.h * c.t), row / c.t % c.h, row % c.t, column};
    std::size_t index = 0;
    for (std::size_t axis = 0; axis < c.mask.size(); ++axis) {
      const auto size = static_cast<std::size_t>(c.mask[axis]);
      const auto place = static_cast<std::size_t>(at[4 - c.mask.size() + axis]);
      index = index * size + (size == 1 ? 0 : place);
    }
    return mask[index];
  }

  void reference(std::int64_t row) {
    const std::int64_t first = row / c.t * c.s;
    const std::int64_t seen = c.causal ? row % c.t + 1 : c.s;
    std::vector<double> p, dp;
    double sum = 0, mean = 0;
    for (std::int64_t j = 0; j < seen; ++j) {
      double score = masked(row, j), g = 0;
      for (std::int64_t i = 0; i < c.d; ++i) {
        score += scale * get(q, row * c.d + i) * get(k, (first + j) * c.d + i);
      }
      for (std::int64_t i = 0; i < c.e; ++i) {
        g += get(dy, row * c.e + i) * get(v, (first + j) * c.e + i);
      }
      p.push_back(std::exp(score));
      dp.push_back(g);
      sum += p.back();
    }
    lse.push_back(std::log(sum));
    std::vector<double> out(static_cast<std::size_t>(c.e));
    for (std::size_t j = 0; j < p.size(); ++j) {
      p[j] /= sum;
      mean += p[j] * dp[j];
    }
    for (std::int64_t j = 0; j < seen; ++j) {
      const double probability = p[static_cast<std::size_t>(j)];
      const double ds = scale * probability * (dp[static_cast<std::size_t>(j)] - mean);
      for (std::int64_t i = 0; i < c.e; ++i) {
        out[static_cast<std::size_t>(i)] += probability * get(v, (first + j) * c.e + i);
        dv[static_cast<std::size_t>((first + j) * c.e + i)] += probability * get(dy, row * c.e + i);
      }
      for (std::int64_t i = 0; i < c.d; ++i) {
        dq[static_cast<std::size_t>(row * c.d + i)] += ds * get(k, (first + j) * c.d + i);
        dk[static_cast<std::size_t>((first + j) * c.d + i)] += ds * get(q, row * c.d + i);
      }
    }
    y.insert(y.end(), out.begin(), out.end());
  }

  static double get(const std::vector<float>& values, std::int64_t i) {
    return values[static_cast<std::size_t>(i)];
  }

  /// A tensor [N, H, T, width], maybe as a view of [N, T, H, width].
  TensorId heads(OpHarness& harness, const Shape& shape, const std::vector<float>& values) const {
    if (!c.beside) return harness.input(shape, values);
    const Shape memory{shape[0], shape[2], shape[1], shape[3]};
    std::vector<float> turned;
    for (std::int64_t n = 0; n < shape[0]; ++n) {
      for (std::int64_t t = 0; t < shape[2]; ++t) {
        for (std::int64_t h = 0; h < shape[1]; ++h) {
          for (std::int64_t i = 0; i < shape[3]; ++i) {
            const std::int64_t at = ((n * shape[1] + h) * shape[2] + t) * shape[3] + i;
            turned.push_back(values[static_cast<std::size_t>(at)]);
          }
        }
      }
    }
    const TensorId view = harness.b.tensor("view", shape);
    harness.b.op("transpose", {harness.input(memory, turned)}, {view},
                 {{"perm", std::vector<double>{0, 2, 1, 3}}});
    return view;
  }

  void add_mask(OpHarness& harness, std::vector<TensorId>& inputs) const {
    if (!c.mask.empty()) inputs.push_back(harness.input(c.mask, mask));
  }

  std::vector<TensorId> gradient_inputs(OpHarness& harness) const {
    const std::vector<float> kept(lse.begin(), lse.end());
    std::vector<TensorId> inputs{heads(harness, ys, dy), harness.input(rows, kept),
                                 heads(harness, qs, q), heads(harness, ks, k),
                                 heads(harness, vs, v)};
    add_mask(harness, inputs);
    return inputs;
  }

  std::map<std::string, Attribute> attributes() const {
    return {{"scale", scale}, {"causal", c.causal}};
  }

  using Position = std::vector<std::int64_t>;
};

TEST_P(Attention, Forward) {
  OpHarness harness(1);
  std::vector<TensorId> inputs{heads(harness, qs, q), heads(harness, ks, k), heads(harness, vs, v)};
  add_mask(harness, inputs);
  const TensorId out = harness.output(ys), sums = harness.output(rows);
  harness.b.op("attention", inputs, {out, sums}, attributes());
  harness.run(2);
  expect_close(harness.result(out), y, 3e-6);
  expect_close(harness.result(sums), lse, 3e-6);
}

TEST_P(Attention, Gradients) {
  OpHarness harness(1);
  const std::vector<TensorId> inputs = gradient_inputs(harness);
  const TensorId to_q = harness.output(qs), to_k = harness.output(ks), to_v = harness.output(vs);
  harness.b.op("attention_grad", inputs, {to_q, to_k, to_v}, attributes());
  harness.run(2);
  expect_close(harness.result(to_q), dq, 5e-6);
  expect_close(harness.result(to_k), dk, 5e-6);
  expect_close(harness.result(to_v), dv, 5e-6);
}

TEST_P(Attention, GradientsAreWrittenWhereAConcatenationWantsThem) {
  OpHarness harness(1);
  const std::vector<TensorId> inputs = gradient_inputs(harness);
  const Shape flat{c.n * c.h, c.s, c.d}, joined{c.n * c.h, c.s, c.d + c.e};
  const TensorId to_k = harness.b.tensor("dk", ks), to_v = harness.b.tensor("dv", vs);
  const TensorId flat_k = harness.b.tensor("flat_k", flat);
  const TensorId flat_v = harness.b.tensor("flat_v", {c.n * c.h, c.s, c.e});
  const TensorId dkv = harness.b.tensor("dkv", joined), out = harness.output(joined);
  harness.b.op("attention_grad", inputs, {harness.output(qs), to_k, to_v}, attributes());
  harness.b.op("reshape", {to_k}, {flat_k});
  harness.b.op("reshape", {to_v}, {flat_v});
  harness.b.op("concat", {flat_k, flat_v}, {dkv}, {{"axis", 2.0}});
  harness.b.op("add", {dkv, harness.input({1}, {0})}, {out});
  harness.run_by(2, cpu::Precision::F32, [](const Executor& executor) {
    for (const BoundKernel& kernel : executor.kernels) {
      EXPECT_EQ(kernel.name.find("concat"), std::string::npos) << kernel.name;
    }
    executor.run();
  });
  std::vector<double> expected;
  for (std::int64_t row = 0; row < c.n * c.h * c.s; ++row) {
    const auto part = [&](const std::vector<double>& from, std::int64_t width) {
      expected.insert(expected.end(), from.begin() + row * width, from.begin() + (row + 1) * width);
    };
    part(dk, c.d);
    part(dv, c.e);
  }
  expect_close(harness.result(out), expected, 5e-6);
}

INSTANTIATE_TEST_SUITE_P(Shapes, Attention,
                         testing::Values(Case{2, 3, 64, 64, 32, 32, true, {}, true},
                                         Case{1, 2, 101, 101, 17, 9, true, {}, false},
                                         Case{2, 2, 5, 70, 8, 24, false, {}, true},
                                         Case{2, 2, 50, 13, 33, 5, false, {50, 13}, false},
                                         Case{3, 2, 7, 7, 4, 4, false, {3, 1, 1, 7}, true},
                                         Case{1, 1, 1, 1, 1, 1, true, {1}, false}));

TEST(AttentionTest, RefusesWhatDoesNotFit) {
  const auto refused = [](const Shape& k, const Shape& v, bool causal) {
    OpHarness harness(1);
    harness.b.op("attention",
                 {harness.input({1, 2, 3, 4}, {}), harness.input(k, {}), harness.input(v, {})},
                 {harness.output({1, 2, 3, 4})}, {{"causal", causal}});
    EXPECT_THROW(harness.run(), std::invalid_argument);
  };
  refused({1, 2, 5, 4}, {1, 2, 5, 4}, true);
  refused({1, 2, 5, 3}, {1, 2, 5, 4}, false);
  refused({1, 2, 5, 4}, {1, 2, 6, 4}, false);
}

}  // namespace
}  // namespace optcmp::test
