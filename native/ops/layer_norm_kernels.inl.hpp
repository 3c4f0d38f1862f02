// The kernels of layer_norm_kernels.hpp in vectors of floats. Included once by a file with the
// flags of its instruction set; everything here is local to that file.
#include <math.h>
#include <string.h>

#include "expression/simd.hpp"
#include "ops/layer_norm_kernels.hpp"

namespace optcmp::ops {
namespace {

using expression::kLanes;
using expression::load;
using expression::store;
using Floats = expression::Float;

constexpr std::size_t kChains = 4;  ///< Sums under way at once, to hide the latency of additions.

/// The sum of `term(i)` over a row; `term` is called with an offset and a type, Floats or float.
template <class Term>
double sum(std::size_t width, const Term& term) {
  Floats sums[kChains]{};
  std::size_t i = 0;
  for (; i + kChains * kLanes <= width; i += kChains * kLanes) {
    for (std::size_t chain = 0; chain < kChains; ++chain) {
      sums[chain] += term(i + chain * kLanes, Floats{});
    }
  }
  for (; i + kLanes <= width; i += kLanes) sums[0] += term(i, Floats{});
  double total = 0;
  for (; i < width; ++i) total += term(i, 0.0f);
  for (const Floats& part : sums) total += expression::sum(part);
  return total;
}

/// Calls `body` at every offset of a row, for vectors and then for the rest one by one.
template <class Body>
void each(std::size_t width, const Body& body) {
  std::size_t i = 0;
  for (; i + kLanes <= width; i += kLanes) body(i, Floats{});
  for (; i < width; ++i) body(i, 0.0f);
}

// One element, or as many as a vector has.
Floats get(const float* from, Floats) { return load(from); }
float get(const float* from, float) { return *from; }
void put(float* to, Floats v) { store(to, v); }
void put(float* to, float v) { *to = v; }

void forward(const LayerNormPlan& plan, const float* x, const float* scale, const float* bias,
             float* y, float* mean, float* rstd, std::size_t begin, std::size_t end) {
  const std::size_t width = plan.width;
  const double count = static_cast<double>(width);
  for (std::size_t row = begin; row < end; ++row) {
    const float* from = x + row * width;
    float* to = y + row * width;
    const double average =
        plan.center ? sum(width, [=](std::size_t i, auto v) { return get(from + i, v); }) / count
                    : 0;
    const float m = static_cast<float>(average);
    const double squares = sum(width, [=](std::size_t i, auto v) {
      const auto d = get(from + i, v) - m;
      return d * d;
    });
    const float r = static_cast<float>(1 / sqrt(squares / count + plan.epsilon));
    each(width, [=](std::size_t i, auto v) {
      auto normal = (get(from + i, v) - m) * r;
      if (scale) normal *= get(scale + i, v);
      if (bias) normal += get(bias + i, v);
      put(to + i, normal);
    });
    if (mean) mean[row] = m;
    if (rstd) rstd[row] = r;
  }
}

void backward(const LayerNormPlan& plan, const float* dy, const float* x, const float* scale,
              const float* mean, const float* rstd, float* dx, float* dscale, float* dbias,
              std::size_t begin, std::size_t end) {
  const std::size_t width = plan.width;
  const double count = static_cast<double>(width);
  if (dscale) memset(dscale, 0, width * sizeof(float));
  if (dbias) memset(dbias, 0, width * sizeof(float));
  for (std::size_t row = begin; row < end; ++row) {
    const float* from = x + row * width;
    const float* g = dy + row * width;
    float* to = dx + row * width;
    const float m = mean[row], r = rstd[row];
    const auto gradient = [=](std::size_t i, auto v) {
      return scale ? get(g + i, v) * get(scale + i, v) : get(g + i, v);
    };
    const float shift = plan.center ? static_cast<float>(sum(width, gradient) / count) : 0.0f;
    const float along = static_cast<float>(
        sum(width, [=](std::size_t i, auto v) { return gradient(i, v) * (get(from + i, v) - m); }) *
        r / count);
    each(width, [=](std::size_t i, auto v) {
      const auto upstream = get(g + i, v);  // dx may take its place
      const auto normal = (get(from + i, v) - m) * r;
      put(to + i, r * (gradient(i, v) - shift - normal * along));
      if (dscale) put(dscale + i, get(dscale + i, v) + upstream * normal);
      if (dbias) put(dbias + i, get(dbias + i, v) + upstream);
    });
  }
}

constexpr LayerNormKernels kKernels{forward, backward};

}  // namespace
}  // namespace optcmp::ops
