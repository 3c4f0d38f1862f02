// Runs scalar code: float64, once a step.
#pragma once

#include <span>
#include <vector>

#include "optim/rule.hpp"

namespace optcmp::optim {

/// `inputs` in the order of `code.inputs`; `results` has room for every instruction. Allocates
/// nothing.
void run_scalar_code(const Code& code, std::span<const double> inputs, std::span<double> results);

/// The value an operand names after `run_scalar_code`.
double scalar_value(const Operand& operand, std::span<const double> inputs,
                    std::span<const double> results);

}  // namespace optcmp::optim
