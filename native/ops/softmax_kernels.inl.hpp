// Included by files compiled for one instruction set each, so everything has internal linkage: the
// linker must never share code between them.
#include <math.h>
#include <string.h>

#include <type_traits>

#include "expression/simd_math.hpp"
#include "ops/softmax_kernels.hpp"

namespace optcmp::ops {
namespace {

using expression::exp_or_zero;
using expression::Float;
using expression::kLanes;
using expression::splat;

/// Vectors that are summed in f32 before they go on in f64.
constexpr std::size_t kBlock = 16;

/// A whole vector's count of lanes, known to the compiler.
using Whole = std::integral_constant<std::size_t, kLanes>;

/// The first `count` elements; `otherwise` in the lanes beyond.
inline Float load(const float* from, std::size_t count, float otherwise) {
  Float x = expression::load_part(from, count);
  for (std::size_t lane = count; lane < kLanes; ++lane) x[lane] = otherwise;
  return x;
}

inline Float load(const float* from, Whole, float) { return expression::load(from); }

inline void store(float* to, Float x, std::size_t count) { expression::store_part(to, x, count); }

inline void store(float* to, Float x, Whole) { expression::store(to, x); }

/// Calls `visit(j, count)` for every vector from 0 to `size`, the last of which may be a part.
template <class Visit>
inline void each_vector(std::size_t size, const Visit& visit) {
  std::size_t j = 0;
  for (; j + kLanes <= size; j += kLanes) visit(j, Whole());
  if (j < size) visit(j, size - j);
}

inline float greatest(const float* z, std::size_t size) {
  constexpr std::size_t kChains = 4;  // to hide the latency of a comparison
  Float tops[kChains] = {splat(-INFINITY), splat(-INFINITY), splat(-INFINITY), splat(-INFINITY)};
  const auto raise = [](Float& top, Float x) { top = x > top ? x : top; };
  std::size_t done = 0;
  for (; done + kChains * kLanes <= size; done += kChains * kLanes) {
    for (std::size_t c = 0; c < kChains; ++c) {
      raise(tops[c], load(z + done + c * kLanes, Whole(), 0));
    }
  }
  each_vector(size - done, [&](std::size_t j, auto count) {
    raise(tops[0], load(z + done + j, count, -INFINITY));
  });
  for (std::size_t c = 1; c < kChains; ++c) raise(tops[0], tops[c]);
  return expression::greatest(tops[0]);
}

/// Sum of `next(j, count)` over vectors from 0 to `size`.
template <class Next>
inline double sum_of(std::size_t size, const Next& next) {
  double total = 0;
  std::size_t j = 0;
  for (; j + kBlock * kLanes <= size; j += kBlock * kLanes) {
    Float part{};
    for (std::size_t k = 0; k < kBlock; ++k) part += next(j + k * kLanes, Whole());
    total += expression::sum(part);
  }
  Float part{};
  each_vector(size - j, [&](std::size_t at, auto count) { part += next(j + at, count); });
  return total + expression::sum(part);
}

inline bool is_first(const float* z, std::size_t label, float top) {
  if (z[label] != top) return false;
  for (std::size_t j = 0; j < label; ++j) {
    if (z[j] == top) return false;
  }
  return true;
}

/// Classes that come before the label when sorted, the first of equal ones first.
inline std::size_t rank_of(const float* z, std::size_t classes, std::size_t label) {
  std::size_t rank = 0;
  for (std::size_t j = 0; j < label; ++j) rank += z[j] >= z[label];
  for (std::size_t j = label + 1; j < classes; ++j) rank += z[j] > z[label];
  return rank;
}

SoftmaxRow softmax_row(const SoftmaxLoss& loss, const float* z, std::size_t label, double scale,
                       float* dz) {
  const std::size_t classes = loss.classes;
  const float top = greatest(z, classes);
  const double shifted = double(z[label]) - top;
  const bool first = is_first(z, label, top);
  const bool beyond = loss.top_k > 0 && rank_of(z, classes, label) >= loss.top_k;
  double smoothed = 0;
  if (loss.smoothing > 0) {
    smoothed =
        sum_of(classes, [&](std::size_t j, auto count) { return load(z + j, count, top) - top; });
  }
  const double sum = sum_of(classes, [&](std::size_t j, auto count) {
    const Float e = exp_or_zero(load(z + j, count, -INFINITY) - top);
    if (dz) store(dz + j, e, count);
    return e;
  });
  const double value =
      log(sum) - (1 - loss.smoothing) * shifted - loss.smoothing * (smoothed / double(classes));
  if (dz) {
    const double off = loss.smoothing / double(classes);
    const double of_label = dz[label] / sum - off - (1 - loss.smoothing);
    const Float factor = splat(float(scale / sum)), offset = splat(float(off * scale));
    each_vector(classes, [&](std::size_t j, auto count) {
      store(dz + j, load(dz + j, count, 0) * factor - offset, count);
    });
    dz[label] = float(of_label * scale);
  }
  const bool undefined = value != value;
  return {value, double(undefined || !first), double(loss.top_k > 0 && (undefined || beyond))};
}

void softmax_rows(const SoftmaxLoss& loss, const float* z, const std::int32_t* labels, double scale,
                  float* dz, SoftmaxRow* results, std::size_t begin, std::size_t end) {
  for (std::size_t row = begin; row < end; ++row) {
    float* gradient = dz ? dz + row * loss.classes : nullptr;
    if (loss.counts(labels[row])) {
      results[row] = softmax_row(loss, z + row * loss.classes,
                                 static_cast<std::size_t>(labels[row]), scale, gradient);
      continue;
    }
    results[row] = {};
    if (gradient) memset(gradient, 0, loss.classes * sizeof(float));
  }
}

void softmax_forward(const float* x, float* y, std::size_t width, bool log, std::size_t begin,
                     std::size_t end) {
  for (std::size_t row = begin; row < end; ++row) {
    const float* from = x + row * width;
    float* to = y + row * width;
    const float top = greatest(from, width);
    const double sum = sum_of(width, [&](std::size_t j, auto count) {
      const Float e = exp_or_zero(load(from + j, count, -INFINITY) - top);
      if (!log) store(to + j, e, count);
      return e;
    });
    const Float factor = splat(float(1 / sum)), logarithm = splat(float(::log(sum)));
    each_vector(width, [&](std::size_t j, auto count) {
      const Float value =
          log ? load(from + j, count, 0) - top - logarithm : load(to + j, count, 0) * factor;
      store(to + j, value, count);
    });
  }
}

}  // namespace
}  // namespace optcmp::ops
