// The same row-major elements under another shape: no work when they already lie in that order.
#include <algorithm>

#include "ops/registry.hpp"

namespace optcmp::ops {
namespace {

void check(const OpView& op) {
  op.require_arity(1, 1, 1, 1);
  op.allow_attributes({});
  op.require(
      elements(op.input(0).shape) == elements(op.output(0).shape),
      "cannot reshape " + to_string(op.input(0).shape) + " to " + to_string(op.output(0).shape));
}

void plan(const OpView& op, Planner& planner) {
  const TensorId from = op.op().inputs[0], to = op.op().outputs[0];
  const cpu::Desc layout = cpu::row_major(op.output(0).shape);
  const BufferId x = planner.read(from, layout);
  if (op.output(0).role == Role::Temporary) return planner.alias(to, x, layout);
  const BufferId y = planner.write(to, layout);
  const auto size = static_cast<std::size_t>(elements(op.output(0).shape));
  planner.emit(op, {x, y}, [=](const Binder& b) -> Kernel {
    return [=, from = b.at<const float>(x), to = b.at<float>(y)] { std::copy_n(from, size, to); };
  });
}

}  // namespace

const OpDefinition reshape{.name = "reshape", .check = check, .plan = plan, .alias = true};

}  // namespace optcmp::ops
