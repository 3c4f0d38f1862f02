// Elementary functions of vectors against the C library in f64, over the whole range of floats.
#include <gtest/gtest.h>

#include <bit>
#include <cfenv>
#include <cmath>
#include <limits>
#include <ostream>
#include <random>

#include "block_harness.hpp"

namespace optcmp::expression::test {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

/// Every 4093rd float of all there are, and the special ones.
std::vector<float> all_over() {
  std::vector<float> values{0.0f,
                            -0.0f,
                            kInfinity,
                            -kInfinity,
                            kNan,
                            1.0f,
                            -1.0f,
                            0x1p-149f,
                            -0x1p-149f,
                            0x1p-126f,
                            88.72f,
                            88.73f,
                            -87.34f,
                            -103.97f,
                            -104.1f,
                            0x1.fffffep127f,
                            -0x1.fffffep127f,
                            3.14159274f,
                            1.57079637f,
                            0x1p20f,
                            0x1.000002p20f};
  for (std::uint64_t bits = 0; bits < (std::uint64_t{1} << 32); bits += 4093)
    values.push_back(std::bit_cast<float>(static_cast<std::uint32_t>(bits)));
  return values;
}

/// The distance of neighbouring floats around a value.
double unit_in_last_place(double value) {
  const double size = std::min(std::max(std::abs(value), 0x1p-126), 0x1.fffffep127);
  int exponent = 0;
  std::frexp(size, &exponent);
  return std::ldexp(1.0, exponent - std::numeric_limits<float>::digits);
}

struct Function {
  const char* name;
  Operator op;
  double (*exact)(double);
  double bound;  ///< In units in the last place, as simd_math.hpp states it.
};

constexpr Function kFunctions[] = {
    {"exp", Operator::Exp, [](double x) { return std::exp(x); }, 2},
    {"expm1", Operator::Expm1, [](double x) { return std::expm1(x); }, 3},
    {"log", Operator::Log, [](double x) { return std::log(x); }, 1},
    {"log1p", Operator::Log1p, [](double x) { return std::log1p(x); }, 3},
    {"tanh", Operator::Tanh, [](double x) { return std::tanh(x); }, 2},
    {"sigmoid", Operator::Sigmoid,
     [](double x) { return x < 0 ? std::exp(x) / (1 + std::exp(x)) : 1 / (1 + std::exp(-x)); }, 3},
    {"erf", Operator::Erf, [](double x) { return std::erf(x); }, 6},
    {"sin", Operator::Sin, [](double x) { return std::sin(x); }, 2},
    {"cos", Operator::Cos, [](double x) { return std::cos(x); }, 2},
};

void PrintTo(const Function& function, std::ostream* to) { *to << function.name; }

/// Subnormals as IEEE 754 has them while it lives, though a trainer may have run on this thread.
class DefaultArithmetic {
 public:
  DefaultArithmetic() {
    std::fegetenv(&before_);
    std::fesetenv(FE_DFL_ENV);
  }
  ~DefaultArithmetic() { std::fesetenv(&before_); }
  DefaultArithmetic(const DefaultArithmetic&) = delete;
  DefaultArithmetic& operator=(const DefaultArithmetic&) = delete;

 private:
  std::fenv_t before_;
};

class ElementaryFunction : public testing::TestWithParam<Function> {};

TEST_P(ElementaryFunction, IsWithinItsBoundEverywhere) {
  const DefaultArithmetic arithmetic;
  const Function& function = GetParam();
  const std::vector<float> x = all_over();
  for (const InstructionSet set : supported_sets()) {
    const auto y = evaluate(set, code_of(function.op, {input(0)}), {x}, x.size());
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double exact = function.exact(x[i]);
      const auto rounded = static_cast<float>(exact);
      if (std::isnan(exact) || std::isinf(rounded)) {
        ASSERT_TRUE(std::isnan(exact) ? std::isnan(y[i]) : y[i] == rounded)
            << name(set) << ": " << function.name << "(" << x[i] << ") is " << y[i];
        continue;
      }
      ASSERT_LE(std::abs(y[i] - exact), function.bound * unit_in_last_place(exact))
          << name(set) << ": " << function.name << "(" << x[i] << ") is " << y[i];
      ASSERT_TRUE(exact != 0 || std::signbit(exact) == std::signbit(y[i]))
          << name(set) << ": the sign of " << function.name << "(" << x[i] << ")";
    }
  }
}

INSTANTIATE_TEST_SUITE_P(SimdMath, ElementaryFunction, testing::ValuesIn(kFunctions),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(SimdMath, PowIsWithinItsBound) {
  const DefaultArithmetic arithmetic;
  std::vector<float> a, b;
  const auto add = [&](float x, float y) {
    a.push_back(x);
    b.push_back(y);
  };
  for (const float x : {0.0f, -0.0f, 1.0f, -1.0f, 2.0f, -2.0f, 0.5f, 0x1p-149f, 0x1.fffffep127f,
                        kInfinity, -kInfinity, kNan})
    for (const float y : {0.0f, -0.0f, 1.0f, -1.0f, 2.0f, 3.0f, 0.5f, -0.5f, 1e30f, -1e30f,
                          kInfinity, -kInfinity, kNan})
      add(x, y);
  // Results over the whole range, from bases near and far from 1.
  std::mt19937 random(1);
  std::uniform_real_distribution<double> exponent(-150, 128), base(-20, 20);
  for (int k = 0; k < 200000; ++k) {
    const double log2 = base(random) * (k % 2 ? 1 : 1e-3);
    add(static_cast<float>(std::exp2(log2)), static_cast<float>(exponent(random) / log2));
  }
  const Code code = code_of(Operator::Pow, {input(0), input(1)});
  for (const InstructionSet set : supported_sets()) {
    const auto y = evaluate(set, code, {a, b}, a.size());
    for (std::size_t i = 0; i < y.size(); ++i) {
      const double exact = std::pow(double(a[i]), double(b[i]));
      const auto rounded = static_cast<float>(exact);
      if (std::isnan(exact) || std::isinf(rounded)) {
        ASSERT_TRUE(std::isnan(exact) ? std::isnan(y[i]) : y[i] == rounded)
            << name(set) << ": " << a[i] << "^" << b[i] << " is " << y[i];
        continue;
      }
      ASSERT_LE(std::abs(y[i] - exact), unit_in_last_place(exact))
          << name(set) << ": " << a[i] << "^" << b[i] << " is " << y[i];
    }
  }
}

}  // namespace
}  // namespace optcmp::expression::test
