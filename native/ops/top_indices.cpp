// y = the places of the greatest or the smallest elements along an axis, of equals the first first.
#include <algorithm>
#include <array>
#include <cstdint>
#include <numeric>
#include <string_view>
#include <vector>

#include "ops/registry.hpp"

namespace optcmp::ops {
namespace {

/// x is [before, length, after], y [before, count, after].
struct Geometry {
  std::size_t before = 1, length = 1, count = 1, after = 1;
};

Geometry geometry(const OpView& op) {
  const Shape& shape = op.input(0).shape;
  const double number = op.number("axis", 0), count = op.number("count", 0);
  op.require(number >= 0 && number < static_cast<double>(shape.size()),
             "axis must be one of '" + op.input(0).name + "' " + to_string(shape));
  const auto axis = static_cast<std::size_t>(number);
  op.require(count >= 1 && count <= static_cast<double>(shape[axis]),
             "count must be in 1 … the length of the axis");
  Geometry g;
  for (std::size_t k = 0; k < axis; ++k) g.before *= static_cast<std::size_t>(shape[k]);
  for (std::size_t k = axis + 1; k < shape.size(); ++k)
    g.after *= static_cast<std::size_t>(shape[k]);
  g.length = static_cast<std::size_t>(shape[axis]);
  g.count = static_cast<std::size_t>(count);
  Shape expected = shape;
  expected[axis] = static_cast<std::int64_t>(g.count);
  op.require_shape(op.output(0), expected);
  return g;
}

void check(const OpView& op) {
  constexpr std::array<std::string_view, 3> known{"axis", "count", "largest"};
  op.require_arity(1, 1, 1, 1);
  op.allow_attributes(known);
  const Geometry g = geometry(op);
  const auto limit = op.output(0).limit;
  op.require(!limit || static_cast<std::size_t>(*limit) >= g.length,
             "the axis is longer than the limit of '" + op.output(0).name + "'");
}

/// What is not a number comes first.
bool before(float a, float b) { return a > b || (a != a && b == b); }

void plan(const OpView& op, Planner& planner) {
  const Geometry g = geometry(op);
  const float sign = op.flag("largest", true) ? 1.0f : -1.0f;
  const cpu::Desc from = cpu::row_major(op.input(0).shape), to = cpu::row_major(op.output(0).shape);
  const BufferId x = planner.read(op.op().inputs[0], from);
  const BufferId y = planner.write(op.op().outputs[0], to);
  planner.emit(op, {x, y}, [=](const Binder& b) -> Kernel {
    return [=, x = b.at<const float>(x), y = b.at<std::int32_t>(y),
            values = std::vector<float>(g.length),
            order = std::vector<std::int32_t>(g.length)]() mutable {
      for (std::size_t a = 0; a < g.before; ++a) {
        for (std::size_t i = 0; i < g.after; ++i) {
          for (std::size_t k = 0; k < g.length; ++k)
            values[k] = sign * x[(a * g.length + k) * g.after + i];
          std::iota(order.begin(), order.end(), 0);
          std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(g.count),
                            order.end(), [&values](std::int32_t j, std::int32_t k) {
                              const float left = values[static_cast<std::size_t>(j)];
                              const float right = values[static_cast<std::size_t>(k)];
                              if (before(left, right)) return true;
                              return !before(right, left) && j < k;
                            });
          for (std::size_t k = 0; k < g.count; ++k) y[(a * g.count + k) * g.after + i] = order[k];
        }
      }
    };
  });
}

}  // namespace

const OpDefinition top_indices{
    .name = "top_indices", .check = check, .plan = plan, .whole_outputs = 0b1};

}  // namespace optcmp::ops
