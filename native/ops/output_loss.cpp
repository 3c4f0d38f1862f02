// The model's own output is the loss: one value an example, whose mean counts, or a scalar that is
// a mean over the batch already. Of the scalar, rows without an example cannot be told apart.
#include <algorithm>

#include "ops/loss.hpp"

namespace optcmp::ops {
namespace {

void check(const OpView& op) {
  op.require_arity(1, 1, 1, 2);
  op.allow_attributes({});
  op.require(op.input(0).shape.size() <= 1,
             "the output must be a scalar or have one value an example, has shape " +
                 to_string(op.input(0).shape));
  check_loss_outputs(op, 1);
}

void plan(const OpView& op, Planner& planner) {
  const Shape& shape = op.input(0).shape;
  const cpu::Desc plain = cpu::row_major(shape);
  const bool scalar = shape.empty(), train = op.outputs() > 1;
  const auto values = static_cast<std::size_t>(elements(shape));
  const BufferId x = planner.read(op.op().inputs[0], plain);
  const BufferId metric = planner.write_metric(op.op().outputs[0]);
  std::vector<BufferId> used{x, metric};
  if (train) used.push_back(planner.write(op.op().outputs[1], plain));
  planner.emit(op, used, [=, gradient = used.back()](const Binder& b) -> Kernel {
    return [=, x = b.at<const float>(x), out = b.at<double>(metric), context = b.context(),
            dx = train ? b.at<float>(gradient) : nullptr] {
      const auto rows = static_cast<std::size_t>(context->rows);
      const auto weight = static_cast<double>(rows);
      double sum = 0;
      for (std::size_t n = 0; n < rows; ++n) sum += x[scalar ? 0 : n];
      set_metric(out, sum, weight);
      if (!dx) return;
      const auto counted = scalar ? 1 : rows;
      std::fill(dx, dx + counted, scalar ? 1.0f : static_cast<float>(one_over(weight)));
      std::fill(dx + counted, dx + values, 0.0f);
    };
  });
}

}  // namespace

const OpDefinition output_loss{.name = "output_loss", .check = check, .plan = plan, .loss = true};

}  // namespace optcmp::ops
