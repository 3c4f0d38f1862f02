// Every operator over blocks against the scalar code, and the order of reads and writes.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "block_harness.hpp"
#include "expression/scalar_code.hpp"

namespace optcmp::expression::test {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kValues[] = {0.0f,  -0.0f, 1.0f,      -1.0f,      0.5f, 1.5f,  2.5f,
                             -2.5f, 7.3f,  kInfinity, -kInfinity, kNan, -0.3f, 3e38f};

/// All triples of the values.
std::vector<std::vector<float>> triples() {
  std::vector<std::vector<float>> columns(3);
  for (const float a : kValues)
    for (const float b : kValues)
      for (const float c : kValues) {
        columns[0].push_back(a);
        columns[1].push_back(b);
        columns[2].push_back(c);
      }
  return columns;
}

TEST(Block, OperatorsAreThoseOfScalarCode) {
  const auto columns = triples();
  for (std::size_t k = 0; k < kOperatorCount; ++k) {
    const auto op = static_cast<Operator>(k);
    if (is_random(op)) continue;
    std::vector<Operand> args;
    for (std::uint32_t a = 0; a < info(op).arity; ++a) args.push_back(input(a));
    const Code code = code_of(op, args);
    const std::vector<std::vector<float>> inputs(
        columns.begin(), columns.begin() + static_cast<std::ptrdiff_t>(args.size()));
    for (const InstructionSet set : supported_sets()) {
      const auto y = evaluate(set, code, inputs, columns[0].size());
      for (std::size_t i = 0; i < y.size(); ++i) {
        std::vector<double> values, results(1);
        for (const auto& column : inputs) values.push_back(column[i]);
        run_scalar_code(code, values, results);
        const auto expected = static_cast<float>(results[0]);
        const std::string what = std::string(name(set)) + ": " + info(op).name + " of " +
                                 std::to_string(values[0]) + " … gives " + std::to_string(y[i]);
        if (std::isnan(expected) || std::isinf(expected)) {
          ASSERT_TRUE(std::isnan(expected) ? std::isnan(y[i]) : y[i] == expected) << what;
          continue;
        }
        ASSERT_NEAR(y[i], expected, 4e-7 * std::abs(expected)) << what;
      }
    }
  }
}

TEST(Block, ConstantsAndEveryLengthOfTheEnd) {
  const Code code = code_of(Operator::Sub, {input(0), constant(0.25)});
  std::vector<float> x(200);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i);
  for (const InstructionSet set : supported_sets()) {
    for (std::size_t size = 1; size <= x.size(); ++size) {
      const auto y = evaluate(set, code, {x}, size);
      for (std::size_t i = 0; i < size; ++i) ASSERT_EQ(y[i], x[i] - 0.25f);
    }
  }
}

TEST(Code, RefusesWhatMakesNoSense) {
  Code code = code_of(Operator::Add, {input(0), input(1)});
  code.instructions[0].args[1] = input(2);
  EXPECT_THROW(check("test", code), std::invalid_argument);
  code.instructions[0].args[1] = {Operand::Kind::Result, 0, 0};
  EXPECT_THROW(check("test", code), std::invalid_argument);
  code = code_of(Operator::Uniform, {constant(0.5)});
  EXPECT_THROW(check("test", code), std::invalid_argument);
  code = code_of(Operator::Uniform, {input(0)});
  EXPECT_THROW(check("test", code), std::invalid_argument);
  code = code_of(Operator::Neg, {input(0)});
  code.outputs.push_back(code.outputs[0]);
  EXPECT_THROW(check("test", code), std::invalid_argument);
}

}  // namespace
}  // namespace optcmp::expression::test
