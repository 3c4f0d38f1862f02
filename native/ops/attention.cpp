// y = softmax(scale·q·kᵀ + mask)·v for each example and head, and its gradient.
#include <omp.h>

#include <array>
#include <string_view>

#include "expression/instruction_set.hpp"
#include "ops/attention_kernels.hpp"
#include "ops/concat.hpp"
#include "ops/registry.hpp"
#include "runtime/parallel.hpp"

namespace optcmp::ops {
namespace {

const AttentionKernels& kernels() { return OPTCMP_KERNELS(attention); }

/// The heads of all examples.
struct Geometry {
  std::size_t examples, heads;
  AttentionPlan plan;
};

/// `first` is the place of q among the inputs; k, v and maybe a mask follow.
Geometry geometry(const OpView& op, std::size_t first) {
  constexpr std::array<std::string_view, 2> known{"scale", "causal"};
  op.allow_attributes(known);
  for (std::size_t k = first; k < first + 3; ++k) op.require_rank(op.input(k), 4);
  const Shape &q = op.input(first).shape, &v = op.input(first + 2).shape;
  const std::int64_t keys = op.input(first + 1).shape[2];
  op.require_shape(op.input(first + 1), {q[0], q[1], keys, q[3]});
  op.require_shape(op.input(first + 2), {q[0], q[1], keys, v[3]});
  const bool causal = op.flag("causal");
  op.require(!causal || q[2] == keys, "causal attention needs as many queries as keys");
  if (op.inputs() > first + 3) {
    const Shape &mask = op.input(first + 3).shape, scores{q[0], q[1], q[2], keys};
    bool fits = mask.size() <= 4;
    for (std::size_t back = 1; fits && back <= mask.size(); ++back) {
      const std::int64_t size = mask[mask.size() - back];
      fits = size == 1 || size == scores[4 - back];
    }
    op.require(fits, "the mask " + to_string(mask) + " does not broadcast to " + to_string(scores));
  }
  const auto size = [](std::int64_t n) { return static_cast<std::size_t>(n); };
  return {size(q[0]),
          size(q[1]),
          {size(q[2]), size(keys), size(q[3]), size(v[3]),
           static_cast<float>(op.number("scale", 1)), causal}};
}

/// A tensor [N, H, T, width] in memory whose rows are contiguous.
struct Heads {
  BufferId buffer;
  std::int64_t example, head, row;  ///< Steps, in floats.
};

Heads heads(BufferId buffer, const cpu::Desc& layout) {
  const auto strides = cpu::blocking(layout).strides;
  return {buffer, strides[0], strides[1], strides[2]};
}

Heads read_heads(Planner& planner, TensorId id) {
  const Placed placed = planner.read_strided(id);
  if (cpu::blocking(placed.layout).strides[3] == 1) return heads(placed.buffer, placed.layout);
  const cpu::Desc plain = cpu::row_major(cpu::blocking(placed.layout).dims);
  return heads(planner.read(id, plain), plain);
}

/// Where they are wanted; else heads of one position beside each other in memory, [N, T, H, width],
/// if those of `like` are.
Heads write_heads(const OpView& op, Planner& planner, std::size_t k, const Heads& like) {
  const Shape& shape = op.output(k).shape;
  const auto wanted = place_in_concat(op, planner, k);
  if (wanted && cpu::blocking(wanted->layout).strides[3] == 1) {
    planner.alias(op.op().outputs[k], wanted->buffer, wanted->layout);
    return heads(wanted->buffer, wanted->layout);
  }
  const bool beside = like.head < like.row;
  const cpu::Desc layout =
      beside
          ? cpu::strided(shape, {shape[1] * shape[2] * shape[3], shape[3], shape[1] * shape[3], 1})
          : cpu::row_major(shape);
  return heads(planner.write(op.op().outputs[k], layout), layout);
}

/// A mask that broadcasts to [N, H, T, S], with its steps along each of the axes.
struct PlacedMask {
  BufferId buffer = 0;
  std::array<std::ptrdiff_t, 4> steps{};
  bool present = false;
};

PlacedMask read_mask(const OpView& op, Planner& planner, std::size_t k) {
  PlacedMask result;
  if (op.inputs() <= k) return result;
  const Shape& shape = op.input(k).shape;
  result.buffer = planner.read(op.op().inputs[k], cpu::row_major(shape));
  result.present = true;
  std::int64_t step = 1;
  for (std::size_t back = 1; back <= shape.size(); ++back) {
    const std::int64_t size = shape[shape.size() - back];
    result.steps[4 - back] = size == 1 ? 0 : step;
    step *= size;
  }
  return result;
}

template <class Float>
struct BoundHeads {
  Float* data;
  Heads steps;
  Rows<Float> at(std::size_t n, std::size_t h) const {
    return {data + static_cast<std::int64_t>(n) * steps.example +
                static_cast<std::int64_t>(h) * steps.head,
            steps.row};
  }
};

template <class Float>
BoundHeads<Float> bind(const Binder& b, const Heads& heads) {
  return {b.at<Float>(heads.buffer), heads};
}

struct BoundMask {
  const float* data;
  std::array<std::ptrdiff_t, 4> steps;
  Mask at(std::size_t n, std::size_t h) const {
    if (!data) return {};
    return {data + static_cast<std::ptrdiff_t>(n) * steps[0] +
                static_cast<std::ptrdiff_t>(h) * steps[1],
            steps[2], steps[3]};
  }
};

BoundMask bind(const Binder& b, const PlacedMask& mask) {
  return {mask.present ? b.at<const float>(mask.buffer) : nullptr, mask.steps};
}

/// Calls `body(example, head, scratch)` for every head, each thread with a scratch of its own.
template <class Body>
void each_head(const Geometry& g, int threads, float* scratch, std::size_t scratch_size,
               const Body& body) {
  parallel_for(threads, g.examples * g.heads, 1, [&](std::size_t begin, std::size_t end) {
    float* own = scratch + static_cast<std::size_t>(omp_get_thread_num()) * scratch_size;
    for (std::size_t k = begin; k < end; ++k) body(k / g.heads, k % g.heads, own);
  });
}

void check_attention(const OpView& op) {
  op.require_arity(3, 4, 1, 2);
  geometry(op, 0);
  const Shape &q = op.input(0).shape, &v = op.input(2).shape;
  op.require_shape(op.output(0), {q[0], q[1], q[2], v[3]});
  if (op.outputs() > 1) op.require_shape(op.output(1), {q[0], q[1], q[2]});
}

void plan_attention(const OpView& op, Planner& planner) {
  const Geometry g = geometry(op, 0);
  const auto& in = op.op().inputs;
  const Heads q = read_heads(planner, in[0]), k = read_heads(planner, in[1]),
              v = read_heads(planner, in[2]);
  const PlacedMask mask = read_mask(op, planner, 3);
  const Heads y = write_heads(op, planner, 0, q);
  const bool keeps = op.outputs() > 1;
  const BufferId lse =
      keeps ? planner.write(op.op().outputs[1], cpu::row_major(op.output(1).shape)) : y.buffer;
  const std::size_t size = kernels().forward_scratch(g.plan);
  const BufferId scratch =
      planner.scratch(size * sizeof(float) * static_cast<std::size_t>(planner.threads()));
  std::vector<BufferId> used{q.buffer, k.buffer, v.buffer, y.buffer, lse, scratch};
  if (mask.present) used.push_back(mask.buffer);
  planner.emit(op, std::move(used), [=](const Binder& b) -> Kernel {
    return
        [=, q = bind<const float>(b, q), k = bind<const float>(b, k), v = bind<const float>(b, v),
         mask = bind(b, mask), y = bind<float>(b, y), lse = keeps ? b.at<float>(lse) : nullptr,
         scratch = b.at<float>(scratch), threads = b.threads(), &kernels = kernels()] {
          each_head(g, threads, scratch, size, [&](std::size_t n, std::size_t h, float* own) {
            float* sums = lse ? lse + (n * g.heads + h) * g.plan.queries : nullptr;
            kernels.forward(g.plan, q.at(n, h), k.at(n, h), v.at(n, h), mask.at(n, h), y.at(n, h),
                            sums, own);
          });
        };
  });
}

void check_grad(const OpView& op) {
  op.require_arity(5, 6, 3, 3);
  geometry(op, 2);
  const Shape &q = op.input(2).shape, &v = op.input(4).shape;
  op.require_shape(op.input(0), {q[0], q[1], q[2], v[3]});
  op.require_shape(op.input(1), {q[0], q[1], q[2]});
  for (std::size_t k = 0; k < 3; ++k) op.require_shape(op.output(k), op.input(k + 2).shape);
}

void plan_grad(const OpView& op, Planner& planner) {
  const Geometry g = geometry(op, 2);
  const auto& in = op.op().inputs;
  const Heads dy = read_heads(planner, in[0]), q = read_heads(planner, in[2]),
              k = read_heads(planner, in[3]), v = read_heads(planner, in[4]);
  const BufferId lse = planner.read(in[1], cpu::row_major(op.input(1).shape));
  const PlacedMask mask = read_mask(op, planner, 5);
  const Heads dq = write_heads(op, planner, 0, q), dk = write_heads(op, planner, 1, k),
              dv = write_heads(op, planner, 2, v);
  const std::size_t size = kernels().backward_scratch(g.plan);
  const BufferId scratch =
      planner.scratch(size * sizeof(float) * static_cast<std::size_t>(planner.threads()));
  std::vector<BufferId> used{dy.buffer, lse,       q.buffer,  k.buffer, v.buffer,
                             dq.buffer, dk.buffer, dv.buffer, scratch};
  if (mask.present) used.push_back(mask.buffer);
  planner.emit(op, std::move(used), [=](const Binder& b) -> Kernel {
    return [=, dy = bind<const float>(b, dy), lse = b.at<const float>(lse),
            q = bind<const float>(b, q), k = bind<const float>(b, k), v = bind<const float>(b, v),
            mask = bind(b, mask), dq = bind<float>(b, dq), dk = bind<float>(b, dk),
            dv = bind<float>(b, dv), scratch = b.at<float>(scratch), threads = b.threads(),
            &kernels = kernels()] {
      each_head(g, threads, scratch, size, [&](std::size_t n, std::size_t h, float* own) {
        kernels.backward(g.plan, dy.at(n, h), lse + (n * g.heads + h) * g.plan.queries, q.at(n, h),
                         k.at(n, h), v.at(n, h), mask.at(n, h), dq.at(n, h), dk.at(n, h),
                         dv.at(n, h), own);
      });
    };
  });
}

}  // namespace

const OpDefinition attention{
    .name = "attention", .check = check_attention, .plan = plan_attention, .compute = true};
const OpDefinition attention_grad{
    .name = "attention_grad", .check = check_grad, .plan = plan_grad, .compute = true};

}  // namespace optcmp::ops
