// Time of element-by-element codes, next to loops over the same memory: in cache and out of it.
// Answers each line of its input with one JSON object.
//
//   optcmp_pointwise [threads]
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <string>
#include <vector>

#include "expression/instruction_set.hpp"
#include "ops/pointwise_kernels.hpp"
#include "runtime/aligned_buffer.hpp"
#include "runtime/parallel.hpp"

namespace {

using namespace optcmp;
using namespace optcmp::expression;

constexpr std::size_t kInCache = std::size_t{1} << 16;
constexpr std::size_t kInMemory = std::size_t{1} << 24;
constexpr std::size_t kBlock = 512;
constexpr double kLeastSeconds = 0.02;

/// Builds code an instruction at a time.
struct Builder {
  Code code;

  Operand in(const std::string& name) {
    code.inputs.push_back(name);
    return {Operand::Kind::Input, static_cast<std::uint32_t>(code.inputs.size() - 1), 0};
  }
  static Operand number(double value) { return {Operand::Kind::Constant, 0, value}; }
  Operand apply(Operator op, Operand a, Operand b = {}, Operand c = {}) {
    code.instructions.push_back({op, {a, b, c}});
    return {Operand::Kind::Result, static_cast<std::uint32_t>(code.instructions.size() - 1), 0};
  }
  Code result(Operand y) {
    code.outputs = {{"y", y}};
    return code;
  }
};

Code unary(Operator op) {
  Builder b;
  return b.result(b.apply(op, b.in("x")));
}

Code addition() {
  Builder b;
  const Operand x = b.in("x"), y = b.in("y");
  return b.result(b.apply(Operator::Add, x, y));
}

Code relu_gradient() {
  Builder b;
  const Operand y = b.in("y"), dy = b.in("dy");
  return b.result(b.apply(Operator::Select, y, dy, Builder::number(0)));
}

Code silu() {
  Builder b;
  const Operand x = b.in("x");
  return b.result(b.apply(Operator::Mul, x, b.apply(Operator::Sigmoid, x)));
}

/// Φ(x) = ½ (1 + erf(x/√2)).
Operand normal_cdf(Builder& b, Operand x) {
  const Operand erf =
      b.apply(Operator::Erf, b.apply(Operator::Mul, x, Builder::number(0.7071067811865476)));
  return b.apply(Operator::Mul, Builder::number(0.5),
                 b.apply(Operator::Add, Builder::number(1), erf));
}

Code gelu() {
  Builder b;
  const Operand x = b.in("x");
  return b.result(b.apply(Operator::Mul, x, normal_cdf(b, x)));
}

/// dy (Φ(x) + x φ(x)).
Code gelu_gradient() {
  Builder b;
  const Operand x = b.in("x"), dy = b.in("dy");
  const Operand square = b.apply(Operator::Mul, x, x);
  const Operand bell =
      b.apply(Operator::Exp, b.apply(Operator::Mul, square, Builder::number(-0.5)));
  const Operand density = b.apply(Operator::Mul, bell, Builder::number(0.3989422804014327));
  const Operand slope =
      b.apply(Operator::Add, normal_cdf(b, x), b.apply(Operator::Mul, x, density));
  return b.result(b.apply(Operator::Mul, dy, slope));
}

Code dropout() {
  Builder b;
  const Operand x = b.in("x");
  const Operand drawn = b.apply(Operator::Uniform, Builder::number(1));
  const Operand kept = b.apply(Operator::Sub, drawn, Builder::number(0.5));
  return b.result(b.apply(Operator::Mul, x,
                          b.apply(Operator::Select, kept, Builder::number(2), Builder::number(0))));
}

ops::PointwiseKernel kernel() {
#ifdef OPTCMP_X86
  const InstructionSet set = default_instruction_set();
  if (set == InstructionSet::Avx512) return ops::pointwise_avx512;
  if (set == InstructionSet::Avx2) return ops::pointwise_avx2;
#endif
  return ops::pointwise_portable;
}

ops::PointwisePass pass_of(const Code& code) {
  ops::PointwisePass pass;
  Placement placement;
  for (std::uint32_t k = 0; k < code.inputs.size(); ++k) {
    placement.inputs.push_back({false, k});
    pass.inputs.push_back({k, false, {}});
  }
  const auto output = static_cast<std::uint32_t>(code.inputs.size());
  placement.outputs = pass.outputs = {output};
  placement.registers = output + 1;
  pass.code = lower("benchmark", code, std::move(placement));
  pass.block = kBlock;
  return pass;
}

/// Median seconds of a call, each measurement being of as many as take long enough.
double seconds_of(const std::function<void()>& call) {
  using Clock = std::chrono::steady_clock;
  const auto elapsed = [&](std::size_t calls) {
    const auto begin = Clock::now();
    for (std::size_t k = 0; k < calls; ++k) call();
    return std::chrono::duration<double>(Clock::now() - begin).count();
  };
  std::size_t calls = 1;
  while (elapsed(calls) < kLeastSeconds) calls *= 2;
  std::vector<double> times;
  for (int k = 0; k < 3; ++k) times.push_back(elapsed(calls) / static_cast<double>(calls));
  std::sort(times.begin(), times.end());
  return times[1];
}

struct Case {
  std::string name;
  std::size_t streams;  ///< Arrays read and written.
  std::function<void(std::size_t size)> run;
};

class Bench {
 public:
  explicit Bench(int threads) : threads_(threads) {
    for (AlignedBuffer* buffer : {&x_, &y_, &out_}) {
      float* values = buffer->floats();
      for (std::size_t i = 0; i < kInMemory; ++i)
        values[i] = static_cast<float>(i % 4093) / 512 - 4;
    }
    loop("triad", 3, [](const float* x, const float* y, float* out, std::size_t i) {
      out[i] = x[i] + 3.0f * y[i];
    });
    loop("scale", 2,
         [](const float* x, const float*, float* out, std::size_t i) { out[i] = 3.0f * x[i]; });
    code("add", addition());
    code("relu gradient", relu_gradient());
    code("exp", unary(Operator::Exp));
    code("tanh", unary(Operator::Tanh));
    code("sigmoid", unary(Operator::Sigmoid));
    code("silu", silu());
    code("gelu", gelu());
    code("gelu gradient", gelu_gradient());
    code("dropout", dropout());
  }

  void answer() const {
    std::printf("{\"kernel\":\"%s\",\"cases\":[", name(default_instruction_set()));
    const char* separator = "";
    for (const std::size_t size : {kInCache, kInMemory}) {
      for (const Case& c : cases_) {
        std::printf("%s{\"name\":\"%s\",\"size\":%zu,\"streams\":%zu,\"seconds\":%.9f}", separator,
                    c.name.c_str(), size, c.streams, seconds_of([&] { c.run(size); }));
        separator = ",";
      }
    }
    std::printf("]}\n");
    std::fflush(stdout);
  }

 private:
  template <class Body>
  void loop(const std::string& name, std::size_t streams, Body body) {
    cases_.push_back({name, streams, [this, body](std::size_t size) {
                        parallel_for(threads_, size, kBlock,
                                     [&](std::size_t begin, std::size_t end) {
                                       const float* x = x_.floats();
                                       const float* y = y_.floats();
                                       float* __restrict out = out_.floats();
                                       for (std::size_t i = begin; i < end; ++i) body(x, y, out, i);
                                     });
                      }});
  }

  void code(const std::string& name, const Code& code) {
    cases_.push_back(
        {name, code.inputs.size() + 1, [this, pass = pass_of(code)](std::size_t size) {
           const float* const inputs[] = {x_.floats(), y_.floats()};
           float* const outputs[] = {out_.floats()};
           const ops::PointwiseMemory memory{inputs, outputs, pass.code.constants.data(), {1, 2}};
           parallel_for(threads_, size, kBlock, [&](std::size_t begin, std::size_t end) {
             kernel()(pass, memory, begin, end);
           });
         }});
  }

  int threads_;
  mutable AlignedBuffer x_{kInMemory * sizeof(float)}, y_{kInMemory * sizeof(float)},
      out_{kInMemory * sizeof(float)};
  std::vector<Case> cases_;
};

}  // namespace

int main(int argc, char** argv) {
  const Bench bench(argc > 1 ? std::atoi(argv[1]) : 1);
  for (std::string line; std::getline(std::cin, line);) bench.answer();
}
