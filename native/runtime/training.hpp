// The state of one training run and what can be done with it. Lives on one thread, whose OpenMP
// team it sizes.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "optim/updater.hpp"
#include "runtime/gradient_filter.hpp"
#include "runtime/parameter_store.hpp"
#include "runtime/planner.hpp"
#include "runtime/program.hpp"
#include "runtime/split.hpp"
#include "runtime/state_store.hpp"
#include "runtime/step_context.hpp"
#include "runtime/update_group.hpp"

namespace optcmp {

enum class Order : std::uint8_t { Shuffled, Sequential };

/// As TrainerOptions in src/engine/types.ts.
struct TrainingOptions {
  Program train, evaluate;
  std::map<std::string, SplitData> splits;  ///< `train`, and maybe `validation` and `test`.
  /// Of the parameters that are in no group.
  optim::Rule rule;
  optim::Schedule schedule;
  std::map<std::string, double> hyperparameters;
  double lr = 0;
  double l2 = 0;
  double weight_decay = 0;
  std::vector<GroupOptions> groups = {};
  std::optional<double> clip_norm, clip_value;
  GradientFilterOptions filter = {};
  /// Radius of sharpness-aware minimization; 0 for none.
  double sam_rho = 0;
  /// Examples an update, a multiple of the training program's batch size; 0 for just that.
  std::int64_t batch_size = 0;
  Order order = Order::Shuffled;
  std::uint64_t seed = 0;
  int threads = 1;
  /// Of convolutions and products; refused where the CPU cannot.
  cpu::Precision precision = cpu::Precision::F32;
};

struct TrainResult {
  std::uint64_t step = 0;
  std::vector<double> losses;
  bool diverged = false;
  bool aborted = false;
  double seconds = 0;
};

/// Weighted means over a split, by name in the order of the loss's outputs.
struct Metrics {
  std::uint64_t examples = 0;
  std::vector<std::pair<std::string, double>> values;

  /// Throws std::invalid_argument when there is no such metric.
  double at(std::string_view name) const;
};

/// A kernel of the training program.
struct KernelTime {
  std::string name;
  bool compute = false;        ///< A convolution or matrix product.
  std::string implementation;  ///< oneDNN's name of it; empty for our own.
  double seconds = 0;          ///< Mean of a run.
};

struct MemoryUse {
  std::size_t arena_bytes = 0;         ///< Temporaries of both programs, which share it.
  std::size_t live_tensor_bytes = 0;   ///< Most of them alive at once: no plan goes below.
  std::size_t total_tensor_bytes = 0;  ///< All of the larger program, if none shared memory.
  std::size_t parameter_bytes = 0;     ///< Parameters, gradients and the program's states.
  std::size_t state_bytes = 0;         ///< Of the update rule.
};

/// Of a batch: the sum of its labels' losses, and how many count.
struct BatchLoss {
  double sum = 0, weight = 0;

  double mean() const { return weight != 0 ? sum / weight : 0; }
};

/// Raised out of an evaluation that was asked to stop.
struct Aborted : std::runtime_error {
  Aborted() : std::runtime_error("aborted") {}
};

/// True when whoever waits no longer wants the result. Asked between steps.
using StopRequested = std::function<bool()>;

class Training {
 public:
  /// Plans both programs, starts the parameters. Throws std::invalid_argument.
  explicit Training(TrainingOptions options);
  Training(const Training&) = delete;
  Training& operator=(const Training&) = delete;

  std::uint64_t step() const { return step_; }

  /// Up to `steps` steps; a last partial batch of an epoch is dropped. Stops without an update at a
  /// loss or clipped gradient norm that is not finite, and after an update that met or made a
  /// gradient, parameter or optimizer state that is not.
  TrainResult train(std::uint64_t steps, const StopRequested& stop);

  /// Every example of a split once. With Order::Sequential the rows of batches walk through streams
  /// as in training, and a last partial batch starts from initial states. At the weights that the
  /// rule evaluates at, with running statistics of theirs. Leaves all as it is. Throws Aborted.
  Metrics evaluate(std::string_view split, const StopRequested& stop);

  /// Tells the schedule a measurement, for the steps to come.
  void observe(double value);

  /// One step on the caller's batch (row-major); without `update` only forward and backward, and
  /// states stay as they are. Throws std::invalid_argument when the batch does not fit.
  double step_on(std::span<const Values> inputs, const std::optional<Values>& labels, bool update);

  /// The model's output for one batch through the evaluation program, row-major. At the weights of,
  /// starts from, and leaves, the states as an evaluation does.
  std::vector<float> predict(std::span<const Values> inputs);

  /// Row-major copies; parameters and states alike. Throw std::invalid_argument for an unknown name
  /// or a wrong size.
  std::vector<float> parameter(std::string_view name) const;
  std::vector<float> gradient(std::string_view name) const;
  void set_parameter(std::string_view name, std::span<const float> values);

  /// Parameters, states, optimizer state and step, to go on to the bit; portable between layouts.
  std::vector<std::byte> checkpoint() const;
  /// Throws std::invalid_argument, changing nothing, for a checkpoint that is damaged or belongs to
  /// another program or rule.
  void restore(std::span<const std::byte> checkpoint);

  std::vector<std::string> parameter_names() const;
  std::vector<std::string> state_names() const;
  MemoryUse memory() const;

  /// Times each kernel of the training program over `runs` runs on the first training examples.
  /// Parameters and states stay as they are.
  std::vector<KernelTime> profile(std::uint64_t runs);

  /// Times an update over `runs` of random gradients, each of them new, after as many. All stays as
  /// it is.
  KernelTime profile_update(std::uint64_t runs);

  /// Of the parameters that are in no group.
  std::string kernel_name() const { return groups_.back()->kernel_name(); }

  /// The kernels of a training step, for benchmarks.
  const Executor& train_executor() const { return train_; }

 private:
  class AtEvaluationWeights;

  const Split& split(std::string_view name) const;
  std::span<const std::uint32_t> training_rows();
  void load(const Executor& executor, std::span<const Values> inputs,
            const std::optional<Values>& labels, std::size_t begin, std::size_t end) const;
  template <class Load>
  double run_batch(const Load& load);
  template <class Load>
  BatchLoss run_parts(const Load& load, Labels labels = Labels::Given);
  template <class Load>
  void sample_gradient(const Load& load);
  void refresh_statistics(const StopRequested& stop);
  void accumulate(std::size_t part, double weight, double total);
  bool finish_step(double loss);
  bool update();
  double gradient_norm();
  std::uint64_t identity() const;

  TrainingOptions options_;
  FieldSpecs specs_;
  std::size_t rows_;   ///< Of the training program.
  std::size_t parts_;  ///< Runs of it before an update.
  std::map<std::string, Split, std::less<>> splits_;
  std::vector<std::unique_ptr<UpdateGroup>> groups_;
  bool evaluates_elsewhere_ = false;  ///< A group is evaluated at other weights.
  AlignedBuffer trained_;  ///< Parameters and gradients during an evaluation at other weights.
  ParameterLayouts layouts_;
  std::unique_ptr<ParameterStore> store_;
  std::unique_ptr<StateStore> states_;
  std::unique_ptr<GradientFilter> filter_;
  AlignedBuffer arena_;
  AlignedBuffer center_;       ///< The parameters, while the gradient is taken elsewhere.
  AlignedBuffer accumulated_;  ///< Weighted sum of the gradients of parts; empty when there is one.
  StepContext context_;
  Executor train_, evaluate_;
  std::size_t live_bytes_ = 0, total_bytes_ = 0;
  std::vector<double> partial_norms_;
  std::vector<std::uint32_t> order_;
  std::optional<std::uint64_t> order_epoch_;
  std::vector<std::string> names_;
  std::uint64_t step_ = 0;
};

}  // namespace optcmp
