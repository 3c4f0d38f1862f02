// Vectors of floats and exact operations on them. Included by files compiled for one instruction
// set each, so everything has internal linkage: the linker must never share code between them.
// Every operation rounds as IEEE 754 says, so all sets agree to the bit.
#pragma once

#include <math.h>
#include <string.h>

#include <cstddef>
#include <cstdint>

#if defined(__AVX2__)
#include <immintrin.h>
#endif

#if defined(__AVX512F__)
#define OPTCMP_LANES 16
#elif defined(__AVX2__)
#define OPTCMP_LANES 8
#else
#define OPTCMP_LANES 4
#endif

namespace optcmp::expression {
namespace {

constexpr std::size_t kLanes = OPTCMP_LANES;

typedef float Float __attribute__((vector_size(OPTCMP_LANES * sizeof(float))));
typedef std::int32_t Bits __attribute__((vector_size(OPTCMP_LANES * sizeof(float))));
typedef std::uint32_t Words __attribute__((vector_size(OPTCMP_LANES * sizeof(float))));

inline Float splat(float x) { return x - Float{}; }

inline Float load(const float* from) {
  Float x;
  memcpy(&x, from, sizeof(x));
  return x;
}

inline void store(float* to, Float x) { memcpy(to, &x, sizeof(x)); }

#if defined(__AVX512F__)
inline __mmask16 first_lanes(std::size_t count) {
  return static_cast<__mmask16>((1u << count) - 1);
}
#elif defined(__AVX2__)
inline __m256i first_lanes(std::size_t count) {
  const Bits lane{0, 1, 2, 3, 4, 5, 6, 7};
  return (__m256i)(lane < static_cast<std::int32_t>(count));
}
#endif

/// The first `count` ≤ kLanes lanes; the others are 0.
inline Float load_part(const float* from, std::size_t count) {
#if defined(__AVX512F__)
  return _mm512_maskz_loadu_ps(first_lanes(count), from);
#elif defined(__AVX2__)
  return _mm256_maskload_ps(from, first_lanes(count));
#else
  Float x{};
  for (std::size_t i = 0; i < count; ++i) x[i] = from[i];
  return x;
#endif
}

inline void store_part(float* to, Float x, std::size_t count) {
#if defined(__AVX512F__)
  _mm512_mask_storeu_ps(to, first_lanes(count), x);
#elif defined(__AVX2__)
  _mm256_maskstore_ps(to, first_lanes(count), x);
#else
  for (std::size_t i = 0; i < count; ++i) to[i] = x[i];
#endif
}

/// The first `count` lanes, and `rest` in those from there on.
inline Float only_first(Float x, std::size_t count, Float rest) {
#if defined(__AVX512F__)
  return count < kLanes ? _mm512_mask_mov_ps(rest, first_lanes(count), x) : x;
#elif defined(__AVX2__)
  return _mm256_blendv_ps(rest, x, (__m256)first_lanes(count));
#else
  for (std::size_t i = count; i < kLanes; ++i) x[i] = rest[i];
  return x;
#endif
}

template <class Function>
inline Float each_lane(Function function, Float x) {
  Float y;
  for (std::size_t i = 0; i < kLanes; ++i) y[i] = function(x[i]);
  return y;
}

inline Float add(Float a, Float b) { return a + b; }
inline Float sub(Float a, Float b) { return a - b; }
inline Float mul(Float a, Float b) { return a * b; }
inline Float div(Float a, Float b) { return a / b; }
inline Float neg(Float a) { return -a; }
inline Float abs(Float a) { return (Float)((Bits)a & 0x7fffffff); }
// NaN in either operand gives NaN.
inline Float min(Float a, Float b) { return (a < b) | (a != a) ? a : b; }
inline Float max(Float a, Float b) { return (a > b) | (a != a) ? a : b; }
inline Float less(Float a, Float b) { return a < b ? splat(1) : splat(0); }
inline Float equal(Float a, Float b) { return a == b ? splat(1) : splat(0); }
inline Float select(Float c, Float a, Float b) { return c > 0 ? a : b; }
// Keeps ±0 and NaN.
inline Float sign(Float a) { return a > 0 ? splat(1) : (a < 0 ? splat(-1) : a); }

inline Float sqrt(Float a) {
#if defined(__AVX512F__)
  return _mm512_sqrt_ps(a);
#elif defined(__AVX2__)
  return _mm256_sqrt_ps(a);
#else
  return each_lane([](float x) { return __builtin_sqrtf(x); }, a);
#endif
}

inline Float floor(Float a) {
#if defined(__AVX512F__)
  return _mm512_roundscale_ps(a, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);
#elif defined(__AVX2__)
  return _mm256_floor_ps(a);
#else
  return each_lane([](float x) { return __builtin_floorf(x); }, a);
#endif
}

/// To the nearest whole number, to the even one of two.
inline Float round(Float a) {
#if defined(__AVX512F__)
  return _mm512_roundscale_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
#elif defined(__AVX2__)
  return _mm256_round_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
#else
  return each_lane([](float x) { return __builtin_nearbyintf(x); }, a);
#endif
}

/// The sum of all lanes, in f64.
inline double sum(Float a) {
#if defined(__AVX512F__)
  return _mm512_reduce_add_pd(_mm512_cvtps_pd(_mm512_castps512_ps256(a)) +
                              _mm512_cvtps_pd(_mm512_extractf32x8_ps(a, 1)));
#elif defined(__AVX2__)
  const __m256d halves =
      _mm256_cvtps_pd(_mm256_castps256_ps128(a)) + _mm256_cvtps_pd(_mm256_extractf128_ps(a, 1));
  const __m128d quarters = _mm256_castpd256_pd128(halves) + _mm256_extractf128_pd(halves, 1);
  return quarters[0] + quarters[1];
#else
  return (double(a[0]) + a[2]) + (double(a[1]) + a[3]);
#endif
}

/// The greatest lane, NaN apart.
inline float greatest(Float a) {
#if defined(__AVX512F__)
  return _mm512_reduce_max_ps(a);
#else
  float top = a[0];
  for (std::size_t i = 1; i < kLanes; ++i) top = a[i] > top ? a[i] : top;
  return top;
#endif
}

/// Lane i of row k becomes lane k of row i.
inline void transpose(Float (&rows)[kLanes]) {
#pragma GCC unroll 4
  for (std::size_t half = 1; half < kLanes; half *= 2) {
    Bits low, high;  // of two rows beside each other
    for (std::size_t i = 0; i < kLanes; ++i) {
      const auto lane = static_cast<std::int32_t>(i), other = static_cast<std::int32_t>(half);
      const std::int32_t second = OPTCMP_LANES;
      low[i] = i & half ? second + lane - other : lane;
      high[i] = i & half ? second + lane : lane + other;
    }
#pragma GCC unroll 16
    for (std::size_t k = 0; k < kLanes; ++k) {
      if (k & half) continue;
      const Float first = rows[k], other = rows[k + half];
      rows[k] = __builtin_shuffle(first, other, low);
      rows[k + half] = __builtin_shuffle(first, other, high);
    }
  }
}

}  // namespace
}  // namespace optcmp::expression
