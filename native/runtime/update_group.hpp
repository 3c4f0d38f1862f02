// Parameters that share an update rule and its settings.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "optim/evaluation_weights.hpp"
#include "optim/updater.hpp"
#include "runtime/checkpoint.hpp"
#include "runtime/parameter_store.hpp"
#include "runtime/staged_update.hpp"

namespace optcmp {

/// As ParameterGroup in src/engine/types.ts, with nothing left to defaults.
struct GroupOptions {
  std::vector<std::string> parameters;
  optim::Rule rule;
  std::map<std::string, double> hyperparameters;
  double lr = 0;
  double l2 = 0;
  double weight_decay = 0;
  bool all_decay =
      false;  ///< L2 and decay are for all of the parameters, whatever the program says.
};

class UpdateGroup {
 public:
  /// Throws std::invalid_argument.
  UpdateGroup(const GroupOptions& options, const optim::Schedule& schedule);

  /// First values of the state slots.
  std::vector<float> state_init() const;

  /// Once, before all that follows: `index` is the group's in the store, which must live as long.
  void bind(const ParameterStore& store, std::size_t index, int threads);

  /// Whether the rule reads the gradient at sampled labels at all, and at step `t`.
  bool ever_samples() const { return options_.rule.sampling.has_value(); }
  bool samples(std::uint64_t t) { return updater_.samples(t); }
  /// Where it does, in the state.
  std::size_t sampled_slot() const;

  /// Step `t` (from 0). False when something is not finite, padding included.
  bool update(std::uint64_t t, const optim::GradientPrelude& prelude);

  /// Whether the rule is evaluated at other weights than the parameters; puts them in their place,
  /// after `t` steps.
  bool has_evaluation() const { return evaluation_.has_value(); }
  void apply_evaluation(std::uint64_t t);

  optim::LearningRate& schedule() { return updater_.schedule(); }
  const std::string& rule_name() const { return options_.rule.name; }
  std::string kernel_name() const { return updater_.kernel_name(); }
  std::uint64_t identity() const;

  /// Beside the state slots, which the store has.
  std::size_t factor_bytes() const;
  void write(CheckpointWriter& writer) const;
  void read(CheckpointReader& reader);

 private:
  GroupOptions options_;
  std::vector<double> hyperparameters_;
  optim::Updater updater_;
  std::optional<optim::EvaluationWeights> evaluation_;
  std::vector<optim::Range> ranges_;
  std::unique_ptr<StagedUpdate> staged_;  ///< Of a rule with sections.
  int threads_ = 1;
};

}  // namespace optcmp
