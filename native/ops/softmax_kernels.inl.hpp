// Included by files compiled for one instruction set each, with OPTCMP_LANES floats a vector, so
// everything has internal linkage: the linker must never share code between them.
#include <math.h>
#include <string.h>

#include "ops/softmax_kernels.hpp"

namespace optcmp::ops {
namespace {

constexpr std::size_t kLanes = OPTCMP_LANES;
/// Vectors that are summed in f32 before they go on in f64.
constexpr std::size_t kBlock = 8;

typedef float Float __attribute__((vector_size(OPTCMP_LANES * sizeof(float))));
typedef std::int32_t Int __attribute__((vector_size(OPTCMP_LANES * sizeof(float))));

inline Float splat(float x) { return x - Float{}; }

/// The first `count` elements; `otherwise` in the lanes beyond.
inline Float load(const float* from, std::size_t count, float otherwise) {
  Float x = splat(otherwise);
  if (count >= kLanes) {
    memcpy(&x, from, sizeof x);
  } else {
    memcpy(&x, from, count * sizeof(float));
  }
  return x;
}

inline void store(float* to, Float x, std::size_t count) {
  if (count >= kLanes) {
    memcpy(to, &x, sizeof x);
  } else {
    memcpy(to, &x, count * sizeof(float));
  }
}

/// For x ≤ 0 within two units in the last place; 0 below −87.3, NaN for NaN. After Cephes's expf:
/// 2ⁿ times a polynomial of what is left.
inline Float exp_of_negative(Float x) {
  constexpr float kLeast = -87.3f, kLog2E = 1.44269504f, kRound = 12582912.0f;
  constexpr float kLn2High = 0.693359375f, kLn2Low = -2.12194440e-4f;
  const Float bounded = x < kLeast ? splat(kLeast) : x;
  const Float shifted = bounded * kLog2E + kRound;
  const Float n = shifted - kRound;
  const Float r = bounded - n * kLn2High - n * kLn2Low;
  constexpr float kTerms[]{1.3981999507e-3f, 8.3334519073e-3f, 4.1665795894e-2f, 1.6666665459e-1f,
                           5.0000001201e-1f};
  Float p = splat(1.9875691500e-4f);
  for (const float term : kTerms) p = p * r + term;
  Int bits = (Int)(p * r * r + r + 1.0f);
  bits += (Int)shifted << 23;  // n stands in the last bits of the shifted number
  return x < kLeast ? Float{} : (Float)bits;
}

inline float greatest(const float* z, std::size_t size) {
  Float top = splat(-INFINITY);
  for (std::size_t j = 0; j < size; j += kLanes) {
    const Float x = load(z + j, size - j, -INFINITY);
    top = x > top ? x : top;
  }
  float result = top[0];
  for (std::size_t lane = 1; lane < kLanes; ++lane)
    result = top[lane] > result ? top[lane] : result;
  return result;
}

/// Sum of `next(j)` over vectors from 0 to `size`.
template <class Next>
inline double sum_of(std::size_t size, const Next& next) {
  double total = 0;
  for (std::size_t j = 0; j < size;) {
    Float part{};
    for (std::size_t end = j + kBlock * kLanes; j < end && j < size; j += kLanes) part += next(j);
    for (std::size_t lane = 0; lane < kLanes; ++lane) total += part[lane];
  }
  return total;
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
  const double sum = sum_of(classes, [&](std::size_t j) {
    const Float e = exp_of_negative(load(z + j, classes - j, -INFINITY) - top);
    if (dz) store(dz + j, e, classes - j);
    return e;
  });
  const double shifted = double(z[label]) - top;
  double value = log(sum) - (1 - loss.smoothing) * shifted;
  if (loss.smoothing > 0) {
    const double mean =
        sum_of(classes, [&](std::size_t j) { return load(z + j, classes - j, top) - top; }) /
        double(classes);
    value -= loss.smoothing * mean;
  }
  if (dz) {
    const double off = loss.smoothing / double(classes);
    const double of_label = dz[label] / sum - off - (1 - loss.smoothing);
    const Float factor = splat(float(scale / sum)), offset = splat(float(off * scale));
    for (std::size_t j = 0; j < classes; j += kLanes) {
      store(dz + j, load(dz + j, classes - j, 0) * factor - offset, classes - j);
    }
    dz[label] = float(of_label * scale);
  }
  const bool wrong = value != value || !is_first(z, label, top);
  const bool beyond =
      loss.top_k > 0 && (value != value || rank_of(z, classes, label) >= loss.top_k);
  return {value, double(wrong), double(beyond)};
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

}  // namespace
}  // namespace optcmp::ops
