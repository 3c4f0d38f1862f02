// Lines of staged rules: the evaluator of every instruction set and machine code give the same
// bits, and the sums that elements one by one give.
#include <gtest/gtest.h>

#include <bit>

#include "optim/fused_kernel.hpp"
#include "rule_builder.hpp"

namespace optcmp::optim::test {
namespace {

constexpr std::uint32_t kArrays = 3;

bool same_bits(double a, double b) {
  return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b) ||
         (std::isnan(a) && std::isnan(b));
}

/// Of p, g, a state and two scalars: what becomes of the state and of p, and four sums.
struct RandomCode {
  Code code;
  std::vector<expression::Source> inputs = {
      {false, 0}, {false, 1}, {false, 2}, {true, 0}, {true, 1}};
  std::vector<std::uint32_t> outputs = {2, 3, 4, 5, 0, 6};
  std::vector<SumKind> sums = {SumKind::Lanes, SumKind::Each, SumKind::Lanes, SumKind::Lanes};

  explicit RandomCode(std::mt19937& random) {
    code.inputs = {"p", "g", "s", "c0", "c1"};
    const auto below = [&](std::size_t n) { return static_cast<std::uint32_t>(random() % n); };
    const auto operand = [&]() -> Operand {
      const std::size_t results = code.instructions.size();
      if (below(8) == 0) return constant(static_cast<double>(below(9)) / 4 - 1);
      if (below(2) == 0 || results == 0) return in(below(code.inputs.size()));
      return result(below(results));
    };
    const std::size_t length = 1 + below(20);
    for (std::size_t k = 0; k < length; ++k)
      code.instructions.push_back(
          {kExactOperators[below(std::size(kExactOperators))], {operand(), operand(), operand()}});
    for (const char* name : {"s", "a", "b", "c", "p", "d"})
      code.outputs.push_back({name, operand()});
  }
};

struct Data {
  std::vector<std::vector<float>> arrays;
  std::vector<std::vector<double>> sums;
  bool finite = true;

  Data(std::size_t size, std::mt19937& random) {
    std::normal_distribution<float> normal;
    for (std::uint32_t k = 0; k < kArrays; ++k) {
      arrays.emplace_back(size);
      for (float& value : arrays.back()) value = normal(random);
    }
    for (const std::size_t width : {kSumLanes, size, kSumLanes, kSumLanes})
      sums.emplace_back(width, 0.25);
  }
};

/// Element by element.
void run_plainly(const RandomCode& from, const Line& line, const std::vector<float>& scalars,
                 Data& data) {
  for (std::size_t i = 0; i < line.size; ++i) {
    const float p = data.arrays[0][i], g = data.arrays[1][i];
    const auto& [scale, clip] = line.prelude;
    const float clipped = std::max(std::min(scale * g, clip), -clip);
    const auto outputs = interpret<float>(from.code, {{"p", p - line.decay * p},
                                                      {"g", clipped + line.l2 * p},
                                                      {"s", data.arrays[2][i]},
                                                      {"c0", scalars[0]},
                                                      {"c1", scalars[1]}});
    data.arrays[2][i] = outputs.at("s");
    data.arrays[0][i] = outputs.at("p");
    const bool counts = line.mask == nullptr || std::bit_cast<std::uint32_t>(line.mask[i]) != 0;
    const auto add = [&](double& sum, const char* name) {
      sum += counts ? static_cast<double>(outputs.at(name)) : 0.0;
    };
    add(data.sums[0][i % kSumLanes], "a");
    add(data.sums[1][i], "b");
    add(data.sums[2][i % kSumLanes], "c");
    add(data.sums[3][i % kSumLanes], "d");
  }
}

template <class Run>
void run_on(Data& data, Line line, const Run& run) {
  std::vector<float*> arrays;
  for (auto& array : data.arrays) arrays.push_back(array.data());
  std::vector<double*> sums;
  for (auto& sum : data.sums) sums.push_back(sum.data());
  line.arrays = arrays.data();
  line.sums = sums.data();
  data.finite = run(line);
}

void expect_same(const Data& a, const Data& b, const char* what) {
  for (std::uint32_t k = 0; k < kArrays; ++k)
    for (std::size_t i = 0; i < a.arrays[k].size(); ++i)
      ASSERT_TRUE(
          same_bits(static_cast<double>(a.arrays[k][i]), static_cast<double>(b.arrays[k][i])))
          << what << ", array " << k << ", element " << i << " of " << a.arrays[k].size();
  for (std::size_t k = 0; k < a.sums.size(); ++k)
    for (std::size_t i = 0; i < a.sums[k].size(); ++i)
      ASSERT_TRUE(same_bits(a.sums[k][i], b.sums[k][i]))
          << what << ", sum " << k << ", number " << i << ": " << a.sums[k][i] << " and "
          << b.sums[k][i];
}

TEST(Line, GivesTheSameBitsHoweverItIsRun) {
  std::mt19937 random(5);
  int fused_count = 0;
  for (int trial = 0; trial < 300; ++trial) {
    const RandomCode from(random);
    const std::size_t size = 1 + random() % (trial % 2 == 0 ? 40 : 700);
    const Data data(size, random);
    std::vector<float> mask(size);
    for (float& value : mask)
      value = std::bit_cast<float>(random() % 3 == 0 ? std::uint32_t{0} : 0xffffffffu);
    expression::BlockCode lowered =
        expression::lower("test", from.code, {from.inputs, from.outputs, kArrays + 4, 2});
    std::vector<float> scalars = {0.5F, -1.25F};
    scalars.insert(scalars.end(), lowered.constants.begin(), lowered.constants.end());
    Line line{nullptr, size, scalars.data(), nullptr, nullptr, {}, 0, 0};
    if (trial % 3 == 1) line.mask = mask.data();
    if (trial % 4 == 3) {
      line.prelude = {0.5F, 0.75F};
      line.l2 = 0.125F;
      line.decay = 0.01F;
    }
    Data plain = data;
    run_plainly(from, line, scalars, plain);

    const std::vector<std::uint8_t> written = {1, 0, 1};
    const LineCode code{lowered.ops.data(), lowered.ops.size(),
                        lowered.registers,  kArrays,
                        written.data(),     true,
                        from.sums.data(),   4};
    Data first = data;
    for (const auto set :
         {InstructionSet::Portable, InstructionSet::Avx2, InstructionSet::Avx512}) {
      if (!supported(set)) continue;
      Data found = data;
      run_on(found, line, [&](const Line& with) { return passes(set).evaluate_line(code, with); });
      expect_same(plain, found, expression::name(set));
      if (set == InstructionSet::Portable) first = found;
    }
    const auto fused =
        FusedKernel::compile({from.code, from.inputs, from.outputs, kArrays, 2, from.sums});
    if (fused == nullptr) continue;
    ++fused_count;
    Data found = data;
    run_on(found, line, [&](const Line& with) { return fused->run(with); });
    expect_same(plain, found, "machine code");
    if (size % 16 == 0) {
      EXPECT_EQ(first.finite, found.finite);
    }
    if (testing::Test::HasFatalFailure()) return;
  }
#if defined(OPTCMP_X86) && defined(__linux__)
  if (supported(InstructionSet::Avx2)) {
    EXPECT_GT(fused_count, 100);
  }
#endif
}

TEST(Line, TellsOfWhatIsNotFinite) {
  const Code code{{"g"}, {}, {{"a", in(0)}}};
  const std::vector<expression::Source> inputs = {{false, 1}};
  const std::vector<std::uint32_t> outputs = {2};
  const auto lowered = expression::lower("test", code, {inputs, outputs, 3, 0});
  const std::vector<std::uint8_t> written = {0, 0};
  const SumKind kind = SumKind::Lanes;
  const LineCode line_code{
      lowered.ops.data(), lowered.ops.size(), lowered.registers, 2, written.data(), true, &kind, 1};
  const auto fused = FusedKernel::compile({code, inputs, outputs, 2, 0, {kind}});
  for (const std::size_t at : {0, 13, 32, 36}) {
    std::vector<float> g(37, 1.0F);
    float* arrays[] = {nullptr, g.data()};
    double sum[kSumLanes] = {};
    double* sums[] = {sum};
    const Line line{arrays, g.size(), nullptr, sums, nullptr, {}, 0, 0};
    const auto run = [&](InstructionSet set) { return passes(set).evaluate_line(line_code, line); };
    EXPECT_TRUE(run(InstructionSet::Portable));
    if (fused) {
      EXPECT_TRUE(fused->run(line));
    }
    g[at] = NAN;
    EXPECT_FALSE(run(InstructionSet::Portable));
    EXPECT_FALSE(run(default_instruction_set()));
    if (fused) {
      EXPECT_FALSE(fused->run(line));
    }
  }
}

}  // namespace
}  // namespace optcmp::optim::test
