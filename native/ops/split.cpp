// A tensor in parts along an axis, and back.
#include <algorithm>
#include <array>
#include <numeric>
#include <optional>
#include <string_view>

#include "ops/concat.hpp"
#include "ops/registry.hpp"
#include "ops/strided_copy.hpp"

namespace optcmp::ops {
namespace {

std::size_t axis_of(const OpView& op, const Tensor& tensor) {
  const double axis = op.number("axis", 0);
  op.require(axis >= 0 && axis < static_cast<double>(tensor.shape.size()),
             "axis must be one of '" + tensor.name + "'");
  return static_cast<std::size_t>(axis);
}

void check_split(const OpView& op) {
  constexpr std::array<std::string_view, 2> known{"axis", "lengths"};
  op.require_arity(1, 1, 1, op.outputs());
  op.allow_attributes(known);
  const std::size_t axis = axis_of(op, op.input(0));
  const auto lengths = op.integers("lengths", 0, 1, {});
  op.require(
      std::accumulate(lengths.begin(), lengths.end(), std::int64_t{0}) == op.input(0).shape[axis],
      "lengths must add up to axis " + std::to_string(axis) + " of " +
          to_string(op.input(0).shape));
  op.require(op.outputs() <= lengths.size(), "has more outputs than lengths");
  for (std::size_t k = 0; k < op.outputs(); ++k) {
    Shape part = op.input(0).shape;
    part[axis] = lengths[k];
    op.require_shape(op.output(k), part);
  }
}

void plan_split(const OpView& op, Planner& planner) {
  const std::size_t axis = axis_of(op, op.input(0));
  const Placed x = planner.read_strided(op.op().inputs[0]);
  const auto strides = cpu::blocking(x.layout).strides;
  std::int64_t start = 0;
  for (std::size_t k = 0; k < op.outputs(); ++k) {
    const Shape& shape = op.output(k).shape;
    const auto offset = static_cast<std::size_t>(start * strides[axis]) * sizeof(float);
    place_view(op, planner, k, {planner.part(x.buffer, offset), cpu::strided(shape, strides)});
    start += shape[axis];
  }
}

void check_concat(const OpView& op) {
  constexpr std::array<std::string_view, 1> known{"axis"};
  op.require_arity(1, op.inputs(), 1, 1);
  op.allow_attributes(known);
  const std::size_t axis = axis_of(op, op.output(0));
  std::int64_t total = 0;
  for (std::size_t k = 0; k < op.inputs(); ++k) {
    Shape part = op.output(0).shape;
    op.require_rank(op.input(k), part.size());
    part[axis] = op.input(k).shape[axis];
    op.require_shape(op.input(k), part);
    total += part[axis];
  }
  op.require(total == op.output(0).shape[axis],
             "the inputs' lengths do not add up to that of the output");
}

/// Row-major; where all that follows is a transposition, what that makes row-major.
cpu::Desc concat_layout(const OpView& op) {
  const Shape& shape = op.output(0).shape;
  const auto reader = op.only_reader_of(op.op().outputs[0]);
  if (!reader || reader->op().definition != &transpose) return cpu::row_major(shape);
  const auto perm = reader->integers("perm", shape.size(), 0, {});
  std::vector<std::int64_t> inverse(perm.size());
  for (std::size_t k = 0; k < perm.size(); ++k) {
    inverse[static_cast<std::size_t>(perm[k])] = static_cast<std::int64_t>(k);
  }
  return cpu::transposed(cpu::row_major(reader->output(0).shape), inverse);
}

/// The result, which an input may already lie in.
Placed place_result(const OpView& op, Planner& planner) {
  const TensorId id = op.op().outputs[0];
  const cpu::Desc layout = concat_layout(op);
  return {planner.placed(id) ? planner.read(id, layout) : planner.write(id, layout), layout};
}

/// Input k's part of the result.
Placed part_of(const OpView& op, Planner& planner, const Placed& result, std::size_t k) {
  const std::size_t axis = axis_of(op, op.output(0));
  const auto strides = cpu::blocking(result.layout).strides;
  std::int64_t start = 0;
  for (std::size_t before = 0; before < k; ++before) start += op.input(before).shape[axis];
  const auto offset = static_cast<std::size_t>(start * strides[axis]) * sizeof(float);
  return {planner.part(result.buffer, offset), cpu::strided(op.input(k).shape, strides)};
}

void plan_concat(const OpView& op, Planner& planner) {
  const Placed result = place_result(op, planner);
  std::vector<PlacedCopy> copies;
  for (std::size_t k = 0; k < op.inputs(); ++k) {
    const Placed from = planner.read_strided(op.op().inputs[k]);
    const Placed to = part_of(op, planner, result, k);
    if (planner.same_memory(from.buffer, to.buffer) && from.layout == to.layout) continue;
    copies.push_back({strided_copy(op.input(k).shape, cpu::blocking(from.layout).strides,
                                   cpu::blocking(to.layout).strides),
                      from.buffer, to.buffer});
  }
  if (!copies.empty()) emit_copies(op, planner, std::move(copies));
}

}  // namespace

std::optional<Placed> place_in_concat(const OpView& op, Planner& planner, std::size_t k) {
  if (op.output(k).role != Role::Temporary) return std::nullopt;
  TensorId id = op.op().outputs[k];
  std::optional<OpView> reader = op.only_reader_of(id);
  while (reader && reader->op().definition == &reshape) {
    id = reader->op().outputs[0];
    reader = reader->only_reader_of(id);
  }
  if (!reader || reader->op().definition != &concat) return std::nullopt;
  if (reader->output(0).role != Role::Temporary) return std::nullopt;
  const std::vector<TensorId>& inputs = reader->op().inputs;
  if (std::count(inputs.begin(), inputs.end(), id) > 1) return std::nullopt;
  const auto index =
      static_cast<std::size_t>(std::find(inputs.begin(), inputs.end(), id) - inputs.begin());
  const Placed result = place_result(*reader, planner);
  const Placed part = part_of(*reader, planner, result, index);
  const auto view = cpu::reshaped(part.layout, op.output(k).shape);
  if (!view) return std::nullopt;
  return Placed{part.buffer, *view};
}

const OpDefinition split{
    .name = "split", .check = check_split, .plan = plan_split, .alias = true, .moves = true};
const OpDefinition concat{
    .name = "concat", .check = check_concat, .plan = plan_concat, .moves = true};

}  // namespace optcmp::ops
