// y = (x − mean)/√(variance + ε)·scale + bias over the trailing axes, and its gradient.
#include <algorithm>
#include <array>
#include <string_view>

#include "expression/instruction_set.hpp"
#include "ops/layer_norm_kernels.hpp"
#include "ops/registry.hpp"
#include "runtime/parallel.hpp"

namespace optcmp::ops {
namespace {

/// Rows whose contributions to the gradients of scale and bias are one partial sum. Fixed, so that
/// the gradients do not depend on the number of threads.
constexpr std::size_t kChunk = 128;
constexpr std::size_t kGrain = 4096;

/// x as rows of what is normalised together.
struct Geometry {
  std::size_t rows;
  LayerNormPlan plan;
  Shape outer, inner;
};

Geometry geometry(const OpView& op, const Tensor& x) {
  constexpr std::array<std::string_view, 3> known{"axis", "epsilon", "center"};
  op.allow_attributes(known);
  const double axis = op.number("axis", 0);
  const double epsilon = op.number("epsilon", 0);
  op.require(axis >= 0 && axis < static_cast<double>(x.shape.size()),
             "axis must be one of '" + x.name + "' " + to_string(x.shape));
  op.require(epsilon >= 0, "epsilon must be at least 0");
  const auto split = x.shape.begin() + static_cast<std::ptrdiff_t>(axis);
  const Shape outer(x.shape.begin(), split), inner(split, x.shape.end());
  const auto width = static_cast<std::size_t>(elements(inner));
  return {static_cast<std::size_t>(elements(outer)),
          {width, static_cast<float>(epsilon), op.flag("center", true)},
          outer,
          inner};
}

void check_norm(const OpView& op) {
  op.require_arity(2, 3, 1, 3);
  const Geometry g = geometry(op, op.input(0));
  op.require_shape(op.output(0), op.input(0).shape);
  for (std::size_t k = 1; k < op.inputs(); ++k) op.require_shape(op.input(k), g.inner);
  for (std::size_t k = 1; k < op.outputs(); ++k) op.require_shape(op.output(k), g.outer);
}

void plan_norm(const OpView& op, Planner& planner) {
  const Geometry g = geometry(op, op.input(0));
  const auto& in = op.op().inputs;
  const auto& out = op.op().outputs;
  const auto read = [&](std::size_t k) {
    return planner.read(in[k], cpu::row_major(op.input(k).shape));
  };
  const auto write = [&](std::size_t k) {
    return planner.write(out[k], cpu::row_major(op.output(k).shape));
  };
  const BufferId x = read(0), scale = read(1), bias = op.inputs() > 2 ? read(2) : scale;
  const BufferId y = write(0), mean = op.outputs() > 1 ? write(1) : y,
                 rstd = op.outputs() > 2 ? write(2) : y;
  const RowLoop loop{g.rows, kGrain / g.plan.width + 1};
  planner.emit_rows(op, {loop, {x, y, mean, rstd}, {scale, bias}},
                    [=, plan = g.plan](const Binder& b) -> RowKernel {
                      const auto given = [&](BufferId id, BufferId none) {
                        return id == none ? nullptr : b.at<float>(id);
                      };
                      return {[=, x = b.at<const float>(x), scale = b.at<const float>(scale),
                               bias = given(bias, scale), y = b.at<float>(y), mean = given(mean, y),
                               rstd = given(rstd, y), &kernels = layer_norm_kernels()](
                                  std::size_t begin, std::size_t end) {
                        kernels.forward(plan, x, scale, bias, y, mean, rstd, begin, end);
                      }};
                    });
}

void check_grad(const OpView& op) {
  op.require_arity(5, 5, 1, 3);
  const Geometry g = geometry(op, op.input(1));
  for (const Tensor* tensor : {&op.input(0), &op.output(0)}) {
    op.require_shape(*tensor, op.input(1).shape);
  }
  op.require_shape(op.input(2), g.inner);
  for (const std::size_t k : {3, 4}) op.require_shape(op.input(k), g.outer);
  for (std::size_t k = 1; k < op.outputs(); ++k) op.require_shape(op.output(k), g.inner);
}

/// Adds up `count` rows of `width`, one after the other.
void add_up(const float* rows, std::size_t count, std::size_t width, float* sum) {
  std::copy_n(rows, width, sum);
  for (std::size_t k = 1; k < count; ++k) {
    for (std::size_t i = 0; i < width; ++i) sum[i] += rows[k * width + i];
  }
}

void plan_grad(const OpView& op, Planner& planner) {
  const Geometry g = geometry(op, op.input(1));
  const auto& in = op.op().inputs;
  const auto& out = op.op().outputs;
  std::array<BufferId, 5> from{};
  for (std::size_t k = 0; k < from.size(); ++k) {
    from[k] = planner.read(in[k], cpu::row_major(op.input(k).shape));
  }
  const std::size_t outputs = op.outputs();
  const cpu::Desc like = cpu::row_major(op.output(0).shape);
  const BufferId dx = planner.write(out[0], like, in[0], from[0]);
  std::vector<BufferId> used(from.begin(), from.end());
  used.push_back(dx);
  std::array<BufferId, 2> sums{dx, dx}, parts{dx, dx};
  const std::size_t chunks = (g.rows + kChunk - 1) / kChunk, width = g.plan.width;
  for (std::size_t k = 0; k + 1 < outputs; ++k) {
    sums[k] = planner.write(out[k + 1], cpu::row_major(op.output(k + 1).shape));
    parts[k] = planner.scratch(chunks * width * sizeof(float));
    used.insert(used.end(), {sums[k], parts[k]});
  }
  planner.emit(op, used, [=, plan = g.plan, rows = g.rows](const Binder& b) -> Kernel {
    const auto given = [&](BufferId id) { return id == dx ? nullptr : b.at<float>(id); };
    return [=, dy = b.at<const float>(from[0]), x = b.at<const float>(from[1]),
            scale = b.at<const float>(from[2]), mean = b.at<const float>(from[3]),
            rstd = b.at<const float>(from[4]), to = b.at<float>(dx),
            part = std::array{given(parts[0]), given(parts[1])},
            sum = std::array{given(sums[0]), given(sums[1])}, threads = b.threads(),
            &kernels = layer_norm_kernels()] {
      parallel_for(threads, chunks, 1, [&](std::size_t begin, std::size_t end) {
        for (std::size_t chunk = begin; chunk < end; ++chunk) {
          const auto row = [&](float* of) { return of ? of + chunk * width : nullptr; };
          kernels.backward(plan, dy, x, scale, mean, rstd, to, row(part[0]), row(part[1]),
                           chunk * kChunk, std::min(rows, (chunk + 1) * kChunk));
        }
      });
      for (std::size_t k = 0; k + 1 < outputs; ++k) add_up(part[k], chunks, width, sum[k]);
    };
  });
}

}  // namespace

const LayerNormKernels& layer_norm_kernels() { return OPTCMP_KERNELS(layer_norm); }

const OpDefinition layer_norm{.name = "layer_norm", .check = check_norm, .plan = plan_norm};
const OpDefinition layer_norm_grad{
    .name = "layer_norm_grad", .check = check_grad, .plan = plan_grad};

}  // namespace optcmp::ops
