#include "expression/scalar_code.hpp"

#include <cmath>
#include <limits>

namespace optcmp::expression {

namespace {

double apply(Operator op, double a, double b, double c) {
  switch (op) {
    case Operator::Add:
      return a + b;
    case Operator::Sub:
      return a - b;
    case Operator::Mul:
      return a * b;
    case Operator::Div:
      return a / b;
    // NaN in either operand gives NaN.
    case Operator::Min:
      return a < b || a != a ? a : b;
    case Operator::Max:
      return a > b || a != a ? a : b;
    case Operator::Pow:
      return std::pow(a, b);
    case Operator::Less:
      return a < b ? 1 : 0;
    case Operator::Equal:
      return a == b ? 1 : 0;
    case Operator::Neg:
      return -a;
    case Operator::Abs:
      return std::abs(a);
    case Operator::Sqrt:
      return std::sqrt(a);
    // Keeps ±0 and NaN.
    case Operator::Sign:
      return a > 0 ? 1 : (a < 0 ? -1 : a);
    case Operator::Exp:
      return std::exp(a);
    case Operator::Expm1:
      return std::expm1(a);
    case Operator::Log:
      return std::log(a);
    case Operator::Log1p:
      return std::log1p(a);
    case Operator::Sin:
      return std::sin(a);
    case Operator::Cos:
      return std::cos(a);
    case Operator::Tanh:
      return std::tanh(a);
    case Operator::Sigmoid:
      return 1 / (1 + std::exp(-a));
    case Operator::Erf:
      return std::erf(a);
    case Operator::Floor:
      return std::floor(a);
    case Operator::Round:
      return std::nearbyint(a);
    case Operator::Select:
      return a > 0 ? b : c;
    case Operator::Uniform:
    case Operator::Normal:
      break;
  }
  return std::numeric_limits<double>::quiet_NaN();
}

}  // namespace

double scalar_value(const Operand& operand, std::span<const double> inputs,
                    std::span<const double> results) {
  switch (operand.kind) {
    case Operand::Kind::Input:
      return inputs[operand.index];
    case Operand::Kind::Result:
      return results[operand.index];
    case Operand::Kind::Constant:
      break;
  }
  return operand.value;
}

void run_scalar_code(const Code& code, std::span<const double> inputs, std::span<double> results) {
  for (std::size_t k = 0; k < code.instructions.size(); ++k) {
    const Instruction& instruction = code.instructions[k];
    double args[3] = {};
    for (std::size_t a = 0; a < info(instruction.op).arity; ++a)
      args[a] = scalar_value(instruction.args[a], inputs, results);
    results[k] = apply(instruction.op, args[0], args[1], args[2]);
  }
}

}  // namespace optcmp::expression
