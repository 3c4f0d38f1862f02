// y = x, whole numbers as floats.
#include "ops/registry.hpp"
#include "runtime/parallel.hpp"

namespace optcmp::ops {
namespace {

constexpr std::size_t kGrain = 4096;

void check(const OpView& op) {
  op.require_arity(1, 1, 1, 1);
  op.allow_attributes({});
  op.require_shape(op.output(0), op.input(0).shape);
}

void plan(const OpView& op, Planner& planner) {
  const cpu::Desc plain = cpu::row_major(op.output(0).shape);
  const std::size_t size = plain.get_size() / sizeof(float);
  const BufferId x = planner.read_bytes(op.op().inputs[0]);
  const BufferId y = planner.write(op.op().outputs[0], plain);
  planner.emit(op, {x, y}, [=](const Binder& b) -> Kernel {
    return [=, x = b.at<const std::int32_t>(x), y = b.at<float>(y), threads = b.threads()] {
      parallel_for(threads, size, kGrain, [=](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) y[i] = static_cast<float>(x[i]);
      });
    };
  });
}

}  // namespace

const OpDefinition to_float{.name = "to_float", .check = check, .plan = plan, .whole_inputs = 0b1};

}  // namespace optcmp::ops
