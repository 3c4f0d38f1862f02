// y = slices of x along an axis, picked by whole numbers (an embedding), and
// its gradient.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "ops/registry.hpp"
#include "runtime/parallel.hpp"

namespace optcmp::ops {
namespace {

constexpr std::size_t kGrain = 4096;
constexpr std::size_t kLine = 16;  ///< Floats in a cache line.

/// x is [before, length, after], y [before, picks, after].
struct Geometry {
  std::size_t before = 1, length, picks, after = 1;
  std::int32_t padding = -1;  ///< The slice that has no gradient.
};

Geometry geometry(const OpView& op, const Tensor& x, const Tensor& indices, const Tensor& y) {
  constexpr std::array<std::string_view, 2> known{"axis", "padding"};
  op.allow_attributes(known);
  const double number = op.number("axis", 0);
  op.require(number >= 0 && number < static_cast<double>(x.shape.size()),
             "axis must be one of '" + x.name + "' " + to_string(x.shape));
  const auto axis = static_cast<std::ptrdiff_t>(number);
  const double padding = op.number("padding", -1);
  op.require(padding >= -1 && padding < 1 << 24 && padding == std::nearbyint(padding),
             "padding must be a whole number");
  const Shape before(x.shape.begin(), x.shape.begin() + axis);
  const Shape after(x.shape.begin() + axis + 1, x.shape.end());
  Shape expected = before;
  expected.insert(expected.end(), indices.shape.begin(), indices.shape.end());
  expected.insert(expected.end(), after.begin(), after.end());
  op.require_shape(y, expected);
  return {static_cast<std::size_t>(elements(before)),
          static_cast<std::size_t>(x.shape[static_cast<std::size_t>(axis)]),
          static_cast<std::size_t>(elements(indices.shape)),
          static_cast<std::size_t>(elements(after)), static_cast<std::int32_t>(padding)};
}

/// Indices are checked where they come in, so the kernels need not.
void require_inside(const OpView& op, const Tensor& indices, std::size_t length) {
  const auto limit = static_cast<std::int64_t>(length);
  const auto inside = [limit](float v) { return v >= 0 && v < static_cast<float>(limit); };
  const bool known = indices.role == Role::Constant
                         ? std::all_of(indices.data.begin(), indices.data.end(), inside)
                         : indices.limit && *indices.limit <= limit;
  op.require(known, "the indices '" + indices.name +
                        "' must be constants or an input with a limit, in [0, " +
                        std::to_string(limit) + ")");
}

void check_gather(const OpView& op) {
  op.require_arity(2, 2, 1, 1);
  const Geometry g = geometry(op, op.input(0), op.input(1), op.output(0));
  require_inside(op, op.input(1), g.length);
}

void pick(const Geometry& g, const float* x, const std::int32_t* indices, float* y,
          std::size_t begin, std::size_t end) {
  for (std::size_t row = begin; row < end; ++row) {
    const auto from = row / g.picks * g.length + static_cast<std::size_t>(indices[row % g.picks]);
    std::copy_n(x + from * g.after, g.after, y + row * g.after);
  }
}

void plan_gather(const OpView& op, Planner& planner) {
  const Geometry g = geometry(op, op.input(0), op.input(1), op.output(0));
  const auto& in = op.op().inputs;
  const BufferId x = planner.read(in[0], cpu::row_major(op.input(0).shape));
  const BufferId indices = planner.read_bytes(in[1]);
  const BufferId y = planner.write(op.op().outputs[0], cpu::row_major(op.output(0).shape));
  planner.emit(op, {x, indices, y}, [=](const Binder& b) -> Kernel {
    return [g, x = b.at<const float>(x), indices = b.at<const std::int32_t>(indices),
            y = b.at<float>(y), threads = b.threads()] {
      parallel_for(threads, g.before * g.picks, kGrain / g.after + 1,
                   [=](std::size_t begin, std::size_t end) { pick(g, x, indices, y, begin, end); });
    };
  });
}

void check_grad(const OpView& op) {
  op.require_arity(2, 2, 1, 1);
  const Geometry g = geometry(op, op.output(0), op.input(1), op.input(0));
  require_inside(op, op.input(1), g.length);
}

/// Each part of the columns [begin, end) belongs to one thread, which adds up
/// in the order of the indices: the sums are the same for any number of
/// threads.
class Scatter {
 public:
  /// `persistent`: nothing else writes dx between runs, so that zeroing what
  /// was written is enough.
  Scatter(const Geometry& g, bool persistent) : g_(g), persistent_(persistent) {}

  void run(const float* dy, const std::int32_t* indices, float* dx, int threads,
           const StepContext* context) {
    parallel_for(threads, g_.after, kLine, [&](std::size_t begin, std::size_t end) {
      clear(dx, begin, end);
      add(dy, indices, dx, begin, end);
    });
    // After the last of several parts of a batch, gradients hold the sum over all of them.
    const bool part = context && context->first_row != 0;
    if (persistent_) written_.assign(indices, part ? indices : indices + g_.picks);
  }

 private:
  float* row(float* dx, std::size_t a, std::int32_t index) const {
    return dx + (a * g_.length + static_cast<std::size_t>(index)) * g_.after;
  }

  void clear(float* dx, std::size_t begin, std::size_t end) const {
    for (std::size_t a = 0; a < g_.before; ++a) {
      for (const std::int32_t index : written_) {
        std::fill(row(dx, a, index) + begin, row(dx, a, index) + end, 0.0f);
      }
      if (!written_.empty()) continue;
      for (std::size_t k = 0; k < g_.length; ++k) {
        float* all = row(dx, a, static_cast<std::int32_t>(k));
        std::fill(all + begin, all + end, 0.0f);
      }
    }
  }

  void add(const float* dy, const std::int32_t* indices, float* dx, std::size_t begin,
           std::size_t end) const {
    for (std::size_t a = 0; a < g_.before; ++a) {
      for (std::size_t k = 0; k < g_.picks; ++k) {
        if (indices[k] == g_.padding) continue;
        const float* from = dy + (a * g_.picks + k) * g_.after;
        float* to = row(dx, a, indices[k]);
        for (std::size_t i = begin; i < end; ++i) to[i] += from[i];
      }
    }
  }

  Geometry g_;
  bool persistent_;
  std::vector<std::int32_t> written_;  ///< The indices of the last run; none before the first.
};

void plan_grad(const OpView& op, Planner& planner) {
  const Geometry g = geometry(op, op.output(0), op.input(1), op.input(0));
  const auto& in = op.op().inputs;
  const BufferId dy = planner.read(in[0], cpu::row_major(op.input(0).shape));
  const BufferId indices = planner.read_bytes(in[1]);
  const BufferId dx = planner.write(op.op().outputs[0], cpu::row_major(op.output(0).shape));
  const bool persistent = planner.is_gradient(dx);
  planner.emit(op, {dy, indices, dx}, [=](const Binder& b) -> Kernel {
    return
        [scatter = Scatter(g, persistent), dy = b.at<const float>(dy),
         indices = b.at<const std::int32_t>(indices), dx = b.at<float>(dx), threads = b.threads(),
         context = b.context()]() mutable { scatter.run(dy, indices, dx, threads, context); };
  });
}

}  // namespace

const OpDefinition gather{
    .name = "gather", .check = check_gather, .plan = plan_gather, .whole_inputs = 0b10};
const OpDefinition gather_grad{
    .name = "gather_grad", .check = check_grad, .plan = plan_grad, .whole_inputs = 0b10};

}  // namespace optcmp::ops
