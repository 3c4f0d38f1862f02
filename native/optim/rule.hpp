// The engine's form of src/optimizers/rule.ts: update rules and schedules as code.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "expression/code.hpp"

namespace optcmp::optim {

using expression::Code;
using expression::Instruction;
using expression::Operand;
using expression::Operator;

struct StateSlot {
  std::string name;
  double init = 0;
};

/// The weights that a model is evaluated at: `p` from `p` and the state, with scalars of the number
/// of steps so far `t`, the hyperparameters and the scalar state.
struct EvaluationCode {
  Code scalar;
  Code vector;
};

struct Rule {
  std::string name;
  std::string fingerprint;  ///< Of the vector code; selects a generated kernel.
  std::vector<std::string> hyperparameters;
  std::vector<StateSlot> state;         ///< Per element, f32.
  std::vector<StateSlot> scalar_state;  ///< Per trainer, f64.
  Code scalar;
  Code vector;
  std::optional<EvaluationCode> evaluation = {};  ///< None: evaluated at the parameters.
};

struct Schedule {
  std::string name;
  Code code;
  std::vector<StateSlot> state = {};  ///< Per trainer, f64; what `feedback` computes.
  Code feedback = {};                 ///< The next state from a measurement.
};

/// Throws std::invalid_argument naming the rule and the instruction when an operand is out of
/// range, uses a later result, or an output or input that the engine must supply is unknown.
void validate(const Rule& rule);
void validate(const Schedule& schedule);

/// Hash of the vector code that does not depend on names (FNV-1a, 16 hexadecimal digits); the same
/// as in src/optimizers/fingerprint.ts. The rule must be valid.
std::string fingerprint(const Rule& rule);

}  // namespace optcmp::optim
