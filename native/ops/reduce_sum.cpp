// Sums over axes, in f64.
#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "ops/registry.hpp"

namespace optcmp::ops {
namespace {

/// Which axes are summed over; negative ones count from the end, none means all.
std::vector<bool> summed_axes(const OpView& op) {
  const auto rank = static_cast<std::int64_t>(op.input(0).shape.size());
  const auto axes = op.integers("axes", 0, -rank, {});
  std::vector<bool> summed(static_cast<std::size_t>(rank), axes.empty());
  for (std::int64_t axis : axes) {
    if (axis < 0) axis += rank;
    op.require(axis < rank, "has no axis " + std::to_string(axis));
    op.require(!summed[static_cast<std::size_t>(axis)], "sums over an axis twice");
    summed[static_cast<std::size_t>(axis)] = true;
  }
  return summed;
}

void check(const OpView& op) {
  constexpr std::array<std::string_view, 2> known{"axes", "keepdims"};
  op.require_arity(1, 1, 1, 1);
  op.allow_attributes(known);
  const std::vector<bool> summed = summed_axes(op);
  Shape result;
  for (std::size_t axis = 0; axis < summed.size(); ++axis) {
    if (!summed[axis]) result.push_back(op.input(0).shape[axis]);
    if (summed[axis] && op.flag("keepdims", true)) result.push_back(1);
  }
  op.require_shape(op.output(0), result);
}

/// The input in row-major order, and how far each axis moves in the result: 0 where it is summed.
struct Walk {
  std::vector<std::size_t> sizes, steps;  ///< An axis each, at least one.
  std::size_t results = 1;
};

Walk walk(const OpView& op) {
  const std::vector<bool> summed = summed_axes(op);
  const Shape& shape = op.input(0).shape;
  Walk walk{{shape.begin(), shape.end()}, std::vector<std::size_t>(shape.size(), 0), 1};
  for (std::size_t axis = shape.size(); axis-- > 0;) {
    if (summed[axis]) continue;
    walk.steps[axis] = walk.results;
    walk.results *= walk.sizes[axis];
  }
  if (shape.empty()) walk.sizes = walk.steps = {1};
  return walk;
}

void sum(const Walk& walk, const float* x, double* sums, float* y) {
  std::fill_n(sums, walk.results, 0.0);
  const std::size_t axes = walk.sizes.size();
  const std::size_t width = walk.sizes[axes - 1];
  std::size_t rows = 1;
  for (std::size_t axis = 0; axis + 1 < axes; ++axis) rows *= walk.sizes[axis];
  for (std::size_t row = 0; row < rows; ++row, x += width) {
    std::size_t rest = row, at = 0;
    for (std::size_t axis = axes - 1; axis-- > 0;) {
      at += rest % walk.sizes[axis] * walk.steps[axis];
      rest /= walk.sizes[axis];
    }
    if (walk.steps[axes - 1] == 0) {
      double total = 0;
      for (std::size_t i = 0; i < width; ++i) total += x[i];
      sums[at] += total;
    } else {
      for (std::size_t i = 0; i < width; ++i) sums[at + i] += x[i];
    }
  }
  for (std::size_t i = 0; i < walk.results; ++i) y[i] = static_cast<float>(sums[i]);
}

void plan(const OpView& op, Planner& planner) {
  const Walk plan = walk(op);
  const BufferId x = planner.read(op.op().inputs[0], cpu::row_major(op.input(0).shape));
  const BufferId y = planner.write(op.op().outputs[0], cpu::row_major(op.output(0).shape));
  const BufferId sums = planner.scratch(plan.results * sizeof(double));
  planner.emit(op, {x, y, sums}, [=](const Binder& b) -> Kernel {
    return [plan, x = b.at<const float>(x), sums = b.at<double>(sums), y = b.at<float>(y)] {
      sum(plan, x, sums, y);
    };
  });
}

}  // namespace

const OpDefinition reduce_sum{.name = "reduce_sum", .check = check, .plan = plan};

}  // namespace optcmp::ops
