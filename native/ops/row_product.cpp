#include "ops/row_product.hpp"

#include "expression/instruction_set.hpp"
#include "ops/row_product_kernels.hpp"
#include "runtime/parallel.hpp"

namespace optcmp::ops {
namespace {

const RowProductKernels& kernels() { return OPTCMP_KERNELS(row_product); }

std::size_t size(std::int64_t n) { return static_cast<std::size_t>(n); }

void emit_pack(const OpView& op, Planner& planner, const RowProductPlan& plan, BufferId panels,
               std::size_t count) {
  planner.emit(op, {plan.b.buffer, panels}, [=](const Binder& binder) -> Kernel {
    const Weights weights{size(plan.a.width), size(plan.c.width), bind<const float>(binder, plan.b),
                          plan.transposed};
    return
        [=, panels = binder.at<float>(panels), threads = binder.threads(), &kernels = kernels()] {
          parallel_for(threads, count, 1, [&](std::size_t begin, std::size_t end) {
            kernels.pack(weights, panels, begin, end);
          });
        };
  });
}

}  // namespace

void emit_row_product(const OpView& op, Planner& planner, const RowProductPlan& plan) {
  const std::size_t panel = kernels().panel, count = (size(plan.c.width) + panel - 1) / panel;
  const BufferId panels = planner.scratch(count * panel * size(plan.a.width) * sizeof(float));
  emit_pack(op, planner, plan, panels, count);
  RowAccess access{{size(plan.c.rows), kernels().tile}, {}, {panels}};
  access.together = kernels().rows;
  for (const Matrix& matrix : {plan.a, plan.c}) access.by_row.push_back(matrix.buffer);
  if (plan.bias) access.whole.push_back(*plan.bias);
  planner.emit_rows(op, std::move(access), [=](const Binder& binder) -> RowKernel {
    const RowProduct product{size(plan.a.width),
                             size(plan.c.width),
                             bind<const float>(binder, plan.a),
                             binder.at<const float>(panels),
                             plan.bias ? binder.at<const float>(*plan.bias) : nullptr,
                             bind<float>(binder, plan.c),
                             plan.relu};
    return {[=, &kernels = kernels()](std::size_t begin, std::size_t end) {
      kernels.run(product, begin, end);
    }};
  });
}

bool prefers_row_product(std::int64_t rows) { return rows >= kManyRows; }

}  // namespace optcmp::ops
