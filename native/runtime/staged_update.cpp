#include "runtime/staged_update.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <numeric>
#include <stdexcept>
#include <utility>

#include "runtime/matrix_functions.hpp"
#include "runtime/parallel.hpp"

namespace optcmp {
namespace {

using optim::Rank;

// A pass goes over a tensor in parts of whole rows that depend on its shape alone, so that sums do
// not depend on the number of threads.
constexpr std::size_t kParts = 32, kPartSize = 4096;

struct Parts {
  std::size_t rows, count;

  Parts(std::size_t all, std::size_t columns)
      : rows(std::max((all + kParts - 1) / kParts, (kPartSize + columns - 1) / columns)),
        count((all + rows - 1) / rows) {}
};

struct Extent {
  std::size_t rows, columns;
  std::size_t size() const { return rows * columns; }
};

/// What a pass over values of a rank walks through.
Extent extent(Rank rank, std::size_t rows, std::size_t columns) {
  switch (rank) {
    case Rank::Row:
      return {1, rows};
    case Rank::Column:
      return {1, columns};
    case Rank::Element:
      return {rows, columns};
    case Rank::Left:
      return {rows, rows};
    case Rank::Right:
      return {columns, columns};
    case Rank::Scalar:
    case Rank::Tensor:
      break;
  }
  return {1, 1};
}

optim::StagedArray::Spread spread(Rank array, Rank pass) {
  if (array == pass) return optim::StagedArray::Spread::Each;
  return array == Rank::Row ? optim::StagedArray::Spread::Row : optim::StagedArray::Spread::Column;
}

/// The numbers that come first.
enum : std::size_t { kStep, kRate, kRows, kColumns };

/// Sums of a pass, totals of a section and states that there is room for.
constexpr std::size_t kMost = 16;

std::string next_of(const std::string& state) { return state + "'"; }

void require_few(const optim::Rule& rule, const char* what, std::size_t count) {
  if (count <= kMost) return;
  throw std::invalid_argument("rule '" + rule.name + "' has " + std::to_string(count) + " " + what +
                              "; at most " + std::to_string(kMost) + " are supported");
}

}  // namespace

StagedUpdate::StagedUpdate(optim::Updater& updater, const ParameterStore& store,
                           std::vector<const Parameter*> parameters,
                           const std::vector<double>& hyperparameters, float l2, float weight_decay,
                           int threads)
    : updater_(updater),
      store_(store),
      rule_(updater.rule()),
      l2_(l2),
      weight_decay_(weight_decay),
      threads_(threads),
      passes_(optim::passes(optim::default_instruction_set())),
      kernel_(optim::find_kernel(passes_, rule_.fingerprint.c_str())) {
  require_few(rule_, "states", rule_.state.size());
  name_all(rule_);
  for (std::size_t k = 0; k < hyperparameters.size(); ++k)
    numbers_[slots_.at(rule_.hyperparameters[k]).index] = hyperparameters[k];
  const std::string where = "rule '" + rule_.name + "'";
  for (const optim::Section& from : rule_.sections) {
    Section section{{}, {}, scalars(from.scalar)};
    for (const optim::Value& value : from.values)
      if (value.rank == Rank::Scalar) section.totals.push_back(slots_.at(value.name).index);
    for (const optim::Stage& stage : from.stages) {
      if (!stage.is_pass()) {
        section.stages.emplace_back(matrix_call(stage));
      } else if (stage.rank == Rank::Tensor) {
        section.stages.emplace_back(scalars(stage.code));
      } else {
        section.stages.emplace_back(lower(where, stage.rank, stage.code, false));
      }
    }
    sections_.push_back(std::move(section));
  }
  vector_ = lower(where, Rank::Element, rule_.vector, true);
  for (const optim::FactorSlot& slot : rule_.factors)
    next_factors_.push_back(slots_.at(slot.next).index);
  add_tensors(parameters);
  allocate();
}

std::size_t StagedUpdate::add_number(const std::string& name) {
  const auto [at, added] = slots_.try_emplace(name, Slot{false, numbers_.size()});
  if (added) numbers_.push_back(0);
  return at->second.index;
}

void StagedUpdate::add_array(const std::string& name, Rank rank) {
  slots_[name] = {true, arrays_.size()};
  arrays_.push_back({rank, nullptr});
}

void StagedUpdate::name_all(const optim::Rule& rule) {
  for (const char* name : {"t", "lr", "rows", "columns"}) add_number(name);
  for (const std::string& name : rule.hyperparameters) add_number(name);
  for (const optim::StateSlot& slot : rule.scalar_state) {
    scalar_state_.push_back(add_number(slot.name));
    next_scalar_state_.push_back(add_number(next_of(slot.name)));
  }
  add_array("p", Rank::Element);
  add_array("g", Rank::Element);
  for (const optim::StateSlot& slot : rule.state) add_array(slot.name, Rank::Element);
  first_factor_ = arrays_.size();
  for (const optim::FactorSlot& slot : rule.factors) add_array(slot.name, slot.rank);
  first_value_ = arrays_.size();
  for (const optim::Code::Output& output : rule.scalar.outputs) {
    const auto& states = rule.scalar_state;
    const bool is_state = std::any_of(states.begin(), states.end(),
                                      [&](const auto& slot) { return slot.name == output.name; });
    scalar_outputs_.push_back(add_number(is_state ? next_of(output.name) : output.name));
  }
  for (const optim::Section& section : rule.sections) {
    for (const optim::Value& value : section.values) {
      if (value.rank <= Rank::Tensor) {
        add_number(value.name);
      } else {
        add_array(value.name, value.rank);
      }
    }
    for (const optim::Code::Output& output : section.scalar.outputs)
      if (!slots_.contains(output.name)) add_number(output.name);
  }
}

// Next scalar states have names of their own, as others still read the old ones.
StagedUpdate::Scalars StagedUpdate::scalars(const optim::Code& code) const {
  Scalars result{optim::ScalarProgram(code), {}, {}};
  for (const std::string& input : code.inputs) result.inputs.push_back(slots_.at(input).index);
  for (const optim::Code::Output& output : code.outputs) {
    const auto next = slots_.find(next_of(output.name));
    result.outputs.push_back(next != slots_.end() ? next->second.index
                                                  : slots_.at(output.name).index);
  }
  return result;
}

std::size_t StagedUpdate::matrix_named(const std::string& name) const {
  const Slot slot = slots_.at(name);
  if (slot.is_array) return slot.index;
  throw std::invalid_argument("rule '" + rule_.name + "': '" + name + "' is no matrix");
}

StagedUpdate::MatrixCall StagedUpdate::matrix_call(const optim::Stage& stage) const {
  MatrixCall call{
      stage.function, {}, stage.transposed, stage.numbers, matrix_named(stage.to), 0, {}};
  const bool has_scalar = stage.function == optim::MatrixFunction::InverseRoot;
  const std::size_t matrices = stage.args.size() - (has_scalar ? 1 : 0);
  for (std::size_t k = 0; k < matrices; ++k) call.args.push_back(matrix_named(stage.args[k]));
  if (has_scalar) call.scalar = slots_.at(stage.args.back()).index;
  if (!stage.when.empty()) call.when = {slots_.at(stage.when).index, matrix_named(stage.otherwise)};
  return call;
}

// An update's outputs are p and the state, in place; a stage's have registers of their own.
StagedUpdate::Pass StagedUpdate::lower(const std::string& where, Rank rank, const optim::Code& code,
                                       bool is_update) {
  Pass pass{rank, {}, 0, {}, {}, {}, {}, {}, {}};
  expression::Placement placement;
  const auto register_of = [&](std::size_t array) {
    const auto found = std::find(pass.arrays.begin(), pass.arrays.end(), array);
    if (found == pass.arrays.end()) {
      pass.arrays.push_back(array);
      pass.written.push_back(false);
      return static_cast<std::uint32_t>(pass.arrays.size() - 1);
    }
    return static_cast<std::uint32_t>(found - pass.arrays.begin());
  };
  for (const std::string& input : code.inputs) {
    const Slot slot = slots_.at(input);
    if (slot.is_array) {
      placement.inputs.push_back({false, register_of(slot.index)});
    } else {
      placement.inputs.push_back({true, static_cast<std::uint32_t>(pass.numbers.size())});
      pass.numbers.push_back(slot.index);
    }
  }
  const auto is_own = [&](const Slot& slot) {
    return slot.is_array && (is_update || arrays_[slot.index].rank == rank);
  };
  for (const optim::Code::Output& output : code.outputs) {
    const Slot slot = slots_.at(output.name);
    if (is_own(slot)) pass.written[register_of(slot.index)] = true;
  }
  auto next = static_cast<std::uint32_t>(pass.arrays.size());
  for (const optim::Code::Output& output : code.outputs) {
    const Slot slot = slots_.at(output.name);
    const std::uint32_t at = is_own(slot) ? register_of(slot.index) : next++;
    placement.outputs.push_back(at);
    if (!is_own(slot)) pass.sums.push_back({at, slot});
  }
  placement.registers = next;
  placement.scalars = static_cast<std::uint32_t>(pass.numbers.size());
  expression::BlockCode lowered = expression::lower(where, code, std::move(placement));
  require_few(rule_, "sums in one pass", pass.sums.size());
  pass.ops = std::move(lowered.ops);
  pass.registers = std::max(lowered.registers, std::uint32_t{1});
  pass.scalars.resize(pass.numbers.size());
  pass.scalars.insert(pass.scalars.end(), lowered.constants.begin(), lowered.constants.end());
  pass.bound.resize(pass.arrays.size());
  return pass;
}

void StagedUpdate::add_tensors(const std::vector<const Parameter*>& parameters) {
  for (const Parameter* parameter : parameters) {
    const Shape& shape = parameter->shape;
    const auto size = static_cast<std::size_t>(elements(shape));
    if (size == 0) continue;
    Tensor tensor{parameter, 1, size, parameter->layout == cpu::row_major(shape), {}, {}, {}};
    if (shape.size() > 1) {
      tensor.rows = static_cast<std::size_t>(shape[0]);
      tensor.columns = size / tensor.rows;
    }
    if (!tensor.in_place) tensor.offsets = axis_offsets(parameter->layout);
    for (std::size_t k = 0; k < rule_.state.size(); ++k)
      tensor.state.push_back(store_.state(*parameter, k));
    for (const optim::FactorSlot& slot : rule_.factors)
      factor_size_ += extent(slot.rank, tensor.rows, tensor.columns).size();
    tensors_.push_back(std::move(tensor));
  }
}

void StagedUpdate::allocate() {
  factor_memory_ = AlignedBuffer(factor_size_ * sizeof(float));
  float* at = factor_memory_.floats();
  std::size_t packed = 0, scratch = 0, sums = 0;
  std::vector<std::size_t> sizes(arrays_.size());
  for (Tensor& tensor : tensors_) {
    for (const optim::FactorSlot& slot : rule_.factors) {
      const std::size_t size = extent(slot.rank, tensor.rows, tensor.columns).size();
      std::fill_n(at, size, static_cast<float>(slot.init));
      tensor.factors.push_back(at);
      at += size;
    }
    packed = std::max(packed, align_up(tensor.rows * tensor.columns, 16));
    scratch = std::max(scratch, orthogonalize_scratch(tensor.rows, tensor.columns));
    sums = std::max(sums, tensor.rows + kParts * tensor.columns + kParts);
    for (std::size_t k = first_value_; k < arrays_.size(); ++k) {
      const Extent all = extent(arrays_[k].rank, tensor.rows, tensor.columns);
      sizes[k] = std::max(sizes[k], align_up(all.size(), 16));
    }
  }
  values_ =
      AlignedBuffer(std::accumulate(sizes.begin(), sizes.end(), std::size_t{0}) * sizeof(float));
  std::size_t offset = 0;
  for (std::size_t k = first_value_; k < arrays_.size(); ++k) {
    arrays_[k].data = values_.floats() + offset;
    offset += sizes[k];
  }
  packed_ = AlignedBuffer((2 + rule_.state.size()) * packed * sizeof(float));
  std::size_t needed = 0;
  for (const Section& section : sections_) {
    for (const auto& stage : section.stages) {
      const auto* call = std::get_if<MatrixCall>(&stage);
      if (call == nullptr) continue;
      if (call->function == optim::MatrixFunction::Orthogonalize)
        needed = std::max(needed, scratch * sizeof(float));
      if (!call->decomposes()) continue;
      for (const Tensor& tensor : tensors_) {
        const std::size_t side = extent(arrays_[call->to].rank, tensor.rows, tensor.columns).rows;
        if (static_cast<double>(side) <= call->longest())
          needed = std::max(needed, decomposition_scratch(side) * sizeof(double));
      }
    }
  }
  matrix_scratch_ = AlignedBuffer(needed);
  std::size_t most = vector_.sums.size();
  for (const Section& section : sections_) {
    for (const auto& stage : section.stages)
      if (const auto* pass = std::get_if<Pass>(&stage)) most = std::max(most, pass->sums.size());
  }
  sums_.resize(sums * most);
}

template <class Visit>
void StagedUpdate::for_each_element(const Tensor& tensor, const Visit& visit) const {
  const auto& offsets = tensor.offsets;
  const std::size_t axes = offsets.size();
  const std::size_t inner = offsets[axes - 1].size();
  const std::size_t lines = tensor.rows * tensor.columns / inner;
  // In squares, as what lies side by side on one side may be far apart on the other.
  constexpr std::size_t kSide = 16;
  const auto base_of = [&](std::size_t line) {
    std::size_t base = 0;
    for (std::size_t axis = axes - 1; axis-- > 0;) {
      base += offsets[axis][line % offsets[axis].size()];
      line /= offsets[axis].size();
    }
    return base;
  };
  parallel_for(threads_, lines, 64, [&](std::size_t from, std::size_t to) {
    std::array<std::size_t, kSide> bases{};
    for (std::size_t first = from; first < to; first += kSide) {
      const std::size_t count = std::min(kSide, to - first);
      for (std::size_t k = 0; k < count; ++k) bases[k] = base_of(first + k);
      for (std::size_t begin = 0; begin < inner; begin += kSide) {
        const std::size_t end = std::min(inner, begin + kSide);
        for (std::size_t k = 0; k < count; ++k)
          for (std::size_t i = begin; i < end; ++i)
            visit((first + k) * inner + i, bases[k] + offsets[axes - 1][i]);
      }
    }
  });
}

// Points the arrays at the tensor: where it lies if it may be worked on there, else packed with the
// prelude applied. Sections before the last leave the parameters as they are.
void StagedUpdate::open(const Tensor& tensor, const optim::GradientPrelude& prelude) {
  const Parameter& parameter = *tensor.parameter;
  float* const p = store_.values() + parameter.offset;
  const float* const g = store_.gradients() + parameter.offset;
  const std::size_t size = tensor.rows * tensor.columns, stride = align_up(size, 16);
  const float l2 = parameter.decay ? l2_ : 0;
  const auto decay =
      parameter.decay ? static_cast<float>(updater_.lr() * static_cast<double>(weight_decay_)) : 0;
  const float scale = prelude.scale, clip = prelude.clip_value;
  float* const packed_p = packed_.floats();
  float* const packed_g = packed_p + stride;
  const auto pack = [=](std::size_t to, std::size_t from) {
    packed_g[to] = std::clamp(scale * g[from], -clip, clip) + l2 * p[from];
    packed_p[to] = p[from] - decay * p[from];
  };
  const bool plain = scale == 1 && clip == __builtin_inff() && l2 == 0 && decay == 0;
  arrays_[0].data = tensor.in_place && plain ? p : packed_p;
  arrays_[1].data = tensor.in_place && plain ? const_cast<float*>(g) : packed_g;
  numbers_[kRows] = static_cast<double>(tensor.rows);
  numbers_[kColumns] = static_cast<double>(tensor.columns);
  for (std::size_t k = 0; k < tensor.factors.size(); ++k)
    arrays_[first_factor_ + k].data = tensor.factors[k];
  if (tensor.in_place) {
    for (std::size_t k = 0; k < tensor.state.size(); ++k) arrays_[2 + k].data = tensor.state[k];
    if (plain) return;
    parallel_for(threads_, size, kPartSize, [&](std::size_t from, std::size_t to) {
      for (std::size_t i = from; i < to; ++i) pack(i, i);
    });
    return;
  }
  for_each_element(tensor, pack);
  for (std::size_t k = 0; k < tensor.state.size(); ++k) {
    float* const to = packed_p + (2 + k) * stride;
    const float* const from = tensor.state[k];
    arrays_[2 + k].data = to;
    for_each_element(tensor, [=](std::size_t index, std::size_t at) { to[index] = from[at]; });
  }
}

// Puts what was packed back.
void StagedUpdate::close(const Tensor& tensor) {
  float* const p = store_.values() + tensor.parameter->offset;
  const float* const from = arrays_[0].data;
  if (from == p) return;
  if (tensor.in_place) {
    std::copy_n(from, tensor.rows * tensor.columns, p);
    return;
  }
  for_each_element(tensor, [=](std::size_t index, std::size_t at) { p[at] = from[index]; });
  for (std::size_t k = 0; k < tensor.state.size(); ++k) {
    float* const to = tensor.state[k];
    const float* const state = arrays_[2 + k].data;
    for_each_element(tensor, [=](std::size_t index, std::size_t at) { to[at] = state[index]; });
  }
}

void StagedUpdate::run(const Tensor& tensor, Pass& pass) {
  const Extent all = extent(pass.rank, tensor.rows, tensor.columns);
  const Parts parts(all.rows, all.columns);
  for (std::size_t k = 0; k < pass.numbers.size(); ++k)
    pass.scalars[k] = static_cast<float>(numbers_[pass.numbers[k]]);
  for (std::size_t k = 0; k < pass.arrays.size(); ++k) {
    const Array& array = arrays_[pass.arrays[k]];
    pass.bound[k] = {array.data, spread(array.rank, pass.rank), pass.written[k]};
  }
  // Sums of rows belong to one part each; others are kept apart by part and added up in order.
  const auto over = [&](const Pass::Sum& sum) {
    if (!sum.to.is_array) return optim::StagedSum::Over::All;
    return arrays_[sum.to.index].rank == Rank::Row ? optim::StagedSum::Over::Row
                                                   : optim::StagedSum::Over::Column;
  };
  const auto width = [&](const Pass::Sum& sum) {
    if (over(sum) == optim::StagedSum::Over::All) return parts.count;
    return over(sum) == optim::StagedSum::Over::Row ? all.rows : parts.count * all.columns;
  };
  std::array<double*, kMost> sums{};
  double* room = sums_.data();
  for (std::size_t k = 0; k < pass.sums.size(); ++k) {
    sums[k] = room;
    room += width(pass.sums[k]);
  }
  std::fill(sums_.data(), room, 0.0);
  std::atomic<bool> finite = true;
  parallel_for(threads_, parts.count, 1, [&](std::size_t from, std::size_t to) {
    std::array<optim::StagedSum, kMost> bound{};
    for (std::size_t part = from; part < to; ++part) {
      for (std::size_t k = 0; k < pass.sums.size(); ++k) {
        const auto kind = over(pass.sums[k]);
        double* at = sums[k];
        if (kind == optim::StagedSum::Over::All) at += part;
        if (kind == optim::StagedSum::Over::Column) at += part * all.columns;
        bound[k] = {pass.sums[k].register_index, kind, at};
      }
      const std::size_t begin = part * parts.rows * all.columns;
      const std::size_t end = std::min(all.rows, (part + 1) * parts.rows) * all.columns;
      if (!passes_.run_staged({pass.ops.data(), pass.ops.size(), pass.registers, pass.bound.data(),
                               static_cast<std::uint32_t>(pass.bound.size()), pass.scalars.data(),
                               bound.data(), static_cast<std::uint32_t>(pass.sums.size()),
                               all.columns, begin, end}))
        finite = false;
    }
  });
  finite_ = finite_ && finite;
  for (std::size_t k = 0; k < pass.sums.size(); ++k) {
    const Pass::Sum& sum = pass.sums[k];
    if (!sum.to.is_array) {
      const double total = std::accumulate(sums[k], sums[k] + parts.count, 0.0);
      numbers_[sum.to.index] = total;
      continue;
    }
    float* const to = arrays_[sum.to.index].data;
    if (over(sum) == optim::StagedSum::Over::Row) {
      for (std::size_t row = 0; row < all.rows; ++row) to[row] = static_cast<float>(sums[k][row]);
      continue;
    }
    for (std::size_t column = 0; column < all.columns; ++column) {
      double total = 0;
      for (std::size_t part = 0; part < parts.count; ++part)
        total += sums[k][part * all.columns + column];
      to[column] = static_cast<float>(total);
    }
  }
}

void StagedUpdate::run(Scalars& scalars) {
  for (std::size_t k = 0; k < scalars.inputs.size(); ++k)
    scalars.program.set_input(k, numbers_[scalars.inputs[k]]);
  scalars.program.run();
  for (std::size_t k = 0; k < scalars.outputs.size(); ++k)
    numbers_[scalars.outputs[k]] = scalars.program.output(k);
}

// A function of a square matrix on a side of the tensor.
void StagedUpdate::decompose(const MatrixCall& call, std::size_t side) {
  const float* const x = arrays_[call.args[0]].data;
  float* const to = arrays_[call.to].data;
  auto* const scratch = reinterpret_cast<double*>(matrix_scratch_.data());
  const bool whole = static_cast<double>(side) <= call.longest();
  if (call.function == optim::MatrixFunction::InverseRoot) {
    const double order = call.numbers[0], ridge = numbers_[call.scalar];
    if (!whole) return inverse_root_of_diagonal(x, side, order, ridge, to);
    return inverse_root(x, side, order, ridge, to, scratch, threads_);
  }
  if (!whole) return identity(side, to);
  if (call.function == optim::MatrixFunction::Eigenvectors)
    return eigenvectors(x, side, to, scratch);
  if (call.function == optim::MatrixFunction::Orthonormal) return orthonormal(x, side, to, scratch);
  sorting(x, arrays_[call.args[1]].data, side, to, scratch, threads_);
}

void StagedUpdate::run(const Tensor& tensor, MatrixCall& call) {
  const Extent result = extent(arrays_[call.to].rank, tensor.rows, tensor.columns);
  if (call.when && !(numbers_[call.when->number] > 0)) {
    std::copy_n(arrays_[call.when->otherwise].data, result.size(), arrays_[call.to].data);
    return;
  }
  if (call.decomposes()) return decompose(call, result.rows);
  const auto view = [&](std::size_t k) {
    const Array& array = arrays_[call.args[k]];
    const Extent all = extent(array.rank, tensor.rows, tensor.columns);
    return MatrixView{array.data, all.rows, all.columns, call.transposed[k]};
  };
  float* const to = arrays_[call.to].data;
  switch (call.function) {
    case optim::MatrixFunction::Matmul:
      return multiply(view(0), view(1), to, threads_);
    case optim::MatrixFunction::Orthogonalize:
      return orthogonalize(view(0), call.numbers[0], call.numbers[1], call.numbers[2],
                           static_cast<int>(call.numbers[3]), to, matrix_scratch_.floats(),
                           threads_);
    default:
      return;
  }
}

void StagedUpdate::run(const Tensor& tensor, ReadyStage& stage) {
  if (auto* pass = std::get_if<Pass>(&stage)) return run(tensor, *pass);
  if (auto* call = std::get_if<MatrixCall>(&stage)) return run(tensor, *call);
  run(std::get<Scalars>(stage));
}

// The vector code, then what follows the factors.
void StagedUpdate::update(const Tensor& tensor) {
  if (kernel_ == nullptr) {
    run(tensor, vector_);
  } else {
    for (std::size_t k = 0; k < vector_.numbers.size(); ++k)
      vector_.scalars[k] = static_cast<float>(numbers_[vector_.numbers[k]]);
    const std::size_t size = tensor.rows * tensor.columns;
    std::atomic<bool> finite = true;
    parallel_for(threads_, size, kPartSize, [&](std::size_t from, std::size_t to) {
      std::array<float*, kMost> state{};
      for (std::size_t k = 0; k < rule_.state.size(); ++k) state[k] = arrays_[2 + k].data + from;
      if (!kernel_({arrays_[0].data + from, arrays_[1].data + from, state.data(), to - from,
                    vector_.scalars.data(), 1, __builtin_inff(), 0, 0}))
        finite = false;
    });
    finite_ = finite_ && finite;
  }
  for (std::size_t k = 0; k < next_factors_.size(); ++k) {
    const Array& factor = arrays_[first_factor_ + k];
    const float* from = arrays_[next_factors_[k]].data;
    if (from == factor.data) continue;
    std::copy_n(from, extent(factor.rank, tensor.rows, tensor.columns).size(), factor.data);
  }
}

bool StagedUpdate::run(std::uint64_t t, const optim::GradientPrelude& prelude) {
  finite_ = true;
  const std::vector<double>& states = updater_.scalar_state();
  for (std::size_t k = 0; k < scalar_state_.size(); ++k) numbers_[scalar_state_[k]] = states[k];
  updater_.begin_step(t);
  numbers_[kStep] = static_cast<double>(t);
  numbers_[kRate] = updater_.lr();
  for (std::size_t k = 0; k < scalar_outputs_.size(); ++k)
    numbers_[scalar_outputs_[k]] = updater_.scalar_output(k);
  for (Section& section : sections_) {
    const bool is_last = &section == &sections_.back();
    std::array<double, kMost> totals{};
    for (const Tensor& tensor : tensors_) {
      open(tensor, prelude);
      for (auto& stage : section.stages) run(tensor, stage);
      for (std::size_t k = 0; k < section.totals.size(); ++k)
        totals[k] += numbers_[section.totals[k]];
      if (!is_last) continue;
      update(tensor);
      close(tensor);
    }
    for (std::size_t k = 0; k < section.totals.size(); ++k) numbers_[section.totals[k]] = totals[k];
    run(section.scalar);
  }
  for (std::size_t k = 0; k < scalar_state_.size(); ++k)
    updater_.set_scalar_state(k, numbers_[next_scalar_state_[k]]);
  return finite_;
}

}  // namespace optcmp
