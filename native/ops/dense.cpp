// y = relu?(x·Wᵀ + b) and its gradients: by kernels of our own where they are the faster ones, else
// as oneDNN inner products.
#include <array>
#include <optional>
#include <string_view>

#include "ops/registry.hpp"
#include "ops/row_product.hpp"
#include "ops/transposed_product.hpp"

namespace optcmp::ops {
namespace {

using dnnl::inner_product_backward_data;
using dnnl::inner_product_backward_weights;
using dnnl::inner_product_forward;

struct Geometry {
  std::int64_t batch, in, out;
  bool transposed;  ///< w is [out, in], which is how oneDNN counts; else [in, out].
  bool bias, relu;
};

Geometry geometry(const OpView& op, const Tensor& x, const Tensor& y, bool bias) {
  op.require_rank(x, 2);
  op.require_rank(y, 2);
  return {x.shape[0], x.shape[1], y.shape[1], op.flag("transposed"), bias, op.flag("relu")};
}

Shape weight_shape(const Geometry& g) {
  return g.transposed ? Shape{g.out, g.in} : Shape{g.in, g.out};
}

/// The layout of w as the program counts it, from oneDNN's [out, in], or back.
cpu::Desc weight_layout(const Geometry& g, const cpu::Desc& layout) {
  return g.transposed ? layout : layout.permute_axes({1, 0});
}

cpu::Desc bias_layout(const Geometry& g) { return g.bias ? cpu::row_major({g.out}) : cpu::Desc(); }

inner_product_forward::primitive_desc forward(const Geometry& g, cpu::Precision precision) {
  return cpu::describe<inner_product_forward>(
      cpu::attributes(g.relu), dnnl::prop_kind::forward_training,
      cpu::any({g.batch, g.in}, precision), cpu::any({g.out, g.in}, precision), bias_layout(g),
      cpu::any({g.batch, g.out}));
}

inner_product_forward::primitive_desc hint(Geometry g, cpu::Precision precision) {
  g.relu = false;
  return forward(g, precision);
}

Matrix read_rows(Planner& planner, TensorId id, std::int64_t rows, std::int64_t width) {
  return {planner.read(id, cpu::row_major({rows, width})), 0, rows, width, width};
}

Matrix write_rows(Planner& planner, TensorId id, std::int64_t rows, std::int64_t width) {
  return {planner.write(id, cpu::row_major({rows, width})), 0, rows, width, width};
}

Matrix read_weights(Planner& planner, TensorId id, const Geometry& g) {
  const Shape shape = weight_shape(g);
  return read_rows(planner, id, shape[0], shape[1]);
}

bool own_rows(const Geometry& g, const Planner& planner) {
  return planner.precision() == cpu::Precision::F32 && prefers_row_product(g.batch);
}

void check_dense(const OpView& op) {
  constexpr std::array<std::string_view, 2> known{"transposed", "relu"};
  op.require_arity(2, 3, 1, 1);
  op.allow_attributes(known);
  const Geometry g = geometry(op, op.input(0), op.output(0), op.inputs() == 3);
  op.require_shape(op.input(1), weight_shape(g));
  if (g.bias) op.require_shape(op.input(2), {g.out});
  op.require_shape(op.output(0), {g.batch, g.out});
}

void plan_own_dense(const OpView& op, Planner& planner, const Geometry& g) {
  const auto& in = op.op().inputs;
  RowProductPlan plan{read_rows(planner, in[0], g.batch, g.in),
                      read_weights(planner, in[1], g),
                      {},
                      g.transposed,
                      {},
                      g.relu};
  if (g.bias) plan.bias = planner.read(in[2], bias_layout(g));
  plan.c = write_rows(planner, op.op().outputs[0], g.batch, g.out);
  emit_row_product(op, planner, plan);
}

void plan_dense(const OpView& op, Planner& planner) {
  const Geometry g = geometry(op, op.input(0), op.output(0), op.inputs() == 3);
  if (own_rows(g, planner)) return plan_own_dense(op, planner, g);
  const auto& in = op.op().inputs;
  const auto pd = forward(g, planner.precision());
  std::vector<Argument> arguments{
      {DNNL_ARG_SRC, planner.read(in[0], pd.src_desc()), pd.src_desc()},
      {DNNL_ARG_WEIGHTS, planner.read(in[1], weight_layout(g, pd.weights_desc())),
       pd.weights_desc()}};
  if (g.bias) {
    arguments.push_back({DNNL_ARG_BIAS, planner.read(in[2], pd.bias_desc()), pd.bias_desc()});
  }
  arguments.push_back(
      {DNNL_ARG_DST, planner.write(op.op().outputs[0], pd.dst_desc()), pd.dst_desc()});
  planner.emit(op, inner_product_forward(pd), pd.scratchpad_desc(), std::move(arguments));
}

void check_grad_input(const OpView& op) {
  constexpr std::array<std::string_view, 1> known{"transposed"};
  op.require_arity(2, 2, 1, 1);
  op.allow_attributes(known);
  const Geometry g = geometry(op, op.output(0), op.input(0), false);
  op.require_shape(op.input(0), {g.batch, g.out});
  op.require_shape(op.input(1), weight_shape(g));
}

void plan_own_grad_input(const OpView& op, Planner& planner, const Geometry& g) {
  const auto& in = op.op().inputs;
  const Matrix dy = read_rows(planner, in[0], g.batch, g.out);
  const Matrix w = read_weights(planner, in[1], g);
  const Matrix dx = write_rows(planner, op.op().outputs[0], g.batch, g.in);
  emit_row_product(op, planner, {dy, w, dx, !g.transposed, {}, false});
}

void plan_grad_input(const OpView& op, Planner& planner) {
  const Geometry g = geometry(op, op.output(0), op.input(0), false);
  if (own_rows(g, planner)) return plan_own_grad_input(op, planner, g);
  const auto& in = op.op().inputs;
  const cpu::Precision factors = planner.precision();
  const auto pd = cpu::describe_backward<inner_product_backward_data>(
      cpu::attributes(), hint(g, factors), cpu::any({g.batch, g.in}),
      cpu::any({g.out, g.in}, factors), cpu::any({g.batch, g.out}, factors));
  std::vector<Argument> arguments{
      {DNNL_ARG_DIFF_DST, planner.read(in[0], pd.diff_dst_desc()), pd.diff_dst_desc()},
      {DNNL_ARG_WEIGHTS, planner.read(in[1], weight_layout(g, pd.weights_desc())),
       pd.weights_desc()},
      {DNNL_ARG_DIFF_SRC, planner.write(op.op().outputs[0], pd.diff_src_desc()),
       pd.diff_src_desc()}};
  planner.emit(op, inner_product_backward_data(pd), pd.scratchpad_desc(), std::move(arguments));
}

void check_grad_weight(const OpView& op) {
  constexpr std::array<std::string_view, 1> known{"transposed"};
  op.require_arity(2, 2, 1, 2);
  op.allow_attributes(known);
  const Geometry g = geometry(op, op.input(0), op.input(1), op.outputs() == 2);
  op.require_shape(op.input(1), {g.batch, g.out});
  op.require_shape(op.output(0), weight_shape(g));
  if (g.bias) op.require_shape(op.output(1), {g.out});
}

void plan_own_grad_weight(const OpView& op, Planner& planner, const Geometry& g) {
  const auto& in = op.op().inputs;
  const auto& out = op.op().outputs;
  const Matrix x = read_rows(planner, in[0], g.batch, g.in);
  const Matrix dz = read_rows(planner, in[1], g.batch, g.out);
  const Shape shape = weight_shape(g);
  const Matrix dw = write_rows(planner, out[0], shape[0], shape[1]);
  std::optional<BufferId> db;
  if (g.bias) db = planner.write(out[1], bias_layout(g));
  if (g.transposed) {
    emit_own_transposed_product(op, planner, dz, x, dw, false, {.of_a = db, .of_b = {}});
  } else {
    emit_own_transposed_product(op, planner, x, dz, dw, false, {.of_a = {}, .of_b = db});
  }
}

void plan_grad_weight(const OpView& op, Planner& planner) {
  const Geometry g = geometry(op, op.input(0), op.input(1), op.outputs() == 2);
  const bool own =
      planner.precision() == cpu::Precision::F32 && prefers_own_product(g.batch, g.in, g.out);
  if (own) return plan_own_grad_weight(op, planner, g);
  const auto& in = op.op().inputs;
  const cpu::Precision factors = planner.precision();
  const auto pd = cpu::describe_backward<inner_product_backward_weights>(
      cpu::attributes(), hint(g, factors), cpu::any({g.batch, g.in}, factors),
      cpu::any({g.out, g.in}), bias_layout(g), cpu::any({g.batch, g.out}, factors));
  std::vector<Argument> arguments{
      {DNNL_ARG_SRC, planner.read(in[0], pd.src_desc()), pd.src_desc()},
      {DNNL_ARG_DIFF_DST, planner.read(in[1], pd.diff_dst_desc()), pd.diff_dst_desc()},
      {DNNL_ARG_DIFF_WEIGHTS,
       planner.write(op.op().outputs[0], weight_layout(g, pd.diff_weights_desc())),
       pd.diff_weights_desc()}};
  if (g.bias) {
    arguments.push_back({DNNL_ARG_DIFF_BIAS, planner.write(op.op().outputs[1], pd.diff_bias_desc()),
                         pd.diff_bias_desc()});
  }
  planner.emit(op, inner_product_backward_weights(pd), pd.scratchpad_desc(), std::move(arguments));
}

}  // namespace

const OpDefinition dense{
    .name = "dense", .check = check_dense, .plan = plan_dense, .compute = true};
const OpDefinition dense_grad_input{.name = "dense_grad_input",
                                    .check = check_grad_input,
                                    .plan = plan_grad_input,
                                    .compute = true};
const OpDefinition dense_grad_weight{.name = "dense_grad_weight",
                                     .check = check_grad_weight,
                                     .plan = plan_grad_weight,
                                     .compute = true};

}  // namespace optcmp::ops
