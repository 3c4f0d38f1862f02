// Max pooling in whatever layout the images come, with the ReLU after it, and its gradient.
#include "expression/instruction_set.hpp"
#include "ops/max_pool_kernels.hpp"
#include "ops/pool2d_geometry.hpp"
#include "ops/registry.hpp"
#include "runtime/parallel.hpp"

namespace optcmp::ops {
namespace {

constexpr std::int64_t kMostWindow = 65534;
/// Bytes of a gradient that is gone from the caches before anybody reads it.
constexpr std::size_t kStreamFrom = std::size_t{8} << 20;

const MaxPoolKernelSet& kernel_set() { return OPTCMP_KERNELS(max_pool); }

template <class Index>
const MaxPoolKernels<Index>& kernels() {
  if constexpr (sizeof(Index) == 1) return kernel_set().small;
  if constexpr (sizeof(Index) == 2) return kernel_set().large;
}

/// Calls `use(Index())` with the type that holds every position of the window and one more.
template <class Use>
void with_index_type(const MaxPoolPlan& plan, const Use& use) {
  if (plan.window() < 255) return use(std::uint8_t());
  use(std::uint16_t());
}

Pool2dGeometry geometry(const OpView& op, const Tensor& x, const Tensor& y) {
  return pool2d_geometry(op, x, y, "relu");
}

/// `layout` is of the images x, one of those that cpu::like() gives.
MaxPoolPlan plan_for(const OpView& op, const Pool2dGeometry& g, const cpu::Desc& layout) {
  const auto size = [](std::int64_t value) { return static_cast<std::size_t>(value); };
  const cpu::Blocking b = cpu::blocking(layout);
  const bool blocked = !b.inner_blocks.empty();
  const bool channels_last = !blocked && b.strides[1] == 1 && g.x_shape[1] > 1;
  MaxPoolPlan plan;
  plan.inner = blocked ? size(b.inner_blocks[0]) : channels_last ? size(g.x_shape[1]) : 1;
  plan.planes = size(g.x_shape[0]) * size(b.padded_dims[1]) / plan.inner;
  plan.in_height = size(g.x_shape[2]);
  plan.in_width = size(g.x_shape[3]);
  plan.out_height = size(g.y_shape[2]);
  plan.out_width = size(g.y_shape[3]);
  plan.kernel_height = size(g.kernel[0]);
  plan.kernel_width = size(g.kernel[1]);
  plan.stride_height = size(g.strides[0]);
  plan.stride_width = size(g.strides[1]);
  plan.pad_top = size(g.pads[0]);
  plan.pad_left = size(g.pads[1]);
  plan.relu = op.flag("relu");
  plan.stream = layout.get_size() >= kStreamFrom;
  return plan;
}

void check_forward(const OpView& op) {
  op.require_arity(1, 1, 1, 2);
  const Pool2dGeometry g = geometry(op, op.input(0), op.output(0));
  op.require(g.kernel[0] * g.kernel[1] <= kMostWindow, "the kernel has more than 65534 positions");
  op.flag("relu");
  if (op.outputs() == 2) op.require_shape(op.output(1), g.y_shape);
}

void plan_forward(const OpView& op, Planner& planner) {
  const Pool2dGeometry g = geometry(op, op.input(0), op.output(0));
  const TensorId in = op.op().inputs[0];
  const auto& out = op.op().outputs;
  const cpu::Desc x_layout = cpu::like(planner.layout(in), g.x_shape);
  const cpu::Desc y_layout = cpu::like(x_layout, g.y_shape);
  const MaxPoolPlan plan = plan_for(op, g, x_layout);
  const BufferId x = planner.read(in, x_layout);
  const BufferId y = planner.write(out[0], y_layout);
  const bool wanted = out.size() == 2;
  with_index_type(plan, [&](auto index) {
    using Index = decltype(index);
    const std::size_t bytes = y_layout.get_size() / sizeof(float) * sizeof(Index);
    const BufferId argmax = wanted ? planner.write_bytes(out[1], bytes, y_layout) : y;
    planner.emit(op, {x, y, argmax}, [=](const Binder& b) -> Kernel {
      return [=, run = kernels<Index>().forward, x = b.at<const float>(x), y = b.at<float>(y),
              argmax = wanted ? b.at<Index>(argmax) : nullptr, threads = b.threads()] {
        parallel_for(threads, plan.planes, 1, [&](std::size_t begin, std::size_t end) {
          run(plan, x, y, argmax, begin, end);
        });
      };
    });
  });
}

void check_backward(const OpView& op) {
  op.require_arity(2, 2, 1, 1);
  const Pool2dGeometry g = geometry(op, op.output(0), op.input(0));
  const OpView pool = op.writer_of(op.op().inputs[1]);
  op.require(pool.op().definition == &max_pool2d && pool.op().outputs[1] == op.op().inputs[1],
             "its second input must be the arg-max of a max_pool2d");
  const Pool2dGeometry f = geometry(pool, pool.input(0), pool.output(0));
  op.require(f.x_shape == g.x_shape && f.kernel == g.kernel && f.strides == g.strides &&
                 f.pads == g.pads && pool.flag("relu") == op.flag("relu"),
             "differs from max_pool2d '" + pool.op().name + "' in shape or attributes");
}

void plan_backward(const OpView& op, Planner& planner) {
  const Pool2dGeometry g = geometry(op, op.output(0), op.input(0));
  const auto& in = op.op().inputs;
  const cpu::Desc y_layout = planner.layout(in[1]);
  const cpu::Desc x_layout = cpu::like(y_layout, g.x_shape);
  const MaxPoolPlan plan = plan_for(op, g, x_layout);
  const BufferId dy = planner.read(in[0], y_layout);
  const BufferId argmax = planner.read_bytes(in[1]);
  const BufferId dx = planner.write(op.op().outputs[0], x_layout);
  with_index_type(plan, [&](auto index) {
    using Index = decltype(index);
    planner.emit(op, {dy, argmax, dx}, [=](const Binder& b) -> Kernel {
      return [=, run = kernels<Index>().backward, dy = b.at<const float>(dy),
              argmax = b.at<const Index>(argmax), dx = b.at<float>(dx), threads = b.threads()] {
        parallel_for(threads, plan.planes, 1, [&](std::size_t begin, std::size_t end) {
          run(plan, dy, argmax, dx, begin, end);
        });
      };
    });
  });
}

}  // namespace

const OpDefinition max_pool2d{
    .name = "max_pool2d", .check = check_forward, .plan = plan_forward, .whole_outputs = 0b10};
const OpDefinition max_pool2d_grad{.name = "max_pool2d_grad",
                                   .check = check_backward,
                                   .plan = plan_backward,
                                   .whole_inputs = 0b10};

}  // namespace optcmp::ops
