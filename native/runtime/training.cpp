#include "runtime/training.hpp"

#include <omp.h>
#if defined(__SSE__)
#include <xmmintrin.h>
#endif

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>
#include <functional>
#include <numeric>
#include <utility>

#include "ops/registry.hpp"
#include "runtime/checkpoint.hpp"
#include "runtime/initializer.hpp"
#include "runtime/parallel.hpp"
#include "runtime/permutation.hpp"
#include "runtime/philox.hpp"

namespace optcmp {
namespace {

constexpr std::size_t kNormChunk = 1 << 16;
/// Losses that a call has room for from the start.
constexpr std::uint64_t kReservedSteps = 1 << 16;
/// Added to the norm of a gradient that is divided by.
constexpr double kLeastNorm = 1e-12;
/// Training batches that give the weights of an evaluation their running statistics.
constexpr std::size_t kStatisticsBatches = 50;

/// For what is checked once; messages are made whether needed or not.
void require(bool condition, const std::string& what) {
  if (!condition) throw std::invalid_argument(what);
}

// Where a gradient stays zero, as behind a dead unit, averages of it decay to subnormal numbers and
// never reach zero; arithmetic on those makes an update two thirds slower. OpenMP's threads inherit
// the mode.
void flush_subnormals() {
#if defined(__SSE__)
  constexpr unsigned kFlushToZero = 0x8000, kSubnormalsAreZero = 0x0040;
  _mm_setcsr(_mm_getcsr() | kFlushToZero | kSubnormalsAreZero);
#endif
}

void require_size(const char* what, std::size_t have, std::size_t need) {
  if (have == need) return;
  throw std::invalid_argument(std::string(what) + ": got " + std::to_string(have) +
                              " values, need " + std::to_string(need));
}

void require_subset(const Program& train, const Program& evaluate, Role role) {
  std::map<std::string, const Tensor*> known;
  for (const Tensor& t : train.tensors) {
    if (t.role == role) known[t.name] = &t;
  }
  for (const Tensor& t : evaluate.tensors) {
    if (t.role != role) continue;
    const auto found = known.find(t.name);
    require(
        found != known.end() && found->second->shape == t.shape && found->second->reset == t.reset,
        std::string(name_of(role)) + " '" + t.name + "' " + to_string(t.shape) +
            " of the evaluation program is not in the training program");
  }
}

void require_batch(const TrainingOptions& options) {
  const Program& train = options.train;
  const bool parts = options.batch_size != train.batch_size;
  require(options.batch_size > 0 && options.batch_size % train.batch_size == 0,
          "batchSize must be a multiple of the training program's, " +
              std::to_string(train.batch_size));
  for (const Tensor& t : train.tensors) {
    require(!parts || !t.reset, "state '" + t.name +
                                    "' is carried from batch to batch, which micro-batches cannot "
                                    "be; let batchSize be the program's");
  }
}

TrainingOptions checked(TrainingOptions options) {
  validate(options.train);
  validate(options.evaluate);
  require(options.train.mode == Mode::Train, "train must be a program of mode 'train'");
  require(options.evaluate.mode == Mode::Evaluate, "evaluate must be a program of mode 'evaluate'");
  require_subset(options.train, options.evaluate, Role::Parameter);
  require_subset(options.train, options.evaluate, Role::State);
  require(FieldSpecs(options.train) == FieldSpecs(options.evaluate),
          "the programs differ in their inputs or labels");
  if (options.batch_size == 0) options.batch_size = options.train.batch_size;
  require_batch(options);
  require(options.splits.contains("train"), "splits.train is missing");
  require(!options.clip_norm || *options.clip_norm > 0, "clipNorm must be positive");
  require(!options.clip_value || *options.clip_value > 0, "clipValue must be positive");
  require(options.sam_rho >= 0 && std::isfinite(options.sam_rho),
          "samRho must be finite and at least 0");
  require(options.threads >= 1 && options.threads <= 1024, "threads must be in 1 … 1024");
  const auto obstacle = cpu::bf16_obstacle();
  if (options.precision == cpu::Precision::Bf16 && obstacle) {
    throw std::invalid_argument("precision: 'bf16' is not possible here: " + *obstacle +
                                "; train with precision 'f32'");
  }
  return options;
}

/// The groups, and last the parameters that are in none.
std::vector<GroupOptions> all_groups(const TrainingOptions& options) {
  std::map<std::string, bool> taken;
  for (const Tensor& tensor : options.train.tensors)
    if (tensor.role == Role::Parameter) taken[tensor.name] = false;
  std::vector<GroupOptions> groups = options.groups;
  for (const GroupOptions& group : groups) {
    for (const std::string& name : group.parameters) {
      const auto found = taken.find(name);
      require(found != taken.end(), "groups: there is no parameter '" + name + "'");
      require(!found->second, "groups: parameter '" + name + "' is in two groups");
      found->second = true;
    }
  }
  GroupOptions rest{{},         options.rule, options.hyperparameters,
                    options.lr, options.l2,   options.weight_decay,
                    false};
  for (const auto& [name, is_taken] : taken)
    if (!is_taken) rest.parameters.push_back(name);
  groups.push_back(std::move(rest));
  return groups;
}

/// Where a rule reads the gradient at sampled labels, the loss must have a distribution of them.
void require_samples(const Program& train, const UpdateGroup& group) {
  if (!group.ever_samples()) return;
  for (const Op& op : train.ops) {
    require(
        !op.definition->loss || op.definition->samples,
        "rule '" + group.rule_name() +
            "' reads the gradient at labels sampled from the model's predictions, but the loss '" +
            std::string(op.definition->name) +
            "' predicts no distribution of labels; take another rule or loss");
  }
}

void check_inputs(const std::string& command, const FieldSpecs& specs,
                  std::span<const Values> inputs, std::size_t rows) {
  if (inputs.size() != specs.inputs.size()) {
    throw std::invalid_argument(command + ": got " + std::to_string(inputs.size()) +
                                " inputs, the program takes " +
                                std::to_string(specs.inputs.size()));
  }
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    specs.inputs[k].check(command, inputs[k], rows * specs.inputs[k].size);
  }
}

void fill_rows(void* field, const FieldSpec& spec, std::size_t begin, std::size_t end, int byte) {
  constexpr std::size_t kWord = 4;
  const std::size_t row = spec.size * kWord;
  std::memset(static_cast<std::byte*>(field) + begin * row, byte, (end - begin) * row);
}

// Labels of rows without an example: −1, which counts nowhere, or 0.
void pad_labels(const Executor& executor, const FieldSpecs& specs, std::size_t begin,
                std::size_t end) {
  if (!specs.labels) return;
  fill_rows(executor.labels, *specs.labels, begin, end,
            specs.labels->dtype == DataType::I32 ? 0xff : 0);
}

void pad(const Executor& executor, const FieldSpecs& specs, std::size_t begin, std::size_t end) {
  for (std::size_t k = 0; k < specs.inputs.size(); ++k) {
    fill_rows(executor.inputs[k], specs.inputs[k], begin, end, 0);
  }
  pad_labels(executor, specs, begin, end);
}

}  // namespace

Training::Training(TrainingOptions options)
    : options_(checked(std::move(options))),
      specs_(options_.train),
      rows_(static_cast<std::size_t>(options_.train.batch_size)),
      parts_(static_cast<std::size_t>(options_.batch_size) / rows_) {
  omp_set_num_threads(options_.threads);
  flush_subnormals();
  const Planner train(options_.train, layouts_, options_.threads, options_.precision);
  const Planner evaluate(options_.evaluate, layouts_, options_.threads, options_.precision);

  for (const auto& [name, data] : options_.splits) splits_.emplace(name, Split(name, data, specs_));
  order_.resize(split("train").examples());
  require(order_.size() >= rows_ * parts_,
          "split 'train' has fewer examples than one batch of " + std::to_string(rows_ * parts_));

  std::vector<StoreGroup> store_groups;
  for (const GroupOptions& group : all_groups(options_)) {
    groups_.push_back(std::make_unique<UpdateGroup>(group, options_.schedule));
    require_samples(options_.train, *groups_.back());
    store_groups.push_back({{group.parameters.begin(), group.parameters.end()},
                            group.all_decay,
                            groups_.back()->state_init(),
                            optim::sees_matrices(group.rule)});
  }
  store_ = std::make_unique<ParameterStore>(options_.train, layouts_, store_groups);
  std::uint32_t ordinal = 0;
  for (const Tensor& tensor : options_.train.tensors) {
    if (tensor.role != Role::Parameter) continue;
    names_.push_back(tensor.name);
    const std::vector<float> values = initial_values(tensor, options_.seed, ordinal++);
    const Parameter& parameter = store_->find(tensor.name);
    from_row_major(parameter.layout, values.data(), store_->values() + parameter.offset);
  }
  states_ = std::make_unique<StateStore>(options_.train, options_.seed, ordinal);
  for (std::size_t k = 0; k < groups_.size(); ++k) groups_[k]->bind(*store_, k, options_.threads);
  filter_ = std::make_unique<GradientFilter>(options_.filter, *store_, options_.train,
                                             options_.seed, options_.threads);
  partial_norms_.resize((store_->size() + kNormChunk - 1) / kNormChunk);

  arena_ = AlignedBuffer(std::max(train.arena_bytes(), evaluate.arena_bytes()));
  live_bytes_ = std::max(train.peak_live_bytes(), evaluate.peak_live_bytes());
  total_bytes_ = std::max(train.total_bytes(), evaluate.total_bytes());
  evaluates_elsewhere_ = std::any_of(groups_.begin(), groups_.end(),
                                     [](const auto& group) { return group->has_evaluation(); });
  if (evaluates_elsewhere_) {
    trained_ = AlignedBuffer(2 * store_->size() * sizeof(float));
  }
  if (options_.sam_rho > 0) {
    center_ = AlignedBuffer(store_->size() * sizeof(float));
    states_->enable_replay();
  }
  if (parts_ > 1) accumulated_ = AlignedBuffer(store_->size() * sizeof(float));
  const Storage storage{
      arena_.data(), &context_,
      [this](const std::string& name) { return store_->values() + store_->find(name).offset; },
      [this](const std::string& name) { return store_->gradients() + store_->find(name).offset; },
      [this](const std::string& name) { return states_->values(*states_->find(name)); }};
  train_ = train.bind(storage);
  evaluate_ = evaluate.bind(storage);
}

const Split& Training::split(std::string_view name) const {
  const auto found = splits_.find(name);
  if (found != splits_.end()) return found->second;
  throw std::invalid_argument("there is no split '" + std::string(name) + "'");
}

// The examples of the batch that comes next.
std::span<const std::uint32_t> Training::training_rows() {
  const std::size_t batch = rows_ * parts_;
  const std::uint64_t batches = order_.size() / batch;
  const std::uint64_t epoch = step_ / batches, at = step_ % batches;
  if (order_epoch_ != epoch) {
    if (options_.order == Order::Shuffled) {
      shuffle(order_, options_.seed, static_cast<std::uint32_t>(epoch));
    } else {
      arrange_streams(order_, batch);
    }
    order_epoch_ = epoch;
  }
  if (at == 0) states_->restart();
  return std::span<const std::uint32_t>(order_).subspan(at * batch, batch);
}

// Rows `begin` to `end` of the caller's batch.
void Training::load(const Executor& executor, std::span<const Values> inputs,
                    const std::optional<Values>& labels, std::size_t begin, std::size_t end) const {
  const auto copy = [&](const Values& values, const FieldSpec& spec, void* to) {
    copy_words(slice(values, begin * spec.size, end * spec.size), to);
  };
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    copy(inputs[k], specs_.inputs[k], executor.inputs[k]);
  }
  if (labels && specs_.labels) copy(*labels, *specs_.labels, executor.labels);
}

double Training::gradient_norm() {
  const float* gradients = store_->gradients();
  const std::size_t size = store_->size();
  parallel_for(options_.threads, partial_norms_.size(), 1, [&](std::size_t from, std::size_t to) {
    for (std::size_t k = from; k < to; ++k) {
      const std::size_t begin = k * kNormChunk;
      partial_norms_[k] =
          optim::sum_of_squares(gradients + begin, std::min(kNormChunk, size - begin));
    }
  });
  return std::sqrt(std::accumulate(partial_norms_.begin(), partial_norms_.end(), 0.0));
}

bool Training::update() {
  filter_->run(step_);
  optim::GradientPrelude prelude;
  if (options_.clip_norm) {
    const double norm = gradient_norm();
    if (!std::isfinite(norm)) return false;
    if (norm > *options_.clip_norm) prelude.scale = static_cast<float>(*options_.clip_norm / norm);
  }
  if (options_.clip_value) prelude.clip_value = static_cast<float>(*options_.clip_value);
  bool finite = true;
  for (const auto& group : groups_) finite = group->update(step_, prelude) && finite;
  store_->clear_padding();
  // A rule may make NaN of padding alone; only then is all looked over again.
  return finite || store_->finite();
}

// For rules that read it in this step: the gradient at labels drawn from the model's predictions,
// from the same states and with the same dropout as the one that follows. Its square times the
// number of labels is the estimate of Gauss-Newton-Bartlett, so the root of that comes with it.
template <class Load>
void Training::sample_gradient(const Load& load) {
  const bool due = std::any_of(groups_.begin(), groups_.end(),
                               [this](const auto& group) { return group->samples(step_); });
  if (!due) return;
  const StateStore::Keeper keeper(*states_);
  const BatchLoss loss = run_parts(load, Labels::Sampled);
  const auto root = static_cast<float>(std::sqrt(loss.weight));
  for (std::size_t k = 0; k < groups_.size(); ++k)
    if (groups_[k]->samples(step_))
      store_->keep_gradients(k, groups_[k]->sampled_slot(), root, options_.threads);
}

// Forward and backward on a batch, whose parts `load(begin row, end row)` brings; leaves the
// gradient for the update and returns the mean loss. With sharpness-aware minimization (Foret et
// al. 2021) the gradient is that of a second run on the same batch, from the same states and with
// the same dropout, at the parameters a way of ρ up the first one. The states are the first run's.
template <class Load>
double Training::run_batch(const Load& load) {
  if (options_.sam_rho == 0) return run_parts(load).mean();
  states_->remember();
  const double loss = run_parts(load).mean();
  const double norm = gradient_norm();
  if (!std::isfinite(loss) || !std::isfinite(norm)) return loss;
  const auto scale = static_cast<float>(options_.sam_rho / (norm + kLeastNorm));
  const std::size_t size = store_->size();
  float *p = store_->values(), *center = center_.floats();
  const float* const g = store_->gradients();
  parallel_for(options_.threads, size, kNormChunk, [=](std::size_t from, std::size_t to) {
    std::copy_n(p + from, to - from, center + from);
    for (std::size_t i = from; i < to; ++i) p[i] += scale * g[i];
  });
  {
    const StateStore::Replay replay(*states_);
    run_parts(load);
  }
  std::copy_n(center, size, p);
  return loss;
}

// Once forward and backward on all parts of a batch; leaves the gradient of the mean loss.
template <class Load>
BatchLoss Training::run_parts(const Load& load, Labels labels) {
  const double* loss = train_.metrics.front().total;
  BatchLoss all;
  for (std::size_t part = 0; part < parts_; ++part) {
    load(part * rows_, (part + 1) * rows_);
    context_ = {options_.seed, step_, static_cast<std::int64_t>(part * rows_),
                options_.train.batch_size, labels};
    train_.run();
    all.sum += loss[0];
    all.weight += loss[1];
    if (parts_ > 1) accumulate(part, loss[1], all.weight);
  }
  return all;
}

// Adds a part's gradient by its weight; the last part leaves the mean over all in its place.
void Training::accumulate(std::size_t part, double weight, double total) {
  const bool first = part == 0, last = part + 1 == parts_;
  const auto w = static_cast<float>(weight);
  const auto scale = static_cast<float>(total != 0 ? 1 / total : 0);
  float *sum = accumulated_.floats(), *gradient = store_->gradients();
  constexpr std::size_t kGrain = 1 << 14;
  parallel_for(options_.threads, store_->size(), kGrain, [=](std::size_t from, std::size_t to) {
    for (std::size_t i = from; i < to; ++i) {
      const float added = (first ? 0.0f : sum[i]) + w * gradient[i];
      if (last) {
        gradient[i] = scale * added;
      } else {
        sum[i] = added;
      }
    }
  });
}

// The update; false when the run diverged: at this step, wherever a run is interrupted.
bool Training::finish_step(double loss) {
  const bool healthy = std::isfinite(loss) && update();
  ++step_;
  return healthy;
}

double Metrics::at(std::string_view name) const {
  for (const auto& [known, value] : values) {
    if (known == name) return value;
  }
  throw std::invalid_argument("there is no metric '" + std::string(name) + "'");
}

TrainResult Training::train(std::uint64_t steps, const StopRequested& stop) {
  const auto begin = std::chrono::steady_clock::now();
  const Split& split = this->split("train");
  TrainResult result;
  result.losses.reserve(std::min(steps, kReservedSteps));
  while (result.losses.size() < steps && !result.diverged) {
    if (stop()) {
      result.aborted = true;
      break;
    }
    const std::span<const std::uint32_t> rows = training_rows();
    const auto load = [&](std::size_t begin, std::size_t end) {
      split.gather(rows.subspan(begin, end - begin), train_.inputs, train_.labels);
    };
    sample_gradient(load);
    const double loss = run_batch(load);
    result.losses.push_back(loss);
    result.diverged = !finish_step(loss);
  }
  result.step = step_;
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return result;
}

// Puts the weights that the rule is evaluated at in the place of the parameters for its life, and
// statistics of theirs in the states, which a StateStore::Keeper must have before.
class Training::AtEvaluationWeights {
 public:
  AtEvaluationWeights(Training& training, const StopRequested& stop) : training_(training) {
    if (!training.evaluates_elsewhere_) return;
    const ParameterStore& store = *training.store_;
    float* const kept = training.trained_.floats();
    std::copy_n(store.values(), store.size(), kept);
    std::copy_n(store.gradients(), store.size(), kept + store.size());
    for (const auto& group : training.groups_) group->apply_evaluation(training.step_);
    training.store_->clear_padding();
    try {
      training.refresh_statistics(stop);
    } catch (...) {
      put_back();
      throw;
    }
  }
  ~AtEvaluationWeights() {
    if (training_.evaluates_elsewhere_) put_back();
  }
  AtEvaluationWeights(const AtEvaluationWeights&) = delete;
  AtEvaluationWeights& operator=(const AtEvaluationWeights&) = delete;

 private:
  void put_back() {
    const ParameterStore& store = *training_.store_;
    const float* const kept = training_.trained_.floats();
    std::copy_n(kept, store.size(), store.values());
    std::copy_n(kept + store.size(), store.size(), store.gradients());
  }

  Training& training_;
};

// Running statistics belong to the weights of the batches that made them. As the authors of
// Schedule-Free do, training batches run at the new ones; here always the same.
void Training::refresh_statistics(const StopRequested& stop) {
  const auto& states = states_->states();
  if (std::all_of(states.begin(), states.end(), [](const State& state) { return state.reset; }))
    return;
  const Split& split = this->split("train");
  std::vector<std::uint32_t> order(split.examples());
  if (options_.order == Order::Shuffled) {
    shuffle(order, options_.seed, 0);
  } else {
    arrange_streams(order, rows_);
  }
  const std::size_t batches = std::min(kStatisticsBatches, order.size() / rows_);
  for (std::size_t k = 0; k < batches; ++k) {
    if (stop()) throw Aborted();
    split.gather(std::span(order).subspan(k * rows_, rows_), train_.inputs, train_.labels);
    context_ = {options_.seed, step_, 0, options_.train.batch_size};
    train_.run();
  }
}

Metrics Training::evaluate(std::string_view name, const StopRequested& stop) {
  const Split& split = this->split(name);
  const auto batch = static_cast<std::size_t>(options_.evaluate.batch_size);
  const bool sequential = options_.order == Order::Sequential;
  std::vector<std::uint32_t> order(split.examples());
  std::iota(order.begin(), order.end(), 0u);
  if (sequential) arrange_streams(order, batch);
  const StateStore::Keeper keeper(*states_);
  const AtEvaluationWeights weights(*this, stop);
  states_->restart();
  std::vector<double> totals(2 * evaluate_.metrics.size());
  for (std::size_t begin = 0; begin < order.size(); begin += batch) {
    if (stop()) throw Aborted();
    const std::size_t count = std::min(batch, order.size() - begin);
    if (sequential && count < batch) states_->restart();
    split.gather(std::span(order).subspan(begin, count), evaluate_.inputs, evaluate_.labels);
    pad(evaluate_, specs_, count, batch);
    context_ = {options_.seed, step_, static_cast<std::int64_t>(begin),
                static_cast<std::int64_t>(count)};
    evaluate_.run();
    for (std::size_t k = 0; k < totals.size(); ++k) {
      totals[k] += evaluate_.metrics[k / 2].total[k % 2];
    }
  }
  Metrics metrics{order.size(), {}};
  for (std::size_t k = 0; k < evaluate_.metrics.size(); ++k) {
    const BoundMetric mean{evaluate_.metrics[k].name, &totals[2 * k]};
    metrics.values.emplace_back(mean.name, mean.value());
  }
  return metrics;
}

double Training::step_on(std::span<const Values> inputs, const std::optional<Values>& labels,
                         bool update) {
  check_inputs("stepOn", specs_, inputs, rows_ * parts_);
  if (labels.has_value() != specs_.labels.has_value()) {
    throw std::invalid_argument(specs_.labels ? "stepOn: labels are missing"
                                              : "stepOn: the program takes no labels");
  }
  if (labels) specs_.labels->check("stepOn", *labels, rows_ * parts_ * specs_.labels->size);
  std::optional<StateStore::Keeper> keeper;
  if (!update) keeper.emplace(*states_);
  const auto load_part = [&](std::size_t begin, std::size_t end) {
    load(train_, inputs, labels, begin, end);
  };
  if (update) sample_gradient(load_part);
  const double loss = run_batch(load_part);
  if (update) finish_step(loss);
  return loss;
}

std::vector<float> Training::predict(std::span<const Values> inputs) {
  const auto batch = static_cast<std::size_t>(options_.evaluate.batch_size);
  check_inputs("predict", specs_, inputs, batch);
  const StateStore::Keeper keeper(*states_);
  const AtEvaluationWeights weights(*this, [] { return false; });
  states_->restart();
  load(evaluate_, inputs, std::nullopt, 0, batch);
  pad_labels(evaluate_, specs_, 0, batch);
  context_ = {options_.seed, step_, 0, options_.evaluate.batch_size};
  evaluate_.run();
  return {evaluate_.output.begin(), evaluate_.output.end()};
}

std::vector<float> Training::parameter(std::string_view name) const {
  if (const State* state = states_->find(name)) {
    return {states_->values(*state), states_->values(*state) + state->size};
  }
  const Parameter& parameter = store_->find(name);
  std::vector<float> values(static_cast<std::size_t>(elements(parameter.shape)));
  to_row_major(parameter.layout, store_->values() + parameter.offset, values.data());
  return values;
}

std::vector<float> Training::gradient(std::string_view name) const {
  const Parameter& parameter = store_->find(name);
  std::vector<float> values(static_cast<std::size_t>(elements(parameter.shape)));
  to_row_major(parameter.layout, store_->gradients() + parameter.offset, values.data());
  return values;
}

void Training::set_parameter(std::string_view name, std::span<const float> values) {
  if (const State* state = states_->find(name)) {
    require_size("state values", values.size(), state->size);
    std::copy(values.begin(), values.end(), states_->values(*state));
    return;
  }
  const Parameter& parameter = store_->find(name);
  const auto count = static_cast<std::size_t>(elements(parameter.shape));
  require_size("parameter values", values.size(), count);
  from_row_major(parameter.layout, values.data(), store_->values() + parameter.offset);
}

std::uint64_t Training::identity() const {
  const std::uint64_t batches = hash_words(parts_, static_cast<std::uint64_t>(options_.order));
  std::uint64_t update = identity_of(options_.schedule);
  for (const auto& group : groups_) update = hash_words(update, group->identity());
  return hash_words(fingerprint(options_.train), hash_words(update, batches));
}

std::vector<std::byte> Training::checkpoint() const {
  const std::size_t flat = store_->size() * sizeof(float);
  CheckpointWriter writer(identity(), flat + store_->state_bytes() + states_->bytes() + 4096);
  writer.number(step_);
  for (const auto& group : groups_) group->write(writer);
  for (const Parameter& parameter : store_->parameters()) {
    const auto count = static_cast<std::size_t>(elements(parameter.shape));
    const auto write = [&](const cpu::Desc& layout, const float* from) {
      to_row_major(layout, from, writer.floats(count));
    };
    write(parameter.layout, store_->values() + parameter.offset);
    for (std::size_t slot = 0; slot < store_->slots(parameter.group); ++slot)
      write(store_->state_layout(parameter), store_->state(parameter, slot));
  }
  for (const State& state : states_->states()) {
    std::copy_n(states_->values(state), state.size, writer.floats(state.size));
  }
  return std::move(writer).finish();
}

void Training::restore(std::span<const std::byte> checkpoint) {
  CheckpointReader reader(checkpoint, identity());
  step_ = reader.number();
  for (const auto& group : groups_) group->read(reader);
  for (const Parameter& parameter : store_->parameters()) {
    const auto count = static_cast<std::size_t>(elements(parameter.shape));
    const auto read = [&](const cpu::Desc& layout, float* to) {
      from_row_major(layout, reader.floats(count), to);
    };
    read(parameter.layout, store_->values() + parameter.offset);
    for (std::size_t slot = 0; slot < store_->slots(parameter.group); ++slot)
      read(store_->state_layout(parameter), store_->state(parameter, slot));
  }
  for (const State& state : states_->states()) {
    std::copy_n(reader.floats(state.size), state.size, states_->values(state));
  }
}

void Training::observe(double value) {
  for (const auto& group : groups_) group->schedule().observe(value);
}

std::vector<std::string> Training::parameter_names() const { return names_; }

std::vector<std::string> Training::state_names() const {
  std::vector<std::string> names;
  for (const State& state : states_->states()) names.push_back(state.name);
  return names;
}

std::vector<KernelTime> Training::profile(std::uint64_t runs) {
  using Clock = std::chrono::steady_clock;
  std::vector<std::uint32_t> rows(rows_);
  std::iota(rows.begin(), rows.end(), 0u);
  context_ = {options_.seed, step_, 0, options_.train.batch_size};
  const StateStore::Keeper keeper(*states_);
  std::vector<KernelTime> times;
  for (const BoundKernel& kernel : train_.kernels) {
    times.push_back({kernel.name, kernel.compute, kernel.implementation});
  }
  for (std::uint64_t run = 0; run < runs; ++run) {
    split("train").gather(rows, train_.inputs, train_.labels);
    for (std::size_t k = 0; k < times.size(); ++k) {
      const auto begin = Clock::now();
      train_.kernels[k].run();
      const std::chrono::duration<double> elapsed = Clock::now() - begin;
      times[k].seconds += elapsed.count() / static_cast<double>(runs);
    }
  }
  return times;
}

KernelTime Training::profile_update(std::uint64_t runs) {
  using Clock = std::chrono::steady_clock;
  constexpr double kSize = 0.02;
  const std::vector<std::byte> before = checkpoint();
  const std::vector<float> gradients(store_->gradients(), store_->gradients() + store_->size());
  KernelTime time{"update", false, groups_.front()->kernel_name(), 0};
  std::vector<float> values;
  for (std::uint64_t run = 0; run < 2 * runs; ++run) {
    const RandomSequence random(options_.seed, RandomStream::GradientNoise,
                                static_cast<std::uint32_t>(run));
    std::uint64_t next = 0;
    for (const Parameter& parameter : store_->parameters()) {
      values.resize(static_cast<std::size_t>(elements(parameter.shape)));
      for (float& value : values)
        value = static_cast<float>(kSize * (random.uniform(next++) - 0.5));
      from_row_major(parameter.layout, values.data(), store_->gradients() + parameter.offset);
    }
    const auto begin = Clock::now();
    update();
    const std::chrono::duration<double> elapsed = Clock::now() - begin;
    if (run >= runs) time.seconds += elapsed.count() / static_cast<double>(runs);
    ++step_;
  }
  std::copy(gradients.begin(), gradients.end(), store_->gradients());
  restore(before);
  return time;
}

MemoryUse Training::memory() const {
  const std::size_t flat = store_->size() * sizeof(float);
  std::size_t factors = 0;
  for (const auto& group : groups_) factors += group->factor_bytes();
  return {arena_.size(), live_bytes_, total_bytes_,
          2 * flat + states_->bytes() + accumulated_.size() + trained_.size() + center_.size(),
          store_->state_bytes() + factors};
}

}  // namespace optcmp
