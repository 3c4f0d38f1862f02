// Runs code over blocks of elements. Included by files compiled for one instruction set each;
// everything has internal linkage (see simd.hpp).
#pragma once

#include "expression/block_code.hpp"
#include "expression/random.inl.hpp"
#include "expression/simd_math.hpp"

namespace optcmp::expression {
namespace {

struct FromBlock {
  const float* values;
  Float at(std::size_t i) const { return load(values + i); }
};

struct FromScalar {
  Float value;
  Float at(std::size_t) const { return value; }
};

/// Calls `body` with a FromBlock or a FromScalar.
template <class Body>
inline void with_source(const Source& source, float* const* registers, const float* scalars,
                        Body body) {
  if (source.is_scalar) return body(FromScalar{splat(scalars[source.index])});
  body(FromBlock{registers[source.index]});
}

struct Block {
  float* const* registers;
  const float* scalars;
  std::size_t size;     ///< A multiple of kLanes.
  std::uint64_t first;  ///< The block's first element, a multiple of kLanes; for random numbers.
  RandomKey key;

  template <class Function>
  void unary(const BlockOp& op, Function function) const {
    float* const to = registers[op.target];
    with_source(op.args[0], registers, scalars, [&](auto a) {
      for (std::size_t i = 0; i < size; i += kLanes) store(to + i, function(a.at(i)));
    });
  }

  template <class Function>
  void binary(const BlockOp& op, Function function) const {
    float* const to = registers[op.target];
    with_source(op.args[0], registers, scalars, [&](auto a) {
      with_source(op.args[1], registers, scalars, [&](auto b) {
        for (std::size_t i = 0; i < size; i += kLanes) store(to + i, function(a.at(i), b.at(i)));
      });
    });
  }

  template <class Function>
  void ternary(const BlockOp& op, Function function) const {
    float* const to = registers[op.target];
    with_source(op.args[0], registers, scalars, [&](auto a) {
      with_source(op.args[1], registers, scalars, [&](auto b) {
        with_source(op.args[2], registers, scalars, [&](auto c) {
          for (std::size_t i = 0; i < size; i += kLanes)
            store(to + i, function(a.at(i), b.at(i), c.at(i)));
        });
      });
    });
  }

  void random(const BlockOp& op, void (*draw)(Words (&)[4], float (&)[4][kLanes])) const {
    const auto stream = static_cast<std::uint32_t>(scalars[op.args[0].index]);
    for (std::size_t i = 0; i < size; i += 4 * kLanes) {
      Words words[4];
      philox(key, stream, (first + i) / 4, words);
      float drawn[4][kLanes], in_order[4 * kLanes];
      draw(words, drawn);
      for (std::size_t j = 0; j < kLanes; ++j)
        for (std::size_t k = 0; k < 4; ++k) in_order[4 * j + k] = drawn[k][j];
      const std::size_t count = size - i < 4 * kLanes ? size - i : 4 * kLanes;
      memcpy(registers[op.target] + i, in_order, count * sizeof(float));
    }
  }

  void run(const BlockOp& op) const {
    if (op.copy) return unary(op, [](Float a) { return a; });
    switch (op.op) {
      case Operator::Add:
        return binary(op, [](Float a, Float b) { return a + b; });
      case Operator::Sub:
        return binary(op, [](Float a, Float b) { return a - b; });
      case Operator::Mul:
        return binary(op, [](Float a, Float b) { return a * b; });
      case Operator::Div:
        return binary(op, [](Float a, Float b) { return a / b; });
      case Operator::Min:
        return binary(op, [](Float a, Float b) { return min(a, b); });
      case Operator::Max:
        return binary(op, [](Float a, Float b) { return max(a, b); });
      case Operator::Pow:
        return binary(op, [](Float a, Float b) { return pow(a, b); });
      case Operator::Less:
        return binary(op, [](Float a, Float b) { return less(a, b); });
      case Operator::Equal:
        return binary(op, [](Float a, Float b) { return equal(a, b); });
      case Operator::Neg:
        return unary(op, [](Float a) { return -a; });
      case Operator::Abs:
        return unary(op, [](Float a) { return abs(a); });
      case Operator::Sqrt:
        return unary(op, [](Float a) { return sqrt(a); });
      case Operator::Sign:
        return unary(op, [](Float a) { return sign(a); });
      case Operator::Exp:
        return unary(op, [](Float a) { return exp(a); });
      case Operator::Expm1:
        return unary(op, [](Float a) { return expm1(a); });
      case Operator::Log:
        return unary(op, [](Float a) { return log(a); });
      case Operator::Log1p:
        return unary(op, [](Float a) { return log1p(a); });
      case Operator::Sin:
        return unary(op, [](Float a) { return sin(a); });
      case Operator::Cos:
        return unary(op, [](Float a) { return cos(a); });
      case Operator::Tanh:
        return unary(op, [](Float a) { return tanh(a); });
      case Operator::Sigmoid:
        return unary(op, [](Float a) { return sigmoid(a); });
      case Operator::Erf:
        return unary(op, [](Float a) { return erf(a); });
      case Operator::Floor:
        return unary(op, [](Float a) { return floor(a); });
      case Operator::Round:
        return unary(op, [](Float a) { return round(a); });
      case Operator::Select:
        return ternary(op, [](Float a, Float b, Float c) { return select(a, b, c); });
      case Operator::Uniform:
        return random(op, uniform);
      case Operator::Normal:
        return random(op, normal);
    }
  }
};

}  // namespace
}  // namespace optcmp::expression
