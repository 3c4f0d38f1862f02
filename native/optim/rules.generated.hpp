// Generated from src/optimizers by `node dist/optimizers/codegen-main.js`; do not edit.
// clang-format off
#pragma once

#include <vector>

#include "optim/rule.hpp"

namespace optcmp::optim {

struct BuiltInRule {
  Rule rule;
  std::vector<double> defaults;  ///< Of the hyperparameters.
};

/// The rules of src/optimizers, for tests and benchmarks.
inline std::vector<BuiltInRule> built_in_rules() {
  using enum Operator;
  constexpr auto in = [](std::uint32_t k) { return Operand{Operand::Kind::Input, k, 0}; };
  constexpr auto op = [](std::uint32_t k) { return Operand{Operand::Kind::Result, k, 0}; };
  [[maybe_unused]] constexpr auto constant = [](double x) { return Operand{Operand::Kind::Constant, 0, x}; };
  return {
      {{"sgd",
        "8d376a579fcbc70c",
        {},
        {},
        {},
        {{"t", "lr"},
         {},
         {{"c0", in(1)}}},
        {{"p", "g", "c0"},
         {{Mul, {in(2), in(1)}}, {Sub, {in(0), op(0)}}},
         {{"p", op(1)}}}},
       {}},
      {{"momentum",
        "c7d88994eb49812e",
        {"gamma"},
        {{"v", 0}},
        {},
        {{"t", "lr", "gamma"},
         {},
         {{"c0", in(1)}, {"c1", in(2)}}},
        {{"p", "g", "v", "c0", "c1"},
         {{Mul, {in(4), in(2)}}, {Add, {op(0), in(1)}}, {Mul, {in(3), op(1)}}, {Sub, {in(0), op(2)}}},
         {{"p", op(3)}, {"v", op(1)}}}},
       {0.9}},
      {{"nesterov",
        "6445700b0d899ac9",
        {"gamma"},
        {{"v", 0}},
        {},
        {{"t", "lr", "gamma"},
         {},
         {{"c0", in(1)}, {"c1", in(2)}}},
        {{"p", "g", "v", "c0", "c1"},
         {{Mul, {in(4), in(2)}}, {Add, {op(0), in(1)}}, {Mul, {in(4), op(1)}}, {Add, {op(2), in(1)}}, {Mul, {in(3), op(3)}}, {Sub, {in(0), op(4)}}},
         {{"p", op(5)}, {"v", op(1)}}}},
       {0.9}},
      {{"rmsprop",
        "644261dcdbdfe9c6",
        {"gamma", "rho", "epsilon"},
        {{"v", 1}, {"m", 0}},
        {},
        {{"t", "lr", "gamma", "rho", "epsilon"},
         {{Sub, {constant(1), in(3)}}},
         {{"c0", in(2)}, {"c1", in(1)}, {"c2", in(3)}, {"c3", op(0)}, {"c4", in(4)}}},
        {{"p", "g", "v", "m", "c0", "c1", "c2", "c3", "c4"},
         {{Mul, {in(4), in(3)}}, {Mul, {in(6), in(2)}}, {Mul, {in(1), in(1)}}, {Mul, {in(7), op(2)}}, {Add, {op(1), op(3)}}, {Add, {op(4), in(8)}}, {Sqrt, {op(5)}}, {Div, {in(5), op(6)}}, {Mul, {op(7), in(1)}}, {Add, {op(0), op(8)}}, {Sub, {in(0), op(9)}}},
         {{"p", op(10)}, {"v", op(4)}, {"m", op(9)}}}},
       {0, 0.9, 1e-10}},
      {{"rmsprop/pytorch",
        "1f94a357f9835ce5",
        {"gamma", "rho", "epsilon"},
        {{"v", 0}, {"m", 0}},
        {},
        {{"t", "lr", "gamma", "rho", "epsilon"},
         {{Sub, {constant(1), in(3)}}},
         {{"c0", in(1)}, {"c1", in(2)}, {"c2", in(3)}, {"c3", op(0)}, {"c4", in(4)}}},
        {{"p", "g", "v", "m", "c0", "c1", "c2", "c3", "c4"},
         {{Mul, {in(5), in(3)}}, {Mul, {in(6), in(2)}}, {Mul, {in(1), in(1)}}, {Mul, {in(7), op(2)}}, {Add, {op(1), op(3)}}, {Sqrt, {op(4)}}, {Add, {op(5), in(8)}}, {Div, {in(1), op(6)}}, {Add, {op(0), op(7)}}, {Mul, {in(4), op(8)}}, {Sub, {in(0), op(9)}}},
         {{"p", op(10)}, {"v", op(4)}, {"m", op(8)}}}},
       {0, 0.99, 1e-8}},
      {{"adam",
        "03a9e51e2fe6e9e6",
        {"beta1", "beta2", "epsilon"},
        {{"m", 0}, {"v", 0}},
        {},
        {{"t", "lr", "beta1", "beta2", "epsilon"},
         {{Add, {in(0), constant(1)}}, {Pow, {in(3), op(0)}}, {Sub, {constant(1), op(1)}}, {Sqrt, {op(2)}}, {Pow, {in(2), op(0)}}, {Sub, {constant(1), op(4)}}, {Div, {op(3), op(5)}}, {Mul, {in(1), op(6)}}, {Sub, {constant(1), in(2)}}, {Sub, {constant(1), in(3)}}},
         {{"c0", op(7)}, {"c1", in(2)}, {"c2", op(8)}, {"c3", in(3)}, {"c4", op(9)}, {"c5", in(4)}}},
        {{"p", "g", "m", "v", "c0", "c1", "c2", "c3", "c4", "c5"},
         {{Mul, {in(5), in(2)}}, {Mul, {in(6), in(1)}}, {Add, {op(0), op(1)}}, {Mul, {in(4), op(2)}}, {Mul, {in(7), in(3)}}, {Mul, {in(1), in(1)}}, {Mul, {in(8), op(5)}}, {Add, {op(4), op(6)}}, {Sqrt, {op(7)}}, {Add, {op(8), in(9)}}, {Div, {op(3), op(9)}}, {Sub, {in(0), op(10)}}},
         {{"p", op(11)}, {"m", op(2)}, {"v", op(7)}}}},
       {0.9, 0.999, 1e-8}},
      {{"adam/pytorch",
        "2d8e15b716214994",
        {"beta1", "beta2", "epsilon"},
        {{"m", 0}, {"v", 0}},
        {},
        {{"t", "lr", "beta1", "beta2", "epsilon"},
         {{Add, {in(0), constant(1)}}, {Pow, {in(2), op(0)}}, {Sub, {constant(1), op(1)}}, {Div, {in(1), op(2)}}, {Sub, {constant(1), in(2)}}, {Sub, {constant(1), in(3)}}, {Pow, {in(3), op(0)}}, {Sub, {constant(1), op(6)}}, {Sqrt, {op(7)}}},
         {{"c0", op(3)}, {"c1", in(2)}, {"c2", op(4)}, {"c3", in(3)}, {"c4", op(5)}, {"c5", op(8)}, {"c6", in(4)}}},
        {{"p", "g", "m", "v", "c0", "c1", "c2", "c3", "c4", "c5", "c6"},
         {{Mul, {in(5), in(2)}}, {Mul, {in(6), in(1)}}, {Add, {op(0), op(1)}}, {Mul, {in(7), in(3)}}, {Mul, {in(1), in(1)}}, {Mul, {in(8), op(4)}}, {Add, {op(3), op(5)}}, {Sqrt, {op(6)}}, {Div, {op(7), in(9)}}, {Add, {op(8), in(10)}}, {Div, {op(2), op(9)}}, {Mul, {in(4), op(10)}}, {Sub, {in(0), op(11)}}},
         {{"p", op(12)}, {"m", op(2)}, {"v", op(6)}}}},
       {0.9, 0.999, 1e-8}},
      {{"nadam",
        "e157ca54f3b87f2a",
        {"beta1", "beta2", "epsilon"},
        {{"m", 0}, {"v", 0}},
        {},
        {{"t", "lr", "beta1", "beta2", "epsilon"},
         {{Add, {in(0), constant(1)}}, {Pow, {in(3), op(0)}}, {Sub, {constant(1), op(1)}}, {Sqrt, {op(2)}}, {Pow, {in(2), op(0)}}, {Sub, {constant(1), op(4)}}, {Div, {op(3), op(5)}}, {Mul, {in(1), op(6)}}, {Sub, {constant(1), in(2)}}, {Sub, {constant(1), in(3)}}},
         {{"c0", op(7)}, {"c1", in(2)}, {"c2", op(8)}, {"c3", in(3)}, {"c4", op(9)}, {"c5", in(4)}}},
        {{"p", "g", "m", "v", "c0", "c1", "c2", "c3", "c4", "c5"},
         {{Mul, {in(5), in(2)}}, {Mul, {in(6), in(1)}}, {Add, {op(0), op(1)}}, {Mul, {in(5), op(2)}}, {Add, {op(3), op(1)}}, {Mul, {in(4), op(4)}}, {Mul, {in(7), in(3)}}, {Mul, {in(1), in(1)}}, {Mul, {in(8), op(7)}}, {Add, {op(6), op(8)}}, {Sqrt, {op(9)}}, {Add, {op(10), in(9)}}, {Div, {op(5), op(11)}}, {Sub, {in(0), op(12)}}},
         {{"p", op(13)}, {"m", op(2)}, {"v", op(9)}}}},
       {0.9, 0.999, 1e-8}},
      {{"nadam/pytorch",
        "7569d721f18efc6f",
        {"beta1", "beta2", "epsilon", "momentum_decay"},
        {{"m", 0}, {"v", 0}},
        {{"mu_product", 1}},
        {{"t", "lr", "beta1", "beta2", "epsilon", "momentum_decay", "mu_product"},
         {{Add, {in(0), constant(1)}}, {Mul, {in(5), op(0)}}, {Pow, {constant(0.96), op(1)}}, {Mul, {constant(0.5), op(2)}}, {Sub, {constant(1), op(3)}}, {Mul, {in(2), op(4)}}, {Sub, {constant(1), op(5)}}, {Mul, {in(1), op(6)}}, {Mul, {in(6), op(5)}}, {Sub, {constant(1), op(8)}}, {Div, {op(7), op(9)}}, {Add, {in(0), constant(2)}}, {Mul, {in(5), op(11)}}, {Pow, {constant(0.96), op(12)}}, {Mul, {constant(0.5), op(13)}}, {Sub, {constant(1), op(14)}}, {Mul, {in(2), op(15)}}, {Mul, {in(1), op(16)}}, {Mul, {op(8), op(16)}}, {Sub, {constant(1), op(18)}}, {Div, {op(17), op(19)}}, {Sub, {constant(1), in(2)}}, {Sub, {constant(1), in(3)}}, {Pow, {in(3), op(0)}}, {Sub, {constant(1), op(23)}}},
         {{"c0", op(10)}, {"c1", op(20)}, {"c2", in(2)}, {"c3", op(21)}, {"c4", in(3)}, {"c5", op(22)}, {"c6", op(24)}, {"c7", in(4)}, {"mu_product", op(8)}}},
        {{"p", "g", "m", "v", "c0", "c1", "c2", "c3", "c4", "c5", "c6", "c7"},
         {{Mul, {in(4), in(1)}}, {Mul, {in(6), in(2)}}, {Mul, {in(7), in(1)}}, {Add, {op(1), op(2)}}, {Mul, {in(5), op(3)}}, {Add, {op(0), op(4)}}, {Mul, {in(8), in(3)}}, {Mul, {in(1), in(1)}}, {Mul, {in(9), op(7)}}, {Add, {op(6), op(8)}}, {Div, {op(9), in(10)}}, {Sqrt, {op(10)}}, {Add, {op(11), in(11)}}, {Div, {op(5), op(12)}}, {Sub, {in(0), op(13)}}},
         {{"p", op(14)}, {"m", op(3)}, {"v", op(9)}}}},
       {0.9, 0.999, 1e-8, 0.004}},
  };
}

}  // namespace optcmp::optim
