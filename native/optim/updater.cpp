#include "optim/updater.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <optional>
#include <stdexcept>

#include "optim/fused_kernel.hpp"
#include "optim/learning_rate.hpp"
#include "optim/pass.hpp"
#include "optim/rule_code.hpp"
#include "optim/rule_scalars.hpp"

namespace optcmp::optim {

namespace {

void check_hyperparameters(const Rule& rule, const std::vector<double>& values) {
  const std::string where = "rule '" + rule.name + "': ";
  if (values.size() != rule.hyperparameters.size()) {
    throw std::invalid_argument(where + "takes " + std::to_string(rule.hyperparameters.size()) +
                                " hyperparameters, got " + std::to_string(values.size()));
  }
  for (std::size_t k = 0; k < values.size(); ++k) {
    if (!std::isfinite(values[k]))
      throw std::invalid_argument(where + rule.hyperparameters[k] + " is not a finite number");
  }
}

}  // namespace

struct Updater::Plan {
  Rule rule;
  InstructionSet set;
  Passes passes;
  Kernel kernel;
  LoweredRule lowered;
  std::unique_ptr<FusedKernel> fused;
  LearningRate schedule;
  RuleScalars scalar;
  std::optional<RuleScalars> sampling;

  double lr;
  std::vector<double> scalar_state;
  std::vector<std::size_t> scalar_state_output;  ///< Of the scalar code.

  std::vector<float> scalars;  ///< Coefficients, then constants.

  Plan(Rule from, Schedule with, const std::vector<double>& hyperparameters, double lr,
       InstructionSet on, bool fuse)
      : rule(std::move(from)),
        set(on),
        passes(optim::passes(on)),
        kernel(find_kernel(passes, rule.fingerprint.c_str())),
        lowered(rule.sections.empty() ? lower(rule) : LoweredRule{}),
        fused(fuse && rule.sections.empty() && kernel == nullptr && on != InstructionSet::Portable
                  ? FusedKernel::compile(fused_code(rule, lowered))
                  : nullptr),
        schedule(std::move(with), lr),
        scalar(rule, rule.scalar, hyperparameters),
        lr(lr) {
    if (rule.sampling) sampling.emplace(rule, *rule.sampling, hyperparameters);
    for (const StateSlot& slot : rule.scalar_state) {
      scalar_state.push_back(slot.init);
      scalar_state_output.push_back(scalar.output_named(slot.name));
    }
    scalars.resize(lowered.coefficients.size());
    scalars.insert(scalars.end(), lowered.code.constants.begin(), lowered.code.constants.end());
  }

  void begin_step(std::uint64_t t) {
    lr = schedule.at(t);
    scalar.run(t, lr, scalar_state);
    for (std::size_t k = 0; k < lowered.coefficients.size(); ++k)
      scalars[k] = static_cast<float>(scalar.output(lowered.coefficients[k]));
    for (std::size_t k = 0; k < scalar_state.size(); ++k)
      if (scalar_state_output[k] != kAbsent)
        scalar_state[k] = scalar.output(scalar_state_output[k]);
  }

  static FusedCode fused_code(const Rule& rule, const LoweredRule& lowered) {
    return {rule.vector,
            lowered.inputs,
            lowered.outputs,
            static_cast<std::uint32_t>(2 + rule.state.size()),
            static_cast<std::uint32_t>(lowered.coefficients.size()),
            {}};
  }

  bool run_fused(const Pass& pass) const {
    float* arrays[FusedKernel::kMostArrays] = {pass.parameter, const_cast<float*>(pass.gradient)};
    std::copy_n(pass.state, rule.state.size(), arrays + 2);
    return fused->run(
        {arrays, pass.size, pass.scalars, nullptr, nullptr, pass.prelude, pass.l2, pass.decay});
  }

  bool samples(std::uint64_t t) {
    if (!sampling) return false;
    sampling->run(t, schedule.at(t), scalar_state);
    return sampling->output(0) > 0;
  }

  bool run(const Pass& pass) const {
    if (kernel != nullptr) return kernel(pass);
    if (fused != nullptr) return run_fused(pass);
    const RuleCode code = {lowered.code.ops.data(), lowered.code.ops.size(),
                           static_cast<std::uint32_t>(rule.state.size()), lowered.code.registers};
    return passes.evaluate(code, pass);
  }
};

Updater::Updater(Rule rule, Schedule schedule, std::vector<double> hyperparameters, double lr,
                 InstructionSet set, bool fused) {
  validate(rule);
  validate(schedule);
  check_hyperparameters(rule, hyperparameters);
  if (!supported(set)) {
    throw std::invalid_argument(std::string("instruction set ") + expression::name(set) +
                                " is not supported by this processor");
  }
  plan_ =
      std::make_unique<Plan>(std::move(rule), std::move(schedule), hyperparameters, lr, set, fused);
}

Updater::~Updater() = default;
Updater::Updater(Updater&&) noexcept = default;
Updater& Updater::operator=(Updater&&) noexcept = default;

std::size_t Updater::state_slots() const { return plan_->rule.state.size(); }

float Updater::state_init(std::size_t slot) const {
  return static_cast<float>(plan_->rule.state.at(slot).init);
}

const Rule& Updater::rule() const { return plan_->rule; }

double Updater::scalar_output(std::size_t k) const { return plan_->scalar.output(k); }

const std::vector<double>& Updater::scalar_state() const { return plan_->scalar_state; }

void Updater::set_scalar_state(std::vector<double> values) {
  if (values.size() != plan_->scalar_state.size()) {
    throw std::invalid_argument("rule '" + plan_->rule.name + "' has " +
                                std::to_string(plan_->scalar_state.size()) +
                                " scalar states, got " + std::to_string(values.size()));
  }
  plan_->scalar_state = std::move(values);
}

void Updater::set_scalar_state(std::size_t k, double value) { plan_->scalar_state.at(k) = value; }

LearningRate& Updater::schedule() { return plan_->schedule; }

const LearningRate& Updater::schedule() const { return plan_->schedule; }

bool Updater::samples(std::uint64_t t) { return plan_->samples(t); }

void Updater::begin_step(std::uint64_t t) { plan_->begin_step(t); }

double Updater::lr() const { return plan_->lr; }

bool Updater::update(const Range& range, const GradientPrelude& prelude) const {
  const auto decay = static_cast<float>(plan_->lr * static_cast<double>(range.weight_decay));
  return plan_->run({range.parameter, range.gradient, range.state, range.size,
                     plan_->scalars.data(), prelude, range.l2, decay});
}

std::string Updater::kernel_name() const {
  if (plan_->fused != nullptr) return "fused/avx2";
  std::string kind = plan_->kernel != nullptr ? "generated/" : "evaluator/";
  if (!plan_->rule.sections.empty()) kind = "staged/";
  return kind + expression::name(plan_->set);
}

double sum_of_squares(const float* values, std::size_t size, InstructionSet set) {
  return passes(set).sum_of_squares(values, size);
}

}  // namespace optcmp::optim
