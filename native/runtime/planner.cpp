#include "runtime/planner.hpp"

#include <algorithm>
#include <numeric>
#include <stdexcept>
#include <utility>

#include "ops/registry.hpp"
#include "runtime/aligned_buffer.hpp"

namespace optcmp {
namespace {

// dnnl::primitive::execute builds a map a call; this has its arguments ready.
class PrimitiveCall {
 public:
  PrimitiveCall(dnnl::primitive primitive, const std::vector<Argument>& arguments,
                const Binder& binder)
      : primitive_(std::move(primitive)), stream_(binder.stream()) {
    for (const Argument& a : arguments) {
      memories_.emplace_back(a.desc, cpu::engine(), binder.at<void>(a.buffer));
      arguments_.push_back({a.index, memories_.back().get()});
    }
  }

  void operator()() const {
    const dnnl_status_t status = dnnl_primitive_execute(
        primitive_.get(), stream_.get(), static_cast<int>(arguments_.size()), arguments_.data());
    if (status != dnnl_success) dnnl::error::wrap_c_api(status, "could not execute a primitive");
  }

 private:
  dnnl::primitive primitive_;
  dnnl::stream stream_;
  std::vector<dnnl::memory> memories_;
  std::vector<dnnl_exec_arg_t> arguments_;
};

/// What the rows that a band works on at a time may take of the caches.
constexpr std::size_t kPanelBytes = std::size_t{512} << 10;

bool overlap(const std::vector<BufferId>& a, const std::vector<BufferId>& b) {
  return std::any_of(a.begin(), a.end(),
                     [&](BufferId id) { return std::find(b.begin(), b.end(), id) != b.end(); });
}

void append(std::vector<BufferId>& to, const std::vector<BufferId>& more) {
  to.insert(to.end(), more.begin(), more.end());
}

}  // namespace

Planner::Planner(const Program& program, ParameterLayouts& layouts, int threads,
                 cpu::Precision precision)
    : program_(program),
      layouts_(layouts),
      threads_(threads),
      precision_(precision),
      values_(program.tensors.size()),
      planned_with_(program.ops.size()) {
  std::iota(planned_with_.begin(), planned_with_.end(), std::size_t{0});
  find_last_readers();
  place_given();
  for (op_ = 0; op_ < program_.ops.size(); ++op_) {
    if (planned_with_[op_] != op_) continue;
    const Op& op = program_.ops[op_];
    op.definition->plan(OpView(program_, op), *this);
  }
  find_results();
  std::vector<Lifetime> lifetimes;
  for (const Buffer& buffer : buffers_) {
    lifetimes.push_back(buffer.home == Home::Arena ? buffer.lifetime : Lifetime{});
  }
  memory_ = plan_memory(lifetimes);
}

// Aliases may share memory, so each is as long-lived as the group.
void Planner::find_last_readers() {
  std::vector<TensorId> group(values_.size());
  for (TensorId id = 0; id < group.size(); ++id) group[id] = id;
  for (const Op& op : program_.ops) {
    if (!op.definition->alias) continue;
    for (const TensorId id : op.outputs) group[id] = group[op.inputs[0]];
  }
  std::vector<std::size_t> last(values_.size(), 0);
  for (std::size_t k = 0; k < program_.ops.size(); ++k) {
    for (const TensorId id : program_.ops[k].inputs) {
      last[group[id]] = std::max(last[group[id]], planned_with_[k]);
    }
  }
  for (TensorId id = 0; id < group.size(); ++id) values_[id].last_reader = last[group[id]];
}

void Planner::place_given() {
  for (TensorId id = 0; id < program_.tensors.size(); ++id) {
    const Tensor& tensor = program_.tensors[id];
    const auto bytes = static_cast<std::size_t>(elements(tensor.shape)) * sizeof(float);
    const cpu::Desc plain = cpu::row_major(tensor.shape);
    const auto place = [&](Home home) {
      values_[id].copies.push_back({new_buffer(home, id, bytes), plain});
      return values_[id].copies.back().buffer;
    };
    if (tensor.role == Role::Constant) place(Home::Constant);
    if (tensor.role == Role::State) place(Home::State);
    if (tensor.role == Role::Parameter) {
      const auto known = layouts_.find(tensor.name);
      if (known == layouts_.end()) continue;
      values_[id].copies.push_back({new_buffer(Home::Parameter, id, bytes), known->second});
    }
    if (tensor.role == Role::Input) {
      inputs_.push_back(place(Home::Arena));
      touch(inputs_.back(), 0);
    }
    if (tensor.role == Role::Label) {
      if (labels_) {
        throw std::invalid_argument("program '" + program_.name + "' has second labels, '" +
                                    tensor.name + "'; the engine feeds one");
      }
      labels_ = place(Home::Arena);
      touch(*labels_, 0);
    }
  }
}

void Planner::find_results() {
  const auto is_loss = [](const Op& op) { return op.definition->loss; };
  if (std::count_if(program_.ops.begin(), program_.ops.end(), is_loss) != 1 || inputs_.empty()) {
    throw std::invalid_argument("program '" + program_.name +
                                "' needs an input and exactly one loss");
  }
  const Op& loss = *std::find_if(program_.ops.begin(), program_.ops.end(), is_loss);
  for (const TensorId id : loss.outputs) {
    const Tensor& tensor = program_.tensors[id];
    if (tensor.role == Role::Metric) metrics_.emplace_back(tensor.name, original(id).buffer);
  }
  for (const auto& [name, id] : metrics_) touch(id, bands_.size());
  if (program_.mode != Mode::Evaluate) return;
  const cpu::Desc plain = cpu::row_major(program_.tensors[loss.inputs[0]].shape);
  output_ = read(loss.inputs[0], plain);
  output_size_ = plain.get_size() / sizeof(float);
  touch(output_, bands_.size());
}

BufferId Planner::new_buffer(Home home, TensorId tensor, std::size_t bytes) {
  buffers_.push_back({home, tensor, {bytes, 0, 0}});
  return buffers_.size() - 1;
}

const Placed& Planner::original(TensorId id) const { return values_[id].copies.at(0); }
Placed& Planner::original(TensorId id) { return values_[id].copies.at(0); }

cpu::Desc Planner::layout(TensorId id) const {
  if (!values_[id].copies.empty() && cpu::dense(original(id).layout)) return original(id).layout;
  return cpu::row_major(program_.tensors[id].shape);
}

BufferId Planner::read(TensorId id, const cpu::Desc& wanted) {
  Value& value = values_[id];
  const Tensor& tensor = program_.tensors[id];
  if (value.copies.empty()) {  // a parameter's first reader
    const cpu::Desc home =
        cpu::precision(wanted) == cpu::Precision::F32 ? wanted : cpu::row_major(tensor.shape);
    layouts_.emplace(tensor.name, home);
    value.copies.push_back({new_buffer(Home::Parameter, id, home.get_size()), home});
  }
  for (const Placed& copy : value.copies) {
    if (copy.layout == wanted) return copy.buffer;
  }
  Placed from = value.copies.front();
  const Shape have = cpu::blocking(from.layout).dims, want = cpu::blocking(wanted).dims;
  if (have != want) {
    // The same row-major elements under another shape: meet in row-major order.
    from = {read(id, cpu::row_major(have)), cpu::row_major(want)};
    value.copies.push_back(from);
    if (from.layout == wanted) return from.buffer;
  }
  const Placed to{new_buffer(Home::Arena, id, wanted.get_size()), wanted};
  reorder("reorder " + tensor.name, from, to);
  value.copies.push_back(to);
  return to.buffer;
}

Placed Planner::read_strided(TensorId id) {
  const cpu::Desc plain = cpu::row_major(program_.tensors[id].shape);
  if (!values_[id].copies.empty()) {
    // Weights of grouped convolutions lie there with an axis more.
    const cpu::Blocking there = cpu::blocking(original(id).layout);
    if (there.inner_blocks.empty() && there.dims == cpu::blocking(plain).dims) return original(id);
  }
  return {read(id, plain), plain};
}

BufferId Planner::read_bytes(TensorId id) const { return original(id).buffer; }

BufferId Planner::write(TensorId id, const cpu::Desc& layout) {
  const Tensor& tensor = program_.tensors[id];
  if (tensor.role == Role::State) return original(id).buffer;
  if (tensor.role != Role::Gradient) {
    return write_bytes(id, layout.get_size(), layout);
  }
  const std::string& parameter = program_.tensors[*tensor.parameter].name;
  const cpu::Desc home = layouts_.emplace(parameter, layout).first->second;
  const BufferId gradient = new_buffer(Home::Gradient, id, home.get_size());
  values_[id].copies.push_back({gradient, home});
  if (home == layout) return gradient;
  const BufferId other = new_buffer(Home::Arena, id, layout.get_size());
  pending_.push_back({{other, layout}, {gradient, home}});
  return other;
}

BufferId Planner::write(TensorId id, const cpu::Desc& layout, TensorId reuse_tensor,
                        BufferId reuse) {
  if (!reusable(id, layout, reuse_tensor, reuse)) return write(id, layout);
  values_[id].copies.push_back({reuse, layout});
  return reuse;
}

bool Planner::reusable(TensorId id, const cpu::Desc& layout, TensorId reuse_tensor,
                       BufferId reuse) const {
  return program_.tensors[id].role == Role::Temporary && free_after_this_op(reuse_tensor, reuse) &&
         buffers_[reuse].lifetime.bytes == layout.get_size();
}

bool Planner::free_after_this_op(TensorId tensor, BufferId buffer) const {
  return program_.tensors[tensor].role == Role::Temporary && buffers_[buffer].home == Home::Arena &&
         values_[tensor].last_reader == op_;
}

BufferId Planner::write_bytes(TensorId id, std::size_t bytes, const cpu::Desc& layout) {
  const BufferId buffer = new_buffer(Home::Arena, id, bytes);
  values_[id].copies.push_back({buffer, layout});
  return buffer;
}

BufferId Planner::write_metric(TensorId id) {
  return write_bytes(id, 2 * sizeof(double), cpu::row_major({}));
}

void Planner::alias(TensorId to, BufferId from, const cpu::Desc& layout) {
  values_[to].copies.push_back({from, layout});
}

BufferId Planner::part(BufferId of, std::size_t offset) {
  const BufferId id = new_buffer(Home::Part, buffers_[of].tensor, 0);
  buffers_[id].whole = of;
  buffers_[id].offset = offset;
  return id;
}

bool Planner::same_memory(BufferId a, BufferId b) const {
  const auto start = [&](BufferId id) {
    std::size_t offset = 0;
    for (; buffers_[id].home == Home::Part; id = buffers_[id].whole) offset += buffers_[id].offset;
    return std::pair(id, offset);
  };
  return start(a) == start(b);
}

bool Planner::is_state(BufferId id) const {
  const Buffer& buffer = buffers_[id];
  return buffer.home == Home::Part ? is_state(buffer.whole) : buffer.home == Home::State;
}

bool Planner::is_gradient(BufferId id) const { return buffers_[id].home == Home::Gradient; }

BufferId Planner::promise(TensorId id, std::string_view kind, std::size_t bytes) {
  return values_[id].promised[std::string(kind)] = new_buffer(Home::Arena, id, bytes);
}

std::optional<BufferId> Planner::promised(TensorId id, std::string_view kind) const {
  const auto found = values_[id].promised.find(kind);
  if (found == values_[id].promised.end()) return std::nullopt;
  return found->second;
}

void Planner::absorb(const Op& later) {
  planned_with_[static_cast<std::size_t>(&later - program_.ops.data())] = op_;
  find_last_readers();
}

BufferId Planner::scratch(std::size_t bytes) { return new_buffer(Home::Arena, 0, bytes); }

Placed Planner::copied(const Placed& from, const cpu::Desc& to) {
  const Placed copy{scratch(to.get_size()), to};
  reorder("reorder", from, copy);
  return copy;
}

void Planner::touch(BufferId id, std::size_t time) {
  Buffer& buffer = buffers_[id];
  if (buffer.home == Home::Part) return touch(buffer.whole, time);
  if (!buffer.used) buffer.lifetime.first = time;
  buffer.used = true;
  buffer.lifetime.last = time;
}

void Planner::push(Planned kernel, const std::vector<BufferId>& used) {
  for (const BufferId id : used) touch(id, bands_.size() - 1);
  kernels_.push_back(std::move(kernel));
}

/// Whether every row needs only its own row of what the band's kernels write before it, and writes
/// nothing that other rows of theirs need.
bool Planner::joins_last_band(const RowAccess& access) const {
  if (bands_.empty() || !bands_.back().access) return false;
  const RowAccess& band = *bands_.back().access;
  const std::size_t rows = band.loop.count, more = access.loop.count;
  if (rows % more != 0 && more % rows != 0) return false;
  return !overlap(access.by_row, band.whole) && !overlap(access.whole, band.by_row) &&
         !overlap(access.by_row, band.results) && !overlap(access.whole, band.results) &&
         !overlap(access.results, band.by_row) && !overlap(access.results, band.whole);
}

void Planner::join_last_band(const RowAccess& access) {
  Band& band = bands_.back();
  RowLoop& loop = band.access->loop;
  if (access.loop.count < loop.count) {
    const std::size_t times = loop.count / access.loop.count;
    loop = {access.loop.count, (loop.grain + times - 1) / times};
    band.access->together = (band.access->together + times - 1) / times;
  }
  const std::size_t times = access.loop.count / loop.count;
  band.access->together = std::max(band.access->together, (access.together + times - 1) / times);
  band.kernels += 1;
  append(band.access->by_row, access.by_row);
  append(band.access->whole, access.whole);
  append(band.access->results, access.results);
}

/// Rows of a band at a time.
std::size_t Planner::panel(const RowAccess& access) const {
  std::vector<BufferId> buffers = access.by_row;
  std::sort(buffers.begin(), buffers.end());
  buffers.erase(std::unique(buffers.begin(), buffers.end()), buffers.end());
  std::size_t bytes = 0;
  for (const BufferId id : buffers) bytes += buffers_[id].lifetime.bytes;
  const auto& [rows, grain] = access.loop;
  const std::size_t fit = kPanelBytes * rows / std::max<std::size_t>(bytes, 1);
  return std::max<std::size_t>(1, std::max(fit, access.together) / grain) * grain;
}

void Planner::emit_rows(const OpView& op, RowAccess access, RowKernelFactory factory) {
  const OpDefinition& definition = *op.op().definition;
  // Rows of a part are other shares of its buffer.
  const bool alone =
      access.alone || std::any_of(access.by_row.begin(), access.by_row.end(),
                                  [&](BufferId id) { return buffers_[id].home == Home::Part; });
  if (!alone && joins_last_band(access)) {
    join_last_band(access);
  } else {
    bands_.push_back({1, alone ? std::nullopt : std::optional(access)});
  }
  std::vector<BufferId> used = access.by_row;
  append(used, access.whole);
  append(used, access.results);
  push({std::string(definition.name) + " " + op.op().name,
        definition.compute,
        {},
        {},
        std::move(factory),
        access.loop},
       used);
  emit_pending_reorders();
}

void Planner::reorder(const std::string& why, const Placed& from, const Placed& to) {
  const dnnl::reorder::primitive_desc pd(cpu::engine(), from.layout, cpu::engine(), to.layout,
                                         cpu::attributes());
  const BufferId scratchpad = scratch(pd.scratchpad_desc().get_size());
  const dnnl::primitive primitive{dnnl::reorder(pd)};
  const std::vector<Argument> arguments{{DNNL_ARG_FROM, from.buffer, from.layout},
                                        {DNNL_ARG_TO, to.buffer, to.layout},
                                        {DNNL_ARG_SCRATCHPAD, scratchpad, pd.scratchpad_desc()}};
  bands_.emplace_back();
  push({why,
        false,
        {},
        [=](const Binder& binder) -> Kernel { return PrimitiveCall(primitive, arguments, binder); },
        {},
        {}},
       {from.buffer, to.buffer, scratchpad});
}

void Planner::emit(const OpView& op, std::vector<BufferId> used, KernelFactory factory) {
  emit(op, std::move(used), std::move(factory), std::string());
}

void Planner::emit(const OpView& op, std::vector<BufferId> used, KernelFactory factory,
                   std::string implementation) {
  const OpDefinition& definition = *op.op().definition;
  bands_.emplace_back();
  push({std::string(definition.name) + " " + op.op().name,
        definition.compute,
        std::move(implementation),
        std::move(factory),
        {},
        {}},
       used);
  emit_pending_reorders();
}

void Planner::emit_pending_reorders() {
  for (const PendingReorder& p : std::exchange(pending_, {})) {
    Placed from = p.from;
    const Shape have = cpu::blocking(from.layout).dims, want = cpu::blocking(p.to.layout).dims;
    if (have != want) {
      const Placed plain{scratch(from.layout.get_size()), cpu::row_major(have)};
      reorder("reorder gradient", from, plain);
      from = {plain.buffer, cpu::row_major(want)};
    }
    reorder("reorder gradient", from, p.to);
  }
}

void Planner::emit(const OpView& op, const dnnl::primitive& primitive, const cpu::Desc& scratchpad,
                   std::vector<Argument> arguments) {
  arguments.push_back({DNNL_ARG_SCRATCHPAD, scratch(scratchpad.get_size()), scratchpad});
  std::vector<BufferId> used;
  for (const Argument& a : arguments) used.push_back(a.buffer);
  emit(
      op, std::move(used),
      [=](const Binder& binder) -> Kernel { return PrimitiveCall(primitive, arguments, binder); },
      cpu::implementation(primitive));
}

Kernel Planner::bind(const Band& band, std::size_t first, const Binder& binder) const {
  std::vector<BandPart> parts;
  for (std::size_t k = first; k < first + band.kernels; ++k) {
    const Planned& kernel = kernels_[k];
    parts.push_back({kernel.row_factory(binder), kernel.loop.count / band.access->loop.count});
  }
  return run_band(std::move(parts), band.access->loop, panel(*band.access), threads_);
}

Executor Planner::bind(const Storage& storage) const {
  Executor executor;
  std::vector<void*> pointers;
  for (BufferId id = 0; id < buffers_.size(); ++id) {
    const Buffer& buffer = buffers_[id];
    const Tensor& tensor = program_.tensors[buffer.tensor];
    switch (buffer.home) {
      case Home::Arena:
        pointers.push_back(storage.arena + memory_.offsets[id]);
        break;
      case Home::Parameter:
        pointers.push_back(storage.parameter(tensor.name));
        break;
      case Home::Gradient:
        pointers.push_back(storage.gradient(program_.tensors[*tensor.parameter].name));
        break;
      case Home::Part:
        pointers.push_back(static_cast<std::byte*>(pointers[buffer.whole]) + buffer.offset);
        break;
      case Home::State:
        pointers.push_back(storage.state(tensor.name));
        break;
      case Home::Constant: {
        auto values = std::make_shared<AlignedBuffer>(buffer.lifetime.bytes);
        if (tensor.dtype == DataType::I32) {
          std::copy(tensor.data.begin(), tensor.data.end(),
                    reinterpret_cast<std::int32_t*>(values->data()));
        } else {
          std::copy(tensor.data.begin(), tensor.data.end(), values->floats());
        }
        pointers.push_back(values->data());
        executor.owned.push_back(std::move(values));
        break;
      }
    }
  }
  const Binder binder(std::move(pointers), storage.context, threads_);
  for (const Planned& kernel : kernels_) {
    executor.kernels.push_back({kernel.name, kernel.compute, kernel.implementation,
                                kernel.factory
                                    ? kernel.factory(binder)
                                    : run_band({{kernel.row_factory(binder), 1}}, kernel.loop,
                                               kernel.loop.count, threads_)});
  }
  std::size_t first = 0;
  for (const Band& band : bands_) {
    executor.bands.push_back(band.kernels > 1 ? bind(band, first, binder)
                                              : executor.kernels[first].run);
    first += band.kernels;
  }
  for (const BufferId id : inputs_) executor.inputs.push_back(binder.at<void>(id));
  if (labels_) executor.labels = binder.at<void>(*labels_);
  for (const auto& [name, id] : metrics_) {
    executor.metrics.push_back({name, binder.at<const double>(id)});
  }
  executor.output = {binder.at<const float>(output_), output_size_};
  return executor;
}

}  // namespace optcmp
