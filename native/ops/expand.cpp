// y = x repeated along the axes where y is longer, under numpy's broadcasting.
#include "ops/registry.hpp"
#include "ops/strided_copy.hpp"

namespace optcmp::ops {
namespace {

void check(const OpView& op) {
  op.require_arity(1, 1, 1, 1);
  op.allow_attributes({});
  const Shape &x = op.input(0).shape, &y = op.output(0).shape;
  bool fits = x.size() <= y.size();
  for (std::size_t back = 1; fits && back <= x.size(); ++back) {
    fits = x[x.size() - back] == 1 || x[x.size() - back] == y[y.size() - back];
  }
  op.require(fits, "cannot expand " + to_string(x) + " to " + to_string(y));
}

void plan(const OpView& op, Planner& planner) {
  const Placed x = planner.read_strided(op.op().inputs[0]);
  const Shape &from = op.input(0).shape, &shape = op.output(0).shape;
  const cpu::Desc plain = cpu::row_major(shape);
  const BufferId y = planner.write(op.op().outputs[0], plain);
  const auto own = cpu::blocking(x.layout).strides;
  std::vector<std::int64_t> strides(shape.size(), 0);
  for (std::size_t back = 1; back <= from.size(); ++back) {
    if (from[from.size() - back] > 1) strides[shape.size() - back] = own[own.size() - back];
  }
  emit_copies(op, planner,
              {{strided_copy(shape, strides, cpu::blocking(plain).strides), x.buffer, y}});
}

}  // namespace

const OpDefinition expand{.name = "expand", .check = check, .plan = plan, .moves = true};

}  // namespace optcmp::ops
