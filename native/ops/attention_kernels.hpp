// Attention of one head, compiled for several instruction sets.
#pragma once

#include <cstddef>

namespace optcmp::ops {

/// Rows of contiguous floats, `step` floats apart.
template <class Float>
struct Rows {
  Float* data;
  std::ptrdiff_t step;
};

/// What is added to the scores before the softmax: row t, column s at t·row + s·column.
struct Mask {
  const float* data = nullptr;  ///< Null for none.
  std::ptrdiff_t row = 0, column = 0;
};

struct AttentionPlan {
  std::size_t queries, keys, depth, values;  ///< T, S, D and E.
  float scale;
  bool causal;
};

struct AttentionKernels {
  std::size_t (*forward_scratch)(const AttentionPlan& plan);  ///< In floats.
  std::size_t (*backward_scratch)(const AttentionPlan& plan);
  /// `scratch` starts at a cache line. `lse` may be null.
  void (*forward)(const AttentionPlan& plan, Rows<const float> q, Rows<const float> k,
                  Rows<const float> v, Mask mask, Rows<float> y, float* lse, float* scratch);
  void (*backward)(const AttentionPlan& plan, Rows<const float> dy, const float* lse,
                   Rows<const float> q, Rows<const float> k, Rows<const float> v, Mask mask,
                   Rows<float> dq, Rows<float> dk, Rows<float> dv, float* scratch);
};

extern const AttentionKernels attention_portable;
#ifdef OPTCMP_X86
extern const AttentionKernels attention_avx2, attention_avx512;
#endif

}  // namespace optcmp::ops
