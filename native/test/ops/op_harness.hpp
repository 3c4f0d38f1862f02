// Runs one op on given values and gives back what it wrote, all in row-major order.
#pragma once

#include <gtest/gtest.h>

#include <bit>
#include <cstring>
#include <map>
#include <memory>
#include <random>
#include <tuple>
#include <vector>

#include "../program_builder.hpp"
#include "runtime/aligned_buffer.hpp"
#include "runtime/layout.hpp"
#include "runtime/planner.hpp"

namespace optcmp::test {

inline std::vector<float> random_values(const Shape& shape, unsigned seed) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<float> uniform(-1, 1);
  std::vector<float> values(static_cast<std::size_t>(elements(shape)));
  for (float& v : values) v = uniform(random);
  return values;
}

/// Values as products in a precision take them: rounded to nearest, ties to even.
inline std::vector<float> as_factors(std::vector<float> values, cpu::Precision precision) {
  if (precision == cpu::Precision::F32) return values;
  for (float& value : values) {
    const auto bits = std::bit_cast<std::uint32_t>(value);
    value = std::bit_cast<float>((bits + 0x7fff + (bits >> 16 & 1)) & 0xffff0000u);
  }
  return values;
}

/// A parameter of tests and the precision of products; skipped where oneDNN does not have it.
template <class Case>
class ProductTest : public testing::TestWithParam<std::tuple<Case, cpu::Precision>> {
 protected:
  const Case& c = std::get<0>(this->GetParam());
  const cpu::Precision precision = std::get<1>(this->GetParam());

  void SetUp() override {
    const bool bf16 = precision == cpu::Precision::Bf16;
    if (bf16 && cpu::bf16_support() == cpu::Bf16::None) {
      GTEST_SKIP() << "oneDNN computes in bf16 with AVX-512 only, and this CPU has " << cpu::isa();
    }
  }
};

inline const auto kPrecisions = testing::Values(cpu::Precision::F32, cpu::Precision::Bf16);

/// Executes ops whose inputs are parameters with given values and whose results are gradients of
/// further parameters, so that both ends have an address and a layout of the engine's choosing.
class OpHarness {
 public:
  explicit OpHarness(std::int64_t batch) : b("op", Mode::Train, batch) {}

  TensorId input(Shape shape, std::vector<float> values) {
    const TensorId id =
        b.parameter("p" + std::to_string(b.program.tensors.size()), shape, 1, false);
    values_[id] = std::move(values);
    return id;
  }

  /// A parameter that exists only for its gradient, which the op writes.
  TensorId output(Shape shape) {
    const TensorId of =
        b.parameter("q" + std::to_string(b.program.tensors.size()), shape, 1, false);
    return b.gradient(of);
  }

  /// Plans, runs once; afterwards `result(id)`.
  void run(int threads = 1, cpu::Precision precision = cpu::Precision::F32) {
    run_by(threads, precision, [](const Executor& executor) { executor.run(); });
  }

  /// As `run`; `how` runs what was planned.
  template <class How>
  void run_by(int threads, cpu::Precision precision, const How& how) {
    const TensorId x = b.tensor("x", {b.program.batch_size, 2}, Role::Input);
    const TensorId labels = b.labels({b.program.batch_size}, 2);
    const TensorId loss = b.tensor("loss", {}, Role::Metric);
    const TensorId errors = b.tensor("errors", {}, Role::Metric);
    b.op("softmax_cross_entropy", {x, labels}, {loss, errors});
    Program checked = b.program;
    checked.mode = Mode::Evaluate;  // parameters without gradient are fine here
    validate(checked);
    const Planner planner(b.program, layouts_, threads, precision);
    for (const auto& [name, layout] : layouts_) {
      parameters_[name] = AlignedBuffer(layout.get_size());
      gradients_[name] = AlignedBuffer(layout.get_size());
      std::memset(gradients_[name].data(), 0x7f, layout.get_size());
    }
    for (const auto& [id, values] : values_) {
      const std::string& name = b.program.tensors[id].name;
      if (!layouts_.contains(name)) continue;
      from_row_major(layouts_.at(name), values.data(), parameters_[name].floats());
    }
    AlignedBuffer arena(planner.arena_bytes());
    std::memset(arena.data(), 0x7f, arena.size());
    const Storage storage{arena.data(),
                          &context_,
                          [this](const std::string& n) { return parameters_.at(n).floats(); },
                          [this](const std::string& n) { return gradients_.at(n).floats(); },
                          {}};
    const Executor executor = planner.bind(storage);
    std::fill_n(static_cast<float*>(executor.inputs[0]), 2 * b.program.batch_size, 0.0f);
    std::fill_n(static_cast<std::int32_t*>(executor.labels), b.program.batch_size, 0);
    how(executor);
  }

  std::vector<float> result(TensorId gradient) const {
    const Tensor& parameter = b.program.tensors[*b.program.tensors[gradient].parameter];
    std::vector<float> values(static_cast<std::size_t>(elements(parameter.shape)));
    to_row_major(layouts_.at(parameter.name), gradients_.at(parameter.name).floats(),
                 values.data());
    return values;
  }

  ProgramBuilder b;

 private:
  std::map<TensorId, std::vector<float>> values_;
  StepContext context_;
  ParameterLayouts layouts_;
  std::map<std::string, AlignedBuffer> parameters_, gradients_;
};

/// Compares with a reference in f64, relative to the greatest value.
inline void expect_close(const std::vector<float>& ours, const std::vector<double>& expected,
                         double tolerance = 1e-5) {
  ASSERT_EQ(ours.size(), expected.size());
  double scale = 1e-30;
  for (const double e : expected) scale = std::max(scale, std::abs(e));
  for (std::size_t i = 0; i < ours.size(); ++i) {
    ASSERT_NEAR(ours[i], expected[i], tolerance * scale) << "at " << i;
  }
}

}  // namespace optcmp::test
