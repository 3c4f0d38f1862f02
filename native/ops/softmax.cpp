// y = softmax(x) over the last axis, or its logarithm.
#include <array>
#include <string_view>

#include "expression/instruction_set.hpp"
#include "ops/registry.hpp"
#include "ops/softmax_kernels.hpp"
#include "runtime/parallel.hpp"

namespace optcmp::ops {
namespace {

constexpr std::size_t kGrain = 4096;

SoftmaxForward kernel() { return OPTCMP_KERNELS(softmax_forward); }

void check(const OpView& op) {
  constexpr std::array<std::string_view, 1> known{"log"};
  op.require_arity(1, 1, 1, 1);
  op.allow_attributes(known);
  op.flag("log");
  op.require(!op.input(0).shape.empty(), "needs an axis; its input is a scalar");
  op.require_shape(op.output(0), op.input(0).shape);
}

void plan(const OpView& op, Planner& planner) {
  const Shape& shape = op.input(0).shape;
  const auto width = static_cast<std::size_t>(shape.back());
  const std::size_t rows = static_cast<std::size_t>(elements(shape)) / width;
  const bool log = op.flag("log");
  const cpu::Desc plain = cpu::row_major(shape);
  const TensorId from = op.op().inputs[0];
  const BufferId x = planner.read(from, plain);
  const BufferId y = planner.write(op.op().outputs[0], plain, from, x);
  planner.emit(op, {x, y}, [=](const Binder& b) -> Kernel {
    return [=, x = b.at<const float>(x), y = b.at<float>(y), threads = b.threads(),
            run = kernel()] {
      parallel_for(threads, rows, kGrain / width + 1,
                   [=](std::size_t begin, std::size_t end) { run(x, y, width, log, begin, end); });
    };
  });
}

}  // namespace

const OpDefinition softmax{.name = "softmax", .check = check, .plan = plan};

}  // namespace optcmp::ops
