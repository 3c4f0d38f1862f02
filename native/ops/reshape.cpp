// The same row-major elements under another shape: the same memory where that is possible.
#include "ops/registry.hpp"
#include "ops/strided_copy.hpp"

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
  const TensorId from = op.op().inputs[0];
  const Shape& shape = op.output(0).shape;
  const Placed x = planner.read_strided(from);
  const auto view = cpu::reshaped(x.layout, shape);
  if (view) return place_view(op, planner, 0, {x.buffer, *view});
  const cpu::Desc plain = cpu::row_major(shape);
  place_view(op, planner, 0, {planner.read(from, plain), plain});
}

}  // namespace

const OpDefinition reshape{
    .name = "reshape", .check = check, .plan = plan, .alias = true, .moves = true};

}  // namespace optcmp::ops
