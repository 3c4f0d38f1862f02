#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <string>

#include "expression/instruction_set.hpp"
#include "op_harness.hpp"

namespace optcmp::test {
namespace {

struct Case {
  std::string name, op;
  bool memory, variant;  // the variant: coupled gates, linear before reset, ReLU
  std::int64_t gates, saved;
  std::int64_t steps, batch, units;
  bool bidirectional, optional;  // with bias, initial states and peepholes
};

using Values = std::vector<double>;

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

/// A recurrent layer, run by plain loops in f64.
class Recurrent : public testing::TestWithParam<Case> {
 protected:
  Case c = GetParam();
  std::int64_t directions = c.bidirectional ? 2 : 1;
  bool peepholes = c.memory && c.optional;

  /// a, r, b, h, c, p; those that are absent are empty.
  std::vector<Shape> shapes() const {
    const std::int64_t rows = c.gates * c.units;
    std::vector<Shape> all{{c.steps, c.batch, directions * rows}, {directions, rows, c.units}};
    const Shape state{directions, c.batch, c.units};
    all.push_back(c.optional ? Shape{directions, 2 * rows} : Shape{});
    all.push_back(c.optional ? state : Shape{});
    all.push_back(c.optional && c.memory ? state : Shape{});
    all.push_back(peepholes ? Shape{directions, 3 * c.units} : Shape{});
    return all;
  }

  std::vector<Shape> results() const {
    const Shape state{directions, c.batch, c.units};
    std::vector<Shape> all{{c.steps, directions, c.batch, c.units}, state};
    if (c.memory) all.push_back(state);
    return all;
  }

  /// y, yₕ and y_c from a, r, b, h, c and p.
  std::vector<Values> run(const std::vector<Values>& inputs) const {
    std::vector<Values> outputs;
    for (const Shape& shape : results()) {
      outputs.emplace_back(static_cast<std::size_t>(elements(shape)));
    }
    for (std::int64_t d = 0; d < directions; ++d) {
      for (std::int64_t n = 0; n < c.batch; ++n) run_row(inputs, outputs, d, n);
    }
    return outputs;
  }

  std::map<std::string, Attribute> attributes() const {
    std::map<std::string, Attribute> all{
        {"direction", std::string(c.bidirectional ? "bidirectional" : "reverse")},
        {"bias", c.optional},
        {"initial_h", c.optional}};
    if (c.op == "lstm") {
      all.merge(std::map<std::string, Attribute>{
          {"initial_c", c.optional}, {"peepholes", peepholes}, {"input_forget", c.variant}});
    }
    if (c.op == "gru") all["linear_before_reset"] = c.variant;
    if (c.op == "rnn") all["activation"] = std::string(c.variant ? "relu" : "tanh");
    return all;
  }

 private:
  static double at(const Values& values, std::int64_t k) {
    return values.empty() ? 0 : values[static_cast<std::size_t>(k)];
  }

  void run_row(const std::vector<Values>& in, std::vector<Values>& out, std::int64_t d,
               std::int64_t n) const {
    const std::int64_t units = c.units, rows = c.gates * units, state = (d * c.batch + n) * units;
    Values h, m;
    for (std::int64_t j = 0; j < units; ++j) {
      h.push_back(at(in[3], state + j));
      m.push_back(at(in[4], state + j));
    }
    for (std::int64_t k = 0; k < c.steps; ++k) {
      const bool backwards = d == 1 || !c.bidirectional;
      const std::int64_t t = backwards ? c.steps - 1 - k : k;
      const Values before = h, memory = m;
      const auto input = [&](std::int64_t row) {
        return at(in[0], ((t * c.batch + n) * directions + d) * rows + row) +
               at(in[2], d * 2 * rows + row);
      };
      const auto recurrent = [&](std::int64_t row, const Values& x) {
        double sum = at(in[2], d * 2 * rows + rows + row);
        for (std::int64_t i = 0; i < units; ++i) {
          sum += at(in[1], (d * rows + row) * units + i) * at(x, i);
        }
        return sum;
      };
      Values reset = before;
      for (std::int64_t i = 0; c.op == "gru" && i < units; ++i) {
        reset[static_cast<std::size_t>(i)] *=
            sigmoid(input(units + i) + recurrent(units + i, before));
      }
      for (std::int64_t j = 0; j < units; ++j) {
        const auto sum = [&](std::int64_t gate) {
          return input(gate * units + j) + recurrent(gate * units + j, before);
        };
        const auto peephole = [&](std::int64_t gate) {
          return at(in[5], d * 3 * units + gate * units + j);
        };
        double& y = h[static_cast<std::size_t>(j)];
        if (c.op == "rnn") y = c.variant ? std::max(sum(0), 0.0) : std::tanh(sum(0));
        if (c.op == "gru") {
          const double z = sigmoid(sum(0)), r = sigmoid(sum(1));
          const std::int64_t row = 2 * units + j;
          const double candidate = std::tanh(
              input(row) + (c.variant ? r * recurrent(row, before) : recurrent(row, reset)));
          y = (1 - z) * candidate + z * at(before, j);
        }
        if (c.op == "lstm") {
          const double old = at(memory, j), i = sigmoid(sum(0) + peephole(0) * old);
          const double f = c.variant ? 1 - i : sigmoid(sum(2) + peephole(2) * old);
          const double next = f * old + i * std::tanh(sum(3));
          m[static_cast<std::size_t>(j)] = next;
          y = sigmoid(sum(1) + peephole(1) * next) * std::tanh(next);
        }
        out[0][static_cast<std::size_t>(((t * directions + d) * c.batch + n) * units + j)] = y;
      }
    }
    for (std::int64_t j = 0; j < units; ++j) {
      out[1][static_cast<std::size_t>(state + j)] = at(h, j);
      if (c.memory) out[2][static_cast<std::size_t>(state + j)] = at(m, j);
    }
  }
};

/// What the engine made of a case: outputs, then gradients of the inputs that are there.
struct Engine {
  std::vector<std::vector<float>> outputs, gradients;
};

Engine execute(const Case& c, const std::vector<Shape>& shapes, const std::vector<Shape>& results,
               const std::map<std::string, Attribute>& attributes, int threads,
               cpu::Precision precision = cpu::Precision::F32) {
  OpHarness harness(c.batch);
  std::vector<TensorId> inputs, outputs, given, checked, gradients;
  for (std::size_t k = 0; k < shapes.size(); ++k) {
    if (shapes[k].empty()) continue;
    inputs.push_back(harness.input(shapes[k], random_values(shapes[k], unsigned(k) + 1)));
  }
  for (std::size_t k = 0; k < results.size(); ++k) {
    outputs.push_back(harness.b.tensor("out" + std::to_string(k), results[k]));
    given.push_back(harness.input(results[k], random_values(results[k], unsigned(k) + 20)));
  }
  std::vector<TensorId> grad_inputs(inputs.begin() + 1, inputs.end());
  grad_inputs.push_back(outputs[0]);
  if (c.saved) {
    const std::int64_t width = shapes[1][0] * c.saved * c.units;
    outputs.push_back(harness.b.tensor("saved", {c.steps, c.batch, width}));
    grad_inputs.push_back(outputs.back());
  }
  harness.b.op(c.op, inputs, outputs, attributes);
  grad_inputs.insert(grad_inputs.end(), given.begin(), given.end());
  for (const Shape& shape : shapes) {
    if (!shape.empty()) gradients.push_back(harness.output(shape));
  }
  auto with_given = attributes;
  with_given["given"] =
      results.size() == 3 ? std::vector<double>{0, 1, 2} : std::vector<double>{0, 1};
  harness.b.op(c.op + "_grad", grad_inputs, gradients, with_given);
  for (std::size_t k = 0; k < results.size(); ++k) {
    checked.push_back(harness.output(results[k]));
    harness.b.op("reshape", {outputs[k]}, {checked.back()});
  }
  harness.run(threads, precision);
  Engine engine;
  for (const TensorId id : checked) engine.outputs.push_back(harness.result(id));
  for (const TensorId id : gradients) engine.gradients.push_back(harness.result(id));
  return engine;
}

/// Runs `body` with each instruction set that this processor has.
template <class Body>
void each_instruction_set(const Body& body) {
  const char* before = std::getenv("OPTCMP_ISA");
  const std::string saved = before ? before : "";
  for (const auto set : {expression::InstructionSet::Portable, expression::InstructionSet::Avx2,
                         expression::InstructionSet::Avx512}) {
    if (!expression::supported(set)) continue;
    setenv("OPTCMP_ISA", expression::name(set), 1);
    SCOPED_TRACE(expression::name(set));
    body();
  }
  setenv("OPTCMP_ISA", saved.c_str(), 1);
}

TEST_P(Recurrent, OutputsAndGradients) {
  std::vector<Values> inputs, dy;
  for (std::size_t k = 0; k < shapes().size(); ++k) {
    if (shapes()[k].empty()) {
      inputs.emplace_back();
      continue;
    }
    const auto values = random_values(shapes()[k], unsigned(k) + 1);
    inputs.emplace_back(values.begin(), values.end());
  }
  for (std::size_t k = 0; k < results().size(); ++k) {
    const auto values = random_values(results()[k], unsigned(k) + 20);
    dy.emplace_back(values.begin(), values.end());
  }
  const auto expected = run(inputs);
  const auto loss = [&](const std::vector<Values>& at) {
    const auto outputs = run(at);
    double sum = 0;
    for (std::size_t k = 0; k < outputs.size(); ++k) {
      for (std::size_t i = 0; i < outputs[k].size(); ++i) sum += outputs[k][i] * dy[k][i];
    }
    return sum;
  };
  each_instruction_set([&] {
    const Engine engine = execute(c, shapes(), results(), attributes(), 1);
    for (std::size_t k = 0; k < expected.size(); ++k) expect_close(engine.outputs[k], expected[k]);
    // Each input's gradient, along a random direction, is the slope of the loss.
    std::size_t gradient = 0;
    for (std::size_t k = 0; k < inputs.size(); ++k) {
      if (inputs[k].empty()) continue;
      const auto direction = random_values(shapes()[k], unsigned(k) + 40);
      constexpr double kStep = 1e-5;
      std::vector<Values> above = inputs, below = inputs;
      double slope = 0, scale = 0;
      for (std::size_t i = 0; i < direction.size(); ++i) {
        above[k][i] += kStep * direction[i];
        below[k][i] -= kStep * direction[i];
        const double term = double(engine.gradients[gradient][i]) * direction[i];
        slope += term;
        scale += std::abs(term);
      }
      ++gradient;
      EXPECT_NEAR(slope, (loss(above) - loss(below)) / (2 * kStep), 1e-5 * scale) << "input " << k;
    }
    // Rows do not depend on how they are shared among threads.
    const Engine two = execute(c, shapes(), results(), attributes(), 2);
    EXPECT_EQ(two.outputs, engine.outputs);
    EXPECT_EQ(two.gradients[0], engine.gradients[0]);
  });
}

// In bf16 only the gradient of the recurrent weights is another one.
TEST_P(Recurrent, WeightGradientInBf16) {
  if (cpu::bf16_support() == cpu::Bf16::None) GTEST_SKIP() << "no bf16 with " << cpu::isa();
  const Engine f32 = execute(c, shapes(), results(), attributes(), 1);
  const Engine bf16 = execute(c, shapes(), results(), attributes(), 1, cpu::Precision::Bf16);
  EXPECT_EQ(bf16.outputs, f32.outputs);
  constexpr std::size_t kWeights = 1;
  for (std::size_t k = 0; k < f32.gradients.size(); ++k) {
    if (k == kWeights) continue;
    EXPECT_EQ(bf16.gradients[k], f32.gradients[k]) << k;
  }
  double error = 0, size = 0;
  for (std::size_t i = 0; i < f32.gradients[kWeights].size(); ++i) {
    const double expected = f32.gradients[kWeights][i];
    size += expected * expected;
    error += std::pow(bf16.gradients[kWeights][i] - expected, 2);
  }
  EXPECT_LE(std::sqrt(error), 4e-3 * std::sqrt(size));
  const bool has_products = c.steps > 1 || c.optional;
  EXPECT_EQ(error > 0, has_products);
}

Case of(std::string op, bool variant, std::int64_t units, bool everything) {
  const bool lstm = op == "lstm", gru = op == "gru";
  const std::string name = op + (variant ? "_variant_" : "_") + std::to_string(units) +
                           (everything ? "_everything" : "_plain");
  const std::int64_t saved = lstm ? 5 : gru ? (variant ? 4 : 3) : 0;
  return {name, op,    lstm,       variant,   lstm ? 4 : gru ? 3 : 1, saved, 3,
          7,    units, everything, everything};
}

std::vector<Case> cases() {
  std::vector<Case> all;
  for (const char* op : {"lstm", "gru", "rnn"}) {
    for (const bool variant : {false, true}) {
      all.push_back(of(op, variant, 19, true));
      all.push_back(of(op, variant, 32, false));
    }
  }
  Case single = of("lstm", false, 5, false);
  single.name += "_one_step";
  single.steps = 1;
  all.push_back(single);
  return all;
}

INSTANTIATE_TEST_SUITE_P(Cells, Recurrent, testing::ValuesIn(cases()),
                         [](const auto& tested) { return tested.param.name; });

TEST(RecurrentTest, RefusesWhatDoesNotFit) {
  const auto run = [](const Shape& r, std::map<std::string, Attribute> attributes) {
    OpHarness harness(2);
    harness.b.op("lstm",
                 {harness.input({3, 2, 20}, random_values({3, 2, 20}, 1)),
                  harness.input(r, random_values(r, 2))},
                 {harness.b.tensor("y", {3, 1, 2, 5})}, std::move(attributes));
    harness.run();
  };
  EXPECT_THROW(run({1, 20, 6}, {{"direction", std::string("forward")}}), std::invalid_argument);
  EXPECT_THROW(run({1, 20, 5}, {{"direction", std::string("bidirectional")}}),
               std::invalid_argument);
  EXPECT_THROW(run({1, 20, 5}, {{"direction", std::string("sideways")}}), std::invalid_argument);
  EXPECT_THROW(run({1, 20, 5}, {{"direction", std::string("forward")}, {"clip", 1.0}}),
               std::invalid_argument);
  EXPECT_NO_THROW(run({1, 20, 5}, {{"direction", std::string("forward")}}));
}

}  // namespace
}  // namespace optcmp::test
