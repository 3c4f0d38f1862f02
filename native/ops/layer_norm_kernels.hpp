// Normalisation of rows, compiled for several instruction sets.
#pragma once

#include <cstddef>

namespace optcmp::ops {

struct LayerNormPlan {
  std::size_t width;  ///< Of a row.
  float epsilon;
  bool center;  ///< Without, the mean counts as 0.
};

/// Sums of a row are taken in vectors of lanes, which are then added up in double.
struct LayerNormKernels {
  /// Rows from `begin` to `end`. `scale` and `bias` may be null for 1 and 0, `mean` and `rstd` null
  /// when nobody reads them.
  void (*forward)(const LayerNormPlan& plan, const float* x, const float* scale, const float* bias,
                  float* y, float* mean, float* rstd, std::size_t begin, std::size_t end);
  /// Rows from `begin` to `end`. What they add to the gradients of scale and bias is written to
  /// `dscale` and `dbias`, which may be null.
  void (*backward)(const LayerNormPlan& plan, const float* dy, const float* x, const float* scale,
                   const float* mean, const float* rstd, float* dx, float* dscale, float* dbias,
                   std::size_t begin, std::size_t end);
};

extern const LayerNormKernels layer_norm_portable;
#ifdef OPTCMP_X86
extern const LayerNormKernels layer_norm_avx2, layer_norm_avx512;
#endif

/// Those of the widest instruction set this processor has.
const LayerNormKernels& layer_norm_kernels();

}  // namespace optcmp::ops
