// y = relu?(a + b) with numpy broadcasting.
#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "ops/registry.hpp"
#include "runtime/parallel.hpp"

namespace optcmp::ops {
namespace {

constexpr std::size_t kGrain = 4096;

float relu_or_not(bool relu, float value) { return relu && value <= 0 ? 0.0f : value; }

void add_flat(const float* a, const float* b, float* y, bool relu, std::size_t begin,
              std::size_t end) {
  for (std::size_t i = begin; i < end; ++i) y[i] = relu_or_not(relu, a[i] + b[i]);
}

/// How far to go in an operand for one step along each axis of the result: 0 where it broadcasts.
std::vector<std::size_t> steps(const Shape& shape, const Shape& result) {
  std::vector<std::size_t> steps(result.size(), 0);
  std::size_t step = 1;
  for (std::size_t back = 1; back <= shape.size(); ++back) {
    const auto size = static_cast<std::size_t>(shape[shape.size() - back]);
    if (size > 1) steps[result.size() - back] = step;
    step *= size;
  }
  return steps;
}

struct Broadcast {
  std::vector<std::size_t> sizes, a, b;  ///< An axis each, at least one.
};

/// Rows (all axes but the last) from `begin` to `end`.
void add_rows(const Broadcast& plan, const float* a, const float* b, float* y, bool relu,
              std::size_t begin, std::size_t end) {
  const std::size_t axes = plan.sizes.size();
  const std::size_t width = plan.sizes[axes - 1];
  const std::size_t step_a = plan.a[axes - 1], step_b = plan.b[axes - 1];
  for (std::size_t row = begin; row < end; ++row) {
    std::size_t rest = row;
    const float* from_a = a;
    const float* from_b = b;
    for (std::size_t axis = axes - 1; axis-- > 0;) {
      const std::size_t at = rest % plan.sizes[axis];
      rest /= plan.sizes[axis];
      from_a += at * plan.a[axis];
      from_b += at * plan.b[axis];
    }
    float* to = y + row * width;
    for (std::size_t i = 0; i < width; ++i) {
      to[i] = relu_or_not(relu, from_a[i * step_a] + from_b[i * step_b]);
    }
  }
}

void check(const OpView& op) {
  constexpr std::array<std::string_view, 1> known{"relu"};
  op.require_arity(2, 2, 1, 1);
  op.allow_attributes(known);
  const Shape &a = op.input(0).shape, &b = op.input(1).shape;
  Shape result(std::max(a.size(), b.size()), 1);
  for (const Shape* shape : {&a, &b}) {
    for (std::size_t back = 1; back <= shape->size(); ++back) {
      const std::int64_t size = (*shape)[shape->size() - back];
      std::int64_t& common = result[result.size() - back];
      op.require(size == 1 || common == 1 || size == common,
                 "cannot broadcast " + to_string(a) + " with " + to_string(b));
      common = std::max(common, size);
    }
  }
  op.require_shape(op.output(0), result);
  op.flag("relu");
}

// Equal shapes: element by element in whatever layout a has, padding included.
void plan_equal(const OpView& op, Planner& planner) {
  const auto& in = op.op().inputs;
  const bool relu = op.flag("relu");
  const cpu::Desc layout = planner.layout(in[0]);
  const std::size_t size = layout.get_size() / sizeof(float);
  const BufferId a = planner.read(in[0], layout), b = planner.read(in[1], layout);
  const BufferId y = planner.write(op.op().outputs[0], layout, in[0], a);
  planner.emit_rows(op, {{size, kGrain}, {a, b, y}, {}}, [=](const Binder& binder) -> RowKernel {
    return {
        [=, a = binder.at<const float>(a), b = binder.at<const float>(b), y = binder.at<float>(y)](
            std::size_t begin, std::size_t end) { add_flat(a, b, y, relu, begin, end); }};
  });
}

void plan_broadcast(const OpView& op, Planner& planner) {
  const auto& in = op.op().inputs;
  const bool relu = op.flag("relu");
  const Shape shape = op.output(0).shape.empty() ? Shape{1} : op.output(0).shape;
  const Broadcast plan{{shape.begin(), shape.end()},
                       steps(op.input(0).shape, shape),
                       steps(op.input(1).shape, shape)};
  const std::size_t width = plan.sizes.back();
  const std::size_t rows = static_cast<std::size_t>(elements(shape)) / width;
  const BufferId a = planner.read(in[0], cpu::row_major(op.input(0).shape));
  const BufferId b = planner.read(in[1], cpu::row_major(op.input(1).shape));
  const BufferId y = planner.write(op.op().outputs[0], cpu::row_major(shape));
  planner.emit(op, {a, b, y}, [=](const Binder& binder) -> Kernel {
    return [=, a = binder.at<const float>(a), b = binder.at<const float>(b),
            y = binder.at<float>(y), threads = binder.threads()] {
      parallel_for(threads, rows, kGrain / width + 1, [&](std::size_t begin, std::size_t end) {
        add_rows(plan, a, b, y, relu, begin, end);
      });
    };
  });
}

void plan(const OpView& op, Planner& planner) {
  if (op.input(0).shape == op.input(1).shape) return plan_equal(op, planner);
  plan_broadcast(op, planner);
}

}  // namespace

const OpDefinition add{.name = "add", .check = check, .plan = plan};

}  // namespace optcmp::ops
