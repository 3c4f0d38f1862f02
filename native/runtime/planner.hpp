// Turns a validated program into kernels over one arena: layouts first, then memory, then pointers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "backend/cpu/onednn.hpp"
#include "runtime/memory_plan.hpp"
#include "runtime/program.hpp"
#include "runtime/row_kernel.hpp"
#include "runtime/step_context.hpp"

namespace optcmp {

using BufferId = std::size_t;

/// Layouts of the parameters by name. The training program chooses, the evaluation program follows.
using ParameterLayouts = std::map<std::string, cpu::Desc>;

/// Where the flat buffers hold a parameter, gradient or state; asked once for each when binding.
struct Storage {
  std::byte* arena = nullptr;
  const StepContext* context = nullptr;  ///< Outlives the executor.
  std::function<float*(const std::string& parameter)> parameter;
  std::function<float*(const std::string& parameter)> gradient;
  std::function<float*(const std::string& state)> state;
};

/// Gives kernels their pointers once memory is planned.
class Binder {
 public:
  Binder(std::vector<void*> pointers, const StepContext* context, int threads)
      : pointers_(std::move(pointers)),
        context_(context),
        threads_(threads),
        stream_(cpu::engine()) {}
  template <class T>
  T* at(BufferId id) const {
    return static_cast<T*>(pointers_[id]);
  }
  int threads() const { return threads_; }
  /// Of the step under way; the pointer stays.
  const StepContext* context() const { return context_; }
  const dnnl::stream& stream() const { return stream_; }

 private:
  std::vector<void*> pointers_;
  const StepContext* context_;
  int threads_;
  dnnl::stream stream_;
};

using KernelFactory = std::function<Kernel(const Binder&)>;
using RowKernelFactory = std::function<RowKernel(const Binder&)>;

/// What a row kernel reads and writes.
struct RowAccess {
  RowLoop loop;
  std::vector<BufferId> by_row;  ///< As many equal parts as rows, each read or written by its own.
  std::vector<BufferId> whole;   ///< Read by any row.
  std::vector<BufferId> results = {};  ///< Complete only after the last row.
  std::size_t together = 1;            ///< Rows that share what reading `whole` costs.
  bool alone = false;                  ///< Never in a band with others.
};

/// A tensor in memory.
struct Placed {
  BufferId buffer;
  cpu::Desc layout;
};

/// An argument of a oneDNN primitive.
struct Argument {
  int index;  ///< DNNL_ARG_…
  BufferId buffer;
  cpu::Desc desc;
};

/// A kernel ready to run.
struct BoundKernel {
  std::string name;
  bool compute;                ///< A convolution or matrix product.
  std::string implementation;  ///< oneDNN's name of it; empty for our own.
  Kernel run;
};

/// What a loss found out about a batch.
struct BoundMetric {
  std::string name;
  const double* total;  ///< A weighted sum over the batch, and the sum of the weights.

  double value() const { return total[1] != 0 ? total[0] / total[1] : 0; }
};

/// A program bound to memory. Running allocates nothing of ours.
struct Executor {
  std::vector<BoundKernel> kernels;  ///< Each by itself.
  std::vector<Kernel> bands;         ///< The same work in the same order, in fewer pieces.
  std::vector<void*> inputs;         ///< Row-major, in the order of the input tensors.
  void* labels = nullptr;            ///< Null when the program has none.
  std::vector<BoundMetric> metrics;  ///< The first is the loss.
  std::span<const float> output;     ///< Of the model for a batch, row-major; in an evaluation.
  std::vector<std::shared_ptr<void>> owned;

  void run() const {
    for (const Kernel& band : bands) band();
  }
};

/// Everything about a program's execution but the addresses.
class Planner {
 public:
  /// Plans all ops. `program` is validated and outlives the planner; `layouts` holds those already
  /// chosen and receives the others. Throws std::invalid_argument.
  Planner(const Program& program, ParameterLayouts& layouts, int threads,
          cpu::Precision precision = cpu::Precision::F32);

  std::size_t arena_bytes() const { return memory_.arena_bytes; }
  std::size_t peak_live_bytes() const { return memory_.peak_live_bytes; }
  std::size_t total_bytes() const { return memory_.total_bytes; }
  int threads() const { return threads_; }
  /// Of the factors of convolutions and products.
  cpu::Precision precision() const { return precision_; }

  Executor bind(const Storage& storage) const;

  // What follows is for the ops.

  /// A layout without gaps that the tensor can be read in at the least cost: the one it is in now,
  /// or row-major for a part of another tensor and for a parameter not yet laid out.
  cpu::Desc layout(TensorId id) const;

  /// The tensor in `wanted` layout (of any shape with the same row-major elements), reordered when
  /// it is not. A parameter takes the layout of its first reader, or is row-major where that reads
  /// bf16: parameters are f32. A layout of bf16 is one more that readers share.
  BufferId read(TensorId id, const cpu::Desc& wanted);
  /// The tensor as it lies when it has one stride an axis (as parts of other tensors and transposed
  /// tensors have), else in row-major order.
  Placed read_strided(TensorId id);

  /// Where to write the tensor in `layout`. A gradient is reordered afterwards when its parameter's
  /// layout differs. `reuse`, a buffer from `read`, is taken when it is free after this op.
  BufferId write(TensorId id, const cpu::Desc& layout);
  BufferId write(TensorId id, const cpu::Desc& layout, TensorId reuse_tensor, BufferId reuse);
  /// Whether `write` would take it.
  bool reusable(TensorId id, const cpu::Desc& layout, TensorId reuse_tensor, BufferId reuse) const;
  /// Where to write a tensor that only our own kernels read (a metric or an arg-max).
  BufferId write_bytes(TensorId id, std::size_t bytes, const cpu::Desc& layout);
  BufferId read_bytes(TensorId id) const;
  /// Where to write a metric: two f64, a weighted sum over the batch and the sum of the weights.
  BufferId write_metric(TensorId id);
  /// Whether a buffer is that of a state or a part of one.
  bool is_state(BufferId id) const;
  /// Whether a buffer is that of a gradient, which nothing else writes.
  bool is_gradient(BufferId id) const;

  /// Whether memory of the tensor has been chosen.
  bool placed(TensorId id) const { return !values_[id].copies.empty(); }
  /// Whether both start at the same address.
  bool same_memory(BufferId a, BufferId b) const;

  /// Makes `to` the same memory as `from`, which is in `layout`.
  void alias(TensorId to, BufferId from, const cpu::Desc& layout);

  /// A buffer that starts `offset` bytes into another, lives as long and is never overwritten.
  BufferId part(BufferId of, std::size_t offset);

  /// Memory for what the op being planned finds out about a tensor that it writes, on the way, for
  /// the ops of a kind that read it.
  BufferId promise(TensorId id, std::string_view kind, std::size_t bytes);
  /// What was promised to an op of that kind.
  std::optional<BufferId> promised(TensorId id, std::string_view kind) const;

  /// Makes the op being planned do the work of a later one, which is then not planned: its inputs
  /// count as read now.
  void absorb(const Op& later);

  /// Memory for the kernel emitted next.
  BufferId scratch(std::size_t bytes);
  /// A copy in another layout or precision for the kernel emitted next.
  Placed copied(const Placed& from, const cpu::Desc& to);

  void emit(const OpView& op, std::vector<BufferId> used, KernelFactory factory);
  /// A kernel that may run in a band with those before and after it. Its buffers then live as long
  /// as all of the band.
  void emit_rows(const OpView& op, RowAccess access, RowKernelFactory factory);
  /// A oneDNN primitive, its scratchpad taken care of.
  void emit(const OpView& op, const dnnl::primitive& primitive, const cpu::Desc& scratchpad,
            std::vector<Argument> arguments);

 private:
  struct Value {
    bool written = false;
    std::vector<Placed> copies;  ///< The first is the original.
    std::size_t last_reader = 0;
    std::map<std::string, BufferId, std::less<>> promised;  ///< By the kind of the readers.
  };
  enum class Home : std::uint8_t { Arena, Parameter, Gradient, State, Constant, Part };
  struct Buffer {
    Home home = Home::Arena;
    TensorId tensor = 0;
    Lifetime lifetime;
    bool used = false;
    BufferId whole = 0;      ///< Of a part.
    std::size_t offset = 0;  ///< Likewise, in bytes.
  };
  struct Planned {
    std::string name;
    bool compute;
    std::string implementation;
    KernelFactory factory;
    RowKernelFactory row_factory;  ///< Else this.
    RowLoop loop;                  ///< Of that.
  };
  /// Kernels that run as one: a row kernel and those that joined it, or any other one.
  struct Band {
    std::size_t kernels = 1;
    std::optional<RowAccess> access;  ///< Of all of them; none may join where there is none.
  };
  struct PendingReorder {
    Placed from, to;
  };

  BufferId new_buffer(Home home, TensorId tensor, std::size_t bytes);
  Placed& original(TensorId id);
  const Placed& original(TensorId id) const;
  void find_last_readers();
  void place_given();
  void find_results();
  void touch(BufferId id, std::size_t time);
  void reorder(const std::string& why, const Placed& from, const Placed& to);
  void push(Planned kernel, const std::vector<BufferId>& used);
  bool joins_last_band(const RowAccess& access) const;
  void join_last_band(const RowAccess& access);
  std::size_t panel(const RowAccess& access) const;
  Kernel bind(const Band& band, std::size_t first, const Binder& binder) const;
  void emit_pending_reorders();
  void emit(const OpView& op, std::vector<BufferId> used, KernelFactory factory,
            std::string implementation);
  bool free_after_this_op(TensorId tensor, BufferId buffer) const;

  const Program& program_;
  ParameterLayouts& layouts_;
  int threads_;
  cpu::Precision precision_;
  std::vector<Value> values_;
  std::vector<Buffer> buffers_;
  std::vector<Planned> kernels_;
  std::vector<Band> bands_;
  std::vector<PendingReorder> pending_;
  std::size_t op_ = 0;
  std::vector<std::size_t> planned_with_;  ///< The op that each op is planned with: itself, mostly.
  MemoryPlan memory_;

  std::vector<BufferId> inputs_;
  std::optional<BufferId> labels_;
  std::vector<std::pair<std::string, BufferId>> metrics_;
  BufferId output_ = 0;
  std::size_t output_size_ = 0;
};

}  // namespace optcmp
