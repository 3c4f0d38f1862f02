// y = α·a·b, either transposed, of matrices or of stacks of them, as a oneDNN matmul.
#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "ops/registry.hpp"

namespace optcmp::ops {
namespace {

/// The last two axes changed places where `transposed`.
Shape turned(Shape shape, bool transposed) {
  if (transposed) std::swap(shape[shape.size() - 1], shape[shape.size() - 2]);
  return shape;
}

/// The leading axes of a product.
Shape leading(const OpView& op, const Shape& a, const Shape& b) {
  Shape result(std::max(a.size(), b.size()) - 2, 1);
  for (const Shape* shape : {&a, &b}) {
    for (std::size_t back = 1; back + 2 <= shape->size(); ++back) {
      const std::int64_t size = (*shape)[shape->size() - 2 - back];
      std::int64_t& common = result[result.size() - back];
      op.require(size == 1 || common == 1 || size == common,
                 "cannot broadcast the stacks " + to_string(a) + " and " + to_string(b));
      common = std::max(common, size);
    }
  }
  return result;
}

void check(const OpView& op) {
  constexpr std::array<std::string_view, 3> known{"transpose_a", "transpose_b", "alpha"};
  op.require_arity(2, 2, 1, 1);
  op.allow_attributes(known);
  op.number("alpha", 1);
  for (const std::size_t k : {0, 1}) {
    op.require(op.input(k).shape.size() >= 2,
               "tensor '" + op.input(k).name + "' must have at least 2 axes");
  }
  const Shape a = turned(op.input(0).shape, op.flag("transpose_a"));
  const Shape b = turned(op.input(1).shape, op.flag("transpose_b"));
  op.require(a[a.size() - 1] == b[b.size() - 2],
             "cannot multiply " + to_string(a) + " by " + to_string(b));
  Shape y = leading(op, a, b);
  y.insert(y.end(), {a[a.size() - 2], b[b.size() - 1]});
  op.require_shape(op.output(0), y);
}

/// As oneDNN sees an operand: of the rank of the result, transposed where asked.
cpu::Desc operand(const cpu::Desc& layout, std::size_t rank, bool transposed) {
  auto [dims, padded, strides, blocks, axes] = cpu::blocking(layout);
  const std::size_t added = rank - dims.size();
  dims.insert(dims.begin(), added, 1);
  strides.insert(strides.begin(), added, 1);
  if (transposed) {
    std::swap(dims[rank - 1], dims[rank - 2]);
    std::swap(strides[rank - 1], strides[rank - 2]);
  }
  return cpu::strided(dims, strides, cpu::precision(layout));
}

/// A factor in row-major order.
Placed read_plain(Planner& planner, TensorId id, const Shape& shape) {
  const cpu::Desc plain = cpu::row_major(shape, planner.precision());
  return {planner.read(id, plain), plain};
}

void plan(const OpView& op, Planner& planner) {
  const std::size_t rank = op.output(0).shape.size();
  const std::array<bool, 2> transposed{op.flag("transpose_a"), op.flag("transpose_b")};
  const cpu::Desc y = cpu::row_major(op.output(0).shape);
  const dnnl::primitive_attr attr = cpu::scaled(static_cast<float>(op.number("alpha", 1)));
  const auto describe = [&](const Placed& a, const Placed& b) {
    return cpu::describe<dnnl::matmul>(attr, operand(a.layout, rank, transposed[0]),
                                       operand(b.layout, rank, transposed[1]), y);
  };
  const auto& in = op.op().inputs;
  const auto read = [&](std::size_t k) {
    const bool copied = planner.precision() != cpu::Precision::F32;
    return copied ? read_plain(planner, in[k], op.input(k).shape) : planner.read_strided(in[k]);
  };
  Placed a = read(0), b = read(1);
  auto pd = describe(a, b);
  if (std::string_view(pd.impl_info_str()).starts_with("ref")) {
    // Strides that no fast implementation takes.
    a = read_plain(planner, in[0], op.input(0).shape);
    b = read_plain(planner, in[1], op.input(1).shape);
    pd = describe(a, b);
  }
  planner.emit(op, dnnl::matmul(pd), pd.scratchpad_desc(),
               {{DNNL_ARG_SRC, a.buffer, pd.src_desc()},
                {DNNL_ARG_WEIGHTS, b.buffer, pd.weights_desc()},
                {DNNL_ARG_DST, planner.write(op.op().outputs[0], y), y}});
}

}  // namespace

const OpDefinition matmul{.name = "matmul", .check = check, .plan = plan, .compute = true};

}  // namespace optcmp::ops
