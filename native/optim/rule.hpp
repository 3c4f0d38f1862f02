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

/// What has a value of its own, as Rank in src/expression/expression.ts.
enum class Rank : std::uint8_t { Scalar, Tensor, Row, Column, Element, Left, Right, Axes };
inline constexpr const char* kRankNames[] = {"scalar",  "tensor", "row",   "column",
                                             "element", "left",   "right", "axes"};

enum class MatrixFunction : std::uint8_t {
  Matmul,
  Orthogonalize,
  Gram,
  Along,
  InverseRoot,
  Eigenvectors,
  Sorting,
  Orthonormal
};
inline constexpr const char* kMatrixFunctionNames[] = {"matmul",  "orthogonalize", "gram",
                                                       "along",   "inverse_root",  "eigenvectors",
                                                       "sorting", "orthonormal"};

/// State of a tensor's rows, columns, sides or axes.
struct FactorSlot {
  std::string name;
  Rank rank = Rank::Row;
  double init = 0;
  std::string next;  ///< The value of the last section that follows it.
};

struct Value {
  std::string name;
  Rank rank = Rank::Tensor;
};

/// A pass over the values of `rank`, its outputs summed to values of lower rank; or, where `to` is
/// not empty, a function of whole matrices.
struct Stage {
  Rank rank = Rank::Element;
  Code code = {};
  MatrixFunction function = MatrixFunction::Matmul;
  std::vector<std::string> args = {};  ///< Matrices; `InverseRoot` has a scalar, too, its last.
  std::string when = {};  ///< Where not empty: only if this scalar is above 0, else `otherwise`.
  std::string otherwise = {};
  std::vector<bool> transposed = {};  ///< Which of `args` are taken transposed.
  std::vector<double> numbers = {};
  std::string to = {};

  bool is_pass() const { return to.empty(); }
};

/// What is done to each tensor in turn, and the scalar code that follows.
struct Section {
  std::vector<Value> values;  ///< What stages compute; totals over all tensors have rank Scalar.
  std::vector<Stage> stages;
  Code scalar;
};

/// The state slot that the engine gives its next value, in steps that a rule's `sampling` says.
inline constexpr const char* kSampledSlot = "g_sampled";

struct Rule {
  std::string name;
  std::string fingerprint;  ///< Of the vector code; selects a generated kernel.
  std::vector<std::string> hyperparameters;
  std::vector<StateSlot> state;         ///< Per element, f32.
  std::vector<StateSlot> scalar_state;  ///< Per trainer, f64.
  Code scalar;
  Code vector;
  /// Reads what `scalar` does; the one output `due` is above 0 where a step reads the gradient at
  /// sampled labels. None: no step does.
  std::optional<Code> sampling = {};
  std::optional<EvaluationCode> evaluation = {};  ///< None: evaluated at the parameters.
  std::vector<FactorSlot> factors = {};           ///< Per row, column or side of a tensor, f32.
  std::vector<Section> sections = {};             ///< None of elementwise rules.
};

/// Whether the rule sees tensors as matrices, not only as elements with sums over all of them.
bool sees_matrices(const Rule& rule);

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
