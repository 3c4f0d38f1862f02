#include "ops/strided_copy.hpp"

#include <algorithm>
#include <utility>

#include "runtime/parallel.hpp"

namespace optcmp::ops {
namespace {

constexpr std::size_t kGrain = 4096;

void copy_row(const float* from, std::ptrdiff_t from_step, float* to, std::ptrdiff_t to_step,
              std::size_t size) {
  if (from_step == 1 && to_step == 1) {
    std::copy_n(from, size, to);
  } else if (from_step == 0 && to_step == 1) {
    std::fill_n(to, size, *from);
  } else {
    for (std::size_t i = 0; i < size; ++i, from += from_step, to += to_step) *to = *from;
  }
}

}  // namespace

std::size_t StridedCopy::rows() const {
  std::size_t count = 1;
  for (std::size_t axis = 0; axis + 1 < sizes.size(); ++axis) count *= sizes[axis];
  return count;
}

void StridedCopy::run(const float* x, float* y, std::size_t begin, std::size_t end) const {
  const std::size_t last = sizes.size() - 1;
  for (std::size_t row = begin; row < end; ++row) {
    std::size_t rest = row;
    const float* source = x;
    float* target = y;
    for (std::size_t axis = last; axis-- > 0;) {
      const auto at = static_cast<std::ptrdiff_t>(rest % sizes[axis]);
      rest /= sizes[axis];
      source += at * from[axis];
      target += at * to[axis];
    }
    copy_row(source, from[last], target, to[last], sizes[last]);
  }
}

StridedCopy strided_copy(const Shape& shape, const std::vector<std::int64_t>& from,
                         const std::vector<std::int64_t>& to) {
  StridedCopy copy;
  for (std::size_t axis = 0; axis < shape.size(); ++axis) {
    if (shape[axis] == 1) continue;
    const auto size = static_cast<std::size_t>(shape[axis]);
    const bool merges = !copy.sizes.empty() && copy.from.back() == shape[axis] * from[axis] &&
                        copy.to.back() == shape[axis] * to[axis];
    if (merges) {
      copy.sizes.back() *= size;
      copy.from.back() = from[axis];
      copy.to.back() = to[axis];
    } else {
      copy.sizes.push_back(size);
      copy.from.push_back(from[axis]);
      copy.to.push_back(to[axis]);
    }
  }
  if (copy.sizes.empty()) copy = {{1}, {1}, {1}};
  return copy;
}

void emit_copies(const OpView& op, Planner& planner, std::vector<PlacedCopy> copies) {
  std::vector<BufferId> used;
  for (const PlacedCopy& c : copies) used.insert(used.end(), {c.from, c.to});
  planner.emit(op, std::move(used), [copies = std::move(copies)](const Binder& b) -> Kernel {
    struct Bound {
      StridedCopy copy;
      const float* from;
      float* to;
    };
    std::vector<Bound> bound;
    for (const PlacedCopy& c : copies) {
      bound.push_back({c.copy, b.at<const float>(c.from), b.at<float>(c.to)});
    }
    return [bound = std::move(bound), threads = b.threads()] {
      for (const Bound& c : bound) {
        const std::size_t grain = kGrain / c.copy.sizes.back() + 1;
        parallel_for(threads, c.copy.rows(), grain, [&c](std::size_t begin, std::size_t end) {
          c.copy.run(c.from, c.to, begin, end);
        });
      }
    };
  });
}

void place_view(const OpView& op, Planner& planner, std::size_t k, const Placed& view) {
  const Tensor& tensor = op.output(k);
  const TensorId id = op.op().outputs[k];
  // Those who read whole numbers find them in row-major order.
  const bool plain_enough =
      tensor.dtype == DataType::F32 || view.layout == cpu::row_major(tensor.shape);
  if (tensor.role == Role::Temporary && plain_enough) {
    return planner.alias(id, view.buffer, view.layout);
  }
  const cpu::Desc plain = cpu::row_major(tensor.shape);
  const BufferId to = planner.write(id, plain);
  const auto copy =
      strided_copy(tensor.shape, cpu::blocking(view.layout).strides, cpu::blocking(plain).strides);
  emit_copies(op, planner, {{copy, view.buffer, to}});
}

}  // namespace optcmp::ops
