// y = (x − mean)/√(variance + ε)·scale + bias over groups of channels of each example, and its
// gradient, in row-major order.
#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>
#include <vector>

#include "ops/registry.hpp"
#include "runtime/parallel.hpp"

namespace optcmp::ops {
namespace {

/// Elements summed in float32 before they go into a sum in float64.
constexpr std::size_t kStrip = 1024;

/// A group of one example is `channels` planes of `pixels` that lie together.
struct Geometry {
  std::size_t examples, groups, channels, pixels;
  double epsilon;

  std::size_t rows() const { return examples * groups; }
  std::size_t size() const { return channels * pixels; }
  std::size_t all_channels() const { return groups * channels; }
};

Geometry geometry(const OpView& op, const Tensor& x) {
  constexpr std::array<std::string_view, 2> known{"groups", "epsilon"};
  op.allow_attributes(known);
  op.require(x.shape.size() >= 2,
             "tensor '" + x.name + "' must be [N, C, …], has shape " + to_string(x.shape));
  const double groups = op.number("groups", 1), epsilon = op.number("epsilon", 1e-5);
  op.require(groups >= 1 && groups <= double(x.shape[1]) && std::nearbyint(groups) == groups &&
                 x.shape[1] % static_cast<std::int64_t>(groups) == 0,
             "groups must divide the channels of '" + x.name + "' " + to_string(x.shape));
  op.require(epsilon >= 0, "epsilon must be at least 0");
  const auto size = [](double value) { return static_cast<std::size_t>(value); };
  const std::size_t examples = size(x.shape[0]), channels = size(x.shape[1]);
  return {examples, size(groups), channels / size(groups),
          size(elements(x.shape)) / (examples * channels), epsilon};
}

Shape statistics(const Geometry& g) {
  return {static_cast<std::int64_t>(g.examples), static_cast<std::int64_t>(g.groups)};
}

/// Σ (x − origin)² or, with `power` 1, Σ (x − origin).
template <int power>
double moment(const float* x, std::size_t size, float origin) {
  double total = 0;
  for (std::size_t strip = 0; strip < size; strip += kStrip) {
    const std::size_t end = std::min(size, strip + kStrip);
    float sum = 0;
#pragma omp simd reduction(+ : sum)
    for (std::size_t i = strip; i < end; ++i) {
      const float v = x[i] - origin;
      sum += power == 2 ? v * v : v;
    }
    total += sum;
  }
  return total;
}

// ---- Forward
// -------------------------------------------------------------------------------------

void check_forward(const OpView& op) {
  op.require_arity(3, 3, 3, 3);
  const Tensor& x = op.input(0);
  const Geometry g = geometry(op, x);
  op.require_shape(op.output(0), x.shape);
  for (const std::size_t k : {1, 2}) {
    op.require_shape(op.input(k), {x.shape[1]});
    op.require_shape(op.output(k), statistics(g));
  }
}

struct Forward {
  Geometry g;
  const float *x, *scale, *bias;
  float *y, *mean, *rstd;
  int threads;

  void operator()() const {
    parallel_for(threads, g.rows(), 1, [this](std::size_t begin, std::size_t end) {
      for (std::size_t row = begin; row < end; ++row) normalize(row);
    });
  }

  void normalize(std::size_t row) const {
    const float* from = x + row * g.size();
    const auto count = static_cast<double>(g.size());
    const double origin = from[0];
    mean[row] = static_cast<float>(origin + moment<1>(from, g.size(), from[0]) / count);
    rstd[row] =
        static_cast<float>(1 / std::sqrt(moment<2>(from, g.size(), mean[row]) / count + g.epsilon));
    for (std::size_t c = 0; c < g.channels; ++c) {
      const std::size_t channel = row % g.groups * g.channels + c;
      const float factor = rstd[row] * scale[channel], m = mean[row], shift = bias[channel];
      const float* plane = from + c * g.pixels;
      float* to = y + row * g.size() + c * g.pixels;
#pragma omp simd
      for (std::size_t i = 0; i < g.pixels; ++i) to[i] = (plane[i] - m) * factor + shift;
    }
  }
};

void plan_forward(const OpView& op, Planner& planner) {
  const Geometry g = geometry(op, op.input(0));
  std::array<BufferId, 3> in{}, out{};
  for (std::size_t k = 0; k < 3; ++k) {
    in[k] = planner.read(op.op().inputs[k], cpu::row_major(op.input(k).shape));
  }
  for (std::size_t k = 0; k < 3; ++k) {
    out[k] = planner.write(op.op().outputs[k], cpu::row_major(op.output(k).shape));
  }
  planner.emit(op, {in[0], in[1], in[2], out[0], out[1], out[2]}, [=](const Binder& b) -> Kernel {
    return Forward{g,
                   b.at<const float>(in[0]),
                   b.at<const float>(in[1]),
                   b.at<const float>(in[2]),
                   b.at<float>(out[0]),
                   b.at<float>(out[1]),
                   b.at<float>(out[2]),
                   b.threads()};
  });
}

// ---- Gradient
// ------------------------------------------------------------------------------------

void check_gradient(const OpView& op) {
  op.require_arity(5, 5, 1, 3);
  op.require(op.outputs() != 2, "needs 1 or 3 outputs, has 2");
  const Tensor& x = op.input(1);
  const Geometry g = geometry(op, x);
  for (const Tensor* tensor : {&op.input(0), &op.output(0)}) op.require_shape(*tensor, x.shape);
  op.require_shape(op.input(2), {x.shape[1]});
  for (const std::size_t k : {3, 4}) op.require_shape(op.input(k), statistics(g));
  for (std::size_t k = 1; k < op.outputs(); ++k) op.require_shape(op.output(k), {x.shape[1]});
}

struct Gradient {
  Geometry g;
  const float *dy, *x, *scale, *mean, *rstd;
  float *dx, *dscale, *dbias;  ///< The last two null where nobody wants them.
  double* sums;                ///< Σ dy and Σ dy·(x − mean)/σ of each example and channel.
  int threads;

  void operator()() const {
    parallel_for(threads, g.rows(), 1, [this](std::size_t begin, std::size_t end) {
      for (std::size_t row = begin; row < end; ++row) {
        for (std::size_t c = 0; c < g.channels; ++c) find_sums(row, c);
        differentiate(row);
      }
    });
    if (dscale) add_examples();
  }

  double* sums_of(std::size_t row, std::size_t c) const {
    return sums + 2 * (row * g.channels + c);
  }

  void find_sums(std::size_t row, std::size_t c) const {
    const std::size_t at = row * g.size() + c * g.pixels;
    const float m = mean[row];
    double total = 0, along = 0;
    for (std::size_t strip = 0; strip < g.pixels; strip += kStrip) {
      const std::size_t end = std::min(g.pixels, strip + kStrip);
      float first = 0, second = 0;
#pragma omp simd reduction(+ : first, second)
      for (std::size_t i = strip; i < end; ++i) {
        first += dy[at + i];
        second += dy[at + i] * (x[at + i] - m);
      }
      total += first;
      along += second;
    }
    sums_of(row, c)[0] = total;
    sums_of(row, c)[1] = along * rstd[row];
  }

  void differentiate(std::size_t row) const {
    const std::size_t first = row % g.groups * g.channels;
    double shift = 0, along = 0;
    for (std::size_t c = 0; c < g.channels; ++c) {
      shift += sums_of(row, c)[0] * scale[first + c];
      along += sums_of(row, c)[1] * scale[first + c];
    }
    const double r = rstd[row], count = static_cast<double>(g.size());
    const auto offset = static_cast<float>(-r * shift / count);
    const auto slope = static_cast<float>(-r * r * along / count);
    const float m = mean[row];
    for (std::size_t c = 0; c < g.channels; ++c) {
      const std::size_t at = row * g.size() + c * g.pixels;
      const float factor = rstd[row] * scale[first + c];
#pragma omp simd
      for (std::size_t i = 0; i < g.pixels; ++i) {
        dx[at + i] = dy[at + i] * factor + ((x[at + i] - m) * slope + offset);
      }
    }
  }

  void add_examples() const {
    for (std::size_t c = 0; c < g.all_channels(); ++c) {
      double total = 0, along = 0;
      for (std::size_t n = 0; n < g.examples; ++n) {
        total += sums[2 * (n * g.all_channels() + c)];
        along += sums[2 * (n * g.all_channels() + c) + 1];
      }
      dbias[c] = static_cast<float>(total);
      dscale[c] = static_cast<float>(along);
    }
  }
};

void plan_gradient(const OpView& op, Planner& planner) {
  const Geometry g = geometry(op, op.input(1));
  std::vector<BufferId> used;
  for (std::size_t k = 0; k < 5; ++k) {
    used.push_back(planner.read(op.op().inputs[k], cpu::row_major(op.input(k).shape)));
  }
  for (std::size_t k = 0; k < op.outputs(); ++k) {
    used.push_back(planner.write(op.op().outputs[k], cpu::row_major(op.output(k).shape)));
  }
  used.push_back(planner.scratch(2 * g.examples * g.all_channels() * sizeof(double)));
  const bool wanted = op.outputs() == 3;
  planner.emit(op, used, [=](const Binder& b) -> Kernel {
    const auto from = [&](std::size_t k) { return b.at<const float>(used[k]); };
    return Gradient{g,
                    from(0),
                    from(1),
                    from(2),
                    from(3),
                    from(4),
                    b.at<float>(used[5]),
                    wanted ? b.at<float>(used[6]) : nullptr,
                    wanted ? b.at<float>(used[7]) : nullptr,
                    b.at<double>(used.back()),
                    b.threads()};
  });
}

}  // namespace

const OpDefinition group_norm{.name = "group_norm", .check = check_forward, .plan = plan_forward};
const OpDefinition group_norm_grad{
    .name = "group_norm_grad", .check = check_gradient, .plan = plan_gradient};

}  // namespace optcmp::ops
