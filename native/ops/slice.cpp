// Windows into tensors: cut out (slice), put back into a filled tensor (pad).
#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <string_view>
#include <utility>
#include <vector>

#include "ops/registry.hpp"
#include "ops/strided_copy.hpp"
#include "runtime/parallel.hpp"

namespace optcmp::ops {
namespace {

constexpr std::size_t kGrain = 4096;
constexpr std::int64_t kMostWhole = std::int64_t{1} << 24;

/// Where a window lies in a tensor of given strides, in elements.
struct Window {
  std::int64_t offset = 0;
  std::vector<std::int64_t> strides;
  bool forward = true;  ///< No axis is walked backwards.
};

std::vector<std::int64_t> list(const OpView& op, const char* name, std::size_t length,
                               std::int64_t least) {
  return length ? op.integers(name, length, least, {}) : std::vector<std::int64_t>{};
}

std::vector<std::int64_t> axes_of(const OpView& op) { return op.integers("axes", 0, 0, {}); }

Window window(const OpView& op, std::vector<std::int64_t> strides) {
  const auto axes = axes_of(op);
  const auto starts = list(op, "starts", axes.size(), 0);
  const auto steps = list(op, "steps", axes.size(), -(std::int64_t{1} << 31));
  Window result{0, std::move(strides)};
  for (std::size_t k = 0; k < axes.size(); ++k) {
    std::int64_t& stride = result.strides[static_cast<std::size_t>(axes[k])];
    result.offset += starts[k] * stride;
    stride *= steps[k];
    result.forward = result.forward && steps[k] > 0;
  }
  return result;
}

/// Whether each axis ends before the next element of the axis around it would begin, with the gap
/// after its own last element: what a descriptor can say.
bool nested(const Shape& shape, const std::vector<std::int64_t>& strides) {
  std::vector<std::pair<std::int64_t, std::int64_t>> axes;
  for (std::size_t k = 0; k < shape.size(); ++k) {
    if (shape[k] > 1) axes.emplace_back(strides[k], shape[k]);
  }
  std::sort(axes.begin(), axes.end());
  for (std::size_t k = 1; k < axes.size(); ++k) {
    if (axes[k - 1].first * axes[k - 1].second > axes[k].first) return false;
  }
  return true;
}

void check_window(const OpView& op, const Tensor& part, const Tensor& all) {
  op.require_rank(part, all.shape.size());
  const auto axes = axes_of(op);
  const auto starts = list(op, "starts", axes.size(), 0);
  const auto steps = list(op, "steps", axes.size(), -(std::int64_t{1} << 31));
  const auto lengths = list(op, "lengths", axes.size(), 1);
  Shape expected = all.shape;
  for (std::size_t k = 0; k < axes.size(); ++k) {
    op.require(axes[k] < static_cast<std::int64_t>(all.shape.size()) &&
                   std::find(axes.begin(), axes.begin() + static_cast<std::ptrdiff_t>(k),
                             axes[k]) == axes.begin() + static_cast<std::ptrdiff_t>(k),
               "axes must be different axes of the tensor");
    const auto axis = static_cast<std::size_t>(axes[k]);
    const std::int64_t count = part.shape[axis];
    op.require(lengths[k] == op.output(0).shape[axis], "lengths differ from the output's shape");
    op.require(starts[k] < all.shape[axis], "the window leaves the tensor");
    op.require(count == 1 || std::abs(steps[k]) < all.shape[axis], "the window leaves the tensor");
    const std::int64_t last = starts[k] + (count - 1) * steps[k];
    op.require(last >= 0 && last < all.shape[axis], "the window leaves the tensor");
    op.require(steps[k] != 0 || count == 1, "a step is 0");
    expected[axis] = count;
  }
  op.require_shape(part, expected);
}

void check_slice(const OpView& op) {
  constexpr std::array<std::string_view, 4> known{"axes", "starts", "steps", "lengths"};
  op.require_arity(1, 1, 1, 1);
  op.allow_attributes(known);
  check_window(op, op.output(0), op.input(0));
}

void plan_slice(const OpView& op, Planner& planner) {
  const Placed x = planner.read_strided(op.op().inputs[0]);
  const Window from = window(op, cpu::blocking(x.layout).strides);
  const BufferId start =
      planner.part(x.buffer, static_cast<std::size_t>(from.offset) * sizeof(float));
  const Shape& shape = op.output(0).shape;
  if (from.forward && nested(shape, from.strides)) {
    return place_view(op, planner, 0, {start, cpu::strided(shape, from.strides)});
  }
  const cpu::Desc plain = cpu::row_major(shape);
  const BufferId y = planner.write(op.op().outputs[0], plain);
  emit_copies(op, planner,
              {{strided_copy(shape, from.strides, cpu::blocking(plain).strides), start, y}});
}

void check_pad(const OpView& op) {
  constexpr std::array<std::string_view, 5> known{"axes", "starts", "steps", "lengths", "value"};
  op.require_arity(1, 1, 1, 1);
  op.allow_attributes(known);
  const double value = op.number("value", 0);
  check_window(op, op.input(0), op.output(0));
  if (op.output(0).dtype == DataType::F32) return;
  const auto limit = static_cast<double>(op.output(0).limit.value_or(kMostWhole));
  op.require(
      value == std::nearbyint(value) && value < limit && value >= (op.output(0).limit ? 0 : -limit),
      "value must be a whole number that the output's limit allows");
}

void plan_pad(const OpView& op, Planner& planner) {
  const Placed x = planner.read_strided(op.op().inputs[0]);
  const cpu::Desc plain = cpu::row_major(op.output(0).shape);
  const BufferId y = planner.write(op.op().outputs[0], plain);
  const Window to = window(op, cpu::blocking(plain).strides);
  const StridedCopy copy =
      strided_copy(op.input(0).shape, cpu::blocking(x.layout).strides, to.strides);
  const double number = op.number("value", 0);
  const float value = op.output(0).dtype == DataType::F32
                          ? static_cast<float>(number)
                          : std::bit_cast<float>(static_cast<std::int32_t>(number));
  const std::size_t size = plain.get_size() / sizeof(float);
  planner.emit(op, {x.buffer, y}, [=](const Binder& b) -> Kernel {
    return [=, from = b.at<const float>(x.buffer), y = b.at<float>(y), threads = b.threads()] {
      parallel_for(threads, size, kGrain, [=](std::size_t begin, std::size_t end) {
        std::fill(y + begin, y + end, value);
      });
      parallel_for(
          threads, copy.rows(), kGrain / copy.sizes.back() + 1,
          [&](std::size_t begin, std::size_t end) { copy.run(from, y + to.offset, begin, end); });
    };
  });
}

}  // namespace

const OpDefinition slice{
    .name = "slice", .check = check_slice, .plan = plan_slice, .alias = true, .moves = true};
const OpDefinition pad{.name = "pad", .check = check_pad, .plan = plan_pad, .moves = true};

}  // namespace optcmp::ops
