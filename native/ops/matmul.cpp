// y = a·b, either transposed, as a oneDNN matmul.
#include <array>
#include <string_view>
#include <utility>

#include "ops/registry.hpp"

namespace optcmp::ops {
namespace {

Shape turned(Shape shape, bool transposed) {
  if (transposed) std::swap(shape[0], shape[1]);
  return shape;
}

void check(const OpView& op) {
  constexpr std::array<std::string_view, 2> known{"transpose_a", "transpose_b"};
  op.require_arity(2, 2, 1, 1);
  op.allow_attributes(known);
  for (const std::size_t k : {0, 1}) op.require_rank(op.input(k), 2);
  const Shape a = turned(op.input(0).shape, op.flag("transpose_a"));
  const Shape b = turned(op.input(1).shape, op.flag("transpose_b"));
  op.require(a[1] == b[0], "cannot multiply " + to_string(a) + " by " + to_string(b));
  op.require_shape(op.output(0), {a[0], b[1]});
}

void plan(const OpView& op, Planner& planner) {
  const auto operand = [&](std::size_t k, const char* flag) {
    const cpu::Desc stored = cpu::row_major(op.input(k).shape);
    return std::pair(stored, op.flag(flag) ? stored.permute_axes({1, 0}) : stored);
  };
  const auto [a_stored, a] = operand(0, "transpose_a");
  const auto [b_stored, b] = operand(1, "transpose_b");
  const cpu::Desc y = cpu::row_major(op.output(0).shape);
  const auto pd = cpu::describe<dnnl::matmul>(cpu::attributes(), a, b, y);
  planner.emit(op, dnnl::matmul(pd), pd.scratchpad_desc(),
               {{DNNL_ARG_SRC, planner.read(op.op().inputs[0], a_stored), a},
                {DNNL_ARG_WEIGHTS, planner.read(op.op().inputs[1], b_stored), b},
                {DNNL_ARG_DST, planner.write(op.op().outputs[0], y), y}});
}

}  // namespace

const OpDefinition matmul{.name = "matmul", .check = check, .plan = plan, .compute = true};

}  // namespace optcmp::ops
