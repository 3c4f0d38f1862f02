#include "ops/transposed_product.hpp"

#include <omp.h>

#include <algorithm>

#include "expression/instruction_set.hpp"
#include "ops/transposed_product_kernels.hpp"
#include "runtime/parallel.hpp"

namespace optcmp::ops {
namespace {

const TransposedProductKernels& kernels() { return OPTCMP_KERNELS(transposed_product); }

Placed place(Planner& planner, const Matrix& m) {
  const auto offset = static_cast<std::size_t>(m.offset) * sizeof(float);
  return {offset == 0 ? m.buffer : planner.part(m.buffer, offset),
          cpu::strided({m.rows, m.width}, {m.step, 1})};
}

/// A factor: as it lies, or a copy in bf16 where that is the precision.
Placed read(Planner& planner, const Matrix& m) {
  const Placed placed = place(planner, m);
  if (planner.precision() == cpu::Precision::F32) return placed;
  return planner.copied(placed, cpu::row_major({m.rows, m.width}, planner.precision()));
}

void emit_onednn(const OpView& op, Planner& planner, const Matrix& a, const Matrix& b,
                 const Matrix& c, bool add) {
  dnnl::primitive_attr attributes = cpu::attributes();
  if (add) {
    dnnl::post_ops sum;
    sum.append_sum();
    attributes.set_post_ops(sum);
  }
  const Placed left = read(planner, a), right = read(planner, b), result = place(planner, c);
  const cpu::Desc turned = cpu::transposed(left.layout, {1, 0});
  const auto pd = cpu::describe<dnnl::matmul>(attributes, turned, right.layout, result.layout);
  planner.emit(op, dnnl::matmul(pd), pd.scratchpad_desc(),
               {{DNNL_ARG_SRC, left.buffer, turned},
                {DNNL_ARG_WEIGHTS, right.buffer, right.layout},
                {DNNL_ARG_DST, result.buffer, result.layout}});
}

}  // namespace

// Of many rows, both operands are copied once into panels that lie in the caches. Of fewer,
// oneDNN's are faster but where it copies a by columns from rows a power of two apart: these fall
// on the same sets of the caches, which costs up to half of the speed unless the panels are used
// often.
bool prefers_own_product(std::int64_t rows, std::int64_t a_width, std::int64_t b_width) {
  constexpr std::int64_t kAliased = 256, kOften = 512;
  const bool aliased = a_width % kAliased == 0 || b_width % kAliased == 0;
  return rows >= kManyRows || (aliased && rows >= kAliased && std::min(a_width, b_width) <= kOften);
}

void emit_own_transposed_product(const OpView& op, Planner& planner, const Matrix& a,
                                 const Matrix& b, const Matrix& c, bool add,
                                 const ColumnSums& sums) {
  const std::size_t size = kernels().scratch;
  const BufferId scratch =
      planner.scratch(size * sizeof(float) * static_cast<std::size_t>(planner.threads()));
  std::vector<BufferId> used{a.buffer, b.buffer, c.buffer, scratch};
  for (const auto& buffer : {sums.of_a, sums.of_b}) {
    if (buffer) used.push_back(*buffer);
  }
  planner.emit(op, std::move(used), [=](const Binder& binder) -> Kernel {
    const auto given = [&](const std::optional<BufferId>& id) {
      return id ? binder.at<float>(*id) : nullptr;
    };
    const TransposedProduct product{static_cast<std::size_t>(a.rows),
                                    static_cast<std::size_t>(b.width),
                                    bind<const float>(binder, a),
                                    bind<const float>(binder, b),
                                    bind<float>(binder, c),
                                    add,
                                    given(sums.of_a),
                                    given(sums.of_b)};
    return
        [=, scratch = binder.at<float>(scratch), threads = binder.threads(), &kernels = kernels()] {
          const auto rows = static_cast<std::size_t>(c.rows);
          parallel_for(threads, rows, kernels.tile, [&](std::size_t begin, std::size_t end) {
            kernels.run(product, begin, end,
                        scratch + static_cast<std::size_t>(omp_get_thread_num()) * size);
          });
        };
  });
}

void emit_transposed_product(const OpView& op, Planner& planner, const Matrix& a, const Matrix& b,
                             const Matrix& c, bool add) {
  const bool own =
      planner.precision() == cpu::Precision::F32 && prefers_own_product(a.rows, a.step, b.step);
  if (own) return emit_own_transposed_product(op, planner, a, b, c, add);
  emit_onednn(op, planner, a, b, c, add);
}

}  // namespace optcmp::ops
