// Row kernels in bands: which ones join, and that nothing changes by it.
#include <gtest/gtest.h>

#include <memory>

#include "../ops/op_harness.hpp"
#include "expression/code.hpp"

namespace optcmp {
namespace {

using test::kTrue;
using test::OpHarness;
using test::random_values;

constexpr std::int64_t kRows = 1501;  ///< Enough for kernels of our own; no multiple of anything.

/// `op` of as many inputs as it takes.
Attribute code(expression::Operator op) {
  using expression::Operand;
  expression::Code code;
  code.instructions = {{op, {}}};
  for (std::uint32_t k = 0; k < expression::info(op).arity; ++k) {
    code.inputs.push_back("x" + std::to_string(k));
    code.instructions[0].args[k] = {Operand::Kind::Input, k, 0};
  }
  code.outputs = {{"y0", {Operand::Kind::Result, 0, 0}}};
  return std::make_shared<const expression::Code>(std::move(code));
}

struct Outcome {
  std::vector<float> values;
  std::size_t kernels = 0, bands = 0;
};

/// What `build` makes, by bands or kernel by kernel.
template <class Build>
Outcome outcome(std::int64_t rows, int threads, bool by_bands, const Build& build) {
  OpHarness harness(rows);
  const TensorId y = build(harness);
  Outcome result;
  harness.run_by(threads, cpu::Precision::F32, [&](const Executor& executor) {
    result.kernels = executor.kernels.size();
    result.bands = executor.bands.size();
    if (by_bands) return executor.run();
    for (const BoundKernel& kernel : executor.kernels) kernel.run();
  });
  result.values = harness.result(y);
  return result;
}

template <class Build>
void expect_the_same(std::int64_t rows, const Build& build) {
  const std::vector<float> expected = outcome(rows, 1, false, build).values;
  for (const int threads : {1, 2, 3}) {
    EXPECT_EQ(outcome(rows, threads, true, build).values, expected) << threads << " threads";
  }
}

/// norm(gelu-like(x·w) + r), all row by row.
TensorId chain(OpHarness& harness) {
  const std::int64_t in = 40, width = 70;
  const TensorId x = harness.input({kRows, in}, random_values({kRows, in}, 1));
  const TensorId w = harness.input({width, in}, random_values({width, in}, 2));
  const TensorId r = harness.input({kRows, width}, random_values({kRows, width}, 3));
  const TensorId scale = harness.input({width}, random_values({width}, 4));
  const TensorId h = harness.b.tensor("h", {kRows, width});
  const TensorId e = harness.b.tensor("e", {kRows, width});
  const TensorId s = harness.b.tensor("s", {kRows, width});
  const TensorId y = harness.output({kRows, width});
  harness.b.op("dense", {x, w}, {h}, {{"transposed", kTrue}});
  harness.b.op("pointwise", {h}, {e}, {{"code", code(expression::Operator::Erf)}});
  harness.b.op("add", {e, r}, {s});
  harness.b.op("layer_norm", {s, scale}, {y}, {{"axis", 1.0}, {"epsilon", 1e-5}});
  return y;
}

TEST(Bands, HoldADenseLayerAndWhatReadsItRowByRow) {
  const Outcome result = outcome(kRows, 1, true, chain);
  // The harness's loss, which has as many rows, is the fourth to join.
  EXPECT_EQ(result.bands + 4, result.kernels);
}

TEST(Bands, GiveWhatTheirKernelsGive) { expect_the_same(kRows, chain); }

/// r + (x·w)ᵀ: a row of the result needs all rows of the product.
TensorId transposed(OpHarness& harness) {
  const std::int64_t rows = 1026, in = 16;
  const TensorId x = harness.input({rows, in}, random_values({rows, in}, 1));
  const TensorId w = harness.input({rows, in}, random_values({rows, in}, 2));
  const TensorId r = harness.input({rows, rows}, random_values({rows, rows}, 3));
  const TensorId h = harness.b.tensor("h", {rows, rows});
  const TensorId t = harness.b.tensor("t", {rows, rows});
  const TensorId y = harness.output({rows, rows});
  harness.b.op("dense", {x, w}, {h}, {{"transposed", kTrue}});
  harness.b.op("transpose", {h}, {t}, {{"perm", std::vector<double>{1, 0}}});
  harness.b.op("pointwise", {r, t}, {y}, {{"code", code(expression::Operator::Add)}});
  return y;
}

TEST(Bands, EndWhereARowNeedsOtherRows) { expect_the_same(1026, transposed); }

/// Rows of the second layer's input are not rows of the first one's result.
TensorId regrouped(OpHarness& harness) {
  const std::int64_t rows = 1200, in = 24;
  const TensorId x = harness.input({rows, in}, random_values({rows, in}, 1));
  const TensorId w = harness.input({64, in}, random_values({64, in}, 2));
  const TensorId scale = harness.input({96}, random_values({96}, 3));
  const TensorId h = harness.b.tensor("h", {rows, 64});
  const TensorId g = harness.b.tensor("g", {800, 96});
  const TensorId y = harness.output({800, 96});
  harness.b.op("dense", {x, w}, {h}, {{"transposed", kTrue}});
  harness.b.op("reshape", {h}, {g});
  harness.b.op("layer_norm", {g, scale}, {y}, {{"axis", 1.0}, {"epsilon", 1e-5}});
  return y;
}

TEST(Bands, EndWhereRowsAreOthers) { expect_the_same(1200, regrouped); }

TEST(Bands, CallWhatIsBeforeAndAfterAllRowsOnce) {
  std::vector<int> calls;
  std::vector<int> seen(12);
  const RowKernel first{[&](std::size_t begin, std::size_t end) {
                          for (std::size_t r = begin; r < end; ++r) seen[r] = 1;
                        },
                        [&] { calls.push_back(1); }, [&] { calls.push_back(3); }};
  const RowKernel second{[&](std::size_t begin, std::size_t end) {
                           for (std::size_t r = begin / 2; r < end / 2; ++r) seen[r] *= 2;
                         },
                         [&] { calls.push_back(2); }, [&] { calls.push_back(4); }};
  run_band({{first, 1}, {second, 2}}, {12, 3}, 6, 1)();
  EXPECT_EQ(calls, (std::vector{1, 2, 3, 4}));
  EXPECT_EQ(seen, std::vector<int>(12, 2));
}

}  // namespace
}  // namespace optcmp
