#include "optim/evaluation_weights.hpp"

namespace optcmp::optim {

EvaluationWeights::EvaluationWeights(const Rule& rule, const std::vector<double>& hyperparameters,
                                     InstructionSet set)
    : passes_(passes(set)),
      lowered_(lower_evaluation(rule)),
      scalar_(rule, rule.evaluation->scalar, hyperparameters),
      state_slots_(static_cast<std::uint32_t>(rule.state.size())) {
  scalars_.resize(lowered_.coefficients.size());
  const auto& constants = lowered_.code.constants;
  scalars_.insert(scalars_.end(), constants.begin(), constants.end());
}

void EvaluationWeights::begin(std::uint64_t t, const std::vector<double>& scalar_state) {
  scalar_.run(t, 0, scalar_state);  // Reads no rate.
  for (std::size_t k = 0; k < lowered_.coefficients.size(); ++k)
    scalars_[k] = static_cast<float>(scalar_.output(lowered_.coefficients[k]));
}

void EvaluationWeights::apply(const Range& range) const {
  const RuleCode code = {lowered_.code.ops.data(), lowered_.code.ops.size(), state_slots_,
                         lowered_.code.registers};
  passes_.evaluate(
      code, {range.parameter, range.gradient, range.state, range.size, scalars_.data(), {}, 0, 0});
}

}  // namespace optcmp::optim
