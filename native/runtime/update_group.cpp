#include "runtime/update_group.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <stdexcept>
#include <utility>

#include "runtime/parallel.hpp"

namespace optcmp {
namespace {

void require(bool condition, const std::string& what) {
  if (!condition) throw std::invalid_argument(what);
}

std::vector<double> in_order(const optim::Rule& rule, const std::map<std::string, double>& given) {
  std::vector<double> values;
  for (const std::string& name : rule.hyperparameters) {
    const auto found = given.find(name);
    require(found != given.end(),
            "hyperparameter '" + name + "' of rule '" + rule.name + "' is missing");
    values.push_back(found->second);
  }
  for (const auto& [name, value] : given) {
    const auto& known = rule.hyperparameters;
    require(std::find(known.begin(), known.end(), name) != known.end(),
            "rule '" + rule.name + "' has no hyperparameter '" + name + "'");
  }
  return values;
}

}  // namespace

UpdateGroup::UpdateGroup(const GroupOptions& options, const optim::Schedule& schedule)
    : options_(options),
      hyperparameters_(in_order(options.rule, options.hyperparameters)),
      updater_(options.rule, schedule, hyperparameters_, options.lr) {
  require(std::isfinite(options.lr), "lr must be finite");
  require(options.l2 >= 0 && std::isfinite(options.l2), "l2 must be finite and at least 0");
  require(options.weight_decay >= 0 && std::isfinite(options.weight_decay),
          "weightDecay must be finite and at least 0");
  if (options.rule.evaluation) evaluation_.emplace(options.rule, hyperparameters_);
}

std::vector<float> UpdateGroup::state_init() const {
  std::vector<float> init;
  for (std::size_t k = 0; k < updater_.state_slots(); ++k) init.push_back(updater_.state_init(k));
  return init;
}

void UpdateGroup::bind(const ParameterStore& store, std::size_t index, int threads) {
  threads_ = threads;
  const auto l2 = static_cast<float>(options_.l2);
  const auto weight_decay = static_cast<float>(options_.weight_decay);
  ranges_ = store.ranges(index, l2, weight_decay, threads);
  if (options_.rule.sections.empty()) return;
  std::vector<const Parameter*> parameters;
  for (const Parameter& parameter : store.parameters())
    if (parameter.group == index) parameters.push_back(&parameter);
  staged_ = std::make_unique<StagedUpdate>(updater_, store, std::move(parameters), hyperparameters_,
                                           l2, weight_decay, threads);
}

std::size_t UpdateGroup::sampled_slot() const {
  const auto& state = options_.rule.state;
  return static_cast<std::size_t>(
      std::find_if(state.begin(), state.end(),
                   [](const auto& slot) { return slot.name == optim::kSampledSlot; }) -
      state.begin());
}

bool UpdateGroup::update(std::uint64_t t, const optim::GradientPrelude& prelude) {
  if (staged_) return staged_->run(t, prelude);
  updater_.begin_step(t);
  std::atomic<bool> finite = true;
  parallel_for(threads_, ranges_.size(), 1, [&](std::size_t from, std::size_t to) {
    for (std::size_t k = from; k < to; ++k) {
      if (!updater_.update(ranges_[k], prelude)) finite = false;
    }
  });
  return finite;
}

void UpdateGroup::apply_evaluation(std::uint64_t t) {
  if (!evaluation_) return;
  evaluation_->begin(t, updater_.scalar_state());
  if (staged_) return staged_->apply(*evaluation_);
  parallel_for(threads_, ranges_.size(), 1, [&](std::size_t from, std::size_t to) {
    for (std::size_t k = from; k < to; ++k) evaluation_->apply(ranges_[k]);
  });
}

std::uint64_t UpdateGroup::identity() const {
  std::uint64_t hash = identity_of(options_.rule);
  for (const std::string& name : options_.parameters)
    for (const char c : name) hash = hash_words(hash, static_cast<unsigned char>(c));
  return hash;
}

std::size_t UpdateGroup::factor_bytes() const {
  return staged_ ? staged_->factor_size() * sizeof(float) : 0;
}

void UpdateGroup::write(CheckpointWriter& writer) const {
  writer.doubles(updater_.scalar_state());
  writer.doubles(updater_.schedule().state());
  if (!staged_) return;
  const std::size_t size = staged_->factor_size();
  std::copy_n(staged_->factors(), size, writer.floats(size));
}

void UpdateGroup::read(CheckpointReader& reader) {
  updater_.set_scalar_state(reader.doubles());
  updater_.schedule().set_state(reader.doubles());
  if (!staged_) return;
  const std::size_t size = staged_->factor_size();
  std::copy_n(reader.floats(size), size, staged_->factors());
}

}  // namespace optcmp
