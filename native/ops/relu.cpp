// y = max(x, 0), NaN staying NaN, and its gradient dx = dy where y > 0.
#include "ops/registry.hpp"
#include "runtime/parallel.hpp"

namespace optcmp::ops {
namespace {

constexpr std::size_t kGrain = 4096;

void check_relu(const OpView& op) {
  op.require_arity(1, 1, 1, 1);
  op.allow_attributes({});
  op.require_shape(op.output(0), op.input(0).shape);
}

// Works on the padding too, which stays zero.
void plan_relu(const OpView& op, Planner& planner) {
  const TensorId from = op.op().inputs[0];
  const cpu::Desc layout = planner.layout(from);
  const std::size_t size = layout.get_size() / sizeof(float);
  const BufferId x = planner.read(from, layout);
  const BufferId y = planner.write(op.op().outputs[0], layout, from, x);
  planner.emit(op, {x, y}, [=](const Binder& b) -> Kernel {
    return [=, x = b.at<const float>(x), y = b.at<float>(y), threads = b.threads()] {
      parallel_for(threads, size, kGrain, [=](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) y[i] = x[i] <= 0 ? 0.0f : x[i];
      });
    };
  });
}

void check_relu_grad(const OpView& op) {
  op.require_arity(2, 2, 1, 1);
  op.allow_attributes({});
  for (const std::size_t k : {0, 1}) op.require_shape(op.input(k), op.output(0).shape);
}

void plan_relu_grad(const OpView& op, Planner& planner) {
  const auto& in = op.op().inputs;
  const cpu::Desc layout = planner.layout(in[1]);
  const std::size_t size = layout.get_size() / sizeof(float);
  const BufferId dy = planner.read(in[0], layout);
  const BufferId y = planner.read(in[1], layout);
  const BufferId dx = planner.write(op.op().outputs[0], layout, in[0], dy);
  planner.emit(op, {dy, y, dx}, [=](const Binder& b) -> Kernel {
    return [=, dy = b.at<const float>(dy), y = b.at<const float>(y), dx = b.at<float>(dx),
            threads = b.threads()] {
      parallel_for(threads, size, kGrain, [=](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) {
          const float g = dy[i];  // read either way, so that there is no branch
          dx[i] = y[i] <= 0 ? 0.0f : g;
        }
      });
    };
  });
}

}  // namespace

const OpDefinition relu{.name = "relu", .check = check_relu, .plan = plan_relu};
const OpDefinition relu_grad{.name = "relu_grad", .check = check_relu_grad, .plan = plan_relu_grad};

}  // namespace optcmp::ops
