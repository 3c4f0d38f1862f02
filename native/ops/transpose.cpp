// y = x with its axes in another order: the same memory.
#include <algorithm>
#include <array>
#include <string_view>

#include "ops/registry.hpp"
#include "ops/strided_copy.hpp"

namespace optcmp::ops {
namespace {

std::vector<std::int64_t> permutation(const OpView& op) {
  return op.integers("perm", op.input(0).shape.size(), 0, {});
}

void check(const OpView& op) {
  constexpr std::array<std::string_view, 1> known{"perm"};
  op.require_arity(1, 1, 1, 1);
  op.allow_attributes(known);
  const Shape& x = op.input(0).shape;
  std::vector<std::int64_t> perm = permutation(op);
  Shape y;
  for (const std::int64_t axis : perm) {
    op.require(axis < static_cast<std::int64_t>(x.size()), "perm names an axis that there is not");
    y.push_back(x[static_cast<std::size_t>(axis)]);
  }
  std::sort(perm.begin(), perm.end());
  op.require(std::adjacent_find(perm.begin(), perm.end()) == perm.end(), "perm repeats an axis");
  op.require_shape(op.output(0), y);
}

void plan(const OpView& op, Planner& planner) {
  const Placed x = planner.read_strided(op.op().inputs[0]);
  const Placed view{x.buffer, cpu::transposed(x.layout, permutation(op))};
  place_view(op, planner, 0, view);
}

}  // namespace

const OpDefinition transpose{
    .name = "transpose", .check = check, .plan = plan, .alias = true, .moves = true};

}  // namespace optcmp::ops
