// Runs code on scalars, in float64.
#pragma once

#include <span>
#include <vector>

#include "expression/code.hpp"

namespace optcmp::expression {

/// `inputs` in the order of `code.inputs`; `results` has room for every instruction. Allocates
/// nothing. Random operators, which draw by element, give NaN.
void run_scalar_code(const Code& code, std::span<const double> inputs, std::span<double> results);

/// The value an operand names after `run_scalar_code`.
double scalar_value(const Operand& operand, std::span<const double> inputs,
                    std::span<const double> results);

}  // namespace optcmp::expression
