#include "optim/updater.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <cctype>
#include <cfloat>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <ostream>
#include <stdexcept>

#include "optim/built_in_rules.hpp"
#include "rule_builder.hpp"

namespace optcmp::optim {

void PrintTo(const BuiltInRule& built_in, std::ostream* out) { *out << built_in.rule.name; }

}  // namespace optcmp::optim

namespace optcmp::optim::test {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

std::vector<InstructionSet> supported_sets() {
  std::vector<InstructionSet> sets;
  for (const auto set : {InstructionSet::Portable, InstructionSet::Avx2, InstructionSet::Avx512})
    if (supported(set)) sets.push_back(set);
  return sets;
}

/// Parameters, gradients and state at an odd address when `offset` is not 0.
struct Arrays {
  std::size_t size;
  std::size_t offset;
  std::vector<std::vector<float>> values;  ///< p, g, then the slots.

  Arrays(std::size_t n, std::size_t at, std::size_t slots)
      : size(n), offset(at), values(2 + slots, std::vector<float>(n + at + 1, 7.0F)) {}

  float* data(std::size_t k) { return values[k].data() + offset; }

  void update(const Updater& updater, const GradientPrelude& prelude, float l2 = 0,
              float decay = 0) {
    update_part(updater, prelude, 0, size, l2, decay);
  }

  void update_part(const Updater& updater, const GradientPrelude& prelude, std::size_t begin,
                   std::size_t end, float l2 = 0, float decay = 0) {
    std::vector<float*> state;
    for (std::size_t k = 2; k < values.size(); ++k) state.push_back(data(k) + begin);
    updater.update({data(0) + begin, data(1) + begin, state.data(), end - begin, l2, decay},
                   prelude);
  }
};

/// Same bits, or both NaN (whose payload depends on the order of operands).
testing::AssertionResult same(const Arrays& a, const Arrays& b) {
  for (std::size_t k = 0; k < a.values.size(); ++k) {
    for (std::size_t i = 0; i < a.values[k].size(); ++i) {
      const float x = a.values[k][i];
      const float y = b.values[k][i];
      if (std::bit_cast<std::uint32_t>(x) == std::bit_cast<std::uint32_t>(y)) continue;
      if (std::isnan(x) && std::isnan(y)) continue;
      return testing::AssertionFailure()
             << "array " << k << ", element " << i << " of " << a.size << ": " << x << " and " << y;
    }
  }
  return testing::AssertionSuccess();
}

float any_float(std::mt19937& random) {
  static constexpr float kSpecial[] = {0.0F,    -0.0F,   kInfinity, -kInfinity, NAN,     1e-45F,
                                       -1e-40F, FLT_MAX, FLT_MIN,   1.0F,       -FLT_MAX};
  if (random() % 8 == 0) return kSpecial[random() % std::size(kSpecial)];
  return std::normal_distribution<float>(0, 1)(random);
}

void fill(Arrays& arrays, std::mt19937& random, bool tame) {
  std::normal_distribution<float> normal(0, 1);
  for (std::size_t k = 0; k < arrays.values.size(); ++k) {
    for (std::size_t i = 0; i < arrays.size; ++i)
      arrays.data(k)[i] = tame ? normal(random) : any_float(random);
  }
}

constexpr std::size_t kSizes[] = {0, 1, 3, 4, 7, 8, 15, 16, 17, 31, 33, 240, 255, 256, 257, 1000};

struct Preludes {
  GradientPrelude gradient;
  float l2;
  float decay;
};
const Preludes kPreludes[] = {
    {{}, 0, 0}, {{0.5F, kInfinity}, 0, 0}, {{1, 0.75F}, 0, 0}, {{0.3F, 0.5F}, 0.1F, 0.2F}};

Updater updater_of(const Rule& rule, std::vector<double> hyperparameters, InstructionSet set,
                   double lr = 0.1, bool fused = true) {
  return Updater(rule, constant_schedule(), std::move(hyperparameters), lr, set, fused);
}

class BuiltIn : public testing::TestWithParam<BuiltInRule> {};

TEST_P(BuiltIn, HasAKernelOnEveryInstructionSet) {
  for (const InstructionSet set : supported_sets()) {
    const auto& [rule, defaults] = GetParam();
    EXPECT_EQ(updater_of(rule, defaults, set).kernel_name(), std::string("generated/") + name(set));
    Rule anonymous = rule;
    anonymous.fingerprint.clear();
    EXPECT_EQ(updater_of(anonymous, defaults, set, 0.1, false).kernel_name(),
              std::string("evaluator/") + name(set));
    EXPECT_EQ(updater_of(anonymous, defaults, set).kernel_name(),
              set == InstructionSet::Portable ? "evaluator/portable" : "fused/avx2");
  }
}

TEST_P(BuiltIn, KernelsAndEvaluatorAgreeToTheBit) {
  const auto& [rule, defaults] = GetParam();
  Rule anonymous = rule;
  anonymous.fingerprint.clear();
  std::mt19937 random(1);
  for (const std::size_t size : kSizes) {
    for (const Preludes& prelude : kPreludes) {
      Arrays start(size, size % 3, rule.state.size());
      fill(start, random, false);
      const auto trained = [&](const Rule& with, InstructionSet set, bool fused = true) {
        Arrays arrays = start;
        Updater updater = updater_of(with, defaults, set, 0.1, fused);
        for (std::uint64_t t = 0; t < 3; ++t) {
          updater.begin_step(t);
          arrays.update(updater, prelude.gradient, prelude.l2, prelude.decay);
        }
        return arrays;
      };
      const Arrays expected = trained(anonymous, InstructionSet::Portable);
      for (const InstructionSet set : supported_sets()) {
        for (const bool fused : {false, true})
          EXPECT_TRUE(same(trained(anonymous, set, fused), expected))
              << rule.name << " " << name(set) << (fused ? " fused" : "");
        EXPECT_TRUE(same(trained(rule, set), expected)) << rule.name << " " << name(set);
      }
    }
  }
}

TEST_P(BuiltIn, DoesNotDependOnHowRangesAreSplit) {
  const auto& [rule, defaults] = GetParam();
  std::mt19937 random(2);
  Arrays whole(1000, 0, rule.state.size());
  fill(whole, random, true);
  Arrays split = whole;
  Updater updater = updater_of(rule, defaults, default_instruction_set());
  updater.begin_step(0);
  whole.update(updater, {0.5F, 1});
  for (const auto& [begin, end] : {std::pair{0, 1}, {1, 18}, {18, 500}, {500, 777}, {777, 1000}})
    split.update_part(updater, {0.5F, 1}, begin, end);
  EXPECT_TRUE(same(whole, split));
}

TEST_P(BuiltIn, FollowsItselfInDoublePrecision) {
  const auto& [rule, defaults] = GetParam();
  constexpr std::size_t kSize = 37;
  constexpr double kLr = 0.01;
  std::mt19937 random(3);
  Arrays arrays(kSize, 0, rule.state.size());
  fill(arrays, random, true);
  std::vector<std::map<std::string, double>> reference(kSize);
  for (std::size_t i = 0; i < kSize; ++i) {
    reference[i]["p"] = arrays.data(0)[i];
    for (std::size_t k = 0; k < rule.state.size(); ++k) {
      arrays.data(2 + k)[i] = static_cast<float>(rule.state[k].init);
      reference[i][rule.state[k].name] = rule.state[k].init;
    }
  }
  Updater updater = updater_of(rule, defaults, default_instruction_set(), kLr);
  std::map<std::string, double> scalars = {{"lr", kLr}};
  for (std::size_t k = 0; k < defaults.size(); ++k) scalars[rule.hyperparameters[k]] = defaults[k];
  for (const StateSlot& slot : rule.scalar_state) scalars[slot.name] = slot.init;

  std::normal_distribution<float> normal(0.3F, 1);
  for (std::uint64_t t = 0; t < 200; ++t) {
    for (std::size_t i = 0; i < kSize; ++i) arrays.data(1)[i] = normal(random);
    updater.begin_step(t);
    arrays.update(updater, {});

    scalars["t"] = static_cast<double>(t);
    const auto coefficients = interpret(rule.scalar, scalars);
    for (std::size_t k = 0; k < rule.scalar_state.size(); ++k) {
      const std::string& slot = rule.scalar_state[k].name;
      scalars[slot] = coefficients.at(slot);
      EXPECT_EQ(updater.scalar_state()[k], scalars[slot]);
    }
    for (std::size_t i = 0; i < kSize; ++i) {
      std::map<std::string, double> inputs = coefficients;
      inputs.insert(reference[i].begin(), reference[i].end());
      inputs["g"] = arrays.data(1)[i];
      reference[i] = interpret(rule.vector, inputs);
    }
  }
  for (std::size_t i = 0; i < kSize; ++i)
    EXPECT_NEAR(arrays.data(0)[i], reference[i]["p"], 2e-5) << rule.name << " element " << i;
}

TEST_P(BuiltIn, KeepsPaddingAtZero) {
  const auto& [rule, defaults] = GetParam();
  Arrays arrays(40, 0, rule.state.size());
  for (std::size_t i = 0; i < arrays.size; ++i) {
    arrays.data(0)[i] = arrays.data(1)[i] = 0;
    for (std::size_t k = 0; k < rule.state.size(); ++k)
      arrays.data(2 + k)[i] = static_cast<float>(rule.state[k].init);
  }
  Updater updater = updater_of(rule, defaults, default_instruction_set());
  for (std::uint64_t t = 0; t < 50; ++t) {
    updater.begin_step(t);
    arrays.update(updater, {0.5F, 1}, 0.1F, 0.1F);
  }
  for (std::size_t i = 0; i < arrays.size; ++i) EXPECT_EQ(arrays.data(0)[i], 0.0F);
}

INSTANTIATE_TEST_SUITE_P(Optim, BuiltIn, testing::ValuesIn(built_in_rules()), [](const auto& info) {
  std::string name = info.param.rule.name;
  for (char& c : name) c = std::isalnum(static_cast<unsigned char>(c)) ? c : '_';
  return name;
});

TEST(Evaluator, FollowsTheInterpreterOnRandomRules) {
  std::mt19937 random(4);
  for (int trial = 0; trial < 300; ++trial) {
    const Rule rule = random_rule(random);
    const std::size_t size = kSizes[random() % std::size(kSizes)];
    Arrays start(size, random() % 3, rule.state.size());
    fill(start, random, false);

    Arrays expected = start;
    for (std::size_t i = 0; i < size; ++i) {
      std::map<std::string, float> inputs = {{"c0", 0.1F}, {"c1", 0.7F}, {"c2", 2.0F}};
      inputs["p"] = start.data(0)[i];
      inputs["g"] = start.data(1)[i];
      for (std::size_t k = 0; k < rule.state.size(); ++k)
        inputs[rule.state[k].name] = start.data(2 + k)[i];
      const auto outputs = interpret(rule.vector, inputs);
      expected.data(0)[i] = outputs.at("p");
      for (std::size_t k = 0; k < rule.state.size(); ++k)
        expected.data(2 + k)[i] = outputs.at(rule.state[k].name);
    }
    for (const InstructionSet set : supported_sets()) {
      for (const bool fused : {false, true}) {
        Arrays arrays = start;
        Updater updater = updater_of(rule, {0.7}, set, 0.1, fused);
        updater.begin_step(2);
        arrays.update(updater, {});
        ASSERT_TRUE(same(arrays, expected))
            << "random rule " << trial << " by " << updater.kernel_name();
      }
    }
  }
}

TEST(Evaluator, KeepsMoreValuesThanThereAreRegisters) {
  constexpr std::uint32_t kValues = 60;
  Rule rule = descent();
  auto& code = rule.vector.instructions;
  code.clear();
  for (std::uint32_t k = 0; k < kValues; ++k)
    code.push_back({Operator::Mul, {in(k % 2), constant(1 + k), {}}});
  for (std::uint32_t k = 0; k < kValues; ++k)
    code.push_back({k % 3 == 0 ? Operator::Sub : Operator::Add,
                    {k == 0 ? in(2) : result(kValues + k - 1), result((7 * k) % kValues), {}}});
  rule.vector.outputs = {{"p", result(2 * kValues - 1)}};
  rule.fingerprint.clear();
  Arrays start(37, 1, 0);
  std::mt19937 random(6);
  fill(start, random, true);
  Arrays expected = start;
  for (std::size_t i = 0; i < expected.size; ++i) {
    const std::map<std::string, float> inputs = {
        {"p", start.data(0)[i]}, {"g", start.data(1)[i]}, {"c0", 0.1F}};
    expected.data(0)[i] = interpret(rule.vector, inputs).at("p");
  }
  for (const InstructionSet set : supported_sets()) {
    for (const bool fused : {false, true}) {
      Arrays arrays = start;
      Updater updater = updater_of(rule, {}, set, 0.1, fused);
      updater.begin_step(0);
      arrays.update(updater, {});
      EXPECT_TRUE(same(arrays, expected)) << updater.kernel_name();
    }
  }
}

TEST(Evaluator, SwapsSlots) {
  Rule rule = descent();
  rule.state = {{"a", 0}, {"b", 0}};
  rule.vector.inputs = {"p", "g", "a", "b"};
  rule.vector.instructions = {};
  rule.vector.outputs = {{"p", in(2)}, {"a", in(3)}, {"b", in(0)}};
  Arrays arrays(19, 0, 2);
  for (std::size_t k = 0; k < 4; ++k)
    std::fill(arrays.values[k].begin(), arrays.values[k].end(), static_cast<float>(k));
  Updater updater = updater_of(rule, {}, default_instruction_set());
  updater.begin_step(0);
  arrays.update(updater, {});
  for (std::size_t i = 0; i < arrays.size; ++i) {
    EXPECT_EQ(arrays.data(0)[i], 2);
    EXPECT_EQ(arrays.data(2)[i], 3);
    EXPECT_EQ(arrays.data(3)[i], 0);
  }
}

TEST(Evaluator, RefusesMoreValuesThanItHasRoomFor) {
  Rule rule = descent();
  constexpr std::uint32_t kValues = 400;
  rule.vector.instructions.clear();
  for (std::uint32_t k = 0; k < kValues; ++k)
    rule.vector.instructions.push_back({Operator::Add, {in(0), constant(k)}});
  for (std::uint32_t k = 0; k < kValues; ++k)
    rule.vector.instructions.push_back(
        {Operator::Add, {result(k), k == 0 ? in(1) : result(kValues + k - 1)}});
  rule.vector.outputs[0].from = result(2 * kValues - 1);
  EXPECT_THROW(updater_of(rule, {}, default_instruction_set()), std::invalid_argument);
}

TEST(Updater, DoesThePreludeInOrder) {
  for (const InstructionSet set : supported_sets()) {
    Arrays arrays(21, 0, 0);
    std::fill(arrays.values[0].begin(), arrays.values[0].end(), 2.0F);
    std::fill(arrays.values[1].begin(), arrays.values[1].end(), -8.0F);
    Updater updater = updater_of(descent(), {}, set, 0.5);
    updater.begin_step(0);
    arrays.update(updater, {0.25F, 1.5F}, 0.125F, 0.0625F);
    // g = clamp(0.25·−8, ±1.5) + 0.125·2 = −1.25; p = 2 − 0.5·0.0625·2 + 0.5·1.25.
    for (std::size_t i = 0; i < arrays.size; ++i) EXPECT_EQ(arrays.data(0)[i], 2.5625F);
  }
}

TEST(Updater, LetsNaNThroughTheClipping) {
  for (const InstructionSet set : supported_sets()) {
    Arrays arrays(21, 0, 0);
    std::fill(arrays.values[1].begin(), arrays.values[1].end(), NAN);
    Updater updater = updater_of(descent(), {}, set);
    updater.begin_step(0);
    arrays.update(updater, {1, 1});
    for (std::size_t i = 0; i < arrays.size; ++i) EXPECT_TRUE(std::isnan(arrays.data(0)[i]));
  }
}

TEST(Updater, TouchesNothingOutsideTheRange) {
  for (const BuiltInRule& built_in : built_in_rules()) {
    for (const InstructionSet set : supported_sets()) {
      Arrays arrays(100, 0, built_in.rule.state.size());
      const Arrays start = arrays;
      Updater updater = updater_of(built_in.rule, built_in.defaults, set);
      updater.begin_step(0);
      arrays.update_part(updater, {}, 10, 61);
      for (std::size_t k = 0; k < arrays.values.size(); ++k) {
        for (std::size_t i = 0; i < 101; ++i) {
          if (i < 10 || i >= 61) {
            EXPECT_EQ(arrays.values[k][i], start.values[k][i]);
          }
        }
      }
    }
  }
}

TEST(Updater, RunsTheSchedule) {
  // lr / (1 + t)
  const Schedule inverse = {
      "inverse",
      {{"t", "lr"},
       {{Operator::Add, {in(0), constant(1)}}, {Operator::Div, {in(1), result(0)}}},
       {{"lr", result(1)}}}};
  Updater updater(descent(), inverse, {}, 0.6);
  for (std::uint64_t t = 0; t < 4; ++t) {
    updater.begin_step(t);
    EXPECT_EQ(updater.lr(), 0.6 / (1.0 + static_cast<double>(t)));
  }
}

TEST(Updater, GoesOnFromItsScalarState) {
  for (const BuiltInRule& built_in : built_in_rules()) {
    if (built_in.rule.scalar_state.empty()) continue;
    Updater first = updater_of(built_in.rule, built_in.defaults, default_instruction_set());
    for (std::uint64_t t = 0; t < 3; ++t) first.begin_step(t);
    Updater second = updater_of(built_in.rule, built_in.defaults, default_instruction_set());
    second.set_scalar_state(first.scalar_state());
    first.begin_step(3);
    second.begin_step(3);
    EXPECT_EQ(first.scalar_state(), second.scalar_state());
    EXPECT_THROW(first.set_scalar_state({}), std::invalid_argument);
  }
}

TEST(Updater, RefusesBadHyperparameters) {
  EXPECT_THROW(updater_of(descent(), {1.0}, default_instruction_set()), std::invalid_argument);
  EXPECT_THROW(updater_of(descent(), {}, default_instruction_set(), NAN), std::invalid_argument);
  Rule rule = descent();
  rule.hyperparameters = {"h"};
  EXPECT_THROW(updater_of(rule, {INFINITY}, default_instruction_set()), std::invalid_argument);
}

TEST(InstructionSets, AreChosenByTheEnvironment) {
  const char* before = std::getenv("OPTCMP_ISA");
  const std::string saved = before == nullptr ? "" : before;
  for (const InstructionSet set : supported_sets()) {
    setenv("OPTCMP_ISA", name(set), 1);
    EXPECT_EQ(default_instruction_set(), set);
  }
  setenv("OPTCMP_ISA", "mmx", 1);
  EXPECT_THROW(default_instruction_set(), std::invalid_argument);
  setenv("OPTCMP_ISA", saved.c_str(), 1);
}

TEST(SumOfSquares, IsTheSameOnEveryInstructionSet) {
  std::mt19937 random(5);
  std::normal_distribution<float> normal(0, 1);
  for (const std::size_t size : {0, 1, 31, 32, 33, 1000, 4099}) {
    std::vector<float> values(size);
    for (float& value : values) value = normal(random);
    long double expected = 0;
    for (const float value : values) expected += static_cast<long double>(value) * value;
    const double portable = sum_of_squares(values.data(), size, InstructionSet::Portable);
    EXPECT_NEAR(portable, static_cast<double>(expected), 1e-14 * static_cast<double>(expected));
    for (const InstructionSet set : supported_sets())
      EXPECT_EQ(sum_of_squares(values.data(), size, set), portable);
  }
}

}  // namespace
}  // namespace optcmp::optim::test
