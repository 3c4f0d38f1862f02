#include "runtime/training.hpp"

#include <omp.h>
#if defined(__SSE__)
#include <xmmintrin.h>
#endif

#include <algorithm>
#include <chrono>
#include <cmath>
#include <functional>
#include <numeric>
#include <utility>

#include "ops/registry.hpp"
#include "runtime/checkpoint.hpp"
#include "runtime/initializer.hpp"
#include "runtime/parallel.hpp"
#include "runtime/permutation.hpp"

namespace optcmp {
namespace {

constexpr std::size_t kNormChunk = 1 << 16;
/// Losses that a call has room for from the start.
constexpr std::uint64_t kReservedSteps = 1 << 16;

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

const Tensor& only_input(const Program& program) {
  return *std::find_if(program.tensors.begin(), program.tensors.end(),
                       [](const Tensor& t) { return t.role == Role::Input; });
}

std::int64_t classes_of(const Program& program) {
  for (const Op& op : program.ops) {
    if (op.definition->loss) return program.tensors[op.inputs[0]].shape[1];
  }
  throw std::invalid_argument("program '" + program.name + "' has no loss");
}

void require_same_parameters(const Program& train, const Program& evaluate) {
  std::map<std::string, Shape> known;
  for (const Tensor& t : train.tensors) {
    if (t.role == Role::Parameter) known[t.name] = t.shape;
  }
  for (const Tensor& t : evaluate.tensors) {
    if (t.role != Role::Parameter) continue;
    const auto found = known.find(t.name);
    require(found != known.end() && found->second == t.shape,
            "parameter '" + t.name + "' " + to_string(t.shape) +
                " of the evaluation program is not in the training program");
  }
}

TrainingOptions checked(TrainingOptions options) {
  validate(options.train);
  validate(options.evaluate);
  require(options.train.mode == Mode::Train, "train must be a program of mode 'train'");
  require(options.evaluate.mode == Mode::Evaluate, "evaluate must be a program of mode 'evaluate'");
  require_same_parameters(options.train, options.evaluate);
  require(options.splits.contains("train"), "splits.train is missing");
  require(std::isfinite(options.lr), "lr must be finite");
  require(options.l2 >= 0 && std::isfinite(options.l2), "l2 must be finite and at least 0");
  require(options.weight_decay >= 0 && std::isfinite(options.weight_decay),
          "weightDecay must be finite and at least 0");
  require(!options.clip_norm || *options.clip_norm > 0, "clipNorm must be positive");
  require(!options.clip_value || *options.clip_value > 0, "clipValue must be positive");
  require(options.threads >= 1 && options.threads <= 1024, "threads must be in 1 … 1024");
  return options;
}

}  // namespace

Training::Training(TrainingOptions options)
    : options_(checked(std::move(options))),
      batch_size_(options_.train.batch_size),
      classes_(classes_of(options_.train)),
      updater_(options_.rule, options_.schedule, in_order(options_.rule, options_.hyperparameters),
               options_.lr) {
  omp_set_num_threads(options_.threads);
  flush_subnormals();
  const Planner train(options_.train, layouts_, options_.threads);
  const Planner evaluate(options_.evaluate, layouts_, options_.threads);
  const Shape& input = only_input(options_.train).shape;
  example_shape_.assign(input.begin() + 1, input.end());
  const Shape& other = only_input(options_.evaluate).shape;
  require(std::equal(input.begin() + 1, input.end(), other.begin() + 1, other.end()),
          "the programs' inputs differ in shape");
  require(classes_of(options_.evaluate) == classes_, "the programs differ in classes");

  for (const auto& [name, data] : options_.splits) {
    const Split& split = splits_.emplace(name, Split(name, data, classes_)).first->second;
    require(split.shape() == example_shape_,
            "split '" + name + "': examples have shape " + to_string(split.shape()) +
                ", the program's input " + to_string(example_shape_));
  }
  order_.resize(split("train").examples());
  require(order_.size() >= static_cast<std::size_t>(batch_size_),
          "split 'train' has fewer examples than one batch of " + std::to_string(batch_size_));

  std::vector<float> state_init;
  for (std::size_t k = 0; k < updater_.state_slots(); ++k) {
    state_init.push_back(updater_.state_init(k));
  }
  store_ = std::make_unique<ParameterStore>(options_.train, layouts_, state_init);
  std::uint32_t ordinal = 0;
  for (const Tensor& tensor : options_.train.tensors) {
    if (tensor.role != Role::Parameter) continue;
    names_.push_back(tensor.name);
    set_parameter(tensor.name, initial_values(tensor, options_.seed, ordinal++));
  }
  ranges_ = store_->ranges(static_cast<float>(options_.l2),
                           static_cast<float>(options_.weight_decay), options_.threads);
  partial_norms_.resize((store_->size() + kNormChunk - 1) / kNormChunk);

  arena_ = AlignedBuffer(std::max(train.arena_bytes(), evaluate.arena_bytes()));
  live_bytes_ = std::max(train.peak_live_bytes(), evaluate.peak_live_bytes());
  const Storage storage{
      arena_.data(),
      [this](const std::string& name) { return store_->values() + store_->find(name).offset; },
      [this](const std::string& name) { return store_->gradients() + store_->find(name).offset; }};
  train_ = train.bind(storage);
  evaluate_ = evaluate.bind(storage);
}

const Split& Training::split(std::string_view name) const {
  const auto found = splits_.find(name);
  if (found != splits_.end()) return found->second;
  throw std::invalid_argument("there is no split '" + std::string(name) + "'");
}

void Training::load_training_batch() {
  const std::uint64_t batch = static_cast<std::uint64_t>(batch_size_);
  const std::uint64_t batches = order_.size() / batch;
  const std::uint64_t epoch = step_ / batches;
  if (order_epoch_ != epoch) {
    shuffle(order_, options_.seed, static_cast<std::uint32_t>(epoch));
    order_epoch_ = epoch;
  }
  const std::span<const std::uint32_t> order(order_);
  split("train").gather(order.subspan(step_ % batches * batch, batch), train_.input, train_.labels);
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
  optim::GradientPrelude prelude;
  if (options_.clip_norm) {
    const double norm = gradient_norm();
    if (!std::isfinite(norm)) return false;
    if (norm > *options_.clip_norm) prelude.scale = static_cast<float>(*options_.clip_norm / norm);
  }
  if (options_.clip_value) prelude.clip_value = static_cast<float>(*options_.clip_value);
  updater_.begin_step(step_);
  parallel_for(options_.threads, ranges_.size(), 1, [&](std::size_t from, std::size_t to) {
    for (std::size_t k = from; k < to; ++k) updater_.update(ranges_[k], prelude);
  });
  store_->clear_padding();
  return true;
}

// Forward, backward and update on the batch in place; false when the run diverged.
bool Training::run_step(double& loss) {
  train_.run();
  loss = *train_.loss;
  const bool healthy = std::isfinite(loss) && update();
  ++step_;
  return healthy;
}

TrainResult Training::train(std::uint64_t steps, const StopRequested& stop) {
  const auto begin = std::chrono::steady_clock::now();
  TrainResult result;
  result.losses.reserve(std::min(steps, kReservedSteps));
  while (result.losses.size() < steps && !result.diverged) {
    if (stop()) {
      result.aborted = true;
      break;
    }
    load_training_batch();
    result.diverged = !run_step(result.losses.emplace_back());
  }
  // Where a run was interrupted must not decide where it counts as diverged.
  if (!result.aborted && !store_->finite()) result.diverged = true;
  result.step = step_;
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return result;
}

Metrics Training::evaluate(std::string_view name, const StopRequested& stop) {
  const Split& split = this->split(name);
  const auto batch = static_cast<std::size_t>(options_.evaluate.batch_size);
  std::vector<std::uint32_t> rows(batch);
  double loss = 0, errors = 0;
  for (std::size_t begin = 0; begin < split.examples(); begin += batch) {
    if (stop()) throw Aborted();
    const std::size_t count = std::min(batch, split.examples() - begin);
    std::iota(rows.begin(), rows.begin() + count, static_cast<std::uint32_t>(begin));
    split.gather(std::span(rows).first(count), evaluate_.input, evaluate_.labels);
    const std::size_t size = split.example_size();
    std::fill(evaluate_.input + count * size, evaluate_.input + batch * size, 0.0f);
    std::fill(evaluate_.labels + count, evaluate_.labels + batch, -1);
    evaluate_.run();
    loss += *evaluate_.loss * static_cast<double>(count);
    errors += *evaluate_.errors;
  }
  const auto examples = static_cast<double>(split.examples());
  return {split.examples(), loss / examples, errors / examples};
}

double Training::step_on(std::span<const float> inputs, std::span<const std::int32_t> labels,
                         bool update) {
  require_size("stepOn: inputs", inputs.size(), train_.input_size);
  require_size("stepOn: labels", labels.size(), static_cast<std::size_t>(batch_size_));
  for (const std::int32_t label : labels) {
    if (label >= -1 && label < classes_) continue;
    throw std::invalid_argument("stepOn: label " + std::to_string(label) + " is outside [-1, " +
                                std::to_string(classes_) + ")");
  }
  std::copy(inputs.begin(), inputs.end(), train_.input);
  std::copy(labels.begin(), labels.end(), train_.labels);
  double loss = 0;
  if (update) {
    run_step(loss);
  } else {
    train_.run();
    loss = *train_.loss;
  }
  return loss;
}

std::vector<float> Training::predict(std::span<const float> inputs) {
  require_size("predict: inputs", inputs.size(), evaluate_.input_size);
  std::copy(inputs.begin(), inputs.end(), evaluate_.input);
  std::fill_n(evaluate_.labels, options_.evaluate.batch_size, -1);
  evaluate_.run();
  return {evaluate_.logits, evaluate_.logits + evaluate_.logits_size};
}

std::vector<float> Training::parameter(std::string_view name) const {
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
  const Parameter& parameter = store_->find(name);
  const auto count = static_cast<std::size_t>(elements(parameter.shape));
  require_size("parameter values", values.size(), count);
  from_row_major(parameter.layout, values.data(), store_->values() + parameter.offset);
}

std::uint64_t Training::identity() const {
  return hash_words(fingerprint(options_.train), identity_of(options_.rule));
}

std::vector<std::byte> Training::checkpoint() const {
  const std::size_t flat = store_->size() * sizeof(float);
  CheckpointWriter writer(identity(), (1 + store_->slots()) * flat + 4096);
  writer.number(step_);
  writer.doubles(updater_.scalar_state());
  for (const Parameter& parameter : store_->parameters()) {
    const auto count = static_cast<std::size_t>(elements(parameter.shape));
    const auto write = [&](const float* flat) {
      to_row_major(parameter.layout, flat + parameter.offset, writer.floats(count));
    };
    write(store_->values());
    for (std::size_t slot = 0; slot < store_->slots(); ++slot) write(store_->state(slot));
  }
  return std::move(writer).finish();
}

void Training::restore(std::span<const std::byte> checkpoint) {
  CheckpointReader reader(checkpoint, identity());
  step_ = reader.number();
  updater_.set_scalar_state(reader.doubles());
  for (const Parameter& parameter : store_->parameters()) {
    const auto count = static_cast<std::size_t>(elements(parameter.shape));
    const auto read = [&](float* flat) {
      from_row_major(parameter.layout, reader.floats(count), flat + parameter.offset);
    };
    read(store_->values());
    for (std::size_t slot = 0; slot < store_->slots(); ++slot) read(store_->state(slot));
  }
}

std::vector<std::string> Training::parameter_names() const { return names_; }

MemoryUse Training::memory() const {
  const std::size_t flat = store_->size() * sizeof(float);
  return {arena_.size(), live_bytes_, 2 * flat, store_->slots() * flat};
}

}  // namespace optcmp
