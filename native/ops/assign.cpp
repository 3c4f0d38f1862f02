// The next value of a state. Stands at the end of a program: all other ops read the old value.
#include <algorithm>

#include "ops/registry.hpp"

namespace optcmp::ops {
namespace {

void check(const OpView& op) {
  op.require_arity(1, 1, 1, 1);
  op.allow_attributes({});
  op.require(op.output(0).role == Role::State,
             "output '" + op.output(0).name + "' must be a state");
  op.require_shape(op.input(0), op.output(0).shape);
}

void plan(const OpView& op, Planner& planner) {
  const cpu::Desc layout = cpu::row_major(op.output(0).shape);
  const BufferId from = planner.read(op.op().inputs[0], layout);
  // The order of assignments must not matter.
  op.require(!planner.is_state(from), "the value must be computed, not a state itself");
  const BufferId to = planner.write(op.op().outputs[0], layout);
  const auto size = static_cast<std::size_t>(elements(op.output(0).shape));
  planner.emit(op, {from, to}, [=](const Binder& b) -> Kernel {
    return [size, x = b.at<const float>(from), y = b.at<float>(to)] { std::copy_n(x, size, y); };
  });
}

}  // namespace

const OpDefinition assign{.name = "assign", .check = check, .plan = plan};

}  // namespace optcmp::ops
