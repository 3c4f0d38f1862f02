// Softmax and its cross-entropy, row by row, compiled for several instruction sets.
#pragma once

#include <cstddef>
#include <cstdint>

namespace optcmp::ops {

struct SoftmaxLoss {
  std::size_t classes;
  double smoothing;      ///< s: the target is (1 − s)·onehot + s/classes (Szegedy et al. 2016).
  std::size_t top_k;     ///< 0 when nobody asks.
  std::int32_t ignored;  ///< A label that counts nowhere, beside negative ones.

  [[gnu::always_inline]] bool counts(std::int32_t label) const {
    return label >= 0 && label != ignored;
  }
};

/// What a row adds to the metrics.
struct SoftmaxRow {
  double loss, wrong, beyond_top_k;
};

/// Rows from `begin` to `end` of logits [rows][classes]: their losses and, unless `dz` is null,
/// their gradients times `scale`, which may take the place of the logits. Zeros for rows that do
/// not count. NaN in a row makes its loss NaN and its answer wrong; of equal logits the first is
/// the answer.
using SoftmaxRows = void (*)(const SoftmaxLoss& loss, const float* z, const std::int32_t* labels,
                             double scale, float* dz, SoftmaxRow* results, std::size_t begin,
                             std::size_t end);

/// Rows from `begin` to `end` of y = softmax(x), or its logarithm, x and y [rows][width]; they may
/// be the same.
using SoftmaxForward = void (*)(const float* x, float* y, std::size_t width, bool log,
                                std::size_t begin, std::size_t end);

extern const SoftmaxRows softmax_portable;
extern const SoftmaxForward softmax_forward_portable;
#ifdef OPTCMP_X86
extern const SoftmaxRows softmax_avx2, softmax_avx512;
extern const SoftmaxForward softmax_forward_avx2, softmax_forward_avx512;
#endif

}  // namespace optcmp::ops
