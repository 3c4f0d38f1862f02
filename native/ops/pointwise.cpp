// Outputs of one shape, each element computed from the elements of inputs that broadcast to it, by
// code.
#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "expression/instruction_set.hpp"
#include "expression/scalar_code.hpp"
#include "ops/pointwise_kernels.hpp"
#include "ops/registry.hpp"

namespace optcmp::ops {
namespace {

constexpr std::size_t kMostOperands = 64;
constexpr std::size_t kMostBlock = 1024;

PointwiseKernel kernels() { return OPTCMP_KERNELS(pointwise); }

bool broadcasts(const Shape& from, const Shape& to) {
  if (from.size() > to.size()) return false;
  for (std::size_t back = 1; back <= from.size(); ++back) {
    const std::int64_t size = from[from.size() - back];
    if (size != 1 && size != to[to.size() - back]) return false;
  }
  return true;
}

void check(const OpView& op) {
  constexpr std::array<std::string_view, 1> known{"code"};
  op.require_arity(0, kMostOperands, 1, kMostOperands);
  op.allow_attributes(known);
  const auto code = op.code("code");
  op.require(code->inputs.size() == op.inputs() && code->outputs.size() == op.outputs(),
             "its code has " + std::to_string(code->inputs.size()) + " inputs and " +
                 std::to_string(code->outputs.size()) + " outputs, the op " +
                 std::to_string(op.inputs()) + " and " + std::to_string(op.outputs()));
  const Shape& shape = op.output(0).shape;
  for (std::size_t k = 1; k < op.outputs(); ++k) op.require_shape(op.output(k), shape);
  for (std::size_t k = 0; k < op.inputs(); ++k) {
    op.require(broadcasts(op.input(k).shape, shape),
               "cannot broadcast " + to_string(op.input(k).shape) + " to " + to_string(shape));
  }
}

/// True when zeros give zeros, so that the padding of a layout stays zero.
bool keeps_zero(const expression::Code& code) {
  if (expression::uses_random(code)) return false;
  const std::vector<double> zeros(code.inputs.size(), 0.0);
  std::vector<double> results(code.instructions.size());
  expression::run_scalar_code(code, zeros, results);
  return std::all_of(code.outputs.begin(), code.outputs.end(), [&](const auto& output) {
    return expression::scalar_value(output.from, zeros, results) == 0;
  });
}

bool has_padding(const cpu::Desc& layout) {
  const cpu::Blocking b = cpu::blocking(layout);
  return b.dims != b.padded_dims;
}

/// The layout of the outputs: that of the largest number of inputs of the same shape where all can
/// be handled in it, else row-major.
cpu::Desc choose_layout(const OpView& op, const Planner& planner, const expression::Code& code) {
  const Shape& shape = op.output(0).shape;
  const cpu::Desc plain = cpu::row_major(shape);
  if (expression::uses_random(code)) return plain;  // numbers belong to row-major places
  std::vector<cpu::Desc> layouts;
  for (std::size_t k = 0; k < op.inputs(); ++k) {
    if (op.input(k).shape == shape) {
      layouts.push_back(planner.layout(op.op().inputs[k]));
    } else if (elements(op.input(k).shape) != 1) {
      return plain;
    }
  }
  if (layouts.empty()) return plain;
  const auto votes = [&](const cpu::Desc& layout) {
    return std::count(layouts.begin(), layouts.end(), layout);
  };
  const cpu::Desc best = *std::max_element(
      layouts.begin(), layouts.end(),
      [&](const cpu::Desc& a, const cpu::Desc& b) { return votes(a) < votes(b); });
  const bool scalars = layouts.size() < op.inputs();
  return has_padding(best) && (scalars || !keeps_zero(code)) ? plain : best;
}

/// Neighbouring axes that can be walked through as one are.
Walk walk_through(const Shape& shape, const std::vector<std::int64_t>& steps) {
  Walk walk;
  for (std::size_t axis = 0; axis < shape.size(); ++axis) {
    const auto size = static_cast<std::size_t>(shape[axis]);
    const std::ptrdiff_t step = steps[axis];
    if (size == 1) continue;
    if (!walk.sizes.empty() && walk.steps.back() == step * static_cast<std::ptrdiff_t>(size)) {
      walk.sizes.back() *= size;
      walk.steps.back() = step;
    } else {
      walk.sizes.push_back(size);
      walk.steps.push_back(step);
    }
  }
  if (walk.sizes.empty()) walk = {{1}, {1}};
  return walk;
}

/// Steps of an input along the axes of the output: 0 where it is repeated.
std::vector<std::int64_t> steps_along(const Shape& shape, const Shape& own,
                                      const std::vector<std::int64_t>& strides) {
  std::vector<std::int64_t> steps(shape.size(), 0);
  for (std::size_t back = 1; back <= own.size(); ++back) {
    if (own[own.size() - back] > 1) steps[shape.size() - back] = strides[strides.size() - back];
  }
  return steps;
}

bool in_order(const Walk& walk) { return walk.sizes.size() == 1 && walk.steps[0] == 1; }

struct Planned {
  PointwisePass pass;
  std::vector<BufferId> inputs, outputs;  ///< Of the pass.
  std::vector<BufferId> scalars;
  std::size_t size = 0;
};

class Planning {
 public:
  Planning(const OpView& op, Planner& planner)
      : op_(op),
        planner_(planner),
        code_(op.code("code")),
        layout_(choose_layout(op, planner, *code_)),
        plain_(layout_ == cpu::row_major(op.output(0).shape)) {}

  Planned run() && {
    planned_.size = layout_.get_size() / sizeof(float);
    for (std::size_t k = 0; k < op_.inputs(); ++k) add_input(k);
    for (std::size_t k = 0; k < op_.outputs(); ++k) add_output(k);
    placement_.scalars = static_cast<std::uint32_t>(planned_.scalars.size());
    PointwisePass& pass = planned_.pass;
    pass.code = expression::lower("op '" + op_.op().name + "'", *code_, placement_);
    const std::size_t registers = std::max<std::size_t>(pass.code.registers, 1);
    pass.block = std::min(kMostBlock, expression::kScratchFloats / registers / 64 * 64);
    op_.require(pass.block > 0, "its code needs " + std::to_string(registers) +
                                    " values at once; there is room for " +
                                    std::to_string(expression::kScratchFloats / 64));
    return std::move(planned_);
  }

 private:
  void add_input(std::size_t k) {
    const TensorId id = op_.op().inputs[k];
    const Shape& own = op_.input(k).shape;
    if (elements(own) == 1 && planned_.size > 1) {
      planned_.scalars.push_back(planner_.read(id, cpu::row_major(own)));
      placement_.inputs.push_back({true, static_cast<std::uint32_t>(planned_.scalars.size() - 1)});
      return;
    }
    Walk walk{{1}, {1}};
    BufferId buffer = 0;
    if (plain_) {
      const Placed placed = planner_.read_strided(id);
      buffer = placed.buffer;
      const Shape& shape = op_.output(0).shape;
      walk = walk_through(shape, steps_along(shape, own, cpu::blocking(placed.layout).strides));
    } else {
      buffer = planner_.read(id, layout_);
    }
    const std::uint32_t index = placement_.registers++;
    placement_.inputs.push_back({false, index});
    planned_.pass.inputs.push_back({index, !in_order(walk), std::move(walk)});
    planned_.inputs.push_back(buffer);
    input_of_.push_back(k);
  }

  /// An output takes the memory, and then the register, of an input that ends here.
  void add_output(std::size_t k) {
    const TensorId id = op_.op().outputs[k];
    const auto reused = find_reusable(id);
    const std::uint32_t index =
        reused ? planned_.pass.inputs[*reused].register_index : placement_.registers++;
    planned_.outputs.push_back(
        reused ? planner_.write(id, layout_, tensor_of(*reused), planned_.inputs[*reused])
               : planner_.write(id, layout_));
    placement_.outputs.push_back(index);
    planned_.pass.outputs.push_back(index);
  }

  std::optional<std::size_t> find_reusable(TensorId output) const {
    for (std::size_t i = 0; i < planned_.inputs.size(); ++i) {
      const PointwiseInput& input = planned_.pass.inputs[i];
      const bool taken =
          std::count(placement_.outputs.begin(), placement_.outputs.end(), input.register_index);
      if (input.walked || taken || read_twice(planned_.inputs[i])) continue;
      if (planner_.reusable(output, layout_, tensor_of(i), planned_.inputs[i])) return i;
    }
    return std::nullopt;
  }

  TensorId tensor_of(std::size_t i) const { return op_.op().inputs[input_of_[i]]; }

  /// Whether the memory is that of several inputs, as where views overlap.
  bool read_twice(BufferId buffer) const {
    return std::count(planned_.inputs.begin(), planned_.inputs.end(), buffer) > 1;
  }

  const OpView& op_;
  Planner& planner_;
  std::shared_ptr<const expression::Code> code_;
  cpu::Desc layout_;
  bool plain_;
  expression::Placement placement_;
  std::vector<std::size_t> input_of_;  ///< The op's, of each of the pass's.
  Planned planned_;
};

/// The pass over all elements, ready to run.
struct Bound {
  PointwisePass pass;
  std::vector<const float*> inputs, scalars;
  std::vector<float*> outputs;
  std::vector<float> values;  ///< Of the scalars, which are read first, and the constants.
  const StepContext* context;
  PointwiseKernel kernel;

  Bound(const Planned& planned, const Binder& b)
      : pass(planned.pass),
        values(planned.scalars.size()),
        context(b.context()),
        kernel(kernels()) {
    for (const BufferId id : planned.inputs) inputs.push_back(b.at<const float>(id));
    for (const BufferId id : planned.outputs) outputs.push_back(b.at<float>(id));
    for (const BufferId id : planned.scalars) scalars.push_back(b.at<const float>(id));
    values.insert(values.end(), pass.code.constants.begin(), pass.code.constants.end());
  }

  void read_scalars() {
    for (std::size_t k = 0; k < scalars.size(); ++k) values[k] = *scalars[k];
  }

  void run(std::size_t begin, std::size_t end) const {
    kernel(pass,
           {inputs.data(),
            outputs.data(),
            values.data(),
            {context->seed, static_cast<std::uint32_t>(context->step)}},
           begin, end);
  }
};

void plan(const OpView& op, Planner& planner) {
  Planned planned = Planning(op, planner).run();
  RowAccess access{{planned.size, planned.pass.block}, planned.outputs, planned.scalars};
  for (std::size_t k = 0; k < planned.inputs.size(); ++k) {
    (planned.pass.inputs[k].walked ? access.whole : access.by_row).push_back(planned.inputs[k]);
  }
  // Random numbers are drawn for blocks that start where this loop starts them.
  access.alone = expression::uses_random(*op.code("code"));
  planner.emit_rows(op, std::move(access), [=](const Binder& b) -> RowKernel {
    const auto bound = std::make_shared<Bound>(planned, b);
    return {[=](std::size_t begin, std::size_t end) { bound->run(begin, end); },
            [=] { bound->read_scalars(); }};
  });
}

}  // namespace

const OpDefinition pointwise{.name = "pointwise", .check = check, .plan = plan};

}  // namespace optcmp::ops
