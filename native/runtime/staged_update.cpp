#include "runtime/staged_update.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <functional>
#include <numeric>
#include <stdexcept>
#include <utility>

#include "runtime/matrix_functions.hpp"
#include "runtime/parallel.hpp"

namespace optcmp {
namespace {

using optim::Rank;

// A pass goes over a tensor in parts that its layout alone fixes, so that sums do not depend on the
// number of threads. A part of a line begins at a cache line.
constexpr std::size_t kParts = 32, kPartSize = 4096, kLine = kAlignment / sizeof(float);

/// The numbers that come first.
enum : std::size_t { kStep, kRate, kRows, kColumns };

/// Sums of a pass, totals of a section and states that there is room for; arrays and scalars of a
/// pass likewise.
constexpr std::size_t kMost = 16, kMostArrays = 64, kMostScalars = 512;

std::string next_of(const std::string& state) { return state + "'"; }

void require_few(const optim::Rule& rule, const char* what, std::size_t count,
                 std::size_t most = kMost) {
  if (count <= most) return;
  throw std::invalid_argument("rule '" + rule.name + "' has " + std::to_string(count) + " " + what +
                              "; at most " + std::to_string(most) + " are supported");
}

}  // namespace

/// Of a pass over `lines` lines of `length` elements: elements of the only line, or whole lines.
struct StagedUpdate::Parts {
  bool by_rows;
  std::size_t lines, length, size, count;

  Parts(bool by_rows, std::size_t lines, std::size_t length)
      : by_rows(by_rows), lines(lines), length(length) {
    const std::size_t all = by_rows ? lines : length;
    const std::size_t least = by_rows ? (kPartSize + length - 1) / length : kPartSize;
    size = std::max((all + kParts - 1) / kParts, least);
    if (!by_rows) size = align_up(size, kLine);
    count = (all + size - 1) / size;
  }
};

StagedUpdate::StagedUpdate(optim::Updater& updater, const ParameterStore& store,
                           std::vector<const Parameter*> parameters,
                           const std::vector<double>& hyperparameters, float l2, float weight_decay,
                           int threads)
    : updater_(updater),
      store_(store),
      rule_(updater.rule()),
      sees_matrices_(optim::sees_matrices(rule_)),
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
  find_what_stands_for_others();
  find_permutations();
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

bool StagedUpdate::ranks_fit(const MatrixCall& call) const {
  const auto rank = [&](std::size_t array) { return arrays_[array].rank; };
  const auto all_are = [&](Rank wanted) {
    return std::all_of(call.args.begin(), call.args.end(),
                       [&](std::size_t array) { return rank(array) == wanted; });
  };
  const Rank to = rank(call.to);
  switch (call.function) {
    case optim::MatrixFunction::Gram:
      return to == Rank::Axes && all_are(Rank::Element);
    case optim::MatrixFunction::Along:
      return to == Rank::Element && rank(call.args[0]) == Rank::Axes &&
             rank(call.args[1]) == Rank::Element;
    case optim::MatrixFunction::Matmul:
      return to != Rank::Axes && rank(call.args[0]) != Rank::Axes &&
             rank(call.args[1]) != Rank::Axes;
    default:
      return all_are(to) && (call.decomposes() || to != Rank::Axes);
  }
}

StagedUpdate::MatrixCall StagedUpdate::matrix_call(const optim::Stage& stage) const {
  MatrixCall call{
      stage.function, {}, stage.transposed, stage.numbers, matrix_named(stage.to), 0, {}};
  const bool has_scalar = stage.function == optim::MatrixFunction::InverseRoot;
  const std::size_t matrices = stage.args.size() - (has_scalar ? 1 : 0);
  for (std::size_t k = 0; k < matrices; ++k) call.args.push_back(matrix_named(stage.args[k]));
  if (has_scalar) call.scalar = slots_.at(stage.args.back()).index;
  if (!ranks_fit(call))
    throw std::invalid_argument("rule '" + rule_.name + "': the arguments of '" + stage.to +
                                "' have the wrong ranks");
  if (!stage.when.empty())
    call.when = {slots_.at(stage.when).index, matrix_named(stage.otherwise), true};
  return call;
}

// A square matrix that is not computed anew may stand for the other's data, unless that is a factor
// which another factor takes over.
void StagedUpdate::find_what_stands_for_others() {
  std::map<std::size_t, std::size_t> stands_for;
  const auto origin = [&](std::size_t array) {
    const auto found = stands_for.find(array);
    return found == stands_for.end() ? array : found->second;
  };
  const auto is_square = [&](std::size_t array) { return arrays_[array].rank >= Rank::Left; };
  for (Section& section : sections_) {
    for (ReadyStage& stage : section.stages) {
      auto* const call = std::get_if<MatrixCall>(&stage);
      if (call == nullptr || !call->when || !is_square(call->to)) continue;
      const std::size_t from = origin(call->when->otherwise);
      bool is_taken = false;
      for (std::size_t k = 0; k < next_factors_.size(); ++k)
        is_taken |=
            next_factors_[k] == call->to && from < first_value_ && from != first_factor_ + k;
      call->when->copies = is_taken;
      if (!is_taken) stands_for[call->to] = from;
    }
  }
}

// Products with what `sorting` gives only move columns or rows.
void StagedUpdate::find_permutations() {
  std::map<std::size_t, const MatrixCall*> sortings;
  const auto is_due_with = [](const MatrixCall& product, const MatrixCall& sorting) {
    return !sorting.when || (product.when && product.when->number == sorting.when->number);
  };
  for (Section& section : sections_) {
    for (ReadyStage& stage : section.stages) {
      auto* const call = std::get_if<MatrixCall>(&stage);
      if (call == nullptr) continue;
      if (call->function == optim::MatrixFunction::Sorting) sortings[call->to] = call;
      if (call->function != optim::MatrixFunction::Matmul) continue;
      for (std::size_t arg = 0; arg < 2; ++arg) {
        // From the left a permutation moves rows where it is transposed, columns from the right
        // where it is not; what is moved lies as it is.
        const auto found = sortings.find(call->args[arg]);
        if (found == sortings.end() || !is_due_with(*call, *found->second)) continue;
        if (call->transposed[arg] != (arg == 0) || call->transposed[1 - arg]) continue;
        call->permutation = {arg, found->second->longest()};
      }
    }
  }
}

// An update's outputs are p and the state, in place; a stage's have registers of their own.
StagedUpdate::Pass StagedUpdate::lower(const std::string& where, Rank rank, const optim::Code& code,
                                       bool is_update) {
  Pass pass{rank, false, {}, 0, {0, 1}, {0, 0}, false, {}, {}, {}, {}, {}, nullptr};
  expression::Placement placement;
  const auto register_of = [&](std::size_t array) {
    const auto found = std::find(pass.arrays.begin(), pass.arrays.end(), array);
    const auto at = static_cast<std::uint32_t>(found - pass.arrays.begin());
    if (found == pass.arrays.end()) {
      pass.arrays.push_back(array);
      pass.written.push_back(0);
    }
    return at;
  };
  const auto is_of_rows = [&](const Slot& slot) {
    return slot.is_array && rank == Rank::Element && arrays_[slot.index].rank == Rank::Row;
  };
  for (const std::string& input : code.inputs)
    if (const Slot slot = slots_.at(input); !slot.is_array) pass.numbers.push_back(slot.index);
  std::uint32_t numbers = 0;
  for (const std::string& input : code.inputs) {
    const Slot slot = slots_.at(input);
    if (!slot.is_array) {
      placement.inputs.push_back({true, numbers++});
    } else if (is_of_rows(slot)) {
      placement.inputs.push_back(
          {true, static_cast<std::uint32_t>(pass.numbers.size() + pass.rows.size())});
      pass.rows.push_back(slot.index);
    } else {
      placement.inputs.push_back({false, register_of(slot.index)});
      pass.reads_gradient |= rank == Rank::Element && slot.index == 1;
    }
  }
  const auto is_own = [&](const Slot& slot) {
    return slot.is_array && (is_update || arrays_[slot.index].rank == rank);
  };
  for (const optim::Code::Output& output : code.outputs) {
    const Slot slot = slots_.at(output.name);
    if (is_own(slot)) pass.written[register_of(slot.index)] = 1;
  }
  auto next = static_cast<std::uint32_t>(pass.arrays.size());
  for (const optim::Code::Output& output : code.outputs) {
    const Slot slot = slots_.at(output.name);
    placement.outputs.push_back(is_own(slot) ? register_of(slot.index) : next++);
    if (is_own(slot)) continue;
    const Rank over = slot.is_array ? arrays_[slot.index].rank : Rank::Tensor;
    pass.sums.push_back({slot, over});
    pass.kinds.push_back(over == Rank::Column ? optim::SumKind::Each : optim::SumKind::Lanes);
  }
  const auto lies_along_rows = [&](std::size_t array) {
    return rank == Rank::Element && arrays_[array].rank == Rank::Column;
  };
  pass.by_rows = !pass.rows.empty() ||
                 std::any_of(pass.arrays.begin(), pass.arrays.end(), lies_along_rows) ||
                 std::any_of(pass.sums.begin(), pass.sums.end(),
                             [](const auto& sum) { return sum.over != Rank::Tensor; });
  placement.registers = next;
  placement.scalars = static_cast<std::uint32_t>(pass.numbers.size() + pass.rows.size());
  pass.scalars.resize(placement.scalars);
  const auto arrays = static_cast<std::uint32_t>(pass.arrays.size());
  if (optim::default_instruction_set() != optim::InstructionSet::Portable)
    pass.fused = optim::FusedKernel::compile(
        {code, placement.inputs, placement.outputs, arrays, placement.scalars, pass.kinds});
  expression::BlockCode lowered = expression::lower(where, code, std::move(placement));
  pass.ops = std::move(lowered.ops);
  pass.registers = std::max(lowered.registers, std::uint32_t{1});
  pass.scalars.insert(pass.scalars.end(), lowered.constants.begin(), lowered.constants.end());
  require_few(rule_, "sums in one pass", pass.sums.size());
  require_few(rule_, "arrays in one pass", pass.arrays.size(), kMostArrays);
  require_few(rule_, "scalars in one pass", pass.scalars.size(), kMostScalars);
  return pass;
}

void StagedUpdate::add_tensors(const std::vector<const Parameter*>& parameters) {
  std::size_t masked = 0;
  const auto has_padding = [this](const Tensor& tensor) {
    return !sees_matrices_ && tensor.parameter->size != tensor.size();
  };
  for (const Parameter* parameter : parameters) {
    const Shape& shape = parameter->shape;
    const auto size = static_cast<std::size_t>(elements(shape));
    if (size == 0) continue;
    Tensor tensor{parameter, 1, size, {}, {}, {}, nullptr, {}, {}};
    if (shape.size() > 1) {
      tensor.rows = static_cast<std::size_t>(shape[0]);
      tensor.columns = size / tensor.rows;
    }
    for (const std::int64_t length : shape)
      if (length > 1) tensor.axes.push_back(static_cast<std::size_t>(length));
    if (tensor.axes.empty()) tensor.axes.push_back(1);
    const cpu::Desc plain = cpu::row_major(shape);
    if (sees_matrices_ && parameter->layout != plain) {
      tensor.pack.emplace(parameter->layout, plain);
      tensor.unpack.emplace(plain, parameter->layout);
    }
    if (has_padding(tensor)) masked += align_up(parameter->size, kLine);
    for (std::size_t k = 0; k < rule_.state.size(); ++k)
      tensor.state.push_back(store_.state(*parameter, k));
    for (const optim::FactorSlot& slot : rule_.factors)
      factor_size_ += extent(tensor, slot.rank).size();
    tensors_.push_back(std::move(tensor));
  }
  masks_ = AlignedBuffer(masked * sizeof(float));
  float* mask = masks_.floats();
  for (Tensor& tensor : tensors_) {
    if (!has_padding(tensor)) continue;
    for_each_element(tensor.parameter->layout, [mask](std::size_t, std::size_t at) {
      mask[at] = std::bit_cast<float>(0xffffffffu);
    });
    tensor.mask = mask;
    mask += align_up(tensor.parameter->size, kLine);
  }
}

/// What a pass over values of a rank walks through.
StagedUpdate::Extent StagedUpdate::extent(const Tensor& tensor, Rank rank) const {
  const auto [rows, columns] = std::pair(tensor.rows, tensor.columns);
  switch (rank) {
    case Rank::Row:
      return {1, rows};
    case Rank::Column:
      return {1, columns};
    case Rank::Element:
      return sees_matrices_ ? Extent{rows, columns} : Extent{1, tensor.parameter->size};
    case Rank::Left:
      return {rows, rows};
    case Rank::Right:
      return {columns, columns};
    case Rank::Axes:
      return {1, std::transform_reduce(tensor.axes.begin(), tensor.axes.end(), std::size_t{0},
                                       std::plus(), [](std::size_t n) { return n * n; })};
    case Rank::Scalar:
    case Rank::Tensor:
      break;
  }
  return {1, 1};
}

/// How long the matrices of a rank are, which lie one after the other.
std::span<const std::size_t> StagedUpdate::sides(const Tensor& tensor, Rank rank) {
  if (rank == Rank::Axes) return tensor.axes;
  return {rank == Rank::Left ? &tensor.rows : &tensor.columns, 1};
}

void StagedUpdate::allocate() {
  factor_memory_ = AlignedBuffer(factor_size_ * sizeof(float));
  float* at = factor_memory_.floats();
  std::size_t packed = 0, scratch = 0;
  std::vector<std::size_t> sizes(arrays_.size());
  for (Tensor& tensor : tensors_) {
    for (const optim::FactorSlot& slot : rule_.factors) {
      const std::size_t size = extent(tensor, slot.rank).size();
      std::fill_n(at, size, static_cast<float>(slot.init));
      tensor.factors.push_back(at);
      at += size;
    }
    packed = std::max(packed, align_up(tensor.size(), kLine));
    scratch = std::max(scratch, orthogonalize_scratch(tensor.rows, tensor.columns));
    sum_stride_ = std::max(sum_stride_, kParts * std::max(tensor.columns, optim::kSumLanes));
    for (std::size_t k = first_value_; k < arrays_.size(); ++k)
      sizes[k] = std::max(sizes[k], align_up(extent(tensor, arrays_[k].rank).size(), kLine));
  }
  values_ =
      AlignedBuffer(std::accumulate(sizes.begin(), sizes.end(), std::size_t{0}) * sizeof(float));
  std::size_t offset = 0;
  for (std::size_t k = first_value_; k < arrays_.size(); ++k) {
    arrays_[k].data = arrays_[k].own = values_.floats() + offset;
    offset += sizes[k];
  }
  if (sees_matrices_) packed_ = AlignedBuffer(2 * packed * sizeof(float));
  std::size_t needed = 0, sums = vector_.sums.size();
  for (const Section& section : sections_) {
    for (const auto& stage : section.stages) {
      if (const auto* pass = std::get_if<Pass>(&stage)) sums = std::max(sums, pass->sums.size());
      const auto* call = std::get_if<MatrixCall>(&stage);
      if (call == nullptr) continue;
      if (call->function == optim::MatrixFunction::Orthogonalize)
        needed = std::max(needed, scratch * sizeof(float));
      if (call->turns_axes()) needed = std::max(needed, 2 * packed * sizeof(float));
      if (!call->decomposes()) continue;
      for (const Tensor& tensor : tensors_) {
        for (const std::size_t side : sides(tensor, arrays_[call->to].rank))
          if (static_cast<double>(side) <= call->longest())
            needed = std::max(needed, decomposition_scratch(side) * sizeof(double));
      }
    }
  }
  matrix_scratch_ = AlignedBuffer(needed);
  sums_.resize(sum_stride_ * sums);
}

// Points the arrays at the tensor: where it lies if it may be worked on there, with the prelude as
// part of passes unless the rule sees matrices; else packed, with the prelude applied. Sections
// before the last leave the parameters as they are.
void StagedUpdate::open(const Tensor& tensor, const optim::GradientPrelude& prelude) {
  const Parameter& parameter = *tensor.parameter;
  float* const p = store_.values() + parameter.offset;
  float* const g = store_.gradients() + parameter.offset;
  const float l2 = parameter.decay ? l2_ : 0;
  const auto decay =
      parameter.decay ? static_cast<float>(updater_.lr() * static_cast<double>(weight_decay_)) : 0;
  numbers_[kRows] = static_cast<double>(tensor.rows);
  numbers_[kColumns] = static_cast<double>(tensor.columns);
  for (std::size_t k = 0; k < tensor.state.size(); ++k) arrays_[2 + k].data = tensor.state[k];
  for (std::size_t k = 0; k < tensor.factors.size(); ++k)
    arrays_[first_factor_ + k].data = tensor.factors[k];

  prelude_ = {prelude, l2, decay};
  const auto& [scale, clip] = prelude;
  const bool plain = scale == 1 && clip == __builtin_inff() && l2 == 0 && decay == 0;
  arrays_[0].data = p;
  arrays_[1].data = g;
  if (!sees_matrices_ || (!tensor.pack && plain)) return;
  const std::size_t size = tensor.size();
  float* const packed_p = packed_.floats();
  float* const packed_g = packed_p + align_up(size, kLine);
  arrays_[0].data = packed_p;
  arrays_[1].data = packed_g;
  prelude_ = {};
  if (tensor.pack) {
    tensor.pack->run(p, packed_p);
    tensor.pack->run(g, packed_g);
  }
  if (plain) return;
  const float* const from_p = tensor.pack ? packed_p : p;
  const float* const from_g = tensor.pack ? packed_g : g;
  parallel_for(threads_, size, kPartSize, [=, scale = scale, clip = clip](auto from, auto to) {
    for (std::size_t i = from; i < to; ++i) {
      packed_g[i] = std::clamp(scale * from_g[i], -clip, clip) + l2 * from_p[i];
      packed_p[i] = from_p[i] - decay * from_p[i];
    }
  });
}

// Puts what was packed back.
void StagedUpdate::close(const Tensor& tensor) {
  float* const p = store_.values() + tensor.parameter->offset;
  const float* const from = arrays_[0].data;
  if (from == p) return;
  if (tensor.unpack) return tensor.unpack->run(from, p);
  std::copy_n(from, tensor.size(), p);
}

void StagedUpdate::run(const Tensor& tensor, Pass& pass) {
  const Extent all = extent(tensor, pass.rank);
  const Parts parts =
      pass.by_rows ? Parts(true, all.rows, all.columns) : Parts(false, 1, all.size());
  for (std::size_t k = 0; k < pass.numbers.size(); ++k)
    pass.scalars[k] = static_cast<float>(numbers_[pass.numbers[k]]);
  std::atomic<bool> finite = true;
  parallel_for(threads_, parts.count, 1, [&](std::size_t from, std::size_t to) {
    for (std::size_t part = from; part < to; ++part)
      if (!run_part(tensor, pass, parts, part)) finite = false;
  });
  finite_ = finite_ && finite;
  finish_sums(pass, parts, all.columns);
}

bool StagedUpdate::run_part(const Tensor& tensor, const Pass& pass, const Parts& parts,
                            std::size_t part) {
  const bool is_of_elements = pass.rank == Rank::Element;
  const std::size_t all = parts.by_rows ? parts.lines : parts.length;
  const std::size_t begin = part * parts.size, end = std::min(all, begin + parts.size);
  const std::size_t first = parts.by_rows ? begin * parts.length : begin;
  std::array<float*, kMostArrays> arrays{};
  for (std::size_t k = 0; k < pass.arrays.size(); ++k) {
    const Array& array = arrays_[pass.arrays[k]];
    if (array.rank == pass.rank) arrays[k] = array.data + first;
    if (array.rank == Rank::Column && is_of_elements) arrays[k] = array.data;
  }
  std::array<double*, kMost> sums{};
  std::array<std::array<double, optim::kSumLanes>, kMost> of_row;
  for (std::size_t k = 0; k < pass.sums.size(); ++k) {
    const Rank over = pass.sums[k].over;
    const std::size_t width = over == Rank::Column ? parts.length : optim::kSumLanes;
    double* const own = sums_.data() + k * sum_stride_ + part * width;
    sums[k] = over == Rank::Row ? of_row[k].data() : own;
    if (over != Rank::Row) std::fill_n(own, width, 0.0);
  }
  const auto run_line = [&](const optim::Line& line) {
    return pass.fused ? pass.fused->run(line) : passes_.evaluate_line(pass.code(), line);
  };
  const auto& [gradient, l2, decay] = is_of_elements ? prelude_ : decltype(prelude_){};
  const float* const mask =
      is_of_elements && tensor.mask != nullptr ? tensor.mask + first : nullptr;
  if (!parts.by_rows)
    return run_line(
        {arrays.data(), end - begin, pass.scalars.data(), sums.data(), mask, gradient, l2, decay});

  std::array<float, kMostScalars> scalars;
  std::copy(pass.scalars.begin(), pass.scalars.end(), scalars.begin());
  bool finite = true;
  for (std::size_t row = begin; row < end; ++row) {
    for (std::size_t k = 0; k < pass.rows.size(); ++k)
      scalars[pass.numbers.size() + k] = arrays_[pass.rows[k]].data[row];
    for (std::size_t k = 0; k < pass.sums.size(); ++k)
      if (pass.sums[k].over == Rank::Row) of_row[k].fill(0);
    finite = run_line({arrays.data(), parts.length, scalars.data(), sums.data(), nullptr, gradient,
                       l2, decay}) &&
             finite;
    for (std::size_t k = 0; k < pass.sums.size(); ++k)
      if (pass.sums[k].over == Rank::Row)
        arrays_[pass.sums[k].to.index].data[row] =
            static_cast<float>(optim::total_of(of_row[k].data()));
    for (std::size_t k = 0; k < pass.arrays.size(); ++k)
      if (arrays_[pass.arrays[k]].rank == Rank::Element) arrays[k] += parts.length;
  }
  return finite;
}

// Adds up what the parts have left, in their order.
void StagedUpdate::finish_sums(const Pass& pass, const Parts& parts, std::size_t columns) {
  for (std::size_t k = 0; k < pass.sums.size(); ++k) {
    const auto& [to, over] = pass.sums[k];
    const double* const partial = sums_.data() + k * sum_stride_;
    if (over == Rank::Tensor) {
      double total = 0;
      for (std::size_t part = 0; part < parts.count; ++part)
        total += optim::total_of(partial + part * optim::kSumLanes);
      numbers_[to.index] = total;
    } else if (over == Rank::Column) {
      float* const totals = arrays_[to.index].data;
      for (std::size_t column = 0; column < columns; ++column) {
        double total = 0;
        for (std::size_t part = 0; part < parts.count; ++part)
          total += partial[part * columns + column];
        totals[column] = static_cast<float>(total);
      }
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

// A function of the square matrices on a side of the tensor or its axes.
void StagedUpdate::decompose(const Tensor& tensor, const MatrixCall& call) {
  const std::span<const std::size_t> all = sides(tensor, arrays_[call.to].rank);
  const double order = call.numbers[0] * static_cast<double>(all.size());
  std::size_t offset = 0;
  for (const std::size_t side : all) {
    decompose(call, side, offset, order);
    offset += side * side;
  }
}

void StagedUpdate::decompose(const MatrixCall& call, std::size_t side, std::size_t offset,
                             double order) {
  const float* const x = arrays_[call.args[0]].data + offset;
  float* const to = arrays_[call.to].data + offset;
  auto* const scratch = reinterpret_cast<double*>(matrix_scratch_.data());
  const bool whole = static_cast<double>(side) <= call.longest();
  if (call.function == optim::MatrixFunction::InverseRoot) {
    const double ridge = numbers_[call.scalar];
    if (!whole) return inverse_root_of_diagonal(x, side, order, ridge, to);
    return inverse_root(x, side, order, ridge, to, scratch, threads_);
  }
  if (!whole) return identity(side, to);
  if (call.function == optim::MatrixFunction::Eigenvectors)
    return eigenvectors(x, side, to, scratch, threads_);
  if (call.function == optim::MatrixFunction::Orthonormal)
    return orthonormal(x, side, to, scratch, threads_);
  sorting(x, arrays_[call.args[1]].data + offset, side, to, scratch, threads_);
}

// A product with a permutation; false where it has to be computed as any other.
bool StagedUpdate::permute(const Tensor& tensor, const MatrixCall& call) {
  if (!call.permutation) return false;
  const auto [arg, longest] = *call.permutation;
  const Array &order = arrays_[call.args[arg]], &moved = arrays_[call.args[1 - arg]];
  const std::size_t side = extent(tensor, order.rank).rows;
  if (static_cast<double>(side) > longest) return false;
  const Extent all = extent(tensor, moved.rank);
  auto* const scratch = reinterpret_cast<std::size_t*>(matrix_scratch_.data());
  (arg == 0 ? permute_rows : permute_columns)(moved.data, all.rows, all.columns, order.data,
                                              arrays_[call.to].data, scratch);
  return true;
}

void StagedUpdate::run(const Tensor& tensor, MatrixCall& call) {
  const Extent result = extent(tensor, arrays_[call.to].rank);
  arrays_[call.to].data = arrays_[call.to].own;
  if (call.when && !(numbers_[call.when->number] > 0)) {
    float* const from = arrays_[call.when->otherwise].data;
    if (call.when->copies) {
      std::copy_n(from, result.size(), arrays_[call.to].data);
    } else {
      arrays_[call.to].data = from;
    }
    return;
  }
  if (call.decomposes()) return decompose(tensor, call);
  const auto view = [&](std::size_t k) {
    const Array& array = arrays_[call.args[k]];
    const Extent all = extent(tensor, array.rank);
    return MatrixView{array.data, all.rows, all.columns, call.transposed[k]};
  };
  float* const to = arrays_[call.to].data;
  switch (call.function) {
    case optim::MatrixFunction::Matmul:
      if (permute(tensor, call)) return;
      return multiply(view(0), view(1), to, threads_);
    case optim::MatrixFunction::Orthogonalize:
      return orthogonalize(view(0), call.numbers[0], call.numbers[1], call.numbers[2],
                           static_cast<int>(call.numbers[3]), to, matrix_scratch_.floats(),
                           threads_);
    case optim::MatrixFunction::Gram:
      return gram(arrays_[call.args[0]].data, tensor.axes, to, matrix_scratch_.floats(), threads_);
    case optim::MatrixFunction::Along:
      return along(arrays_[call.args[0]].data, arrays_[call.args[1]].data, tensor.axes, to,
                   matrix_scratch_.floats(), threads_);
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
    const std::size_t size = extent(tensor, Rank::Element).size();
    std::atomic<bool> finite = true;
    parallel_for(threads_, size, kPartSize, [&](std::size_t from, std::size_t to) {
      std::array<float*, kMost> state{};
      for (std::size_t k = 0; k < rule_.state.size(); ++k) state[k] = arrays_[2 + k].data + from;
      if (!kernel_({arrays_[0].data + from, arrays_[1].data + from, state.data(), to - from,
                    vector_.scalars.data(), prelude_.gradient, prelude_.l2, prelude_.decay}))
        finite = false;
    });
    finite_ = finite_ && finite;
  }
  for (std::size_t k = 0; k < next_factors_.size(); ++k) {
    const Array& factor = arrays_[first_factor_ + k];
    const float* from = arrays_[next_factors_[k]].data;
    if (from == factor.data) continue;
    std::copy_n(from, extent(tensor, factor.rank).size(), factor.data);
  }
}

void StagedUpdate::apply(const optim::EvaluationWeights& evaluation) {
  for (const Tensor& tensor : tensors_) {
    float* const p = store_.values() + tensor.parameter->offset;
    float* const at = tensor.pack ? packed_.floats() : p;
    if (tensor.pack) tensor.pack->run(p, at);
    evaluation.apply({at, at, tensor.state.data(), extent(tensor, Rank::Element).size()});
    if (tensor.unpack) tensor.unpack->run(at, p);
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
